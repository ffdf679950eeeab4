"""What comes along of the last fit and validation: files in ``fitted``, read as they were written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from calibration.targets import Indicator, indicators

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


@dataclass(frozen=True)
class Figure:
    """One official figure beside what the model says of it.

    Attributes
    ----------
    use : ``fit`` or ``check``
    observed : missing where the count of a territory is too small to be shown
    median, inner, outer : of the predictive distribution, with its central 50% and 90%
    """

    year: int
    use: str
    source: str
    observed: float | None
    median: float
    inner: tuple[float, float]
    outer: tuple[float, float]


@dataclass(frozen=True)
class Series:
    """The figures of one indicator in one place, by year; territories are parts of the country's count."""

    indicator: Indicator
    region: str
    figures: tuple[Figure, ...]


def series() -> tuple[Series, ...]:
    """Return every fitted and every checked series beside its intervals, in the order of targets."""
    groups: dict[tuple[str, str], list[Figure]] = {}
    for row in validated()["rows"]:
        groups.setdefault((row["indicator"], row["region"]), []).append(
            Figure(
                year=row["year"],
                use=row["use"],
                source=row["source"],
                observed=row["value"],
                median=row["median"],
                inner=(row["low_50"], row["high_50"]),
                outer=(row["low_90"], row["high_90"]),
            )
        )
    return tuple(
        Series(indicators()[name], region, tuple(sorted(figures, key=lambda one: one.year)))
        for (name, region), figures in groups.items()
    )
