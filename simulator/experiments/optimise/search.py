"""The search: explore, fit a stand-in, try what it thinks best with the model itself, and again.

Every plan is run under the same samples, so that plans differ only by policy. Nothing here depends on what is
run first or by whom: the same seed asks for the same runs, and a search that was killed walks through its
finished runs and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from simulator.experiments.design import latin_hypercube
from simulator.experiments.optimise.judge import Judge, references, space_of
from simulator.experiments.optimise.plan import Plan
from simulator.experiments.optimise.surrogate import Surrogate

if TYPE_CHECKING:
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.optimise.response import Response

Floats = NDArray[np.float64]

GRID: Final = 10_000
"""Money is split in parts of this many of the total: what is below is not worth telling apart."""

TOGETHER: Final = 4
"""Lines that an exploring plan gives money to, on average."""

LEAST_TRIED: Final = 0.15
LARGEST_SHARE_ON: Final = 0.5
POINTS_PER_LINE: Final = 1.2
EXPLORED: Final = 0.5
"""Share of the runs of a search that may go to exploring."""

CURIOSITY: Final = 1.0
"""Standard deviations of what is unknown that a curious proposal counts as a gain."""

RESTLESS: Final = 3.0
"""The same, once nothing new is proposed."""

SMALL_GAIN: Final = 1e-3
"""Share of the whole gain below which a line's own part is not worth its money."""

FUNDED: Final = 0.005
"""Share of the total from which a line counts as funded, beyond its floor."""

SAME: Final = 0.05
"""Share of the total that must be elsewhere for two optima to be two."""

CLOSE: Final = 1e-6
MOST_STEPS: Final = 150


@dataclass(frozen=True)
class Optimum:
    """A local optimum of a stand-in: [line] money, and the gain it expects."""

    money: Floats
    expected: float


