"""The reduced rule set on Mesa, one object per child."""

from __future__ import annotations

import math
import random
import time

import mesa

from benchmarks import reduced as r


class Child(mesa.Agent):
    """A child that draws for itself every month."""

    __slots__ = ("rank", "rate", "state")

    def __init__(self, model: Country, rate: float, rank: int) -> None:
        super().__init__(model)
        self.rate = rate
        self.rank = rank
        self.state = r.HOME

    def step(self) -> None:
        """Live through one month."""
        model = self.model
        u = model.draw()
        if self.state == r.HOME:
            rate = self.rate * r.POOR_RATIO if self.rank < model.poor else self.rate
            if u < 1.0 - math.exp(-rate):
                self.state = r.EXPLOITED
                model.entries += 1
        elif self.state == r.EXPLOITED:
            if u < model.escape:
                self.state = r.LEFT
            elif model.draw() < model.identify:
                self.state = r.CARE
        elif self.state == r.CARE:
            if u < model.leave_care:
                self.state = r.LEFT
        elif u < model.back:
            self.state = r.EXPLOITED


class Country(mesa.Model):
    """All children as agents."""

    def __init__(self, children: int) -> None:
        super().__init__(rng=1)
        self.draw = random.Random(1).random
        self.entries = 0
        self.month = 0
        self.poor = 0.0
        self.escape, self.identify, self.leave_care, self.back = (
            1.0 - math.exp(-rate) for rate in (r.ESCAPE, r.IDENTIFY, r.LEAVE_CARE, r.RETURN)
        )
        for index in range(children):
            Child(self, r.ENTRY_BOY * (1.0 if index % 2 else r.GIRL_RATIO), r.rank(index))

    def step(self) -> None:
        """Let every child live through one month."""
        self.poor = r.N_RANKS * r.poor_share(self.month)
        self.agents.do("step")
        self.month += 1


def run(children: int, months: int) -> dict[str, float]:
    """Run the reduced rules and return seconds, first entries and the last stock of exploited children."""
    country = Country(children)
    start = time.perf_counter()
    for _ in range(months):
        country.step()
    seconds = time.perf_counter() - start
    stock = sum(child.state == r.EXPLOITED for child in country.agents)
    return {"seconds": seconds, "entries": country.entries, "stock": stock}
