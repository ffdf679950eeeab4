"""The reduced rule set on Starsim: arrays over all children, one Bernoulli distribution per decision."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import starsim as ss

from benchmarks import reduced as r


def chance_of_entry(module: Any, sim: Any, uids: Any) -> Any:
    """Return the chance of entry of the children asked about, this month."""
    poor = module.rank[uids] < r.N_RANKS * r.poor_share(module.ti)
    return 1.0 - np.exp(-module.rate[uids] * np.where(poor, r.POOR_RATIO, 1.0))


class Trafficking(ss.Module):
    """The reduced rules as one Starsim module."""

    def __init__(self) -> None:
        super().__init__()
        self.define_states(
            ss.FloatArr("stage", default=float(r.HOME)),
            ss.FloatArr("rate", default=0.0),
            ss.FloatArr("rank", default=0.0),
        )
        self.enter = ss.bernoulli(p=chance_of_entry)
        self.escape = ss.bernoulli(p=1.0 - np.exp(-r.ESCAPE))
        self.identify = ss.bernoulli(p=1.0 - np.exp(-r.IDENTIFY))
        self.leave_care = ss.bernoulli(p=1.0 - np.exp(-r.LEAVE_CARE))
        self.back = ss.bernoulli(p=1.0 - np.exp(-r.RETURN))
        self.entries = 0

    def init_post(self) -> None:
        """Give every child its own rate and rank."""
        super().init_post()
        index = np.arange(len(self.rate))
        self.rate[:] = r.ENTRY_BOY * np.where(index % 2 == 1, 1.0, r.GIRL_RATIO)
        self.rank[:] = r.rank(index)

    def step(self) -> None:
        """Live through one month, with the states of its start."""
        home, exploited, care, left = ((self.stage == state).uids for state in range(4))
        new = self.enter.filter(home)
        escaped = self.escape.filter(exploited)
        found = self.identify.filter(exploited.remove(escaped))
        free = self.leave_care.filter(care)
        again = self.back.filter(left)
        self.stage[new] = r.EXPLOITED
        self.stage[escaped] = r.LEFT
        self.stage[found] = r.CARE
        self.stage[free] = r.LEFT
        self.stage[again] = r.EXPLOITED
        self.entries += len(new)


def run(children: int, months: int) -> dict[str, float]:
    """Run the reduced rules and return seconds, first entries and the last stock of exploited children."""
    module: Any = Trafficking()
    sim = ss.Sim(n_agents=children, modules=module, start=2000, dur=months - 1, dt=1, verbose=0, rand_seed=1)
    sim.init()
    start = time.perf_counter()
    sim.run()
    seconds = time.perf_counter() - start
    (module,) = [m for m in sim.modules if isinstance(m, Trafficking)]
    stock = int((module.stage == r.EXPLOITED).sum())
    return {"seconds": seconds, "entries": module.entries, "stock": stock}
