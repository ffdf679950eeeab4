"""Files that a reader brings: a scenario file or a workbook, checked like any other."""

from __future__ import annotations

import os
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
SUFFIXES: Final = {"yaml": ".yaml", "yml": ".yaml", "xlsx": ".xlsx"}
"""Endings of files that are read, and under which name: never the one that they came with."""


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
        return
    if st.button(t("upload.take"), key=f"{key}_take", icon=":material/check:"):
        try:
            taken = open_bytes(given.getvalue(), given.name.rpartition(".")[2].lower())
        except FaultyInput as error:
            screen.faults(error.faults)
            return
        mapping = taken.to_mapping()
        if state.change(mapping):
            st.session_state[state.NOTICE] = ""
            st.rerun(scope="app")


def open_bytes(data: bytes, kind: str) -> Scenario:
    """Return the scenario of a file that somebody has sent.

    The file is read under a name of ours in an empty folder: it can name no other file but those of the
    library.

    Parameters
    ----------
    kind : ending, of ``SUFFIXES``

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    with tempfile.TemporaryDirectory(prefix="sintrata-") as folder:
        path = Path(folder) / f"{t('upload.name')}{SUFFIXES.get(kind, '.yaml')}"
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
