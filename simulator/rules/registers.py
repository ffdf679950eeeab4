"""Registers: what police, prosecutors and the hotline write down of what they see.

Registered is not real: each list misses some, lists overlap, those of all ages count adults too, and a record
lies in the territory that records it. Lists of units and shelters are the cases and entries themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from simulator.engine import draws
from simulator.engine.compile import inline, kernel
from simulator.engine.states import BY_COMMUNITY, BY_POLICE, BY_SELF, IDENTIFIED, N_TERRITORIES
from simulator.engine.types import Floats, Integers, Key, Records

if TYPE_CHECKING:
    from simulator.engine.factors import Factors

REGISTERS: Final = (
    "police_children",
    "police_adults",
    "prosecutor_children",
    "prosecutor_adults",
    "hotline_children",
)
"""Lists, in the order of the table of registers; those of all ages are children and adults together."""

POLICE_CHILDREN, POLICE_ADULTS, PROSECUTOR_CHILDREN, PROSECUTOR_ADULTS, HOTLINE_CHILDREN = range(5)
MOST_AT_ONCE: Final = 4000
"""Records that one territory can add to one list of adults in one month."""


class RegisterTables(NamedTuple):
    """What registration reads in one month.

    Attributes
    ----------
    police_own, police_others : share registered by police, of those whom they and whom others identified
    complaint : [territory] share for whom a complaint is filed
    prosecutor : share of those with a case whom prosecutors register
    hotline : share of reports that go through the hotline
    police_adults, prosecutor_adults : [territory] expected adult victims on each list
    """

    police_own: float
    police_others: float
    complaint: Floats
    prosecutor: float
    hotline: float
    police_adults: Floats
    prosecutor_adults: Floats


def adults_seen(now: Factors, adults: Floats) -> Floats:
    """Return [territory] adult victims whom services see, relative to the reference.

    They are found where people meet, so that a pandemic hides them beyond what it takes from presence in the
    field. ``adults`` is [territory] adults in exploitation relative to expectation.
    """
    p = now.p
    presence = p["registers.adults_presence"] ** (now["field_presence"] - 1.0)
    open_places = np.maximum(1.0 - p["registers.adults_hidden_in_pandemic"] * now["pandemic"], 0.0)
    return np.asarray(adults * presence * open_places * now["recording"] * now["complaints"])


def tables(now: Factors, seen: Floats, effort: Floats) -> RegisterTables:
    """Return what registration reads this month.

    Parameters
    ----------
    seen : [territory] ``adults_seen``, times the part of the country's adult victims expected there and the
        share that is simulated
    effort : [territory] police work relative to the reference
    """
    p = now.p
    return RegisterTables(
        police_own=p["registers.police_of_police"],
        police_others=p["registers.police_of_others"],
        complaint=np.minimum(p["justice.complaint_share"] * now["complaints"], 1.0),
        prosecutor=p["registers.prosecutor_of_cases"],
        hotline=p["registers.hotline_share"],
        police_adults=seen * effort * p["registers.adults_police_per_year"] / 12.0,
        prosecutor_adults=seen * p["registers.adults_prosecutor_per_year"] / 12.0,
    )


@inline
def poisson(
    u: float,
    expected: float,
    most: int,
) -> int:
    """Return the Poisson number that one uniform stands for; a higher expectation never gives a lower one."""
    if expected > 500.0:
        return most if expected > most else int(np.floor(expected))
    chance = np.exp(-expected)
    reached = chance
    number = 0
    while u > reached and number < most:
        number += 1
        chance *= expected / number
        reached += chance
    return number


@kernel
def register(
    active: Records,
    known: Integers,
    month: int,
    tables: RegisterTables,
    key: Key,
    lists: Integers,
    rows: Records,
) -> int:
    """Write the lists of the month; return for how many children a complaint is filed.

    Parameters
    ----------
    active, known : the active list, and the positions of children known to a state body
    lists : [register 5, territory] records, written here
    rows : [m] of row, territory: the children for whom a complaint is filed, written here

    Streams
    -------
    STREAM_REGISTER, one call per child on the month it becomes known: police list, complaint, prosecution
    list, hotline. STREAM_ADULT_REGISTERS, one call per territory and month
    """
    lists[:] = 0
    filed = 0
    for i in known:
        a = active[i]
        if a.state != IDENTIFIED or a.since != month:
            continue
        k = a.place // 2
        u_police, u_complaint, u_prosecutor, u_hotline = draws.draw(a.row, month, draws.STREAM_REGISTER, key)
        if u_police < (tables.police_own if a.channel == BY_POLICE else tables.police_others):
            lists[POLICE_CHILDREN, k] += 1
        if u_complaint < tables.complaint[k]:
            rows[filed].row = a.row
            rows[filed].territory = k
            filed += 1
            if u_prosecutor < tables.prosecutor:
                lists[PROSECUTOR_CHILDREN, k] += 1
        if a.channel in (BY_COMMUNITY, BY_SELF) and u_hotline < tables.hotline:
            lists[HOTLINE_CHILDREN, k] += 1
    for k in range(N_TERRITORIES):
        u, v, _, _ = draws.draw(k, month, draws.STREAM_ADULT_REGISTERS, key)
        lists[POLICE_ADULTS, k] = poisson(u, tables.police_adults[k], MOST_AT_ONCE)
        lists[PROSECUTOR_ADULTS, k] = poisson(v, tables.prosecutor_adults[k], MOST_AT_ONCE)
    return filed


FILED = np.dtype([("row", np.uint32), ("territory", np.uint8)])
"""A child for whom a complaint is filed, and the territory that records it."""
