"""Justice: complaints become cases, cases are archived or charged, charges end in conviction or acquittal.

Cases outlive childhood: they are a table of their own, those of adult victims beside those of children,
because they share the prosecutors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from simulator.engine import draws
from simulator.engine.compile import kernel
from simulator.engine.states import DEFENCE, JUDGE, N_TERRITORIES, PROSECUTOR
from simulator.engine.types import Floats, Integers, Key, Records

if TYPE_CHECKING:
    from simulator.engine.factors import Factors

CASE = np.dtype(
    [
        ("id", np.uint32),
        ("opened", np.int16),
        ("since", np.int16),
        ("territory", np.uint8),
        ("child", np.uint8),
        ("stage", np.uint8),
    ]
)
"""One case: lasting identity (row of the child, or a number of its own); months of opening and of entering
the stage; territory that records it; whether the victim was a child; stage."""

INVESTIGATION: Final = 0
TRIAL: Final = 1
ARCHIVED: Final = 2
CONVICTED: Final = 3
ACQUITTED: Final = 4
STAGES: Final = ("investigation", "trial", "archived", "convicted", "acquitted")

ADULT_CASE: Final = 1 << 31
MOST_ADULT_CASES: Final = 255
"""Cases of adult victims that one territory can open in one month."""


class JusticeTables(NamedTuple):
    """What a month of justice reads.

    Attributes
    ----------
    decide : [territory] monthly chance that an investigation is decided
    charge : [territory] chance that it ends in a charge; otherwise it is archived
    judge : [territory] monthly chance that a trial ends
    convict : [territory] chance that it ends in a conviction
    """

    decide: Floats
    charge: Floats
    judge: Floats
    convict: Floats


def weigh(now: Factors) -> None:
    """How willing, able and sure justice is: cooperation, case files, charges, convictions, certainty."""
    p = now.p
    able = now["strength"] * now["quality"]
    speed = p["justice.specialised_courts_speed"] ** now["specialised_courts"]
    now["case_length"] = 1.0 / speed
    now["judicial_priority"] = now.link("M015")
    now["participation_cost"] = now.link("M028")
    now["file_quality"] = now.link("M033")
    now["institutional_revictimisation"] = now.link("M066")
    support = p["justice.defence_on_cooperation"] ** now["victim_defence"]
    now["cooperation"] = (
        now.link("M036")
        * now.link("M040")
        * now["victim_trust"]
        * support
        * able[DEFENCE]
        / (now["participation_cost"] * now["institutional_revictimisation"])
    )
    now["charging"] = (
        now.link("M014")
        * now.link("M035")
        * now.link("M116")
        * now["file_quality"]
        * now["judicial_priority"]
        * now["situational_awareness"]
    )
    now["conviction"] = now.link("M037") * now.link("M115") * now["file_quality"]
    now["perceived_certainty"] = now.link("M069") * now.link("M059")


def tables(now: Factors) -> JusticeTables:
    """Return the chances of this month, from the factors and the people at work."""
    p = now.p
    strength = now["strength"]
    decided = strength[PROSECUTOR] / p["justice.investigation_months"]
    judged = strength[JUDGE] / (p["justice.trial_months"] * now["case_length"])
    return JusticeTables(
        decide=1.0 - np.exp(-decided),
        charge=odds(p["justice.charge_share"], now["charging"]),
        judge=1.0 - np.exp(-judged),
        convict=odds(p["justice.conviction_share"], now["conviction"]),
    )


def odds(share: float, ratio: Floats) -> Floats:
    """Return a share whose odds are multiplied by ``ratio``: it stays between none and all."""
    if share >= 1.0:
        return np.ones_like(ratio)
    changed = share / (1.0 - share) * ratio
    return np.asarray(changed / (1.0 + changed))


@kernel
def open_adult_cases(
    expected: Floats,
    month: int,
    key: Key,
    cases: Records,
    n: int,
) -> int:
    """Open cases of adult victims, [territory] Poisson numbers of one keyed draw each; return how many exist.

    Streams
    -------
    STREAM_ADULT_CASES, one draw per territory and month, read on the distribution from below, so that a
    higher expectation never opens fewer
    """
    for k in range(N_TERRITORIES):
        u, _, _, _ = draws.draw(k, month, draws.STREAM_ADULT_CASES, key)
        chance = np.exp(-expected[k])
        reached = chance
        number = 0
        while u > reached and number < MOST_ADULT_CASES:
            number += 1
            chance *= expected[k] / number
            reached += chance
        for i in range(number):
            cases[n].id = ADULT_CASE | ((month + 1) << 13) | (k << 8) | i
            cases[n].opened = month
            cases[n].since = month
            cases[n].territory = k
            cases[n].child = 0
            cases[n].stage = INVESTIGATION
            n += 1
    return n


@kernel
def prosecute(
    cases: Records,
    n: int,
    month: int,
    tables: JusticeTables,
    key: Key,
    counts: Integers,
) -> int:
    """Cases are decided and judged; what is ended leaves the table. Return how many cases stay open.

    Parameters
    ----------
    cases, n : table of ``CASE`` and its length, changed in place
    tables : see ``JusticeTables``
    counts : [stage 5, child 2, territory] cases that enter a stage this month, added to

    Streams
    -------
    STREAM_CASE, one draw per open case and month: whether it is decided, and how

    Conserves
    ---------
    cases: opened = open + archived + convicted + acquitted
    """
    kept = 0
    for i in range(n):
        c = cases[i]
        k = c.territory
        if c.opened == month:
            counts[INVESTIGATION, c.child, k] += 1
        elif c.stage == INVESTIGATION:
            u, v, _, _ = draws.draw(c.id, month, draws.STREAM_CASE, key)
            if u < tables.decide[k]:
                c.stage = TRIAL if v < tables.charge[k] else ARCHIVED
                c.since = month
                counts[c.stage, c.child, k] += 1
        else:
            u, v, _, _ = draws.draw(c.id, month, draws.STREAM_CASE, key)
            if u < tables.judge[k]:
                c.stage = CONVICTED if v < tables.convict[k] else ACQUITTED
                c.since = month
                counts[c.stage, c.child, k] += 1
        if c.stage <= TRIAL:
            if kept != i:
                cases[kept] = c
            kept += 1
    return kept
