"""Referral and protection: an identified child reaches a UPE, or a family judge, or is lost on the way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.engine import draws
from simulator.engine.active import UPE_CASE, flow
from simulator.engine.compile import inline, kernel
from simulator.engine.states import IDENTIFIED, LEFT_UNASSISTED, PROTECTED
from simulator.engine.types import Events, Floats, Integers, Key, Record, Records


class ReferralTables(NamedTuple):
    """What referral reads in one month.

    Attributes
    ----------
    reached : [place] share of identified children within reach of a UPE and referred to it
    loss : [place] monthly rate of loss before protection
    upe : [territory] monthly chance that the UPE opens the case of a referred child (0 where none is open)
    judge : monthly chance that a family judge opens the case
    """

    reached: Floats
    loss: Floats
    upe: Floats
    judge: float


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
def count_identified(
    active: Records,
    n: int,
    month: int,
    reached: Floats,
    key: Key,
    waiting: Integers,
    found: Integers,
) -> None:
    """Count [territory] children whom each UPE is asked to protect, and those identified this month."""
    waiting[:] = 0
    found[:] = 0
    for i in range(n):
        a = active[i]
        if a.state == IDENTIFIED:
            if a.since == month:
                found[a.place // 2] += 1
            elif is_referred(a, reached, key):
                waiting[a.place // 2] += 1


@kernel
def refer(
    active: Records,
    n: int,
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
    active, n : the whole active list, changed in place
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
    for i in range(n):
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
        elif u_judge < tables.judge:
            opened[1, a.place // 2] += 1
            n_events = flow(a, PROTECTED, month, events, n_events)
    return n_events
