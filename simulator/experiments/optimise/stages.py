"""What else a search answers: least money, a front of several aims, places, years, each draw by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from simulator.experiments.optimise.judge import LIMA
from simulator.experiments.optimise.measures import MEASURES, RATIOS, TERRITORIES
from simulator.experiments.optimise.plan import Plan
from simulator.experiments.optimise.search import Search
from simulator.experiments.optimise.surrogate import Surrogate, Weights

Floats = NDArray[np.float64]

BISECTIONS: Final = 7
RICHEST: Final = 16.0
"""Multiple of the money up to which the least money is sought, if lines can use as much."""

STEPS: Final = (0.25, 0.5, 1.0)
"""How far a split moves towards what territories, or years, ask for by themselves."""

LARGEST_TILT: Final = 0.8
LOWEST, HIGHEST = 0.25, 4.0
"""What the money of a territory may be multiplied by."""

SHRUNK: Final = 0.5
"""Weight of the need beside what a few samples show of a territory."""


@dataclass(frozen=True)
class Least:
    """The least money that was found to keep the conditions; ``plan`` is ``None`` where none does."""

    plan: Plan | None
    notes: dict[str, Any]


def least_money(search: Search, runs: int) -> Least:
    """Look for the least money that keeps every condition: halve, try with the model, and go on.

    Where even the most money within bounds does not, that is the answer, with how near it comes.
    """
    question, space = search.question, search.space
    most = float(min(space.most.sum(), RICHEST * question.total))
    least = float(space.least.sum())
    low, high = least, most
    everything = search.plan(_squeezed(space.most, space.least, most))
    search.improve(most, 2, min(search.spent + 8 * len(search.samples), runs), "least")
    search.try_plans([everything], "least")
    top = search.best(most)
    if not search.fits(most)[top]:
        chance = search.judge.probability(search.told)
        return Least(
            None,
            {
                "tried_up_to": most,
                "tried": int(search.fits(most, conditions=False).sum()),
                "probability": [float(p) for p in chance[top]],
            },
        )
    high = search.plans[top].total
    for _ in range(BISECTIONS):
        if search.spent + len(search.samples) > runs:
            break
        middle = float(np.sqrt(max(low, 0.01 * high) * high))
        if high - middle < 0.02 * high:
            break
        search.improve(middle, 1, runs, "least")
        k = search.best(middle)
        if search.fits(middle)[k]:
            high = min(search.plans[k].total, middle)
        else:
            low = middle
    best = search.best(high)
    return Least(
        search.plans[best],
        {
            "money": search.plans[best].total,
            "not_enough": low,
            "probability": [float(p) for p in search.judge.probability(search.told)[best]],
        },
    )


def _squeezed(money: Floats, floor: Floats, total: float) -> Floats:
    """Return money brought down to a total, floors kept."""
    more = money - floor
    return np.asarray(floor + more * min(1.0, (total - floor.sum()) / max(more.sum(), 1e-9)))


def front_plans(search: Search, points: int, runs: int) -> list[Plan]:
    """Return plans for the whole money of which none is better than another in every measure of the front."""
    question = search.question
    total = question.total
    names = question.front
    conditions = search.condition_models()
    for weights in _weights(len(names), points):
        if search.spent + len(search.samples) > runs:
            break
        models = [
            search.stand_in(f"front {name}", search.judge.gain(search.told, name).mean(axis=1), refit=False)
            for name in names
        ]
        mixed = _Mixed(models, weights)
        optima = search.optima(mixed, conditions, total)  # type: ignore[arg-type]
        optima = optima or search.optima(mixed, [], total)  # type: ignore[arg-type]
        if optima:
            search.try_plans([search.plan(optima[0].money)], "front")
    gains = np.stack([search.judge.gain(search.told, name).mean(axis=1) for name in names], axis=1)
    fits = np.flatnonzero(search.fits(total))
    if not fits.size:
        # Nothing keeps the conditions: the answer says so, and the front is that of the bounds.
        fits = np.flatnonzero(search.fits(total, conditions=False))
    front = fits[undominated(gains[fits])]
    # The ends and a few between, apart from each other.
    spread = gains[front].max(axis=0) - gains[front].min(axis=0)
    unit = (gains[front] - gains[front].min(axis=0)) / np.maximum(spread, 1e-12)
    chosen = list(dict.fromkeys(int(unit[:, k].argmax()) for k in range(len(names))))
    while len(chosen) < min(points, front.size):
        away = np.min([np.abs(unit - unit[k]).sum(axis=1) for k in chosen], axis=0)
        chosen.append(int(away.argmax()))
    return [search.plans[front[k]] for k in sorted(chosen, key=lambda k: -unit[k, 0])]


def undominated(gains: Floats) -> NDArray[np.bool_]:
    """Return [plan] whether no other plan is at least as good in every column and better in one."""
    at_least = (gains[None] >= gains[:, None]).all(axis=2)
    better = (gains[None] > gains[:, None]).any(axis=2)
    return np.asarray(~(at_least & better).any(axis=1))


def _weights(dimensions: int, points: int) -> list[Floats]:
    """Return weights that spread over the simplex, its corners first."""
    corners = list(np.eye(dimensions))
    inner = []
    for k in range(1, max(points - dimensions, 1) + 1):
        if dimensions == 2:
            share = k / (max(points - dimensions, 1) + 1)
            inner.append(np.array([share, 1.0 - share]))
        else:
            # Halton's sequence, folded into the simplex.
            a, b = _halton(k, 2), _halton(k, 3)
            a, b = (a, b) if a + b <= 1.0 else (1.0 - a, 1.0 - b)
            inner.append(np.array([a, b, 1.0 - a - b]))
    return [*corners, *inner]


def _halton(k: int, base: int) -> float:
    out, part = 0.0, 1.0
    while k:
        part /= base
        k, digit = divmod(k, base)
        out += part * digit
    return out


class _Mixed:
    """Several stand-ins as one, each over its own size."""

    def __init__(self, models: list[Surrogate], weights: Floats) -> None:
        self.models, self.weights, self.size = models, weights, 1.0

    def mean(self, u: Floats) -> float:
        return float(sum(w * m.mean(u) / m.size for w, m in zip(self.weights, self.models, strict=True)))

    def gradient(self, u: Floats) -> Floats:
        parts = [w * m.gradient(u) / m.size for w, m in zip(self.weights, self.models, strict=True)]
        return np.asarray(sum(parts))

    def deviation(self, u: Floats) -> float:
        parts = [w * m.deviation(u) / m.size for w, m in zip(self.weights, self.models, strict=True)]
        return float(np.sqrt(sum(p * p for p in parts)))


def by_sample(search: Search, total: float) -> Floats:
    """Return [line] the share of the samples in whose own best split a line is funded.

    Each sample has a stand-in of its own, with the shape of the one of all samples and the chance of one run.
    """
    value = search.values()
    overall = search.objective_model()
    n = len(search.samples)
    weights = replace(overall.weights, noise=min(n * overall.weights.noise, 1.0))
    conditions = search.condition_models()
    counts = np.zeros(len(search.question.lines))
    for k in range(n):
        model = _with(search, value[:, k], weights)
        optima = search.optima(model, conditions, total) or search.optima(model, [], total)
        if optima:
            best = np.where(search.idle(model, optima[0].money), search.space.least, optima[0].money)
            counts += search.funded(best)
    return counts / n


def _with(search: Search, values: Floats, weights: Weights) -> Surrogate:
    usable = [k for k, plan in enumerate(search.plans) if not plan.places and not plan.early]
    return Surrogate(
        search.space.coordinate(search.money()[usable]), values[usable] - values[0], weights=weights
    )


def by_territory(search: Search, best: Plan, most: int) -> Plan:
    """Return the best plan with its money moved between territories, if the search samples show a gain.

    What half, the whole and twice the money gains in every territory by itself says where a further sol gains
    most; a curve common to all, and the need beside what a few samples show, keep chance from steering it.
    """
    shares = np.array(best.money) @ search.limits.shares
    shares = shares / shares.sum()
    levels = (0.5, 1.0, 2.0)
    scaled = [search.plan(np.minimum(level * np.array(best.money), search.space.most)) for level in levels]
    rows = search.try_plans(scaled, "territory")
    gains = np.zeros((len(levels), shares.size))
    for name, weight in search.question.objective:
        if name in RATIOS:
            continue
        gains += weight * search.judge.gain(search.told[rows], name, TERRITORIES).mean(axis=1)
    whole = gains.sum(axis=1)
    if not whole[1] > 0.0:
        return best
    # gain = a (1 - exp(-b z)): one b for all, from what the whole country gains at the levels.
    z = np.array(levels)

    def misfit(log_b: float) -> float:
        curve = 1.0 - np.exp(-np.exp(log_b) * z)
        size = (curve @ whole) / (curve @ curve)
        return float(((whole - size * curve) ** 2).sum())

    b = float(np.exp(minimize_scalar(misfit, bounds=(-4.0, 2.0), method="bounded").x))
    curve = 1.0 - np.exp(-b * z)
    own = np.maximum(curve @ gains, 0.0) / (curve @ curve)
    size = SHRUNK * own.sum() * shares + (1.0 - SHRUNK) * own
    wanted = _water_filled(size, shares, b)
    plans = []
    for step in STEPS:
        places = 1.0 + step * (wanted - 1.0)
        plans.append(replace(best, places=tuple(np.round(places, 4).tolist())))
    allowed = [plan for plan in plans if _places_allowed(search, plan)][: most - len(levels)]
    return _better(search, best, allowed, "territory")


def _water_filled(size: Floats, shares: Floats, b: float) -> Floats:
    """Return [territory] multiples of its money at which a further sol gains the same everywhere."""
    low, high = -30.0, 30.0
    for _ in range(80):
        price = (low + high) / 2.0
        with np.errstate(divide="ignore"):
            z = np.clip((np.log(size * b / shares) - price) / b, LOWEST, HIGHEST)
        low, high = (price, high) if z @ shares > 1.0 else (low, price)
    return np.asarray(z / (z @ shares))


def _places_allowed(search: Search, plan: Plan) -> bool:
    """Return whether money moved between territories keeps the bounds that are about territories."""
    money = np.array(plan.money)
    weight = search.limits.shares * np.array(plan.places)
    moved = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    for bound in search.question.bounds:
        if not bound.territories:
            continue
        own = np.array([not bound.lines or line in bound.lines for line in search.question.lines])
        here = float((money * own) @ moved[:, list(bound.territories)].sum(axis=1))
        if not bound.at_least - search.step <= here <= bound.at_most + search.step:
            return False
    outside = 1.0 - float(money @ moved[:, LIMA]) / max(float(money.sum()), 1e-9)
    return outside >= search.question.outside_lima - 1e-6


def by_year(search: Search, best: Plan, most: int) -> Plan:
    """Return the best plan with some lines early and others late, if the search samples show a gain.

    The largest lines are each moved early by themselves, the others making room; then all move along what
    that showed. The total of every year stays.
    """
    if len(search.question.money) == 1:
        return best
    money = np.array(best.money)
    largest = [int(k) for k in np.argsort(-money, kind="stable") if money[k] > 0.0]
    largest = largest[: most - len(STEPS)]
    alone = []
    for k in largest:
        early = np.zeros(money.size)
        early[k] = 0.5
        alone.append(replace(best, early=tuple(early.tolist())))
    rows = search.try_plans(alone, "year")
    here = search.try_plans([best], "year")[0]
    value = search.values()
    gain = search.judge.score(value[rows]) - search.judge.score(value[[here]])
    if not np.abs(gain).max(initial=0.0) > 0.0:
        return best
    direction = np.zeros(money.size)
    # The slope by sol, so that large lines do not lead only because they are large.
    direction[largest] = gain / np.maximum(money[largest], 1e-9)
    direction *= LARGEST_TILT / np.abs(direction).max()
    plans = [replace(best, early=tuple(np.round(s * direction, 4).tolist())) for s in STEPS]
    return _better(search, best, [*alone, *plans], "year")


def _better(search: Search, best: Plan, plans: list[Plan], phase: str) -> Plan:
    """Return the plan of the highest score of those that keep the conditions, the best itself included."""
    rows = search.try_plans([best, *plans], phase)
    margins = search.judge.margins(search.told[rows])
    score = search.judge.score(search.values()[rows])
    keep = (margins >= -1e-9).all(axis=1)
    keep[0] = True
    return [best, *plans][int(np.where(keep, score, -np.inf).argmax())]


if not set(RATIOS) <= set(MEASURES):
    raise AssertionError("every ratio is a measure")
