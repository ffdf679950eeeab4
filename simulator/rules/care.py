"""Care: the measure that a protected child gets, the place it needs, and how it leaves care."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.engine import draws
from simulator.engine.active import (
    ASSISTED,
    DISCHARGED_EARLY,
    NO_FACILITY,
    PLAN,
    RESERVED,
    SEEKS_GENERAL,
    SEEKS_SPECIALISED,
    TURNED_18,
    UPE_CASE,
    flow,
    move,
)
from simulator.engine.compile import inline, kernel
from simulator.engine.states import (
    ADULT,
    FAMILY_CARE,
    FOLLOW_UP,
    GENERAL_SHELTER,
    GIRL,
    LEFT_UNASSISTED,
    N_TERRITORIES,
    PROTECTED,
    SEXUAL,
    SPECIALISED_SHELTER,
)
from simulator.engine.types import Events, Floats, Integers, Key, Record, Records, Words

# Columns of the table of facilities, [facility, 7] int64.
TERRITORY: Final = 0
SPECIALISED: Final = 1
PLACES: Final = 2
OCCUPIED: Final = 3
ADMITS: Final = 4
RESIDENTS: Final = 5
PLANNED: Final = 6
N_COLUMNS: Final = 7

SEEKING: Final = SEEKS_SPECIALISED | SEEKS_GENERAL


@inline
def group_bit(
    sex: int,
    form: int,
) -> int:
    """Return the bit of ``ADMITS`` for a child: sex by form."""
    return 1 << (2 * sex + (form - 1))


class CareTables(NamedTuple):
    """What care reads in one month.

    Attributes
    ----------
    decision : [territory] monthly chance that the measure is decided
    residential_girls_sexual, residential_other : share of measures that are residential
    judge_seeks_specialised : share of a judge's eligible children for whom a specialised place is sought
    plan : [state 13, place 52] share who get a reintegration plan on admission
    refusal : [class 3] chance that a place is refused: same territory, near, far
    transfer : [class 3] months until the child is there
    travel_class : [territory, territory] 0 same, 1 near, 2 far
    order : [territory, facility] facilities by distance
    max_wait : months before diversion
    """

    decision: Floats
    residential_girls_sexual: float
    residential_other: float
    judge_seeks_specialised: float
    plan: Floats
    refusal: Floats
    transfer: NDArray[np.int64]
    travel_class: NDArray[np.int64]
    order: NDArray[np.int64]
    max_wait: float


class StayTables(NamedTuple):
    """How children leave care in one month.

    Attributes
    ----------
    normal, premature, abscond : [facility] monthly rates of leaving
    family : monthly rate at which family care is closed
    quality : [territory] share of premature discharges and abscondings that better care avoids
    """

    normal: Floats
    premature: Floats
    abscond: Floats
    family: float
    quality: Floats


@kernel
def occupy(
    active: Records,
    known: Integers,
    facilities: Integers,
    background: Integers,
) -> None:
    """Count who lives in each facility and for whom a place is kept; other children take ``background``."""
    for f in range(facilities.shape[0]):
        facilities[f, OCCUPIED] = background[f]
        facilities[f, RESIDENTS] = 0
        facilities[f, PLANNED] = 0
    for i in known:
        a = active[i]
        if a.facility != NO_FACILITY:
            facilities[a.facility, OCCUPIED] += 1
            if a.state != PROTECTED:
                facilities[a.facility, RESIDENTS] += 1
                if a.care & PLAN:
                    facilities[a.facility, PLANNED] += 1


@inline
def admit(
    a: Record,
    month: int,
    specialised: int,
    tables: CareTables,
    key: Key,
    events: Events,
    n: int,
) -> int:
    """A child moves into the place kept for it; whether it gets a plan is drawn on the day.

    Its reintegration begins in a specialised shelter, or elsewhere with a plan.
    """
    u, _, _, _ = draws.draw(a.row, month, draws.STREAM_PLAN, key)
    state = SPECIALISED_SHELTER if specialised else GENERAL_SHELTER
    if u < tables.plan[state, a.place]:
        a.care |= PLAN
    if specialised or a.care & PLAN:
        a.begun = month
    a.care &= ~np.uint8(SEEKING | RESERVED)
    return flow(a, state, month, events, n)


@inline
def to_family(
    a: Record,
    month: int,
    tables: CareTables,
    key: Key,
    events: Events,
    n: int,
) -> int:
    """A child goes to family care; whether it gets a plan is drawn on the day."""
    u, _, _, _ = draws.draw(a.row, month, draws.STREAM_PLAN, key)
    if u < tables.plan[FAMILY_CARE, a.place]:
        a.care |= PLAN
        a.begun = month
    a.care &= ~np.uint8(SEEKING | RESERVED)
    a.care |= ASSISTED
    a.facility = NO_FACILITY
    a.clock = month
    return flow(a, FAMILY_CARE, month, events, n)


@kernel
def decide_measures(
    active: Records,
    known: Integers,
    month: int,
    admitted_groups: int,
    tables: CareTables,
    key: Key,
    events: Events,
    n_events: int,
) -> int:
    """Protected children get a measure: family care at once, or a place to be found.

    Parameters
    ----------
    active, known : the active list, changed in place, and the positions of children known to a state body
    admitted_groups : bits of sex by form that some specialised shelter admits

    Streams
    -------
    STREAM_DECISION, one draw per child and month; STREAM_MEASURE, one call when it is decided
    """
    for i in known:
        a = active[i]
        if a.state != PROTECTED or a.since >= month or a.care & (SEEKING | RESERVED):
            continue
        u, _, _, _ = draws.draw(a.row, month, draws.STREAM_DECISION, key)
        if u >= tables.decision[a.place // 2]:
            continue
        u_residential, u_seeks, _, _ = draws.draw(a.row, month, draws.STREAM_MEASURE, key)
        sex = a.traits & 1
        girl_sexual = sex == GIRL and a.form == SEXUAL
        share = tables.residential_girls_sexual if girl_sexual else tables.residential_other
        if u_residential >= share:
            n_events = to_family(a, month, tables, key, events, n_events)
            continue
        seeks = a.care & UPE_CASE or u_seeks < tables.judge_seeks_specialised
        if seeks and admitted_groups & group_bit(sex, a.form):
            a.care |= SEEKS_SPECIALISED
        else:
            a.care |= SEEKS_GENERAL
        a.waits = month
    return n_events


@kernel
def seekers(
    active: Records,
    known: Integers,
    month: int,
    key: Key,
    index: Integers,
    order_key: Floats,
) -> int:
    """List the children who wait for a place, with what decides their turn; return how many.

    ``order_key`` is [n, 3]: waiting since; lottery of the month; row.
    """
    m = 0
    for i in known:
        a = active[i]
        if a.state == PROTECTED and a.care & SEEKING and not a.care & RESERVED:
            u, _, _, _ = draws.draw(a.row, month, draws.STREAM_LOTTERY, key)
            index[m] = i
            order_key[m, 0] = a.waits
            order_key[m, 1] = u
            order_key[m, 2] = a.row
            m += 1
    return m


@kernel
def count_seekers(
    active: Records,
    known: Integers,
) -> Integers:
    """Return [territory] children who wait for a suitable place."""
    out = np.zeros(N_TERRITORIES, np.int64)
    for i in known:
        a = active[i]
        if a.state == PROTECTED and a.care & SEEKING and not a.care & RESERVED:
            out[a.place // 2] += 1
    return out


@kernel
def find_places(
    active: Records,
    queue: Integers,
    month: int,
    facilities: Integers,
    tables: CareTables,
    key: Key,
) -> None:
    """Children in turn get the nearest suitable place with room, unless refused; long waits are diverted.

    Parameters
    ----------
    active : the active list, changed in place
    queue : [m] positions of the seekers, in turn
    facilities : [facility, 7], occupancy changed in place
    tables : see ``CareTables``

    Streams
    -------
    STREAM_REFUSAL, one draw per seeker and month

    Conserves
    ---------
    no facility admits beyond its places
    """
    for q in range(queue.size):
        a = active[queue[q]]
        home = a.place // 2
        wants_specialised = 1 if a.care & SEEKS_SPECIALISED else 0
        bit = group_bit(a.traits & 1, a.form)
        u, _, _, _ = draws.draw(a.row, month, draws.STREAM_REFUSAL, key)
        for k in range(tables.order.shape[1]):
            f = tables.order[home, k]
            if facilities[f, SPECIALISED] != wants_specialised or not facilities[f, ADMITS] & bit:
                continue
            if facilities[f, OCCUPIED] >= facilities[f, PLACES]:
                continue
            travel = tables.travel_class[home, facilities[f, TERRITORY]]
            if u < tables.refusal[travel]:
                # Too far from the family: a place nearer by, of the general kind, is sought instead.
                a.care &= ~np.uint8(SEEKS_SPECIALISED)
                a.care |= SEEKS_GENERAL
                break
            facilities[f, OCCUPIED] += 1
            a.facility = f
            a.due = month + tables.transfer[travel]
            a.care |= RESERVED
            break
        if not a.care & RESERVED and a.care & SEEKS_SPECIALISED and month - a.waits >= tables.max_wait:
            a.care &= ~np.uint8(SEEKS_SPECIALISED)
            a.care |= SEEKS_GENERAL
            a.waits = month


@kernel
def settle(
    active: Records,
    known: Integers,
    month: int,
    facilities: Integers,
    tables: CareTables,
    key: Key,
    events: Events,
    n_events: int,
) -> int:
    """Children whose place is ready move in; those who found no place at all in time go to family care."""
    for i in known:
        a = active[i]
        if a.state != PROTECTED:
            continue
        if a.care & RESERVED and a.due <= month:
            n_events = move(a, 2 * facilities[a.facility, TERRITORY], month, events, n_events)
            n_events = admit(a, month, facilities[a.facility, SPECIALISED], tables, key, events, n_events)
        elif a.care & SEEKS_GENERAL and not a.care & RESERVED and month - a.waits >= tables.max_wait:
            n_events = to_family(a, month, tables, key, events, n_events)
    return n_events


@kernel
def leave_care(
    active: Records,
    start: int,
    stop: int,
    month: int,
    tables: StayTables,
    words: Words,
    events: Events,
    n: int,
) -> int:
    """Residents are discharged, discharged too early, or abscond; family care is closed.

    A resident with a plan goes on to follow-up, others to family care; all return to the place they come
    from. Those who have turned 18 in care and have no plan leave as adults.

    Parameters
    ----------
    active, start, stop : run of the active list, changed in place
    tables : see ``StayTables``
    words : [4, child of the run] draws of the month

    Streams
    -------
    STREAM_MONTH: planned discharge and end of family care are WORD_LEAVE, premature discharge is
    WORD_SECOND, absconding is WORD_THIRD

    Conserves
    ---------
    children
    """
    for i in range(start, stop):
        a = active[i]
        if a.since >= month:
            continue
        if a.state in (SPECIALISED_SHELTER, GENERAL_SHELTER):
            f = a.facility
            u_normal = draws.unit(words[draws.WORD_LEAVE, i - start])
            u_early = draws.unit(words[draws.WORD_SECOND, i - start])
            u_abscond = draws.unit(words[draws.WORD_THIRD, i - start])
            kept = 1.0 - tables.quality[a.place // 2]
            grown = a.care & TURNED_18
            if u_normal < 1.0 - np.exp(-tables.normal[f]):
                a.care |= ASSISTED
                target = FOLLOW_UP if a.care & PLAN else (ADULT if grown else FAMILY_CARE)
            elif u_early < 1.0 - np.exp(-tables.premature[f] * kept):
                a.care = (a.care | ASSISTED | DISCHARGED_EARLY) & ~np.uint8(PLAN)
                target = ADULT if grown else LEFT_UNASSISTED
            elif u_abscond < 1.0 - np.exp(-tables.abscond[f] * kept):
                a.care &= ~np.uint8(PLAN | ASSISTED)
                target = ADULT if grown else LEFT_UNASSISTED
            else:
                continue
            a.facility = NO_FACILITY
            a.clock = month
            n = flow(a, target, month, events, n)
            if target != ADULT:
                n = move(a, a.origin, month, events, n)
        elif a.state == FAMILY_CARE:
            if draws.unit(words[draws.WORD_LEAVE, i - start]) < 1.0 - np.exp(-tables.family):
                if a.care & PLAN:
                    target = FOLLOW_UP
                else:
                    target = ADULT if a.care & TURNED_18 else LEFT_UNASSISTED
                n = flow(a, target, month, events, n)
    return n


def premature_factor(facilities: Integers | Floats, norm: float, elasticity: float) -> Floats:
    """Return [facility] how much crowding hastens discharges: 1 up to the norm, rising above it."""
    places = facilities[:, PLACES]
    taken = np.divide(facilities[:, OCCUPIED], places, out=np.zeros(places.size), where=places > 0)
    return np.asarray(np.maximum(taken / norm, 1.0) ** elasticity)


def travel_classes(distances: Floats, near_km: float) -> NDArray[np.int64]:
    """Return [territory, territory] 0 for the same, 1 for near, 2 for far."""
    classes = np.where(distances <= near_km, 1, 2)
    classes[np.arange(N_TERRITORIES), np.arange(N_TERRITORIES)] = 0
    return classes


def facilities_by_distance(distances: Floats, territory: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return [territory, facility] facilities in the order in which they are asked; ties by number."""
    return np.argsort(distances[:, territory], axis=1, kind="stable")
