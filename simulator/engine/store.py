"""The population on disk: built once for each content of the ledger and the code, read back by memory map.

A cache entry is a folder named by the hash of what it was built from. It is written beside its place and
renamed into it, so that two processes may build at once; checksums of every file are verified at load, and a
damaged entry is set aside and built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.engine.compile import cache_root
from simulator.engine.population import Population, Progress, build

if TYPE_CHECKING:
    from simulator.evidence import Ledger

SOURCES: Final = ("population.py", "demography.py", "draws.py", "states.py")
"""Files of the engine whose content decides what is built."""

CHUNK: Final = 1 << 22
MANIFEST: Final = "manifest.json"
LARGEST_CACHE: Final = 8 << 30
"""Bytes of all populations together; the whole country to 2030 has about half a gibibyte."""


def digest(ledger: Ledger, scale: float, last_year: int) -> str:
    """Return the hash of everything that decides a population: evidence, code, size."""
    text = hashlib.sha256(f"{ledger.hash}:{scale!r}:{last_year}:{np.__version__}".encode())
    folder = Path(__file__).parent
    for path in [folder / name for name in SOURCES] + [folder.parent / "evidence" / "drivers.py"]:
        text.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return text.hexdigest()


def load_population(
    ledger: Ledger,
    *,
    scale: float = 1.0,
    last_year: int = 2030,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Population:
    """Return the population of this ledger, from the cache if it is there and sound, else built and kept.

    Raises
    ------
    OSError
        If it has to be built and the cache folder cannot be written.
    """
    wanted = digest(ledger, scale, last_year)
    parent = folder or cache_root() / "population"
    place = parent / wanted[:24]
    found = _read(place, wanted)
    if found is None:
        _write(
            replace(build(ledger, scale=scale, last_year=last_year, progress=progress), digest=wanted), place
        )
        found = _read(place, wanted)
        if found is None:
            raise OSError(f"{place}: written but not readable")
    return found


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            value = zlib.crc32(block, value)
    return value


def _write(population: Population, place: Path) -> None:
    """Write a population beside its place and rename it there; another process may have been quicker."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{place.name}.", dir=place.parent))
    try:
        scalars: dict[str, Any] = {}
        sums: dict[str, int] = {}
        for field in fields(population):
            value = getattr(population, field.name)
            if isinstance(value, np.ndarray):
                np.save(draft / f"{field.name}.npy", value)
                sums[field.name] = _checksum(draft / f"{field.name}.npy")
            else:
                scalars[field.name] = value
        manifest = {"scalars": scalars, "checksums": sums}
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        try:
            os.rename(draft, place)
        except OSError:
            if _read(place, population.digest) is None:
                # What stands there is damaged: set it aside under a name of its own, then try once more.
                aside = Path(tempfile.mkdtemp(prefix="damaged.", dir=place.parent)) / place.name
                os.rename(place, aside)
                os.rename(draft, place)
                shutil.rmtree(aside.parent, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _forget_old(place)


def _forget_old(place: Path) -> None:
    """Delete the populations used longest ago beyond a size: evidence changes often while it is worked on."""
    others = [entry for entry in place.parent.iterdir() if entry != place and (entry / MANIFEST).exists()]
    # Another process may tidy at the same time: what is gone has no size and no age.
    with contextlib.suppress(FileNotFoundError):
        total = _size(place)
        for entry in sorted(others, key=lambda entry: entry.stat().st_mtime, reverse=True):
            total += _size(entry)
            if total > LARGEST_CACHE:
                shutil.rmtree(entry, ignore_errors=True)


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.iterdir())


def _read(place: Path, wanted: str) -> Population | None:
    """Return the population at ``place`` if it is whole and sound, else nothing."""
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        scalars, sums = manifest["scalars"], manifest["checksums"]
        if scalars["digest"] != wanted:
            return None
        names = sorted(sums)
        with ThreadPoolExecutor() as pool:
            found = list(pool.map(_checksum, [place / f"{name}.npy" for name in names]))
        if found != [sums[name] for name in names]:
            return None
        arrays: dict[str, Any] = {}
        for name in names:
            array = np.load(place / f"{name}.npy", mmap_mode="r")
            arrays[name] = np.asarray(array)
        with contextlib.suppress(OSError):
            os.utime(place)
        return Population(**arrays, **scalars)
    except (OSError, ValueError, KeyError, TypeError):
        return None
