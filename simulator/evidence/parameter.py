"""A parameter: one number of the model and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DISTRIBUTIONS: Final = ("triangular", "logtriangular", "fixed")
QUALITIES: Final = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Parameter:
    """One number of the model and what is known about it.

    Attributes
    ----------
    name : dotted name, topic first
    label : by language
    central, low, high : value and range, in ``unit``
    distribution : how further draws are taken: triangular, logtriangular or fixed
    quality : A direct and Peruvian, B direct elsewhere, C analogous or derived, D assumption
    source : ids in ``sources.csv``
    finding : of the evaluation, if one asks for it
    """

    name: str
    label: Mapping[str, str]
    central: float
    low: float
    high: float
    distribution: str
    unit: str
    quality: str
    source: tuple[str, ...]
    finding: str | None = None
    note: str = ""
