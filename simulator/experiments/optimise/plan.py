"""A plan: how money is split over lines, places and years, and the scenario that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.levers import Bilingual
from scenarios.programmes import Grant, Payers, Programme
from scenarios.schema import Scenario
from scenarios.shape import FIRST_YEAR
from simulator.engine.states import START_YEAR

if TYPE_CHECKING:
    from simulator.experiments.optimise.question import Question

Floats = NDArray[np.float64]

PROGRAMME: Final = "optimum"
"""Name of the programme that a plan adds to its base."""


@dataclass(frozen=True)
class Plan:
    """A split of money.

    Attributes
    ----------
    money : [line] soles a year on average, at the prices of the question's year
    places : [territory] what the money of a territory is multiplied by, beside its share by need; empty =
        by need everywhere. Each line keeps its total
    early : [line] -1 to 1, how far the money of a line comes early (1) or late (-1); empty = all as the total
    """

    money: tuple[float, ...]
    places: tuple[float, ...] = ()
    early: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        """Return soles a year on average."""
        return float(sum(self.money))

    @property
    def lines(self) -> int:
        """Return how many lines get money."""
        return sum(1 for amount in self.money if amount > 0.0)


def amounts_by_year(question: Question, plan: Plan) -> Floats:
    """Return [line, year of the money] soles; what some lines get early, others get late."""
    by_year = np.array([amount for _, amount in question.money])
    shape = by_year / by_year.mean()
    money = np.array(plan.money)
    out = np.outer(money, shape)
    if plan.early and money.sum() > 0.0:
        early = np.array(plan.early)
        early = early - (money @ early) / money.sum()
        slope = np.linspace(1.0, -1.0, by_year.size) if by_year.size > 1 else np.zeros(1)
        slope = slope - (slope @ shape) / shape.sum()
        out = np.maximum(out * (1.0 + np.outer(early, slope)), 0.0)
        # Cutting at nothing moves the total of a year: bring it back.
        out *= (money.sum() * shape / np.maximum(out.sum(axis=0), 1e-300))[None, :]
    return out


def scenario_of(
    question: Question, plan: Plan, shares: Floats, name: str, label: Bilingual | None = None
) -> Scenario:
    """Return the base with the programme that a plan is.

    Parameters
    ----------
    shares : [line, territory] of the money of each line by need
    """
    amounts = amounts_by_year(question, plan)
    years = [year for year, _ in question.money]
    grants: list[Grant] = []
    for k, line in enumerate(question.lines):
        if plan.money[k] <= 0.0:
            continue
        if not plan.places:
            grants.append(_grant(line, years, amounts[k]))
            continue
        weight = shares[k] * np.array(plan.places)
        if not weight.any():
            grants.append(_grant(line, years, amounts[k]))
            continue
        weight = weight / weight.sum()
        grants += [
            _grant(line, years, amounts[k] * share, (int(place),))
            for place, share in enumerate(weight)
            if share > 0.0
        ]
    base = question.base
    if not grants:
        return replace(base, name=name, label=label or base.label, claims=())
    programme = Programme(
        name=PROGRAMME,
        label=label or base.label,
        budget=tuple(grants),
        start_ti=12 * (years[0] - START_YEAR),
        end_ti=None if question.lasts else 12 * (years[-1] - START_YEAR) + 11,
        price_year=question.price_year,
        payers=(Payers(FIRST_YEAR, ((question.payer, 1.0),)),),
    )
    return replace(
        base,
        name=name,
        label=label or base.label,
        question=None,
        description=None,
        claims=(),
        programmes=(*base.programmes, programme),
    )


def _grant(line: str, years: Sequence[int], amounts: Floats, territories: tuple[int, ...] = ()) -> Grant:
    by_year = tuple((year, round(float(amount), 2)) for year, amount in zip(years, amounts, strict=True))
    return Grant(lines=((line, 1.0),), amounts=by_year, territories=territories)


def equal_shares(limits: Floats, total: float, floor: Floats) -> Floats:
    """Return [line] the same money for every line, as far as its limits let it; the rest goes to others.

    Parameters
    ----------
    limits : [line] most that a line can get
    floor : [line] least that it must get
    """
    money = np.minimum(np.maximum(floor, 0.0), limits)
    open_ = money < limits
    for _ in range(limits.size):
        left = total - money.sum()
        if left <= 0.0 or not open_.any():
            break
        money = np.where(open_, np.minimum(money + left / open_.sum(), limits), money)
        open_ = money < limits * (1.0 - 1e-12)
    return money


def present_shares(
    attributed: Mapping[str, float], of_line: Mapping[str, str], lines: Sequence[str], total: float
) -> Floats:
    """Return [line] money split as the attributable ledger is: each institution's to the line of its work.

    Parameters
    ----------
    attributed : soles by institution
    of_line : line that the money of an institution goes to
    lines : those that compete; money of lines that do not is shared by the others
    """
    weight = np.array([sum(v for k, v in attributed.items() if of_line.get(k) == line) for line in lines])
    return total * weight / weight.sum() if weight.sum() > 0.0 else np.full(len(lines), total / len(lines))
