"""Files that a reader brings: a scenario file or a workbook, checked like any other."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from app import screen, state
from scenarios.schema import from_document
from scenarios.spreadsheet import read
from simulator import Scenario, load_scenario
from simulator.faults import FaultyInput
from simulator.texts import t

LARGEST_MB: Final = 2
LONGEST_NAME: Final = 60
SUFFIXES: Final = {"yaml": ".yaml", "yml": ".yaml", "xlsx": ".xlsx"}
"""Endings of files that are read, and with which ending they are kept meanwhile."""


def upload(key: str, *kinds: str) -> None:
    """Take a file and make it the plan.

    Parameters
    ----------
    key : of the widgets
    kinds : endings allowed, by default all of ``SUFFIXES``
    """
    allowed = list(kinds or SUFFIXES)
    given = st.file_uploader(
        t("upload.label", kinds=", ".join(f".{kind}" for kind in allowed), size=LARGEST_MB),
        type=allowed,
        max_upload_size=LARGEST_MB,
        key=f"{key}_file",
    )
    st.caption(t("upload.note"))
    if given is None:
        st.session_state.pop(f"{key}_told", None)
        return
    st.button(
        t("upload.take"),
        key=f"{key}_take",
        icon=":material/check:",
        on_click=screen.act,
        args=(_take, given.getvalue(), given.name, f"{key}_told", given.file_id),
    )
    file, told = st.session_state.get(f"{key}_told", ("", ()))
    if file != given.file_id:
        return
    if isinstance(told, str):
        st.success(told, icon=":material/check:")
    else:
        screen.faults(told)


def _take(data: bytes, name: str, told: str, file: str) -> None:
    """Make the scenario of a file the plan, run it as far as the file says, and remember what came of it.

    Parameters
    ----------
    told : under what it is remembered; file : of which file
    """
    stem, _, kind = name.rpartition(".")
    shown = re.sub(r"[^\w.-]+", "_", stem)[:LONGEST_NAME] or t("upload.name")
    try:
        taken = open_bytes(data, kind.lower(), shown)
    except FaultyInput as error:
        st.session_state[told] = file, error.faults
        return
    mapping = taken.to_mapping()
    # How far it runs is a matter of the session, the same for all that stand side by side.
    del mapping["until"]
    if state.take(mapping):
        st.session_state[state.HORIZON] = state.horizon_of(taken.until_ti)
        year = st.session_state[state.HORIZON][:4]
        said = t(
            "upload.taken", file=screen.plain(f"{shown}.{kind}"), name=screen.plain(taken.label), year=year
        )
        st.session_state[told] = file, said


def open_bytes(data: bytes, kind: str, name: str = "scenario") -> Scenario:
    """Return the scenario of a file that somebody has sent.

    The file is read in an empty folder: it can name no other file but those of the library.

    Parameters
    ----------
    kind : ending, of ``SUFFIXES``
    name : by which messages call it, letters, digits, ``.``, ``_`` and ``-`` only

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    with tempfile.TemporaryDirectory(prefix="sintrata-") as folder:
        path = Path(folder) / f"{name}{SUFFIXES.get(kind, '.yaml')}"
        path.write_bytes(data)
        try:
            if path.suffix == ".xlsx":
                return from_document(read(path), path.stem, path.parent)
            return load_scenario(path)
        except FaultyInput as error:
            # Where the file lies on this machine is no business of the reader's.
            here = f"{folder}{os.sep}"
            raise FaultyInput(
                [replace(one, where=one.where.replace(here, "")) for one in error.faults]
            ) from None
