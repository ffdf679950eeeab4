"""The ledgers of money: specific, attributable and incremental, each by itself, balanced to the sol.

Amounts are whole soles of the year in which they were assigned. PIM = executed + saldo in every cell, and the
saldo of the incremental ledger is what was returned, by reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.programmes import PAYERS
from simulator.engine.states import INSTITUTIONS, N_PLACES, N_TERRITORIES, START_YEAR
from simulator.policy.budget import REASONS, STAGES, YEAR, Budget
from simulator.policy.labelled import labelled
from simulator.policy.levers import PLACES, path, territory_levels

if TYPE_CHECKING:
    from simulator.evidence import Ledger
    from simulator.inputs import Inputs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

QUARTER: Final = 3
LEVELS: Final = ("national", "regional")
"""Levels of government of the labelled money that the record tells apart."""


def years_of(first: int, stop: int) -> list[int]:
    """Return the years that the months from ``first`` up to ``stop`` touch."""
    return list(range(START_YEAR + first // YEAR, START_YEAR + (stop - 1) // YEAR + 1))


def quarters_of(first: int, stop: int) -> list[str]:
    """Return the first month of each quarter touched, ``YYYY-MM``."""
    return [
        f"{START_YEAR + q // 4:04d}-{1 + QUARTER * (q % 4):02d}"
        for q in range(first // QUARTER, (stop - 1) // QUARTER + 1)
    ]


def accounts(inputs: Inputs, ledger: Ledger, vacancy: Floats, first: int) -> dict[str, NDArray[Any]]:
    """Return the ledgers of one run, reported from the month ``first`` on.

    Parameters
    ----------
    inputs : of the run, with its budget as decisions have left it
    ledger : the evidence
    vacancy : [month, institution, territory] share of posts without a person, as the run had it
    """
    n = vacancy.shape[0]
    budget = inputs.budget
    used = sorted({i for _, i in budget.items})
    cells = _cells(budget, used, inputs, vacancy)
    quarters = slice(first // QUARTER, None)
    by_stage = np.stack([cells[stage] for stage in STAGES])
    unspent = np.stack([cells[reason] for reason in REASONS]).sum(axis=3, keepdims=True)
    capacity = np.zeros((n, len(budget.lines), N_TERRITORIES))
    coverage = np.zeros((n, len(budget.lines), N_TERRITORIES))
    served, planned = np.zeros_like(coverage), np.zeros_like(coverage)
    for i in used:
        own = [k for k, (_, j) in enumerate(budget.items) if j == i]
        total = budget.flow.capacity[own].sum(axis=0)
        capacity[:, i] = total[:, 0::2] + total[:, 1::2]
        level = budget.coverage(i, total)
        coverage[:, i] = territory_levels(level, budget.rural)
        served[:, i] = budget.population[i] * budget.share_served(i, total)
        # What has been built serves on while less is assigned.
        most = np.maximum(budget.population[i] * budget.share_served(i, budget.planned(i)), served[:, i])
        planned[:, i] = most
    start = first // YEAR
    return {
        "incremental_budget": _of_all_lines(_yearly(by_stage)[start:], used, budget),
        "incremental_by_quarter": _of_all_lines(
            np.moveaxis(by_stage.sum(axis=-1), 1, 0)[quarters], used, budget
        ),
        "incremental_unspent": _of_all_lines(_yearly(unspent)[start:, :, :, 0], used, budget),
        "required": np.rint(_by_year(_required(budget)))[start:].astype(np.int64),
        "line_capacity": _mean_by_year(capacity)[start:],
        "line_coverage": _mean_by_year(coverage)[start:],
        "line_served": _mean_by_year(served)[start:],
        "line_target": _mean_by_year(planned)[start:],
        "line_population": budget.population,
        "line_unit_cost": _unit_cost(budget, used)[start:],
        "price_level": budget.prices.level[start : start + len(years_of(first, n))],
        "soles_per_dollar": budget.prices.soles_per_dollar[start : start + len(years_of(first, n))],
        "specific_budget": _specific(inputs, ledger, n)[start:],
        "attributable_budget": _attributable(inputs, ledger, n)[start:],
        "line_need": np.rint(budget.need[:, 0::2] + budget.need[:, 1::2]),
        "line_reachable": _reachable(budget),
        "programme_end": np.array(budget.last_month_of_programmes(), np.int32),
    }


def _unit_cost(budget: Budget, used: list[int]) -> Floats:
    """Return [year, line] soles of the year that one unit in use costs where the money goes."""
    out = np.zeros((budget.n_months, len(budget.lines)))
    level = budget.prices.level[np.arange(budget.n_months) // YEAR]
    for i in used:
        own = [k for k, (_, j) in enumerate(budget.items) if j == i]
        units = (budget.assigned[own] / budget.costs.place).sum(axis=(0, 1))
        place = float((units * budget.costs.place).sum() / max(float(units.sum()), 1e-300))
        out[:, i] = budget.costs.current[i] * place * level
    return _mean_by_year(out)


def _reachable(budget: Budget) -> Floats:
    """Return [line, territory] how much of the need of each line money can cover at most."""
    most = np.array([budget.p[line.reach] if line.buys == "coverage" else 1.0 for line in budget.lines])
    return np.asarray(np.rint(most[:, None] * (budget.need[:, 0::2] + budget.need[:, 1::2])))


def _yearly(cells: Integers) -> Integers:
    """Return [year, kind, line, payer, territory] of [kind, quarter, line, payer, territory]."""
    quarters = np.moveaxis(cells, 1, 0)
    return np.asarray(np.add.reduceat(quarters, np.arange(0, quarters.shape[0], 4), axis=0))


def _by_year(monthly: Floats) -> Floats:
    return np.asarray(np.add.reduceat(monthly, np.arange(0, monthly.shape[0], YEAR), axis=0))


def _mean_by_year(monthly: Floats) -> Floats:
    months = _by_year(np.ones(monthly.shape[0]))
    return _by_year(monthly) / months.reshape(-1, *[1] * (monthly.ndim - 1))


def _of_all_lines(money: Integers, used: list[int], budget: Budget) -> Integers:
    """Return [time, kind, line, ...] with every line of the ledger, nothing where a line is not used."""
    out = np.zeros((*money.shape[:2], len(budget.lines), *money.shape[3:]), np.int64)
    out[:, :, used] = money
    return out


def _cells(budget: Budget, used: list[int], inputs: Inputs, vacancy: Floats) -> dict[str, Integers]:
    """Return [quarter, line used, payer, territory] whole soles of each stage and each reason."""
    flow = budget.flow
    n_quarters = (budget.n_months + QUARTER - 1) // QUARTER
    shape = (n_quarters, len(used), len(PAYERS), N_TERRITORIES)
    pia, pim, spent = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    returned = np.zeros((len(REASONS), *shape))
    if budget.items:
        payers = budget.payers()
        unpaid = _unpaid(budget, inputs, vacancy)
        parts = (flow.unexecuted, flow.waiting, unpaid, flow.saturated, flow.withheld)
        for k, (_, line) in enumerate(budget.items):
            i = used.index(line)
            pia[:, i] += _spread(budget.assigned[k], payers[k])
            pim[:, i] += _spread(flow.pim[k], payers[k])
            spent[:, i] += _spread(flow.spent[k] - unpaid[k], payers[k])
            for r, part in enumerate(parts):
                returned[r, :, i] += _spread(part[k], payers[k])
    whole_pim = _whole(pim)
    executed, *reasons = largest_remainder(np.stack([spent, *returned]), whole_pim)
    out = {"pia": _whole(pia), "pim": whole_pim, "executed": executed, "saldo": whole_pim - executed}
    return out | dict(zip(REASONS, reasons, strict=True))


def _whole(cells: Floats) -> Integers:
    """Return whole soles of [quarter, line, payer, territory]; a line's year adds up to its rounded total."""
    n, *rest = cells.shape
    years = (n + 3) // 4
    full = np.zeros((4 * years, *rest))
    full[:n] = cells
    by_year = full.reshape(years, 4, *rest).transpose(1, 4, 0, 2, 3).reshape(4 * rest[2], years, *rest[:2])
    total = np.rint(by_year.sum(axis=0)).astype(np.int64)
    whole = np.stack(largest_remainder(by_year, total))
    back = whole.reshape(4, rest[2], years, *rest[:2]).transpose(2, 0, 3, 4, 1)
    return np.asarray(back.reshape(4 * years, *rest)[:n])


