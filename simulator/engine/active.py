"""The active list: every child ever exploited, visited one by one until 18 or until care ends.

What changes of a child lives here; kernels change records in place and write each change as an event.
An event is one 64-bit word, so that every count of a run is one pass over a flat array.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compile import inline, kernel
from simulator.engine.population import LANGUAGE_SHIFT
from simulator.engine.states import AGE_BAND_STARTS
from simulator.engine.types import Events, Integers, Record, Records

ACTIVE = np.dtype(
    [
        ("row", np.uint32),
        ("birth", np.int16),
        ("since", np.int16),
        ("entered", np.int16),
        ("clock", np.int16),
        ("waits", np.int16),
        ("due", np.int16),
        ("begun", np.int16),
        ("facility", np.int16),
        ("econ", np.uint16),
        ("coverage", np.uint16),
        ("state", np.uint8),
        ("form", np.uint8),
        ("place", np.uint8),
        ("origin", np.uint8),
        ("traits", np.uint8),
        ("cls", np.uint8),
        ("episodes", np.uint8),
        ("care", np.uint8),
        ("channel", np.uint8),
    ]
)
"""One active child: row of the population; months of birth, of entering the state, of the last entry into
exploitation, from which the risk of return is counted, since when it waits for a place, when its place is
ready, since when its reintegration has been under way (``NOT_BEGUN``); facility (-1 none); ranks; state;
form; place where it is; place of origin; traits; risk class; episodes of exploitation so far; bits of its
care; channel by which it became known last."""

# Bits of ``care``.
ASSISTED: Final = 1
UPE_CASE: Final = 2
PLAN: Final = 4
TURNED_18: Final = 8
SEEKS_SPECIALISED: Final = 16
SEEKS_GENERAL: Final = 32
RESERVED: Final = 64
DISCHARGED_EARLY: Final = 128

NO_FACILITY: Final = -1
NOT_BEGUN: Final = -32768

# Layout of an event, from the lowest bit.
MONTH_BITS, STATE_BITS, PLACE_BITS = 10, 4, 6
FROM_SHIFT: Final = 10
TO_SHIFT: Final = 14
PLACE_SHIFT: Final = 18
TO_PLACE_SHIFT: Final = 24
SEX_SHIFT: Final = 30
BAND_SHIFT: Final = 31
FORM_SHIFT: Final = 34
SPEECH_SHIFT: Final = 36
MIGRANT_SHIFT: Final = 38
ELAPSED_SHIFT: Final = 39
ELAPSED_BITS: Final = 10
NO_ELAPSED: Final = (1 << ELAPSED_BITS) - 1
"""Months since reintegration began are written with every event; this one stands for none."""

_B1, _B2, _B3, _B4 = AGE_BAND_STARTS[1:5]


@inline
def age_band(
    months: Any,
) -> Any:
    """Return the index of the age band of an age in months."""
    years = months // 12
    return (years >= _B1) + (years >= _B2) + (years >= _B3) + (years >= _B4)


@inline
def pack(
    a: Record,
    month: int,
    source: int,
    target: int,
    place: int,
    to_place: int,
) -> np.uint64:
    """Return the event of one child: a flow if the states differ, a move if they are the same."""
    word = np.uint64(month)
    word |= np.uint64(source) << np.uint64(FROM_SHIFT)
    word |= np.uint64(target) << np.uint64(TO_SHIFT)
    word |= np.uint64(place) << np.uint64(PLACE_SHIFT)
    word |= np.uint64(to_place) << np.uint64(TO_PLACE_SHIFT)
    word |= np.uint64(a.traits & 1) << np.uint64(SEX_SHIFT)
    word |= np.uint64(age_band(month - a.birth)) << np.uint64(BAND_SHIFT)
    word |= np.uint64(a.form) << np.uint64(FORM_SHIFT)
    word |= np.uint64(a.traits >> LANGUAGE_SHIFT) << np.uint64(SPEECH_SHIFT)
    word |= np.uint64((a.traits >> 3) & 1) << np.uint64(MIGRANT_SHIFT)
    elapsed = NO_ELAPSED if a.begun == NOT_BEGUN else min(month - a.begun, NO_ELAPSED - 1)
    return word | np.uint64(elapsed) << np.uint64(ELAPSED_SHIFT)


@inline
def flow(
    a: Record,
    target: int,
    month: int,
    events: Events,
    n: int,
) -> int:
    """Move a child to another state where it is; write the event; return the number of events.

    Months before January 2012 are lived through but not recorded.
    """
    if month >= 0:
        events[n] = pack(a, month, a.state, target, a.place, a.place)
        n += 1
    a.state = target
    a.since = month
    return n


@inline
def move(
    a: Record,
    place: int,
    month: int,
    events: Events,
    n: int,
) -> int:
    """Take a child to another place in its state; write the event; return the number of events."""
    if place != a.place:
        if month >= 0:
            events[n] = pack(a, month, a.state, a.state, a.place, place)
            n += 1
        a.place = place
    return n


@kernel
def positions(
    active: Records,
    n: int,
    first: int,
    last: int,
) -> Integers:
    """Return the positions of the children whose state lies between ``first`` and ``last``, both included."""
    out = np.empty(n, np.int64)
    m = 0
    for i in range(n):
        if first <= active[i].state <= last:
            out[m] = i
            m += 1
    return out[:m]


EVENTS_PER_CHILD: Final = 5
"""A child changes state or place at most this often in one pass over the active list."""


@kernel
def compact(
    active: Records,
    n: int,
    finished_from: int,
) -> int:
    """Drop children whose state is ``finished_from`` or later, keep the order, return how many remain."""
    kept = 0
    for i in range(n):
        if active[i].state < finished_from:
            if kept != i:
                active[kept] = active[i]
            kept += 1
    return kept


def room(active: NDArray[np.void], n: int, more: int) -> NDArray[np.void]:
    """Return the list itself if ``more`` children fit behind the ``n`` present, else a copy twice as long."""
    if n + more <= active.size:
        return active
    longer = np.zeros(max(2 * active.size, n + more), ACTIVE)
    longer[:n] = active[:n]
    return longer
