"""The code behind a result, as a hash: results of two versions are never mixed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import simulator

MODULES: Final = ("history", "inputs", "month", "system", "world")
FOLDERS: Final = ("agents", "engine", "rules", "policy")
"""What decides a run, beside data and scenario."""

TOLD: Final = ("outcomes", "experiments", "experiments/sweep", "experiments/optimise")
"""What decides, beside a run, which of its numbers an experiment keeps."""


@cache
def code_hash(*more: str) -> str:
    """Return the hash of the code that decides what a run does.

    Parameters
    ----------
    more : further folders of the package that count, such as those of ``TOLD``
    """
    root = Path(simulator.__file__).parent
    paths = [root / f"{name}.py" for name in MODULES]
    for name in (*FOLDERS, *more):
        paths += sorted((root / name).glob("*.py"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        # Checkouts may end lines as their system does.
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def fingerprint() -> str:
    """Return a hash of every count of a small run of the past: code that gives the same run has the same.

    A fit holds for as long as this stays, whatever else of the code changes. Counts alone are looked at: the
    last bit of a rate may differ between processors.
    """
    run = simulator.compare(["baseline"], until="2024-12", scale=0.02, threads=1, variables=("flow",))
    return hashlib.sha256(run["flow"].values.astype("<i4").tobytes()).hexdigest()
