"""Planted problems: analytic functions in the place of the model, whose best splits are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from scenarios import load_scenario
from scenarios.levers import Bilingual
from simulator.experiments.optimise.measures import COUNTRY, MEASURES, N_CELLS, TERRITORIES
from simulator.experiments.optimise.plan import Plan
from simulator.experiments.optimise.question import Effort, Question
from simulator.experiments.optimise.response import Limits, Sample

Floats = NDArray[np.float64]
YEARS = 4
Function = Callable[[Floats, float], Mapping[str, float]]
"""Of [line] money and of a draw's strength: gains by measure, beside nothing."""

EFFORT = Effort(simulations=600, draws=4, fresh_draws=8, starts=6)


def question(lines: Sequence[str], total: float = 100.0, **more: Any) -> Question:
    """Return a question on planted lines, whose money is the same every year."""
    given: dict[str, Any] = {
        "objective": (("completed", 1.0),),
        "money": tuple((year, total) for year in range(2027, 2027 + YEARS)),
        "effort": EFFORT,
    }
    return Question(
        name="planted",
        label=Bilingual("plantada", "planted"),
        base=load_scenario("baseline"),
        lines=tuple(lines),
        **(given | more),
    )


@dataclass
class Planted:
    """Answers plans by a function.

    Attributes
    ----------
    function : what a plan gains under a draw, the same in every year
    strength : of each sample, by which draws differ
    most : [line] money beyond which a line cannot use more
    placed : [territory] children reintegrated of a plan, for planted problems of places and years
    asked : runs that were asked for
    """

    question: Question
    function: Function
    most: Sequence[float] = ()
    noise: float = 0.0
    structures: Sequence[str] = ("",)
    strength: Callable[[Sample], float] = lambda sample: (
        1.0 + 0.2 * np.sin(1 + 3 * sample.draw + 7 * sample.seed)
    )
    attributed: Mapping[str, float] = field(default_factory=lambda: {"police": 1.0})
    placed: Callable[[Plan, Sample], Floats] | None = None
    asked: int = 0

    def _samples(self, first: int, n: int) -> tuple[Sample, ...]:
        return tuple(Sample(self.structures[k % len(self.structures)], k, first) for k in range(n))

    @property
    def search_samples(self) -> tuple[Sample, ...]:
        return self._samples(0, self.question.effort.draws)

    def fresh_samples(self, n: int) -> tuple[Sample, ...]:
        return self._samples(1, n)

    def limits(self) -> Limits:
        n = len(self.question.lines)
        most = np.array(self.most or [1e12] * n, float)
        return Limits(most, np.full((n, 26), 1.0 / 26.0), self.attributed)

    def tell(self, plans: Sequence[Plan], samples: Sequence[Sample], done: Callable[[int], None]) -> Floats:
        out = np.zeros((len(plans), len(samples), len(MEASURES), YEARS, N_CELLS))
        for i, plan in enumerate(plans):
            for j, sample in enumerate(samples):
                self.asked += 1
                gains = self.function(np.array(plan.money), self.strength(sample))
                key = crc32(f"{plan.money} {sample}".encode())
                chance = self.noise * np.random.default_rng(key).normal() if self.noise else 0.0
                for name, gain in gains.items():
                    k = list(MEASURES).index(name)
                    out[i, j, k] = 1000.0 + MEASURES[name] * (gain + chance) / YEARS
                if self.placed is not None:
                    k = list(MEASURES).index("completed")
                    gains_of_places = self.placed(plan, sample)
                    out[i, j, k, :, TERRITORIES] = gains_of_places / YEARS
                    out[i, j, k, :, COUNTRY] = gains_of_places.sum() / YEARS
        done(len(plans) * len(samples))
        return out
