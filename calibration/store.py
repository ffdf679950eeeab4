"""Finished simulations on disk: one line each, appended and never changed, so that a kill loses none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FILE: Final = "simulations.jsonl"


def key_of(about: str, values: Mapping[str, float], replicate: int) -> str:
    """Return the name of a simulation: of what it was run with, and nothing else.

    Parameters
    ----------
    about : what all simulations of a fit share, such as data hash, population and scenario
    values : parameter values; replicate : of chance
    """
    text = json.dumps([about, sorted(values.items()), replicate], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass
class Store:
    """The simulations of one folder, by key.

    A line cut short by a kill is left out when the folder is opened again; its simulation is run again.
    """

    folder: Path
    found: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Return the store of a folder, with what was finished before."""
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder)
        path = folder / FILE
        if not path.exists():
            return store
        whole = 0
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                store.found[row["key"]] = np.array(row["observed"])
                whole += len(line)
        if whole < path.stat().st_size:
            os.truncate(path, whole)
        return store

    def add(self, key: str, observed: Floats) -> None:
        """Write a finished simulation down; it is on the disk when this returns."""
        line = json.dumps({"key": key, "observed": observed.tolist()}, separators=(",", ":"))
        with (self.folder / FILE).open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.found[key] = observed
