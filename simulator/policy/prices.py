"""Prices: what a sol of one year is in soles of another, what a dollar is, what a later sol is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import LAST_MONTH, START_YEAR

if TYPE_CHECKING:
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

LAST_YEAR: Final = START_YEAR + LAST_MONTH // 12 + 1
"""A year more than a run can have: the way through its last year leads to the next one."""

BASE_YEAR: Final = 2025
"""Year whose soles are the constant soles of results."""


@dataclass(frozen=True)
class Prices:
    """Price level and exchange rate, [year from 2012]; the level is 1 in the base year, on its average."""

    level: Floats
    soles_per_dollar: Floats

    def deflate(self, year: int, to: int = BASE_YEAR) -> float:
        """Return what a sol of ``year`` is worth in soles of the year ``to``."""
        return float(self.level[to - START_YEAR] / self.level[year - START_YEAR])


def prices(ledger: Ledger, p: Mapping[str, float]) -> Prices:
    """Return price level and exchange rate through 2051: those known, then the assumed rates.

    Inflation is measured from December to December; a year's level is that of its middle.
    """
    n = LAST_YEAR - START_YEAR + 1
    inflation = np.full(n, p["prices.inflation"])
    rate = np.full(n, p["prices.exchange_rate"])
    for series, known in ((inflation, "inflation"), (rate, "exchange_rate")):
        years, values = ledger.prices[known]
        series[years - START_YEAR] = values
    end_of_year = np.cumprod(1.0 + inflation)
    middle = end_of_year / np.sqrt(1.0 + inflation)
    return Prices(middle / middle[BASE_YEAR - START_YEAR], rate)


def present_value(yearly: Floats, first_year: int, rate: float, to: int = BASE_YEAR) -> float:
    """Return the value in the year ``to`` of constant soles of each year, at a discount rate a year.

    Parameters
    ----------
    yearly : [year] constant soles, from ``first_year`` on
    """
    years = first_year + np.arange(yearly.size)
    return float((yearly / (1.0 + rate) ** (years - to)).sum())
