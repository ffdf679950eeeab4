"""Where scenario files are found: the library that comes with the program, and files of the user."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from simulator.documents import Document, read, shown

LIBRARY: Final = Path(__file__).parent
OVERLAYS: Final = LIBRARY / "overlays"
NOT_A_SCENARIO: Final = frozenset({"levers"})
SUFFIXES: Final = (".yaml", ".yml")
LONGEST_NAME: Final = 200


@cache
def library() -> Mapping[str, Path]:
    """Return the scenarios that come with the program, by name; the baseline first."""
    names = sorted(path.stem for path in LIBRARY.glob("*.yaml") if path.stem not in NOT_A_SCENARIO)
    names.sort(key=lambda name: name != "baseline")
    return MappingProxyType({name: LIBRARY / f"{name}.yaml" for name in names})


@cache
def overlays() -> Mapping[str, Path]:
    """Return the overlays that come with the program, by name: what may happen to any scenario."""
    return MappingProxyType({path.stem: path for path in sorted(OVERLAYS.glob("*.yaml"))})


def is_there(path: Path) -> bool:
    """Return whether something stands at a path; a path that cannot exist is simply not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def identity(path: Path) -> str:
    """Return one name for one file, however it is reached."""
    return str(path.resolve())


def open_document(path: Path) -> Document:
    """Read a file under the shortest name a person would recognise."""
    try:
        name = path.resolve().relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        name = str(path)
    return read(path, shown(name, LONGEST_NAME))


def base_path(base: str, folder: Path | None) -> Path | None:
    """Return the file of a base: a name of the library, else a file beside this one."""
    if base in library():
        return library()[base]
    if folder is None:
        return None
    for name in (base, *(f"{base}{suffix}" for suffix in SUFFIXES)):
        if name.endswith(SUFFIXES) and is_there(folder / name):
            return folder / name
    return None
