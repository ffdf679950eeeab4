"""How many children are born, arrive and leave, by territory and year, so that official totals are met.

The yearly child population of a territory is linear in its birth cohorts and its net migration, so the
cohorts are found by least squares: totals by year firmly, the age groups of the census of 2025 and smooth
cohorts as far as the totals allow, migration as little as possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from simulator.engine.states import START_YEAR

if TYPE_CHECKING:
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

FIRST_COHORT = 1994
LAST_TARGET = 2030
LAST_COHORT = 2050

# Weights of the least squares, relative to one percent of a territory's children: totals are met, age
# groups nearly, cohorts are smooth, and migration is used only where the totals cannot do without.
WEIGHT_TOTAL, WEIGHT_GROUP, WEIGHT_SMOOTH, WEIGHT_MIGRATION = 3000.0, 30.0, 1500.0, 60.0
LEVEL_TO_CURVE = 0.15
"""Weight of a changing level of births relative to a changing trend."""


@dataclass(frozen=True)
class Demography:
    """Children by territory and year, unrounded.

    Attributes
    ----------
    births : [26, year 1994-2050] children of each birth cohort (net of early deaths)
    arrivals : [26, year 2012-2050] children who come from other territories and countries, net
    departures : [26, year 2012-2050] children who leave for other territories and countries, net
    venezuelans : [26, year 2012-2050] Venezuelan children who arrive
    targets : [26, year 2012-2030] child population at the middle of the year that was aimed at
    """

    births: Floats
    arrivals: Floats
    departures: Floats
    venezuelans: Floats
    targets: Floats


def child_targets(ledger: Ledger) -> Floats:
    """Return the child population at mid-year, [26, year 2012-2030].

    2017-2030 is the ledger's estimate; 2012-2016 carries its first yearly change back (grade D).
    """
    years, values = ledger.yearly("children_0_17")
    first = int(years[0])
    step = values[1] - values[0]
    back = [values[0] - (first - year) * step for year in range(START_YEAR, first)]
    return np.concatenate([np.array(back), values]).T


def venezuelan_children(ledger: Ledger) -> Floats:
    """Return arriving Venezuelan children, [26, year 2012-2050].

    Yearly growth of the resident Venezuelan population times the share of children; after the last year
    with data, the mean of the last two years goes on (grade D).
    """
    years, stock = ledger.yearly("venezuelans")
    share = ledger.parameters["population.venezuelan_child_share"].central
    growth = np.maximum(np.diff(stock, axis=0, prepend=0.0), 0.0) * share
    out = np.zeros((stock.shape[1], LAST_COHORT - START_YEAR + 1))
    for year, row in zip(years, growth, strict=True):
        out[:, int(year) - START_YEAR] = row
    out[:, int(years[-1]) + 1 - START_YEAR :] = growth[-2:].mean(axis=0)[:, None]
    return out


def _still_children(flow_year: NDArray[np.int64], year: int) -> Floats:
    """Return which share of arrivals in ``flow_year`` are children here in the middle of ``year``."""
    gone = year - flow_year
    share = np.clip(1.0 - gone / 18.0, 0.0, 1.0)
    return np.where(gone < 0, 0.0, np.where(gone == 0, 0.5, share))


def _cohort_weight(cohorts: NDArray[np.int64], year: int, youngest: int, oldest: int) -> Floats:
    """Return which share of each cohort is aged ``youngest`` to ``oldest`` in the middle of ``year``."""
    age = year - cohorts
    inner = (age > youngest) & (age < oldest + 1)
    edge = (age == youngest) | (age == oldest + 1)
    return np.where(inner, 1.0, np.where(edge, 0.5, 0.0))


def reconstruct(ledger: Ledger) -> Demography:
    """Return births and migration by territory and year that meet the ledger's child population."""
    targets = child_targets(ledger)
    venezuelans = venezuelan_children(ledger)
    land = ledger.territories
    groups = np.stack([land.children_0_5_2025, land.children_6_11_2025, land.children_12_17_2025], axis=1)
    cohorts = np.arange(FIRST_COHORT, LAST_TARGET + 1)
    flows = np.arange(START_YEAR, LAST_TARGET + 1)
    n_cohorts, n_flows = cohorts.size, flows.size

    rows_total = np.stack(
        [
            np.concatenate([_cohort_weight(cohorts, y, 0, 17), _still_children(flows, y)])
            for y in flows.tolist()
        ]
    )
    rows_group = np.stack(
        [np.concatenate([_cohort_weight(cohorts, 2025, a, a + 5), np.zeros(n_flows)]) for a in (0, 6, 12)]
    )
    level = np.eye(n_cohorts - 1, n_cohorts + n_flows, 1) - np.eye(n_cohorts - 1, n_cohorts + n_flows)
    smooth = np.vstack([level[1:] - level[:-1], LEVEL_TO_CURVE * level])
    migration = np.hstack([np.zeros((n_flows, n_cohorts)), np.eye(n_flows)])
    matrix = np.vstack(
        [
            WEIGHT_TOTAL * rows_total,
            WEIGHT_GROUP * rows_group,
            WEIGHT_SMOOTH * smooth,
            WEIGHT_MIGRATION * migration,
        ]
    )
    bounds = (
        np.concatenate([np.zeros(n_cohorts), np.full(n_flows, -np.inf)]),
        np.full(n_cohorts + n_flows, np.inf),
    )

    n_years = LAST_COHORT - START_YEAR + 1
    births = np.empty((targets.shape[0], LAST_COHORT - FIRST_COHORT + 1))
    net = np.zeros((targets.shape[0], n_years))
    for k in range(targets.shape[0]):
        unit = targets[k].mean()
        foreign = np.array([_still_children(flows, y) @ venezuelans[k, :n_flows] for y in flows.tolist()])
        shares = groups[k] / groups[k].sum() * targets[k, 2025 - START_YEAR]
        right = np.concatenate(
            [
                WEIGHT_TOTAL * (targets[k] - foreign) / unit,
                WEIGHT_GROUP * shares / unit,
                np.zeros(smooth.shape[0] + n_flows),
            ]
        )
        found = lsq_linear(matrix, right, bounds=bounds, method="bvls").x * unit
        births[k, :n_cohorts] = found[:n_cohorts]
        births[k, n_cohorts:] = found[n_cohorts - 3 : n_cohorts].mean()
        net[k, :n_flows] = found[n_cohorts:]
    return Demography(
        births=births,
        arrivals=np.maximum(net, 0.0),
        departures=np.maximum(-net, 0.0),
        venezuelans=venezuelans,
        targets=targets,
    )
