"""Identification: an exploited child becomes known to some state body, each child once.

Two channels: police who look for cases, and reports of communities, schools, services and children
themselves. How many become known in a year is an input (it was counted); the hazard is derived from it and
the expected stock of each parameter set, since drawing both would give numbers that nobody observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.engine import draws
from simulator.engine.active import flow
from simulator.engine.compile import kernel
from simulator.engine.states import EXPLOITED, IDENTIFIED, LABOUR, SEXUAL
from simulator.engine.types import Events, Floats, Records, Words

if TYPE_CHECKING:
    from collections.abc import Mapping


def channel_weights(p: Mapping[str, float], police_unit: NDArray[np.int64]) -> Floats:
    """Return [channel 2, form 3, place 52] relative hazards: police, reports; before scaling.

    Each channel's weights are scaled later so that their shares of all identifications come out.
    """
    form = np.array([0.0, p["identification.rr_sexual"], 1.0])
    area = np.tile([1.0, p["identification.rr_rural"]], police_unit.size)
    unit = np.repeat(np.where(police_unit == 1, p["identification.rr_specialised_unit"], 1.0), 2)
    police = form[:, None] * (area * unit)
    reports = form[:, None] * area
    return np.stack([police, reports])


def derive_rates(p: Mapping[str, float], weights: Floats, stock_by_place: Floats, scale: float) -> Floats:
    """Return [channel 2, form 3, place 52] monthly rates that give the known count in the calibration period.

    Parameters
    ----------
    p : parameter values; ``identification.known_per_year`` is the count
    weights : relative hazards of ``channel_weights``
    stock_by_place : [form 3, place 52] expected exploited children where they are
    scale : share of the country that is simulated
    """
    known = p["identification.known_per_year"] * scale / 12.0
    police = p["identification.share_police"]
    rates = np.zeros_like(weights)
    for channel, share in enumerate((police, 1.0 - police)):
        expected = (weights[channel] * stock_by_place).sum()
        rates[channel] = weights[channel] * (known * share / expected) if expected > 0.0 else 0.0
    return rates


def stock_by_place(entries_by_place: Floats, stock: Floats, arriving: Floats) -> Floats:
    """Return [form 3, place 52] where exploited children are expected to be.

    ``arriving`` is [place of origin, place] the share of a place's entries exploited in each place.
    """
    out = np.zeros_like(entries_by_place)
    for form in (SEXUAL, LABOUR):
        total = entries_by_place[form].sum()
        if total > 0.0:
            out[form] = (entries_by_place[form] / total * stock[form]) @ arriving
    return out


@kernel
def identify(
    active: Records,
    start: int,
    stop: int,
    month: int,
    chance: Floats,
    words: Words,
    events: Events,
    n: int,
) -> int:
    """Police and reports find exploited children.

    Parameters
    ----------
    active, start, stop : run of the active list, changed in place
    chance : [form 3, place 52] monthly chance of all channels together
    words : [4, child of the run] draws of the month

    Returns
    -------
    number of events

    Streams
    -------
    STREAM_MONTH, WORD_THIRD

    Conserves
    ---------
    children
    """
    for i in range(start, stop):
        a = active[i]
        if a.state != EXPLOITED or a.since >= month:
            continue
        if draws.unit(words[draws.WORD_THIRD, i - start]) < chance[a.form, a.place]:
            a.clock = month
            a.care = 0
            n = flow(a, IDENTIFIED, month, events, n)
    return n
