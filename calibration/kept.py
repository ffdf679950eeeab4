"""What comes along of the last fit and validation: files in ``fitted``, read as they were written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

FITTED: Final = Path(__file__).parent / "fitted"
"""The posterior itself stands where draws are taken from."""

KINDS: Final = ("counts", "territories", "shares")
"""Kinds of figures with errors of their own: of the country, territories' parts of a count, and shares."""

TOLD: Final = "told.json"
SPREAD: Final = "spread.json"
"""By how much wider errors the fitted figures asked for, and the validation that told it."""

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


@cache
def wider() -> dict[str, float]:
    """Return the factors on stated errors, by kind, that the fitted figures ask for beyond chance.

    Where the interval of a factor holds one, errors stay as stated.
    """
    asked = {one["of"]: one for one in _read(SPREAD)["asked"]}
    return {kind: asked[kind]["factor"] for kind in KINDS if asked[kind]["low"] > 1.0}


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FITTED / name).read_text(encoding="utf-8"))
    return read
