"""What people take away: a brief, a workbook, a monitoring export, the data; numbers are the dataset's."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.exports.brief import MOST_SCENARIOS, brief, labels
from simulator.exports.documents import docx, html, pdf
from simulator.exports.monitoring import us_programmes, write_monitoring
from simulator.exports.naming import file_name, free_name
from simulator.exports.workbook import write_workbook
from simulator.faults import Fault, FaultyInput
from simulator.outcomes.export import SUFFIX, save
from simulator.texts import t

if TYPE_CHECKING:
    import xarray as xr

KINDS: Final = ("brief", "workbook", "monitoring", "data")
NOT_READ: Final = ("move", "moved_in", "moved_out", "institution_factor")
"""Large variables that no table of an export reads."""


def write(
    kind: str,
    dataset: xr.Dataset,
    folder: Path,
    forms: Sequence[str],
    *,
    day: datetime.date | None = None,
    year: int | None = None,
    targets: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write one kind of export into a folder; return its files. Nothing that exists is replaced.

    Parameters
    ----------
    kind : of ``KINDS``
    dataset : result, its comparator first
    folder : made if it is not there
    forms : ``html``, ``pdf``, ``docx`` of a brief; ``zarr``, ``netcdf``, ``csv`` of data; ``xlsx`` of others
    day : date in names and texts, by default today
    year : t of the multi-annual programming
    targets : own targets of 2030 by code of indicator

    Raises
    ------
    FaultyInput
        If the result holds too few or too many scenarios for a brief, or none that the US pay for monitoring.
    OSError
        If the place cannot be written.
    """
    when = datetime.datetime.now(tz=datetime.UTC).astimezone().date() if day is None else day
    names = [str(name) for name in dataset["scenario"].values]
    # Papers are for people, who know scenarios by their titles; data are for programs.
    titles = names if kind == "data" else labels(dataset)
    if kind != "data":
        # Every table reads the flows again: from memory, not from disk.
        dataset = dataset.drop_vars(NOT_READ, errors="ignore").load()
    _check(kind, dataset, names)
    folder.mkdir(parents=True, exist_ok=True)

    def place(suffix: str) -> Path:
        return free_name(folder / file_name(t(f"export.kind.{kind}"), titles, when, suffix))

    out = []
    if kind == "brief":
        document = brief(dataset, when, targets)
        writers = {"html": lambda: html(document).encode(), "pdf": lambda: pdf(document)}
        writers["docx"] = lambda: docx(document)
        for form in forms:
            path = place(f".{form}")
            path.write_bytes(writers[form]())
            out.append(path)
    elif kind == "data":
        out = [save(dataset, place(SUFFIX[form]), form) for form in forms]
    else:
        path = place(".xlsx")
        if kind == "workbook":
            write_workbook(dataset, path, when, year=year, targets=targets)
        else:
            write_monitoring(dataset, path, when)
        out = [path]
    return out


def _check(kind: str, dataset: xr.Dataset, names: list[str]) -> None:
    if kind == "brief" and not 2 <= len(names) <= 1 + MOST_SCENARIOS:
        allowed = t("export.allowed.brief", most=1 + MOST_SCENARIOS)
        raise FaultyInput([Fault("brief", ", ".join(names), allowed, t("export.do.brief"))])
    if kind == "monitoring" and not us_programmes(dataset):
        found, do = ", ".join(names), t("cli.do.with_us_money")
        raise FaultyInput([Fault("monitoring", found, t("cli.allowed.with_us_money"), do)])