def _spread(money: Floats, payers: Floats) -> Floats:
    """Return [quarter, payer, territory] of [month, place] soles and [month, payer] shares."""
    territory = money[:, 0::2] + money[:, 1::2]
    monthly = payers[:, :, None] * territory[:, None, :]
    return np.asarray(np.add.reduceat(monthly, np.arange(0, monthly.shape[0], QUARTER), axis=0))


def largest_remainder(parts: Floats, total: Integers) -> list[Integers]:
    """Return whole numbers that add up to ``total``: each part cut down, the rest to the largest fractions.

    Parameters
    ----------
    parts : [part, ...] which add up to at most half a unit from ``total``
    """
    whole = np.floor(np.maximum(parts, 0.0)).astype(np.int64)
    left = total - whole.sum(axis=0)
    order = np.argsort(-(parts - whole), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return list(whole + (rank < left))


def _unpaid(budget: Budget, inputs: Inputs, vacancy: Floats) -> Floats:
    """Return [item, month, place] pay of new posts that nobody filled, overhead included."""
    out = np.zeros_like(budget.flow.spent)
    usual = inputs.usual_vacancy
    for k, (_, i) in enumerate(budget.items):
        line = budget.lines[i]
        if line.buys != "posts":
            continue
        kind = INSTITUTIONS.index(str(line.institution))
        level = budget.coverage(i, budget.flow.capacity[k])[:, 0::2]
        new = level / (1.0 + np.maximum(inputs.history.added_posts[: budget.n_months, kind], level))
        short = np.divide(
            vacancy[:, kind] - usual[kind] * (1.0 - new), new, out=np.zeros_like(new), where=new > 0.0
        )
        pay = budget.flow.running[k] * budget.costs.pay[i]
        gross = np.divide(
            budget.flow.spent[k],
            budget.flow.spent[k] - budget.flow.overhead[k],
            out=np.ones_like(pay),
            where=budget.flow.spent[k] > 0.0,
        )
        out[k] = pay * gross * np.repeat(np.clip(short, 0.0, 1.0), 2, axis=1)
    return out


def _required(budget: Budget) -> Floats:
    """Return [month, line, territory] soles that the interventions of a scenario would take."""
    n = budget.n_months
    out = np.zeros((n, len(budget.lines), N_TERRITORIES))
    level = budget.prices.level[np.arange(n) // YEAR][:, None]
    main = {line.levers[0]: i for i, line in reversed(list(enumerate(budget.lines)))}
    by_admits = {line.admits: i for i, line in enumerate(budget.lines) if line.buys == "places"}
    asked = [(main[name], places) for name, places in budget.level.items() if name in main]
    for item in budget.interventions:
        if item.use == PLACES:
            places = np.zeros((n, N_PLACES))
            for k in item.territories or range(N_TERRITORIES):
                places[:, 2 * k : 2 * k + 2] = path(item, n)[:, None]
            asked.append((by_admits[item.admits], places))
    for i, wanted in asked:
        capacity = budget.capacity_for(i, np.maximum(wanted, 0.0))
        run = capacity * budget.costs.current[i] / YEAR
        more = np.maximum(np.diff(capacity, axis=0, prepend=0.0), 0.0) * budget.costs.investment[i]
        soles = (run + more) * budget.costs.place * level
        out[:, i] += soles[:, 0::2] + soles[:, 1::2]
    return out


def _specific(inputs: Inputs, ledger: Ledger, n_months: int) -> Integers:
    """Return [year, stage, level of government, territory] whole soles labelled for the policy."""
    p, budget = inputs.values, inputs.budget
    pia, pim, executed = labelled(ledger, p, budget.prices.level, n_months)
    people = ledger.territories.population_2025 / ledger.territories.population_2025.sum()
    share = np.array([1.0 - p["budget.regional_share_specific"], p["budget.regional_share_specific"]])
    spread = share[:, None] * people
    rate = _territory_year(budget, "execution_specific")
    highest = p["budget.highest_execution"]
    modified = _territory_year(budget, "budget_modification")
    base = np.divide(executed, pim, out=np.zeros_like(pim), where=pim > 0.0)
    more = np.where(rate != 0.0, np.clip(base[:, None] + rate, 0.0, highest), base[:, None])
    pia_cell = pia[:, None, None] * spread
    pim_cell = np.maximum(pim[:, None, None] * spread + pia_cell * modified[:, None, :], 0.0)
    return _balanced(pia_cell, pim_cell, pim_cell * more[:, None, :])


def _territory_year(budget: Budget, lever: str) -> Floats:
    """Return [year, territory] the yearly mean of a lever."""
    if lever not in budget.level:
        return np.zeros(((budget.n_months + YEAR - 1) // YEAR, N_TERRITORIES))
    return _mean_by_year(territory_levels(budget.level[lever], budget.rural))


def _attributable(inputs: Inputs, ledger: Ledger, n_months: int) -> Integers:
    """Return [year, stage, institution, territory] whole soles of existing services, as far as for it."""
    p, budget = inputs.values, inputs.budget
    level = budget.prices.level[np.arange(n_months) // YEAR]
    cost = np.zeros(len(INSTITUTIONS))
    desk = p["ingredient.desk_goods"] * budget.prices.deflate(ledger.ingredients["desk_goods"].price_year)
    for name, pay in ledger.attribution.items():
        ingredient = ledger.ingredients[pay]
        year = YEAR * p[ingredient.parameter] * (1.0 + p["ingredient.charges"])
        share = p[f"attribution.{name}"] * p["prices.level"]
        cost[INSTITUTIONS.index(name)] = share * (year * budget.prices.deflate(ingredient.price_year) + desk)
    posts = inputs.history.settled_posts[:n_months]
    money = _by_year(posts / inputs.scale * (cost[:, None] / YEAR) * level[:, None, None])
    rate = p["budget.execution_attributable"] + _territory_year(budget, "execution_attributable")
    rate = np.clip(rate, 0.0, max(p["budget.highest_execution"], p["budget.execution_attributable"]))
    return _balanced(money, money, money * rate[:, None, :])


def _balanced(pia: Floats, pim: Floats, executed: Floats) -> Integers:
    """Return [year, stage, ...] whole soles, a year's total as rounded, with its saldo."""
    whole = []
    for money in (pia, pim, executed):
        parts = money.reshape(money.shape[0], -1).T
        total = np.rint(parts.sum(axis=0)).astype(np.int64)
        whole.append(np.stack(largest_remainder(parts, total)).T.reshape(money.shape))
    spent = np.minimum(whole[2], whole[1])
    return np.stack([whole[0], whole[1], spent, whole[1] - spent], axis=1)
