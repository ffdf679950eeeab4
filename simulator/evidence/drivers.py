"""What is known by year, made monthly: poverty of children by place, and population growth by territory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulator.evidence.ledger import Ledger

START_YEAR = 2012
HIGHEST_SHARE = 0.97
"""No place is taken to be poor as a whole: the rank of a family must be able to leave poverty."""


def monthly(years: NDArray[np.int64], values: NDArray[np.float64], n_months: int) -> NDArray[np.float64]:
    """Return mid-year values [year, k] as months since January 2012 [n_months, k], flat beyond the ends."""
    middle = 12.0 * (years - START_YEAR) + 6.0
    months = np.arange(n_months, dtype=float)
    return np.stack([np.interp(months, middle, column) for column in values.T], axis=1)


def rural_share(ledger: Ledger) -> NDArray[np.float64]:
    """Return the rural share of the population by territory, [26]: mean of the censuses of 2017 and 2025."""
    land = ledger.territories
    return 0.5 * (land.rural_share_2017 + land.rural_share_2025)


def child_poverty(ledger: Ledger, n_months: int, *, extreme: bool = False) -> NDArray[np.float64]:
    """Return the share of children in (extreme) poverty by month and place, [n_months, 52].

    The rate of persons by territory is raised to the rate of children and split into urban and rural so
    that the territory keeps its rate. Sources: the ledger's ``poverty`` series; ratios in ``population.*``.
    """
    years, persons = ledger.yearly("extreme_poverty" if extreme else "poverty")
    names = ledger.parameters
    ratio = names["population.child_poverty_ratio"].central
    rural_ratio = names[
        "population.rural_extreme_poverty_ratio" if extreme else "population.rural_poverty_ratio"
    ].central
    rate = np.minimum(monthly(years, persons, n_months) * ratio, HIGHEST_SHARE)
    rural = rural_share(ledger)
    urban_rate = rate / (1.0 - rural + rural * rural_ratio)
    places = np.empty((n_months, 2 * rate.shape[1]))
    places[:, 0::2] = urban_rate
    places[:, 1::2] = urban_rate * rural_ratio
    return np.minimum(places, HIGHEST_SHARE)


def low_schooling(ledger: Ledger) -> NDArray[np.float64]:
    """Return the share of children with little or no schooling by school age and place, [2, 52].

    Row 0 is primary age (6-11), row 1 secondary age (12-17); out-of-school shares of the census of 2025,
    raised by ``population.low_schooling_factor`` since being behind is wider than being out of school.
    """
    factor = ledger.parameters["population.low_schooling_factor"].central
    land = ledger.territories
    shares = np.stack([land.out_of_school_6_16, land.out_of_school_12_16]) * factor
    return np.minimum(np.repeat(shares, 2, axis=1), HIGHEST_SHARE)


def normalised(ledger: Ledger) -> NDArray[np.float64]:
    """Return the share of communities in which child exploitation is normalised, by place, [52]."""
    names = ledger.parameters
    share = np.empty(52)
    share[0::2] = names["population.normalised_share_urban"].central
    share[1::2] = names["population.normalised_share_rural"].central
    return share
