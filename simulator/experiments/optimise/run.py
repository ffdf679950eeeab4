"""From a question to its answer: the stages of a search, its budget of runs, and the confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from simulator.experiments.optimise.answer import Answer, Named, answer_dataset
from simulator.experiments.optimise.confirm import confirm
from simulator.experiments.optimise.plan import Plan
from simulator.experiments.optimise.search import Search
from simulator.experiments.optimise.stages import (
    by_sample,
    by_territory,
    by_year,
    front_plans,
    least_money,
)
from simulator.faults import Fault, FaultyInput
from simulator.texts import t

if TYPE_CHECKING:
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.optimise.response import Response

Floats = NDArray[np.float64]

RIVALS: Final = 3
"""Local optima, and plans as good as the best while searching, that are confirmed beside it."""

DECIDING: Final = 0.5
"""Share of the simulations beyond the fewest that is kept to tell the best from equal and present shares."""

FRONT_POINTS: Final = 7
ROUNDS: Final = 12
ROUNDS_OF_PATH: Final = 2
PLANS_OF_STAGE: Final = 8
"""Plans that the split by territory, or by year, may try."""

FEWEST_POINTS: Final = 16
"""Plans that a search needs to say anything, beside those of the answers asked for."""


@dataclass
class Status:
    """How far a search is: what a screen shows while it runs.

    Attributes
    ----------
    phase : what is being done
    runs, total : runs of the model finished, and most that there will be
    best : money by line of the best plan so far
    gain, error : its score on the search samples, and the standard error
    confirmed : whether the gain is of fresh samples
    """

    phase: str
    runs: int
    total: int
    best: dict[str, float] = field(default_factory=dict)
    gain: float | None = None
    error: float | None = None
    confirmed: bool = False


Report = Callable[[Status], None]


def answer(question: Question, response: Response, report: Report | None = None) -> Answer:
    """Search for the answer of a question, and confirm it on samples that the search has not seen.

    Parameters
    ----------
    question : what is asked
    response : who answers: the model, or any function
    report : called whenever there is something new

    Raises
    ------
    FaultyInput
        If the budget of simulations is too small for the answers asked for.
    """
    with threadpool_limits(1):
        # Small matrices: one thread is quicker, and sums do not depend on how many there are.
        return _answer(question, response, report or (lambda _status: None))


def _answer(question: Question, response: Response, report: Report) -> Answer:
    per_plan = len(response.search_samples)
    fresh = len(response.fresh_samples(question.effort.fresh_draws))
    confirmed = 4 + RIVALS + _extra_plans(question)
    kept = fresh * confirmed
    stages = per_plan * PLANS_OF_STAGE * sum(one in question.answers for one in ("territory", "year"))
    needed = kept + stages + per_plan * FEWEST_POINTS
    if question.effort.simulations < needed:
        raise FaultyInput(
            [
                Fault(
                    where=f"{question.name}  effort.simulations",
                    found=str(question.effort.simulations),
                    allowed=t("question.allowed.simulations", needed=needed),
                    do=t("question.do.simulations"),
                )
            ]
        )
    status = Status("explore", 0, question.effort.simulations)

    def done(runs: int) -> None:
        status.runs += runs
        report(status)

    def tell(phase: str, search: Search) -> None:
        status.phase = phase
        if len(search.plans) > 1:
            k = search.best(question.total)
            value = search.values()[k]
            status.best = _by_line(question, search.plans[k])
            status.gain = float(search.judge.score(value[None])[0])
            status.error = float(value.std(ddof=1) / np.sqrt(value.size))
        report(status)

    report(status)
    search = Search(question, response, tell, done)
    runs = question.effort.simulations - kept - stages
    runs -= int(DECIDING * (question.effort.simulations - needed))
    later = sum(one in question.answers for one in ("path", "front", "least"))
    mine = search.spent + int((runs - search.spent) / (1.0 + 0.5 * later))
    search.explore(mine)
    search.improve(question.total, ROUNDS, mine)
    named: list[Named] = []
    notes: dict[str, Any] = {}
    left = (runs - mine) // max(later, 1)
    if "path" in question.answers:
        for share in question.path:
            until = search.spent + left // len(question.path)
            search.improve(share * question.total, ROUNDS_OF_PATH, until, "path")
    if "least" in question.answers:
        found = least_money(search, search.spent + left)
        notes["least"] = found.notes
        if found.plan is not None:
            named.append(Named("least", found.plan))
    if "front" in question.answers:
        plans = front_plans(search, FRONT_POINTS, search.spent + left)
        named += [Named(f"front {k + 1}", plan) for k, plan in enumerate(plans)]
    search.improve(question.total, ROUNDS, runs)
    if "path" in question.answers:
        named += [
            Named(f"path {share:g}", search.plans[search.best(share * question.total)])
            for share in question.path
        ]
    chosen = search.best(question.total)
    best = search.plans[chosen]
    if "territory" in question.answers:
        named.append(Named("by territory", by_territory(search, best, PLANS_OF_STAGE)))
    if "year" in question.answers:
        named.append(Named("by year", by_year(search, best, PLANS_OF_STAGE)))
    funded = by_sample(search, question.total)
    rivals = _rivals(search, best)
    all_named = [
        Named("best", best),
        *(Named(name, plan) for name, plan in search.references.items()),
        *(Named(f"rival {k + 1}", plan) for k, plan in enumerate(rivals)),
        *named,
    ]
    tell("confirm", search)
    left = question.effort.simulations - search.spent
    confirmed_on = confirm(question, response, search.plans[0], all_named, left, done)
    dataset = answer_dataset(
        question,
        all_named,
        confirmed_on,
        search.limits,
        funded,
        {"seed": question.effort.seed, "runs": status.runs},
    )
    notes["regret"] = regret(search, best)
    told = Answer(question, tuple(all_named), dataset, bool(search.fits(question.total)[chosen]), (), notes)
    beside_best = [one for one in all_named[1 : 3 + len(rivals)] if one.plan != best]
    alike = tuple(one.name for one in beside_best if not told.beside(one.name).told_apart)
    value = dataset["value"].values[:1]
    status.phase, status.confirmed = "done", True
    status.gain = float(confirmed_on.judge.score(value)[0])
    status.error = float(value.std(ddof=1) / np.sqrt(value.size))
    report(status)
    return replace(told, alike=alike)


def _extra_plans(question: Question) -> int:
    """Return the plans that the answers asked for add to the confirmation."""
    return (
        len(question.path) * ("path" in question.answers)
        + FRONT_POINTS * ("front" in question.answers)
        + sum(one in question.answers for one in ("least", "territory", "year"))
    )


def _by_line(question: Question, plan: Plan) -> dict[str, float]:
    return {line: amount for line, amount in zip(question.lines, plan.money, strict=True) if amount > 0.0}


def _rivals(search: Search, best: Plan) -> list[Plan]:
    """Return other plans that may be as good: local optima of the stand-in, then those that came next."""
    total = search.question.total
    model, conditions = search.objective_model(), search.condition_models()
    found = search.optima(model, conditions, total)[:RIVALS]
    optima = [search.plan(one.money) for one in found]
    score = np.where(search.fits(total), search.judge.score(search.values()), -np.inf)
    order = [search.plans[k] for k in np.argsort(-score, kind="stable") if np.isfinite(score[k])]
    out: list[Plan] = []
    for plan in (*optima, *order):
        if all(search.apart(plan, other) for other in (best, *out)):
            out.append(plan)
    return out[:RIVALS]


def regret(search: Search, best: Plan) -> dict[str, float]:
    """Return by structure what the best plan misses beside the best plan for that structure alone."""
    total = search.question.total
    value = search.judge.by_structure(search.values())
    fits = search.fits(total)
    k = search.plans.index(best)
    return {
        structure: float(max(value[fits, s].max(initial=value[k, s]) - value[k, s], 0.0))
        for s, structure in enumerate(search.judge.structures)
    }
