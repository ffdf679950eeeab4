"""Results on disk: Zarr, NetCDF or CSV, complete or not at all; and back."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.faults import Fault, FaultyInput
from simulator.texts import LANGUAGES, t

if TYPE_CHECKING:
    import xarray as xr

FORMATS: Final = ("zarr", "netcdf", "csv")
SUFFIX: Final = {"zarr": ".zarr", "netcdf": ".nc", "csv": ""}
COMPRESSION: Final = {"zlib": True, "complevel": 3}


def free_name(path: Path) -> Path:
    """Return the path itself, or the first numbered neighbour that does not exist yet."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def part_of_country(dataset: xr.Dataset, lang: str | None = None) -> list[str]:
    """Return what there is to say of a result of a part of the country's children: nothing of the whole."""
    scale = float(dataset.attrs.get("scale", 1.0))
    return [] if scale == 1.0 else [t("report.note.part", lang, share=f"{100.0 * scale:g}")]


def save(dataset: xr.Dataset, path: Path, form: str) -> Path:
    """Write a result; return where it is. Nothing that exists is replaced.

    The result is written beside its place and renamed into it, so that an interrupted or failed run leaves
    nothing half written. A result of a part of the country says so in its attributes, in each language.

    Parameters
    ----------
    dataset : the result
    path : file (NetCDF) or folder (Zarr, CSV: one file per variable, and what the result is about) to make
    form : one of ``FORMATS``

    Raises
    ------
    OSError
        If the place cannot be written or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    place = free_name(path)
    notes = {f"part_of_country_{lang}": told for lang in LANGUAGES for told in part_of_country(dataset, lang)}
    if notes:
        dataset = dataset.assign_attrs(notes)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.stem}.", dir=place.parent))
    try:
        made = draft / place.name
        if form == "zarr":
            dataset.to_zarr(made, zarr_format=3, consolidated=False)
        elif form == "netcdf":
            encoding = {str(name): COMPRESSION for name in dataset.data_vars}
            dataset.to_netcdf(made, engine="h5netcdf", encoding=encoding)
        else:
            made.mkdir()
            about = json.dumps(dataset.attrs, ensure_ascii=False, indent=1, default=str)
            (made / "about.json").write_text(about + "\n", encoding="utf-8")
            told = {str(name): {"dims": list(a.dims), **a.attrs} for name, a in dataset.variables.items()}
            note = {
                lang: " ".join([*part_of_country(dataset, lang), t("result.csv", lang)]) for lang in LANGUAGES
            }
            about = json.dumps({"note": note, "variables": told}, ensure_ascii=False, indent=1, default=str)
            (made / "variables.json").write_text(about + "\n", encoding="utf-8")
            for name, array in dataset.data_vars.items():
                frame = array.to_series()
                frame[frame != 0].to_csv(made / f"{name}.csv", encoding="utf-8-sig")
        os.rename(made, place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def load(path: Path) -> xr.Dataset:
    """Return a result that ``save`` wrote as Zarr or NetCDF; nothing of it is in memory yet.

    Raises
    ------
    FaultyInput
        If nothing stands there, or it is no result of this program.
    """
    import xarray as xr  # noqa: PLC0415  (a check of names must not wait for it)

    def refused(found: str) -> FaultyInput:
        return FaultyInput([Fault(str(path), found, t("result.allowed"), t("result.do"))])

    if not path.exists():
        raise refused(t("result.found.nothing"))
    try:
        dataset: xr.Dataset = (
            xr.open_dataset(path, engine="zarr", backend_kwargs={"consolidated": False})
            if path.is_dir()
            else xr.open_dataset(path, engine="h5netcdf")
        )
    except (OSError, ValueError, KeyError) as error:
        raise refused(t("result.found.unreadable", kind=type(error).__name__)) from None
    if "scenarios" not in dataset.attrs or "flow" not in dataset:
        raise refused(t("result.found.other"))
    return dataset
