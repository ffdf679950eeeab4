"""Finished simulations on disk: a file each, named by what it was run with, so that a kill loses none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

ENDING: Final = ".npz"


def key_of(about: str, values: Mapping[str, float], replicate: int) -> str:
    """Return the name of a simulation: of what it was run with, and nothing else.

    Parameters
    ----------
    about : what all simulations of a fit share, such as data hash, population and scenario
    values : parameter values; replicate : of chance
    """
    text = json.dumps([about, sorted(values.items()), replicate], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Store:
    """The simulations of one folder: files are added and never changed."""

    folder: Path

    def path(self, key: str) -> Path:
        """Return where a simulation stands, or will."""
        return self.folder / f"{key}{ENDING}"

    def __contains__(self, key: str) -> bool:
        return self.path(key).exists()

    def add(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a finished simulation; half-written ones never bear its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f"{key}.{os.getpid()}.half"
        with half.open("wb") as file:
            np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.path(key))

    def read(self, key: str) -> Arrays:
        """Return a simulation."""
        with np.load(self.path(key), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
