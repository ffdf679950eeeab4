"""Identification: an exploited child becomes known to some state body, each child once, by one channel.

How many become known in a year is an input (it was counted); the hazards are derived from it and the
expected stock of each parameter set, since drawing both would give numbers that nobody observed. What the
institutions of a month add or take away multiplies them, relative to the calibration period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine import draws
from simulator.engine.active import NOT_BEGUN, flow
from simulator.engine.compile import kernel
from simulator.engine.population import LANGUAGE_SHIFT
from simulator.engine.states import (
    BY_COMMUNITY,
    BY_HEALTH,
    BY_INSPECTION,
    BY_POLICE,
    BY_SELF,
    CEM,
    CHANNELS,
    DEMUNA,
    EXPLOITED,
    IDENTIFIED,
    LABOUR,
    MENTAL_HEALTH,
    N_PLACES,
    POLICE,
    SEXUAL,
)
from simulator.engine.types import Events, Floats, Integers, Records, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.engine.factors import Factors

N_CHANNELS: Final = len(CHANNELS)


def channel_shares(p: Mapping[str, float]) -> Floats:
    """Return [channel] the shares of all identifications in the calibration period; they add up to one."""
    shares = np.array([p[f"identification.share_{name}"] for name in CHANNELS])
    return np.asarray(shares / shares.sum())


def channel_weights(p: Mapping[str, float]) -> Floats:
    """Return [channel 5, form 3, place 52] relative hazards, before scaling and before institutions act.

    Each channel's weights are scaled later so that its share of all identifications comes out. Inspection
    looks for labour forms alone.
    """
    form = np.array([0.0, p["identification.rr_sexual"], 1.0])
    rural = np.array([p[f"identification.rr_rural_{name}"] for name in CHANNELS])
    area = np.tile(np.stack([np.ones(N_CHANNELS), rural], axis=1), N_PLACES // 2)
    weights = form[:, None] * area[:, None, :]
    weights[BY_INSPECTION, SEXUAL] = 0.0
    weights[BY_INSPECTION, LABOUR] = area[BY_INSPECTION]
    return np.asarray(weights)


def derive_rates(p: Mapping[str, float], weights: Floats, stock_by_place: Floats, scale: float) -> Floats:
    """Return [channel 5, form 3, place 52] monthly rates that give the known count in the calibration period.

    Parameters
    ----------
    p : parameter values; ``identification.known_per_year`` is the count
    weights : relative hazards of ``channel_weights``
    stock_by_place : [form 3, place 52] expected exploited children where they are
    scale : share of the country that is simulated
    """
    known = p["identification.known_per_year"] * scale / 12.0
    rates = np.zeros_like(weights)
    for channel, share in enumerate(channel_shares(p)):
        expected = (weights[channel] * stock_by_place).sum()
        rates[channel] = weights[channel] * (known * share / expected) if expected > 0.0 else 0.0
    return rates


def police_effort(strength: Floats, load: Floats, reference: Floats, elasticity: float) -> Floats:
    """Return [territory] proactive police work: capacity by load, with the returns that the ledger states.

    Parameters
    ----------
    strength : [territory] people at work relative to the reference
    load, reference : [territory] cases on their desks a month, now and in the calibration period
    """
    per_case = strength * np.divide(reference, load, out=np.ones_like(load), where=load > 0.0)
    return np.where(per_case > 0.0, np.maximum(per_case, 1e-9) ** elasticity, 0.0)


def reach(now: Factors, effort: Floats, outside_lima: NDArray[np.bool_]) -> Floats:
    """Return [channel 5, place 52] what institutions and communities make of each channel this month.

    Parameters
    ----------
    effort : [territory] proactive police work per case
    outside_lima : [territory]
    """
    p = now.p
    strength, quality = now["strength"], now["quality"]
    able = strength * quality
    now["police_search"] = now.link("M017")
    now["unit_search"] = now.link("M034")
    now["search_outside_lima"] = np.where(outside_lima, now.link("M068"), 1.0)
    now["found"] = now.link("M025")
    now["found_by_report"] = now.link("M075")
    now["recording"] = now.link("M063")
    now["regional_reach"] = np.where(outside_lima, now.link("M061"), 1.0)
    now["language_reach"] = now.link("M087")
    seen = now["found"] * now["recording"] * now["regional_reach"] * now["openness"]
    gains = np.empty((N_CHANNELS, N_PLACES))
    by_channel = {
        BY_POLICE: effort
        * now["police_search"]
        * now["unit_search"]
        * now["search_outside_lima"]
        * now["situational_awareness"]
        * quality[POLICE],
        BY_COMMUNITY: now["found_by_report"] * able[DEMUNA],
        BY_SELF: now["self_report"] * now.link("M041"),
        BY_INSPECTION: p["identification.inspection_gain"] ** now["labour_inspection"],
        BY_HEALTH: 0.5 * (able[CEM] + able[MENTAL_HEALTH]),
    }
    for channel, gain in by_channel.items():
        gains[channel] = np.repeat(gain * seen, 2)
    gains[BY_COMMUNITY, 1::2] *= now["rural_reports"]
    gains[BY_POLICE, 1::2] *= p["identification.rural_presence"] ** now["police_rural_presence"]
    return gains


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
    rates: Floats,
    language_reach: Floats,
    words: Words,
    found: Integers,
    events: Events,
    n: int,
) -> int:
    """Police, reports, inspection and health services find exploited children.

    Parameters
    ----------
    active, start, stop : run of the active list, changed in place
    rates : [form 3, place 52, channel 5] monthly rates, cumulated over channels
    language_reach : [place] what the rates of children of an indigenous language are multiplied by
    words : [4, child of the run] draws of the month
    found : [channel 5, territory] children identified, added to

    Returns
    -------
    number of events

    Streams
    -------
    STREAM_MONTH, WORD_THIRD: whether, and by which channel

    Conserves
    ---------
    children
    """
    last = rates.shape[2] - 1
    # One chance for all children of a form, a place, and Spanish (0) or another language (1).
    chances = np.empty((rates.shape[0], rates.shape[1], 2))
    for form in range(rates.shape[0]):
        for place in range(rates.shape[1]):
            total = rates[form, place, last]
            chances[form, place, 0] = 1.0 - np.exp(-total)
            chances[form, place, 1] = 1.0 - np.exp(-total * language_reach[place])
    for i in range(start, stop):
        a = active[i]
        if a.state != EXPLOITED or a.since >= month:
            continue
        total = rates[a.form, a.place, last]
        chance = chances[a.form, a.place, 1 if a.traits >> LANGUAGE_SHIFT else 0]
        u = draws.unit(words[draws.WORD_THIRD, i - start])
        if u < chance:
            channel = 0
            while channel < last and u / chance * total >= rates[a.form, a.place, channel]:
                channel += 1
            a.clock = month
            a.care, a.begun = 0, NOT_BEGUN
            a.channel = channel
            found[channel, a.place // 2] += 1
            n = flow(a, IDENTIFIED, month, events, n)
    return n
