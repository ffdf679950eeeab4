"""The version of the code, and the hash of what decides a run: written into what is kept."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

__version__: Final = version("sintrata")


@cache
def code_hash() -> str:
    """Return the hash of the code that decides what a run shows."""
    root = Path(__file__).parent
    paths = [root / f"{name}.py" for name in ("history", "inputs", "month", "system", "world")]
    for name in ("agents", "engine", "rules", "policy"):
        paths += sorted((root / name).glob("*.py"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()
