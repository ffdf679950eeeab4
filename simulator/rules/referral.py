"""Referral and protection: an identified child reaches a UPE, or a family judge, or is lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.engine import draws
from simulator.engine.active import UPE_CASE, flow
from simulator.engine.compile import inline, kernel
from simulator.engine.states import IDENTIFIED, LEFT_UNASSISTED, PROTECTED
from simulator.engine.types import Events, Floats, Integers, Key, Record, Records

if TYPE_CHECKING:
    from simulator.engine.factors import Factors


class ReferralTables(NamedTuple):
    """What referral reads in one month.

    Attributes
    ----------
    reached : [place] share of identified children within reach of a UPE and referred to it
    loss : [place] monthly rate of loss before protection
    upe : [territory] monthly chance that the UPE opens the case of a referred child (0 where none is open)
    judge : [territory] monthly chance that a family judge opens the case
    """

    reached: Floats
    loss: Floats
    upe: Floats
    judge: Floats


def speed(now: Factors) -> None:
    """How completely and how fast identified children reach protection, and how good the measure is."""
    now["referral_completion"] = now.link("M048")
    now["upe_gain"] = now.link("M038")
    now["measure_quality"] = now.link("M064")


class Queue(NamedTuple):
    """What the UPEs of each territory do in one month, [territory].

    ``capacity`` cases they can attend, ``chance`` that a referred trafficked child is attended, ``backlog``
    other children's cases that wait, ``load`` demand over capacity (1 where there is no unit).
    """

    capacity: Floats
    chance: Floats
    backlog: Floats
    load: Floats


def attend(
    capacity: Floats,
    arriving: Floats,
    backlog: Floats,
    waiting: Integers | Floats,
    priority: float,
    lapse: float,
) -> Queue:
    """Special protection units serve one queue of children of all causes, trafficked ones by priority.

    Parameters
    ----------
    capacity : [territory] cases that the units can attend this month
    arriving, backlog : [territory] other children's cases that arrive, and that wait
    waiting : [territory] referred trafficked children
    priority : how far trafficked children come first, 0 to 1
    lapse : share of the backlog that goes elsewhere in a month
    """
    demand = arriving + backlog + waiting
    served = np.minimum(np.divide(capacity, demand, out=np.ones_like(capacity), where=demand > 0.0), 1.0)
    is_open = capacity > 0.0
    chance = np.where(is_open, 1.0 - (1.0 - served) * (1.0 - priority), 0.0)
    others = np.maximum(capacity - waiting * chance, 0.0)
    left = np.where(is_open, np.maximum(arriving + backlog - others, 0.0) * (1.0 - lapse), 0.0)
    load = np.divide(demand, capacity, out=np.ones_like(capacity), where=is_open)
    return Queue(capacity, chance, left, load)


@inline
def is_referred(
    a: Record,
    reached: Floats,
    key: Key,
) -> bool:
    """Return whether a UPE reaches this child: one draw for the whole time since it was identified."""
    u, _, _, _ = draws.draw(a.row, a.since, draws.STREAM_REFERRED, key)
    return bool(u < reached[a.place])


@kernel
def count_waiting(
    active: Records,
    known: Integers,
    month: int,
    reached: Floats,
    key: Key,
    waiting: Integers,
) -> None:
    """Count [territory] children whom each UPE is asked to protect."""
    waiting[:] = 0
    for i in known:
        a = active[i]
        if a.state == IDENTIFIED and a.since < month and is_referred(a, reached, key):
            waiting[a.place // 2] += 1


@kernel
def refer(
    active: Records,
    known: Integers,
    month: int,
    tables: ReferralTables,
    key: Key,
    opened: Integers,
    events: Events,
    n_events: int,
) -> int:
    """Identified children are lost, or protected by the UPE they were referred to, or by a family judge.

    Parameters
    ----------
    active, known : the active list, changed in place, and the positions of children known to a state body
    tables : see ``ReferralTables``
    opened : [UPE or judge 2, territory] cases opened this month, written here

    Returns
    -------
    number of events

    Streams
    -------
    STREAM_REFERRAL, one call per identified child: loss; UPE; judge. STREAM_REFERRED, one draw per spell

    Conserves
    ---------
    children
    """
    opened[:] = 0
    for i in known:
        a = active[i]
        if a.state != IDENTIFIED or a.since >= month:
            continue
        u_loss, u_upe, u_judge, _ = draws.draw(a.row, month, draws.STREAM_REFERRAL, key)
        if u_loss < 1.0 - np.exp(-tables.loss[a.place]):
            a.clock = month
            n_events = flow(a, LEFT_UNASSISTED, month, events, n_events)
        elif is_referred(a, tables.reached, key) and tables.upe[a.place // 2] > 0.0:
            if u_upe < tables.upe[a.place // 2]:
                a.care |= UPE_CASE
                opened[0, a.place // 2] += 1
                n_events = flow(a, PROTECTED, month, events, n_events)
        elif u_judge < tables.judge[a.place // 2]:
            opened[1, a.place // 2] += 1
            n_events = flow(a, PROTECTED, month, events, n_events)
    return n_events
