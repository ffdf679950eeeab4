"""Exits without the State: escape and release, the eighteenth birthday, death."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.engine import draws
from simulator.engine.active import TURNED_18, flow
from simulator.engine.compile import kernel
from simulator.engine.states import (
    ADULT,
    ADULTHOOD,
    DEAD,
    EXPLOITED,
    IDENTIFIED,
    LABOUR,
    LEFT_UNASSISTED,
    REINTEGRATED,
    SEXUAL,
)
from simulator.engine.types import Events, Floats, Records, Words

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExitRates(NamedTuple):
    """Monthly rates while exploited: ``escape`` [form 3] without help, ``death``."""

    escape: Floats
    death: float


def exit_rates(p: Mapping[str, float]) -> ExitRates:
    """Return the rates of one parameter set; a mean spell of m months is a rate of 1 / m."""
    escape = np.zeros(3)
    escape[SEXUAL] = 1.0 / p["exits.spell_sexual_months"]
    escape[LABOUR] = 1.0 / p["exits.spell_labour_months"]
    return ExitRates(escape, p["exits.mortality"] / 12.0)


def exit_chances(rates: ExitRates) -> Floats:
    """Return [form 3, 2] the monthly chance of escape or release, and of death."""
    return 1.0 - np.exp(-np.stack([rates.escape, np.full(3, rates.death)], axis=1))


@kernel
def come_of_age(
    active: Records,
    start: int,
    stop: int,
    month: int,
    end_of_care: int,
    events: Events,
    n: int,
) -> int:
    """Children turn 18: they leave the child stocks, unless in care, which goes on to ``end_of_care`` months.

    Turning 18 in exploitation is no good exit: the event keeps the state left behind.
    """
    for i in range(start, stop):
        a = active[i]
        age = month - a.birth
        if age < ADULTHOOD or a.state >= ADULT:
            continue
        if a.state in (EXPLOITED, IDENTIFIED, REINTEGRATED, LEFT_UNASSISTED) or age >= end_of_care:
            n = flow(a, ADULT, month, events, n)
        else:
            a.care |= TURNED_18
    return n


@kernel
def leave_exploitation(
    active: Records,
    start: int,
    stop: int,
    month: int,
    chances: Floats,
    words: Words,
    events: Events,
    n: int,
) -> int:
    """Exploited children escape, are released or are abandoned, without help; some die.

    Parameters
    ----------
    active, start, stop : run of the active list, changed in place
    chances : [form 3, 2] monthly chance of escape or release, of death
    words : [4, child of the run] draws of the month

    Returns
    -------
    number of events

    Streams
    -------
    STREAM_MONTH: escape is WORD_LEAVE, death is WORD_SECOND

    Conserves
    ---------
    children
    """
    for i in range(start, stop):
        a = active[i]
        if a.state != EXPLOITED or a.since >= month:
            continue
        if draws.unit(words[draws.WORD_LEAVE, i - start]) < chances[a.form, 0]:
            a.clock = month
            a.care = 0
            n = flow(a, LEFT_UNASSISTED, month, events, n)
        elif draws.unit(words[draws.WORD_SECOND, i - start]) < chances[a.form, 1]:
            n = flow(a, DEAD, month, events, n)
    return n


@dataclass(frozen=True)
class ExpectedStock:
    """What a small cohort recursion expects of one parameter set in the reference population.

    Attributes
    ----------
    stock : [form 3] exploited children
    returns : children exploited again in a year
    per_1000 : stock per 1,000 children
    by_18th_birthday : share of all exits from exploitation
    spell_months : [form 3] realised mean spell
    after : children once exploited who are not exploited now
    """

    stock: Floats
    returns: float
    per_1000: float
    by_18th_birthday: float
    spell_months: Floats
    after: float


def expected_stock(
    entries: Floats, rates: ExitRates, return_monthly: Floats, n_children: float, identified: float
) -> ExpectedStock:
    """Follow a stationary cohort from birth to 18 by month: first entries, spells, exits, returns.

    Parameters
    ----------
    entries : [form 3, age 18, sex 2] first entries a year
    rates : rates of leaving exploitation without the State
    return_monthly : [months] rate of return by months since exploitation, unassisted
    n_children : children of the reference population
    identified : children identified in a year; they leave the stock too, and return alike
    """
    stock = np.zeros(3)
    spells = np.zeros(3)
    aged = returned = exits = after = 0.0
    total_rate = 0.0
    for _ in range(3):  # identification is a rate of the stock, which it lowers: three rounds settle it
        stock[:] = 0.0
        aged = returned = exits = after = 0.0
        for form in (SEXUAL, LABOUR):
            monthly = np.repeat(entries[form].sum(axis=1) / 144.0, 12)
            leave = 1.0 - np.exp(-(rates.escape[form] + total_rate))
            gone = 1.0 - np.exp(-rates.death)
            stay = (1.0 - leave) * (1.0 - gone)
            here = 0.0
            free = np.zeros(return_monthly.size)
            inflow = 0.0
            for age in range(ADULTHOOD):
                out = here * leave
                here *= stay
                back = free * (1.0 - np.exp(-return_monthly))
                free -= back
                free[-1] += free[-2]
                free[1:-1] = free[:-2].copy()
                free[0] = 0.0
                free[1] += out
                here += monthly[age] + back.sum()
                inflow += monthly[age] + back.sum()
                returned += back.sum()
                stock[form] += here
                after += free.sum()
                exits += out
            aged += here
            exits += here
            spells[form] = stock[form] / inflow if inflow > 0.0 else 0.0
        total_rate = identified / 12.0 / max(stock.sum(), 1.0)
    return ExpectedStock(
        stock=stock,
        returns=12.0 * returned,
        per_1000=1000.0 * float(stock.sum()) / n_children,
        by_18th_birthday=aged / exits if exits > 0.0 else 0.0,
        spell_months=spells,
        after=after,
    )
