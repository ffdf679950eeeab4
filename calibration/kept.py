"""What comes along of the last fit and validation: files in ``fitted``, read as they were written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

FITTED: Final = Path(__file__).parent / "fitted"
"""The posterior itself stands where draws are taken from."""

TOLD: Final = "told.json"
POSTERIOR, PRIOR = "validation.json", "validation_prior.json"
"""Numbers of the validation with the posterior, and with the ranges of the ledger before any fitting."""


@cache
def told() -> dict[str, Any]:
    """Return what the fit wrote of the data."""
    return _read(TOLD)


@cache
def validated(name: str = POSTERIOR) -> dict[str, Any]:
    """Return the numbers of a validation: with the posterior that comes along, or before any fitting."""
    return _read(name)


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FITTED / name).read_text(encoding="utf-8"))
    return read
