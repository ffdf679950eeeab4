"""Reintegration: follow-up under a plan is completed or interrupted, also past the eighteenth birthday."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.engine import draws
from simulator.engine.active import ASSISTED, PLAN, TURNED_18, flow
from simulator.engine.compile import kernel
from simulator.engine.states import ADULT, FOLLOW_UP, LEFT_UNASSISTED, MENTAL_HEALTH, REINTEGRATED
from simulator.engine.types import Events, Records, Words

if TYPE_CHECKING:
    from simulator.engine.factors import Factors


class FollowUpTables(NamedTuple):
    """How follow-up ends in one month.

    Attributes
    ----------
    rate : monthly rate at which follow-up ends, either way
    completion : [place] share that ends in completion
    """

    rate: float
    completion: NDArray[np.float64]


def prospects(now: Factors) -> None:
    """What stands behind a plan: recovery, the range of services, care standards, and what trauma undoes.

    Coverage of mental health care is what policy adds, and what the centres at work give or lack beside those
    of the reference month.
    """
    able = now["strength"][MENTAL_HEALTH] * now["quality"][MENTAL_HEALTH]
    now["mental_health"] = now["mental_health"] + now.p["reintegration.mental_health_coverage"] * (able - 1.0)
    now["recovery"] = now.link("M042")
    now["services_range"] = now.link("M049")
    now["reintegration_gain"] = now.link("M053")
    now["plan_quality"] = now.link("M067")
    now["trauma"] = now.link("M085")
    now["completion_odds"] = (
        now["recovery"] * now["services_range"] * now["reintegration_gain"] * now["plan_quality"]
    )


@kernel
def follow_up(
    active: Records,
    start: int,
    stop: int,
    month: int,
    tables: FollowUpTables,
    words: Words,
    events: Events,
    n: int,
) -> int:
    """Children with a running plan complete it or are lost to follow-up.

    Whoever has turned 18 in care is counted as reintegrated on completion, and then as an adult.

    Parameters
    ----------
    active, start, stop : run of the active list, changed in place
    tables : see ``FollowUpTables``
    words : [4, child of the run] draws of the month

    Streams
    -------
    STREAM_MONTH: the end is WORD_LEAVE, completion is WORD_SECOND

    Conserves
    ---------
    children
    """
    for i in range(start, stop):
        a = active[i]
        if a.state != FOLLOW_UP or a.since >= month:
            continue
        if draws.unit(words[draws.WORD_LEAVE, i - start]) >= 1.0 - np.exp(-tables.rate):
            continue
        grown = a.care & TURNED_18
        a.care = (a.care | ASSISTED) & ~np.uint8(PLAN)
        a.clock = month
        if draws.unit(words[draws.WORD_SECOND, i - start]) < tables.completion[a.origin]:
            n = flow(a, REINTEGRATED, month, events, n)
            if grown:
                n = flow(a, ADULT, month, events, n)
        else:
            n = flow(a, ADULT if grown else LEFT_UNASSISTED, month, events, n)
    return n
