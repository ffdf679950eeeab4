"""Equal money: by what the programmes of scenarios are multiplied so that each spends the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scenarios.programmes import Programme
from scenarios.schema import Scenario
from simulator.experiments.ensemble import compare
from simulator.outcomes.spending import discounted

STAGES: Final = ("executed", "pim")
CLOSE: Final = 1e-4
"""Share of the total up to which two amounts are equal."""

MOST_ROUNDS: Final = 12
MOST_AT_ONCE: Final = 10.0
"""Largest step from one round to the next."""


@dataclass(frozen=True)
class Equal:
    """A scenario brought to the same money as others.

    Attributes
    ----------
    scenario : with its programmes multiplied
    multiply : by how much
    total : present value reached, constant soles of the base year
    reached : whether it is the total asked for; money that no line can use cannot be spent
    """

    scenario: Scenario
    multiply: float
    total: float
    reached: bool


def equal_money(
    scenarios: Sequence[Scenario],
    total: float,
    *,
    rate: float,
    until: int,
    stage: str = "executed",
    scale: float = 1.0,
    threads: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Equal]:
    """Multiply the programmes of each scenario until the present value of their money is ``total``.

    Central parameters and one chance are used: what differs between draws is no longer equal there.

    Parameters
    ----------
    scenarios : each with programmes
    total : present value in the base year, constant soles
    rate : yearly discount rate
    until : last month whose money counts, from January 2012; what runs on until then is included
    stage : of the ledger that is made equal, of ``STAGES``
    """
    factor = [1.0] * len(scenarios)
    found: list[Equal] = []
    for number in range(MOST_ROUNDS):
        if progress is not None:
            progress(number, MOST_ROUNDS, "run")
        changed = [times(s, f) for s, f in zip(scenarios, factor, strict=True)]
        dataset = compare(changed, until=until, threads=threads, scale=scale)
        ledger = dataset["incremental_budget"].sel(budget_stage=stage, drop=True)
        money = discounted(ledger.sum(("line", "payer", "territory")), dataset, rate).squeeze(
            ("draw", "replicate")
        )
        value = [float(money.sel(scenario=s.name)) for s in scenarios]
        before = [one.total for one in found]
        found = [
            Equal(s, f, v, abs(v / total - 1.0) < CLOSE)
            for s, f, v in zip(changed, factor, value, strict=True)
        ]
        # Money that no line can use does not grow any more, however much is assigned.
        if all(one.reached for one in found) or value == before:
            break
        factor = [
            f if one.reached or one.total <= 0.0 else f * min(total / one.total, MOST_AT_ONCE)
            for f, one in zip(factor, found, strict=True)
        ]
    return found


def times(scenario: Scenario, factor: float) -> Scenario:
    """Return a scenario with the money of its programmes multiplied."""
    return replace(scenario, programmes=tuple(_programme(one, factor) for one in scenario.programmes))


def _programme(programme: Programme, factor: float) -> Programme:
    return replace(
        programme,
        budget=tuple(
            replace(
                grant,
                amount=None if grant.amount is None else factor * grant.amount,
                amounts=tuple((year, factor * amount) for year, amount in grant.amounts),
            )
            for grant in programme.budget
        ),
    )
