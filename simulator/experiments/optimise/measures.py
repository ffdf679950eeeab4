"""What a plan is judged by: a few measures of a run by year: of the country, territories, girls and boys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import N_TERRITORIES, SEXES, STATES
from simulator.outcomes.indicators import AFTER

Floats = NDArray[np.float64]

MEASURES: Final = {
    "child_months": -1,
    "first_entries": -1,
    "returns": -1,
    "aged_out": -1,
    "suitable_care": 1,
    "assisted": 1,
    "completed": 1,
    "assisted_share": 1,
    "lost_share": -1,
    "completed_share": 1,
    "return_rate": -1,
}
"""Measures: 1 where more is better for children, -1 where less is."""

RATIOS: Final = ("assisted_share", "lost_share", "completed_share", "return_rate")
"""Measures that are no sums: over several years their mean counts; they are told for the country only."""

SUITABLE: Final = ("SPECIALISED_SHELTER", "FAMILY_CARE", "FOLLOW_UP")
"""Where a child is in care that fits it: ``suitable_care`` counts child-months there."""

COUNTRY: Final = 0
TERRITORIES: Final = slice(1, 1 + N_TERRITORIES)
BY_SEX: Final = slice(1 + N_TERRITORIES, 1 + N_TERRITORIES + len(SEXES))
N_CELLS: Final = 1 + N_TERRITORIES + len(SEXES)
"""Cells of a measure: the country, its territories, then one for each sex."""

MONTHS: Final = 12


def tell(arrays: Mapping[str, NDArray[Any]]) -> Floats:
    """Return [measure, year, cell] of the arrays of a run over whole years; NaN where a ratio has no value.

    Parameters
    ----------
    arrays : of ``Comparator.run``, from a January to a December
    """
    stock = _cells(arrays["stock"].sum(axis=2), arrays["stock_by_sex"])
    flow = _cells(arrays["flow"].sum(axis=2), arrays["flow_by_sex"])
    after = [STATES.index(name) for name in AFTER]

    def moved(source: str | list[int], target: str) -> Floats:
        rows = flow[:, :, [STATES.index(source)] if isinstance(source, str) else source, STATES.index(target)]
        return _yearly(rows.sum(axis=2))

    identified, assisted = moved("EXPLOITED", "IDENTIFIED"), moved("IDENTIFIED", "PROTECTED")
    completed, returns = moved("FOLLOW_UP", "REINTEGRATED"), moved(after, "EXPLOITED")
    started = arrays["reintegration_started"].reshape(-1, MONTHS).sum(axis=1).astype(float)
    at_risk = _yearly(stock[:, :, after].sum(axis=2))
    out = {
        "child_months": _yearly(stock[:, :, STATES.index("EXPLOITED")]),
        "first_entries": moved("HOME", "EXPLOITED"),
        "returns": returns,
        "aged_out": moved("EXPLOITED", "ADULT"),
        "suitable_care": _yearly(stock[:, :, [STATES.index(name) for name in SUITABLE]].sum(axis=2)),
        "assisted": assisted,
        "completed": completed,
        "assisted_share": _ratio(assisted, identified[:, COUNTRY]),
        "lost_share": _ratio(moved("IDENTIFIED", "LEFT_UNASSISTED"), identified[:, COUNTRY]),
        "completed_share": _ratio(completed, started),
        "return_rate": MONTHS * _ratio(returns, at_risk[:, COUNTRY]),
    }
    return np.stack([out[name] for name in MEASURES])


def _cells(by_territory: NDArray[Any], by_sex: NDArray[Any]) -> NDArray[Any]:
    """Return [month, cell, ...] of [month, territory, ...] and [month, ..., sex]."""
    country = by_territory.sum(axis=1, keepdims=True)
    return np.concatenate([country, by_territory, np.moveaxis(by_sex, -1, 1)], axis=1)


def _yearly(monthly: NDArray[Any]) -> Floats:
    """Return [year, cell] of [month, cell]."""
    return monthly.reshape(-1, MONTHS, monthly.shape[1]).sum(axis=1).astype(float)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return [year, cell] a ratio of the country; other cells, and years without anything, have none."""
    out = np.full(part.shape, np.nan)
    out[:, COUNTRY] = np.divide(part[:, COUNTRY], whole, out=np.full(whole.shape, np.nan), where=whole > 0.0)
    return out


def over_years(told: Floats, name: str) -> Floats:
    """Return [..., cell] a measure over the years of [..., measure, year, cell]: a sum, or a ratio's mean."""
    values = told[..., list(MEASURES).index(name), :, :]
    return np.asarray(values.mean(axis=-2) if name in RATIOS else values.sum(axis=-2))
