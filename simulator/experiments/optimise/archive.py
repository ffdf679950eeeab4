"""Finished simulations on disk: each is kept once it is done, so that a search goes on after a kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Archive:
    """What runs told, by scenario and sample.

    Parameters
    ----------
    path : of the file, or ``None`` to keep it in memory
    shape : of what one run tells
    """

    def __init__(self, path: Path | None, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._file = sqlite3.connect(":memory:" if path is None else path)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS told"
            " (scenario TEXT, sample TEXT, value BLOB, PRIMARY KEY (scenario, sample))"
        )
        self._file.execute("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT)")

    def about(self, name: str) -> str | None:
        """Return what the archive says of itself."""
        row = self._file.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def describe(self, **words: str) -> None:
        """Write what the archive is of."""
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", words.items())

    def get(self, scenario: str, sample: str) -> Floats | None:
        """Return what a run told, ``None`` if it has not been run."""
        row = self._file.execute(
            "SELECT value FROM told WHERE scenario = ? AND sample = ?", (scenario, sample)
        ).fetchone()
        return None if row is None else np.frombuffer(row[0]).reshape(self.shape)

    def put(self, sample: str, told: Iterable[tuple[str, Floats]]) -> None:
        """Keep what runs of one sample told, all or none of them."""
        rows = [(scenario, sample, np.ascontiguousarray(value, float).tobytes()) for scenario, value in told]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?)", rows)

    def count(self) -> int:
        """Return how many runs are kept."""
        return int(self._file.execute("SELECT COUNT(*) FROM told").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()
