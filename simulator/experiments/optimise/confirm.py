"""The confirmation: all finalists on a few fresh samples, then those that decide on as many as it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.optimise.answer import SURE, Named, paired
from simulator.experiments.optimise.judge import Judge
from simulator.experiments.optimise.plan import Plan

if TYPE_CHECKING:
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.optimise.response import Response

Floats = NDArray[np.float64]

DECIDERS: Final = ("best", "equal", "present")
"""Plans that go on to further samples until they are told apart."""

MOST_TIMES: Final = 25
"""Multiple of the fresh draws asked for at which the confirmation ends without a decision."""


@dataclass(frozen=True)
class Confirmed:
    """What plans told on fresh samples.

    Attributes
    ----------
    judge : of all fresh samples
    plans : that were run
    told : [plan, sample, measure, year, cell]; a plan that did not go on has NaN on further samples
    counts : [plan] samples that each was run on, the first ones
    deciding : plans that could go on; sure : confidence of their intervals
    looks : how often at most the intervals were looked at
    """

    judge: Judge
    plans: tuple[Plan, ...]
    told: Floats
    counts: tuple[int, ...]
    deciding: frozenset[Plan]
    sure: float
    looks: int

    def of(self, named: Sequence[Named]) -> Floats:
        """Return [plan, sample, measure, year, cell] of named plans."""
        return np.asarray(self.told[[self.plans.index(one.plan) for one in named]])

    def run(self, named: Sequence[Named]) -> NDArray[np.bool_]:
        """Return [plan, sample] whether a plan was run on a sample."""
        counts = np.array([self.counts[self.plans.index(one.plan)] for one in named])
        return np.asarray(np.arange(self.told.shape[1]) < counts[:, None])

    def sure_of(self, plan: Plan) -> float:
        """Return the confidence of the intervals of a plan."""
        return self.sure if plan in self.deciding else SURE


def looks(first: int, most: int, step: int = 1) -> list[int]:
    """Return after how many samples to look: first, last, and once between where there is room.

    Parameters
    ----------
    first, most : fewest and most samples; step : samples that go together
    """
    last = first + max(most - first, 0) // step * step
    middle = step * round(np.sqrt(first * last) / step)
    return sorted({first, middle if last >= 2 * first else first, last})


def confirm(
    question: Question,
    response: Response,
    nothing: Plan,
    named: Sequence[Named],
    runs: int,
    done: Callable[[int], None],
) -> Confirmed:
    """Run named plans on fresh samples, and go on with the deciding ones until they are told apart.

    An interval that is looked at again and again would leave out zero too often: each look has its part of
    the false alarms that one look may have (Bonferroni).

    Parameters
    ----------
    nothing : the plan without money
    runs : most runs of the model
    """
    plans = tuple(dict.fromkeys([nothing, *(one.plan for one in named)]))
    of = {one.name: one.plan for one in named if one.name in DECIDERS}
    others = [plan for name, plan in of.items() if name != "best" and plan != of["best"]]
    deciding = tuple(dict.fromkeys([nothing, *of.values()]))
    samples = response.fresh_samples(question.effort.fresh_draws)
    told = response.tell(plans, samples, done)
    first = len(samples)
    most = min(first + (runs - first * len(plans)) // len(deciding), MOST_TIMES * first) if others else first
    steps = looks(first, most, max(len(question.structures), 1))
    sure = 1.0 - (1.0 - SURE) / len(steps)
    rows = [plans.index(plan) for plan in deciding]
    for n in steps:
        further = response.fresh_samples(n)[len(samples) :]
        if further:
            more = np.full((len(plans), len(further), *told.shape[2:]), np.nan)
            more[rows] = response.tell(deciding, further, done)
            told, samples = np.concatenate([told, more], axis=1), (*samples, *further)
        judge = Judge(question, samples, told[0])
        value = judge.value(told)
        best = value[plans.index(of["best"])]
        if all(paired(best - value[plans.index(plan)], sure).told_apart for plan in others):
            break
    counts = tuple(len(samples) if plan in deciding else first for plan in plans)
    return Confirmed(judge, plans, told, counts, frozenset(deciding), sure, len(steps))
