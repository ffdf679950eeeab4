"""Levers: how far each policy has gone, by month and place, from the interventions of a scenario."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.levers import levers
from simulator.engine.states import N_PLACES, N_TERRITORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenarios.schema import Context, Intervention

Floats = NDArray[np.float64]

PLACES: Final = "specialised_places"


def path(intervention: Intervention, n_months: int) -> Floats:
    """Return [month] how much of an intervention is in force: a linear ramp, then all, none after its end."""
    month = np.arange(n_months, dtype=float)
    if intervention.ramp_months:
        level = np.clip((month - intervention.start_ti + 1.0) / intervention.ramp_months, 0.0, 1.0)
    else:
        level = (month >= intervention.start_ti).astype(float)
    if intervention.end_ti is not None:
        level[month > intervention.end_ti] = 0.0
    return level * intervention.amount


def where(territories: Iterable[int], area: int | None) -> NDArray[np.bool_]:
    """Return [place] which places are meant; no territories means the whole country."""
    chosen = np.zeros((N_TERRITORIES, 2), bool)
    rows = list(territories) or list(range(N_TERRITORIES))
    chosen[rows] = True
    if area is not None:
        chosen[:, 1 - area] = False
    return chosen.reshape(N_PLACES)


def levels(
    interventions: Iterable[Intervention], n_months: int, *bought: Mapping[str, Floats]
) -> defaultdict[str, Floats]:
    """Return [month, place] of each lever but places, nothing where unused; several on one lever add up.

    ``bought`` are levels by lever that money has brought about.
    """
    out: defaultdict[str, Floats] = defaultdict(lambda: np.zeros((n_months, N_PLACES)))
    for more in bought:
        for name, level in more.items():
            out[name] += level
    for item in interventions:
        if item.use != PLACES:
            out[item.use] += path(item, n_months)[:, None] * where(item.territories, item.area)
    known = levers()
    for name, level in out.items():
        # A share stays between none and all; a change of a capacity never takes more than there is.
        lever = known[name]
        np.clip(level, max(lever.minimum, -1.0), lever.maximum, out=level)
    return out


def territory_levels(level: Floats, rural: Floats) -> Floats:
    """Return [..., territory] of a level by place: areas count by their share of the people."""
    return np.asarray(level[..., 0::2] * (1.0 - rural) + level[..., 1::2] * rural)


def multipliers(context: Iterable[Context], use: str, n_months: int) -> Floats:
    """Return [month, place] the product of a scenario's context multipliers of one driver."""
    out = np.ones((n_months, N_PLACES))
    for item in context:
        if item.use == use:
            month = np.arange(n_months)
            now = (month >= item.from_ti) & (month <= (n_months if item.to_ti is None else item.to_ti))
            out[np.outer(now, where(item.territories, item.area))] *= item.multiply
    return out