class Search:
    """Plans that were tried, what they told, and what to try next.

    Parameters
    ----------
    question, response : what is asked, and who answers
    tell : called after every batch with the phase and the runs asked for so far
    done : called with every number of runs finished

    Attributes
    ----------
    space : what is allowed
    judge : of the search samples
    plans : tried so far; the first is no money at all
    told : [plan, sample, measure, year, cell]
    """

    def __init__(
        self,
        question: Question,
        response: Response,
        tell: Callable[[str, Search], None],
        done: Callable[[int], None],
    ) -> None:
        self.question, self.response = question, response
        self._tell, self._done = tell, done
        self.limits = response.limits()
        self.space = space_of(question, self.limits)
        self.samples = response.search_samples
        self.step = question.total / GRID
        nothing = Plan((0.0,) * len(question.lines))
        self.plans: list[Plan] = [nothing]
        self.told = response.tell([nothing], self.samples, done)
        self.judge = Judge(question, self.samples, self.told[0])
        self._weights: dict[str, Surrogate] = {}
        self.references = {
            name: self.plan(money) for name, money in references(question, self.limits, self.space).items()
        }

    # -- trying ------------------------------------------------------------------------------------

    @property
    def spent(self) -> int:
        """Return the runs asked for so far."""
        return len(self.plans) * len(self.samples)

    def plan(self, money: Floats) -> Plan:
        """Return a plan of money on the grid, never above what it was."""
        parts = np.floor(np.maximum(money, 0.0) / self.step + CLOSE)
        return Plan(tuple(float(p) for p in np.maximum(parts * self.step, self.space.least * (money > 0.0))))

    def try_plans(self, plans: Sequence[Plan], phase: str) -> list[int]:
        """Run plans that were not tried before; return where each stands in ``plans``."""
        new = [plan for plan in dict.fromkeys(plans) if plan not in self.plans]
        if new:
            told = self.response.tell(new, self.samples, self._done)
            self.plans += new
            self.told = np.concatenate([self.told, told])
            self._tell(phase, self)
        return [self.plans.index(plan) for plan in plans]

    def explore(self, runs: int) -> None:
        """Try the references, and plans that switch on a few lines each, with any amount of money."""
        self.try_plans(list(self.references.values()), "explore")
        lines = len(self.question.lines)
        most = int(EXPLORED * (runs - self.spent)) // len(self.samples)
        n = max(min(int(POINTS_PER_LINE * lines) + 10, most), 2)
        names = list(self.question.lines)
        seed = self.question.effort.seed
        switch, level = (latin_hypercube(n, names, seed, batch) for batch in (0x100, 0x101))
        on = switch < min(LARGEST_SHARE_ON, TOGETHER / lines)
        # A plan without any line tells nothing: it gets the one that was nearest to being on.
        on[np.arange(n), switch.argmin(axis=1)] |= ~on.any(axis=1)
        # As many plans try a little of a line as try a lot: that is where curves bend.
        money = on * self.space.money(np.maximum(level, LEAST_TRIED))
        self.try_plans([self.plan(np.maximum(row, self.space.least)) for row in money], "explore")

    # -- judging -----------------------------------------------------------------------------------

    def values(self) -> Floats:
        """Return [plan, sample] weighted gains."""
        return self.judge.value(self.told)

    def money(self) -> Floats:
        """Return [plan, line] soles a year."""
        return np.array([plan.money for plan in self.plans])

    def fits(self, total: float, conditions: bool = True) -> NDArray[np.bool_]:
        """Return [plan] whether it keeps within a total, the bounds, and the conditions."""
        money = self.money()
        within = money.sum(axis=1) <= total * (1.0 + CLOSE)
        tolerance = self.step * len(self.question.lines)
        within &= np.array([self.space.breach(row) <= tolerance for row in money])
        if conditions:
            within &= (self.judge.margins(self.told) >= -1e-9).all(axis=1)
        # Plans of places and years come after the split, and are compared by themselves.
        within &= np.array([not plan.places and not plan.early for plan in self.plans])
        return np.asarray(within)

    def best(self, total: float) -> int:
        """Return the plan to choose: of those that cannot be told from the best, the one of fewest lines.

        Where no plan keeps the conditions, it is the one that comes nearest.
        """
        fits = self.fits(total)
        value = self.values()
        if not fits.any():
            fits = self.fits(total, conditions=False)
            margins = self.judge.margins(self.told)
            size = np.maximum(np.abs(margins).max(axis=0), 1e-12)
            worst = np.where(fits, (margins / size).min(axis=1), -np.inf)
            return int(worst.argmax())
        score = np.where(fits, self.judge.score(value), -np.inf)
        top = int(score.argmax())
        difference = value - value[top]
        error = difference.std(axis=1, ddof=1) / np.sqrt(len(self.samples))
        near = fits & (score >= score[top] - error)
        order = [
            (self.funded(self.money()[k]).sum(), -score[k], self.plans[k].total, k)
            for k in np.flatnonzero(near)
        ]
        return int(min(order)[-1])

    def funded(self, money: Floats) -> NDArray[np.bool_]:
        """Return [line] whether it gets money beyond its floor."""
        return np.asarray(money - self.space.least > FUNDED * self.question.total)

    def apart(self, one: Plan, other: Plan) -> bool:
        """Return whether two plans have money at different places, beyond what is worth telling apart."""
        moved = np.abs(np.array(one.money) - np.array(other.money)).sum() / 2.0
        return bool(moved > SAME * self.question.total)

    # -- the stand-in ------------------------------------------------------------------------------

    def stand_in(self, name: str, values: Floats, *, refit: bool = True) -> Surrogate:
        """Return a stand-in of [plan] values, fitted again or with the weights it had.

        ``name`` says which: what it was fitted to before is where fitting begins.
        """
        usable = [k for k, plan in enumerate(self.plans) if not plan.places and not plan.early]
        before = self._weights.get(name)
        points = self.space.coordinate(self.money()[usable])
        model = Surrogate(
            points,
            values[usable] - values[0],
            weights=before.weights if before is not None and not refit else None,
            start=None if before is None else before.weights,
        )
        self._weights[name] = model
        return model

    def objective_model(self, *, refit: bool = True) -> Surrogate:
        """Return the stand-in of the score."""
        return self.stand_in("score", self.judge.score(self.values()), refit=refit)

    def condition_models(self, *, refit: bool = True) -> list[tuple[float, Surrogate]]:
        """Return the margin without money, and the stand-in of its change, of every condition."""
        margins = self.judge.margins(self.told)
        return [
            (float(column[0]), self.stand_in(f"condition {k}", column, refit=refit))
            for k, column in enumerate(margins.T)
        ]

    def improve(self, total: float, rounds: int, runs: int, phase: str = "improve") -> None:
        """Try what the stand-in thinks best for a total, again and again, as far as the runs go."""
        for number in range(rounds):
            if self.spent + len(self.samples) > runs:
                return
            model, conditions = self.objective_model(refit=number % 2 == 0), self.condition_models()
            optima = self.optima(model, conditions, total)
            if not optima and conditions:
                # No split is thought to keep the conditions: look for the one that comes nearest.
                model, conditions = self._furthest(conditions, total), []
                optima = self.optima(model, conditions, total)
            if not optima:
                return
            proposals: list[Floats] = [one.money for one in optima[:2]]
            proposals.append(self.pruned(model, conditions, total, optima[0].money))
            curious = self.optima(model, conditions, total, curiosity=CURIOSITY)
            proposals += [one.money for one in curious[:1]]
            plans = [self.plan(money) for money in proposals]
            new = [plan for plan in dict.fromkeys(plans) if plan not in self.plans]
            if not new:
                # The stand-in is content: try once where it knows least, and stop if that is known too.
                far = self.optima(model, conditions, total, curiosity=RESTLESS)
                new = [p for p in dict.fromkeys(self.plan(one.money) for one in far) if p not in self.plans]
            if not new:
                return
            room = max((runs - self.spent) // len(self.samples), 1)
            self.try_plans(new[:room], phase)

    def optima(
        self,
        model: Surrogate,
        conditions: Sequence[tuple[float, Surrogate]],
        total: float,
        *,
        curiosity: float = 0.0,
        closed: NDArray[np.bool_] | None = None,
    ) -> list[Optimum]:
        """Return the local optima of a stand-in for a total, the best first, from several starts.

        Parameters
        ----------
        closed : [line] lines held at their floor
        """
        found: list[Optimum] = []
        for start in self._starts(total):
            money = self._climb(model, conditions, total, start, curiosity, closed)
            if money is None:
                continue
            u = self.space.coordinate(money)
            found.append(Optimum(money, model.mean(u) + curiosity * model.deviation(u)))
        found.sort(key=lambda one: -one.expected)
        apart: list[Optimum] = []
        for one in found:
            if all(np.abs(one.money - other.money).sum() / 2.0 > SAME * total for other in apart):
                apart.append(one)
        return apart

    def _furthest(self, conditions: Sequence[tuple[float, Surrogate]], total: float) -> Surrogate:
        """Return the stand-in of the condition that the best plan for a total is furthest from keeping."""
        u = self.space.coordinate(self.money()[self.best(total)])
        worst = min(conditions, key=lambda one: (one[0] + one[1].mean(u)) / one[1].size)
        return worst[1]

    def _starts(self, total: float) -> list[Floats]:
        """Return [line] splits to start from: the best tried, equal shares, and keyed lopsided ones."""
        question = self.question
        fits = np.flatnonzero(self.fits(total))
        score = self.judge.score(self.values())
        tried = sorted(fits, key=lambda k: -score[k])[:2]
        starts = [self.money()[k] for k in tried]
        n = question.effort.starts
        uniform = latin_hypercube(n, list(question.lines), question.effort.seed, 0x102)
        weight = (-np.log(uniform)) ** 3
        starts += [total * row / row.sum() for row in weight]
        return starts

    def _climb(
        self,
        model: Surrogate,
        conditions: Sequence[tuple[float, Surrogate]],
        total: float,
        start: Floats,
        curiosity: float,
        closed: NDArray[np.bool_] | None,
    ) -> Floats | None:
        """Return [line] the local optimum that a start leads to, ``None`` where nothing allowed is found."""
        space = self.space
        low = space.coordinate(space.least)
        high = space.coordinate(np.minimum(space.most, np.maximum(total, space.least)))
        if closed is not None:
            high = np.where(closed, low, high)
        bounds = [
            {
                "type": "ineq",
                "fun": lambda u: 1.0 - space.money(u).sum() / total,
                "jac": lambda u: -space.slope(u) / total,
            },
        ]
        if space.rows.size:
            bounds.append(
                {
                    "type": "ineq",
                    "fun": lambda u: (space.rows @ space.money(u) - space.floors) / total,
                    "jac": lambda u: space.rows * space.slope(u) / total,
                }
            )
        for without, margin in conditions:
            size = max(abs(without), margin.size)
            bounds.append(
                {
                    "type": "ineq",
                    "fun": lambda u, m=margin, w=without, s=size: (w + m.mean(u)) / s,
                    "jac": lambda u, m=margin, s=size: m.gradient(u) / s,
                }
            )

        def loss(u: Floats) -> float:
            return -(model.mean(u) + (curiosity * model.deviation(u) if curiosity else 0.0)) / model.size

        def slope(u: Floats) -> Floats:
            rise = model.gradient(u)
            if curiosity:
                rise = rise + curiosity * model.deviation_gradient(u)
            return np.asarray(-rise / model.size)

        money = np.clip(start, space.least, space.money(high))
        if money.sum() > total:
            spare, more = total - float(space.least.sum()), float((money - space.least).sum())
            money = space.least + (money - space.least) * (max(spare, 0.0) / more)
        first = np.clip(space.coordinate(money), low, high)
        done = minimize(
            loss,
            first,
            jac=slope,
            method="SLSQP",
            bounds=list(zip(low, high, strict=True)),
            constraints=bounds,
            options={"maxiter": MOST_STEPS, "ftol": 1e-7},
        )
        money = space.money(np.clip(done.x, low, high))
        tolerance = 1e-3 * total
        if money.sum() > total + tolerance or space.breach(money) > tolerance:
            return None
        if money.sum() > total:
            money = space.least + (money - space.least) * (total - space.least.sum()) / max(
                (money - space.least).sum(), 1e-9
            )
        return np.asarray(money)

    def pruned(
        self,
        model: Surrogate,
        conditions: Sequence[tuple[float, Surrogate]],
        total: float,
        money: Floats,
    ) -> Floats:
        """Return [line] a split without the lines whose own part cannot be told from nothing."""
        closed = self.idle(model, money)
        optima = self.optima(model, conditions, total, closed=closed)
        if not optima:
            return money
        best = optima[0].money
        # What is left of a line that does nothing is money kept.
        return np.where(self.idle(model, best), self.space.least, best)

    def idle(self, model: Surrogate, money: Floats) -> NDArray[np.bool_]:
        """Return [line] whether taking its money away costs no more than the stand-in is unsure of."""
        u = self.space.coordinate(money)
        floor = self.space.coordinate(self.space.least)
        whole = model.mean(u)
        idle = np.zeros(u.size, bool)
        for k in range(u.size):
            without = u.copy()
            without[k] = floor[k]
            loss = whole - model.mean(without)
            idle[k] = loss <= max(SMALL_GAIN * abs(whole), model.deviation(u, without))
        return idle
