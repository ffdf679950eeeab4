"""Money becomes capacity: assigned, spent, built, covered, returned; and it balances to the sol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import Scenario
from scenarios.levers import levers
from scenarios.programmes import DELIVERIES, PAYERS
from simulator.evidence import load_ledger
from simulator.outcomes.accounts import largest_remainder
from simulator.policy.budget import Budget
from simulator.policy.levers import levels
from simulator.policy.prices import present_value, prices

LABEL = {"es": "Prueba", "en": "Test"}
MONTHS = 228
START = 180
"""January 2027."""

LINES = tuple(load_ledger().lines)


def programme(lines: dict[str, float], **more: Any) -> dict[str, Any]:
    grant = {"lines": lines, "amount": more.pop("amount", 12e6)}
    grant |= {key: more.pop(key) for key in ("where", "split", "amounts") if key in more}
    if "amounts" in grant:
        del grant["amount"]
    return {"name": "one", "label": LABEL, "start": "2027-01", "budget": [grant], **more}


def scenario_of(*programmes: dict[str, Any], **more: Any) -> Scenario:
    data = {"schema": 1, "base": "baseline", "label": LABEL, "programmes": list(programmes), **more}
    return Scenario.from_mapping(data, name="t")


@cache
def central() -> dict[str, float]:
    return {name: parameter.central for name, parameter in load_ledger().parameters.items()}


def budget_of(scenario: Scenario, stopped: float = 0.0, **values: float) -> Budget:
    level = levels(scenario.interventions, MONTHS)
    p = {**central(), **values, **scenario.parameters}
    away = np.full((MONTHS, 26), stopped)
    return Budget(scenario, level, p, load_ledger(), MONTHS, 20000.0, 35000.0, away)


def reached(budget: Budget, line: str) -> np.ndarray:
    i = budget.items.index((0, LINES.index(line)))
    return budget.coverage(LINES.index(line), budget.flow.capacity[i])


@pytest.mark.parametrize("line", LINES)
def test_more_money_never_delivers_less(line: str) -> None:
    """From nothing to far beyond saturation, capacity and level only rise, in every month and place."""
    before: np.ndarray | None = None
    for amount in (0.0, 1e5, 1e6, 2e6, 2e7, 2e8, 2e10):
        budget = budget_of(scenario_of(programme({line: 1}, amount=amount)))
        now = reached(budget, line)
        assert np.isfinite(now).all()
        assert before is None or np.all(now >= before - 1e-12), amount
        assert amount > 0.0 or not now.any()
        before = now
    assert before is not None
    assert before.max() > 0.0
    highest = levers()[load_ledger().lines[line].levers[0]].maximum
    assert before.max() <= highest * (1 + 1e-9)


@pytest.mark.parametrize("line", LINES)
def test_nothing_before_the_lead_time(line: str) -> None:
    lead = round(central()[f"lead.{line}"])
    assert lead >= 1
    level = reached(budget_of(scenario_of(programme({line: 1}))), line)
    assert not level[: START + lead].any()
    assert level[START + lead].any()


@pytest.mark.parametrize("line", LINES)
def test_every_sol_is_spent_or_returned(line: str) -> None:
    flow = budget_of(scenario_of(programme({line: 1}, amount=5e7, delivery="local_partner"))).flow
    parts = flow.spent + flow.withheld + flow.unexecuted + flow.waiting + flow.saturated
    np.testing.assert_allclose(parts, flow.pim, rtol=1e-9, atol=1e-6)
    assert np.all(flow.overhead <= flow.spent)


def test_a_line_that_is_saturated_returns_the_rest() -> None:
    budget = budget_of(scenario_of(programme({"evaluation": 1}, amount=1e8)))
    assert budget.flow.saturated.sum() > 0.5 * budget.flow.pim.sum() * 0.5
    level = reached(budget, "evaluation")[-1]
    assert level.max() == pytest.approx(0.98 * central()["reach.evaluation"], rel=1e-6)


def test_several_programmes_share_one_need() -> None:
    """Two programmes on one line saturate together, whatever their order."""
    one = programme({"evaluation": 1}, amount=3e6)
    two = {**programme({"evaluation": 1}, amount=3e6), "name": "two"}
    both = budget_of(scenario_of(one, two))
    double = budget_of(scenario_of(programme({"evaluation": 1}, amount=6e6)))
    i = LINES.index("evaluation")
    np.testing.assert_allclose(
        both.coverage(i, both.flow.capacity.sum(axis=0)), double.coverage(i, double.flow.capacity[0])
    )


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("upe_posts", {}),
        ("places_boys", {"delivery": "international_partner"}),
        ("shared_registry", {"ramp_months": 24}),
        ("mobile_upe", {"end": "2029-06", "transition": {"share": 0.5, "months": 12, "payer": "national"}}),
    ],
)
def test_prices_and_money_doubled_change_nothing_real(line: str, more: dict[str, Any]) -> None:
    one = budget_of(scenario_of(programme({line: 1}, **more)))
    doubled = budget_of(scenario_of(programme({line: 1}, amount=24e6, **more)), **{"prices.level": 2.0})
    np.testing.assert_array_equal(one.flow.capacity, doubled.flow.capacity)
    np.testing.assert_array_equal(2.0 * one.flow.spent, doubled.flow.spent)


def test_dollars_and_price_years_are_soles_of_the_month() -> None:
    price = prices(load_ledger(), central())
    plain = budget_of(scenario_of(programme({"training": 1}, amount=1e6))).assigned
    dollars = budget_of(scenario_of(programme({"training": 1}, amount=1e6, currency="USD"))).assigned
    np.testing.assert_allclose(dollars, plain * 3.75)
    real = budget_of(scenario_of(programme({"training": 1}, amount=1e6, price_year=2025))).assigned
    year = np.arange(MONTHS) // 12
    np.testing.assert_allclose(real, plain * price.level[year][None, :, None])
    priced = budget_of(
        scenario_of(programme({"training": 1}, amount=1e6, price_year=2020, currency="USD"))
    ).assigned
    np.testing.assert_allclose(priced, plain * 3.495 * (price.level[year] / price.level[8])[None, :, None])
    assert price.level[2025 - 2012] == 1.0
    # Consumer prices of December 2021 over December 2020, as published: 6.42 percent.
    assert price.level[10] / price.level[9] == pytest.approx(np.sqrt(1.0642 * 1.0845))


def test_fiscal_years_of_the_united_states_begin_in_october() -> None:
    more = {"start": "2026-10", "amounts": {"2027": 12e6}, "fiscal_year": "us"}
    assigned = budget_of(scenario_of(programme({"training": 1}, **more))).assigned.sum(axis=(0, 2))
    months = np.flatnonzero(assigned)
    assert (months[0], months[-1]) == (177, 188)
    assert assigned.sum() == pytest.approx(12e6)


def test_money_of_a_year_is_spent_in_the_months_of_the_programme() -> None:
    assigned = budget_of(
        scenario_of(
            programme({"training": 1}, start="2027-07", end="2028-06", amounts={2027: 6e6, 2028: 3e6})
        )
    ).assigned.sum(axis=(0, 2))
    assert assigned[180:192].sum() == pytest.approx(6e6)
    assert assigned[192:204].sum() == pytest.approx(3e6)
    assert not assigned[:186].any()
    assert not assigned[198:].any()


@pytest.mark.parametrize("split", ["need", "people", "equal"])
def test_places_share_all_of_the_money(split: str) -> None:
    where = {"territory": ["08", "17"], "area": "rural"}
    assigned = budget_of(scenario_of(programme({"community_groups": 1}, where=where, split=split))).assigned
    used = np.flatnonzero(assigned.any(axis=(0, 1)))
    assert used.tolist() == [15, 33]
    assert assigned[0, START].sum() == pytest.approx(1e6)
    if split == "equal":
        assert assigned[0, START, 15] == pytest.approx(assigned[0, START, 33])


def test_an_area_does_not_divide_what_serves_a_whole_territory() -> None:
    where = {"territory": ["08"], "area": "rural"}
    budget = budget_of(scenario_of(programme({"commissions": 1}, where=where)))
    level = reached(budget, "commissions")[-1]
    assert level[14] == level[15] > 0.0


def test_execution_and_modification_are_levers() -> None:
    def of(use: str | None, amount: float = 0.2) -> Budget:
        rows = [{"use": use, "start": "2027-01", "amount": amount}] if use else []
        return budget_of(scenario_of(programme({"mobile_upe": 1}), interventions=rows))

    plain, more, cut = of(None), of("execution_incremental"), of("budget_modification", -0.3)
    p = central()
    ratio = (p["budget.execution_incremental"] + 0.2) / p["budget.execution_incremental"]
    late = slice(START + 40, None)
    np.testing.assert_allclose(more.flow.spent[:, late].sum(), ratio * plain.flow.spent[:, late].sum())
    assert cut.flow.pim.sum() == pytest.approx(plain.flow.pim.sum() * (0.9 - 0.3) / 0.9)
    full = of("execution_incremental", 1.0)
    can = full.flow.pim.sum() - full.flow.unexecuted.sum()
    assert can == pytest.approx(p["budget.highest_execution"] * full.flow.pim.sum())


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_who_delivers_decides_execution_overhead_and_delay(delivery: str) -> None:
    p = central()
    budget = budget_of(scenario_of(programme({"mobile_upe": 1}, delivery=delivery)))
    flow = budget.flow
    rate = p["budget.execution_incremental" if delivery == "state" else f"budget.execution_{delivery}"]
    assert 1.0 - flow.unexecuted.sum() / flow.pim.sum() == pytest.approx(rate)
    overhead = 0.0 if delivery == "state" else p[f"budget.overhead_{delivery}"]
    assert flow.overhead.sum() == pytest.approx(overhead * flow.spent.sum())
    lead = p["lead.mobile_upe"] * (1.0 if delivery == "state" else p["budget.lead_of_partner"])
    assert np.flatnonzero(flow.capacity.any(axis=(0, 2)))[0] == START + round(lead)


def test_foreign_money_stops_with_the_funds() -> None:
    shares = [{"from": 2027, "shares": {"us": 0.75, "national": 0.25}}]
    whole = budget_of(scenario_of(programme({"training": 1}, payers=shares)))
    stopped = budget_of(scenario_of(programme({"training": 1}, payers=shares)), stopped=1.0)
    assert stopped.flow.pim.sum() == pytest.approx(0.25 * whole.flow.pim.sum())


def test_payers_follow_their_years_and_the_transition() -> None:
    shares = [{"from": 2027, "shares": {"us": 1}}, {"from": 2028, "shares": {"us": 0.5, "regional": 0.5}}]
    after = {"share": 0.5, "months": 6, "payer": "national"}
    one = programme({"training": 1}, payers=shares, end="2028-12", transition=after)
    budget = budget_of(scenario_of(one))
    payers = budget.payers()[0]
    us, national, regional = (PAYERS.index(name) for name in ("us", "national", "regional"))
    assert payers[START, us] == 1.0
    assert payers[START + 12, [us, regional]].tolist() == [0.5, 0.5]
    assert payers[START + 24, national] == 1.0
    assigned = budget.assigned.sum(axis=(0, 2))
    np.testing.assert_allclose(assigned[START + 24 : START + 30], 0.5e6)
    assert not assigned[START + 30 :].any()


def test_capacity_is_released_when_money_ends() -> None:
    budget = budget_of(scenario_of(programme({"upe_posts": 0.5, "places_girls": 0.5}, end="2029-12")))
    used = budget.flow.capacity.sum(axis=2)
    assert used[:, START + 35].min() > 0.0
    assert not used[:, START + 36 :].any()


def test_unit_costs_of_ones_own_replace_those_of_the_ledger() -> None:
    own = {"line": "upe_posts", "kind": "current", "value": 1e9, "price_year": 2025}
    own |= {"source": "Planilla", "entity": "MIMP"}
    plain = scenario_of(programme({"upe_posts": 1}))
    dear = scenario_of(programme({"upe_posts": 1}), unit_costs=[own])
    assert budget_of(dear).flow.capacity.sum() < 1e-3 * budget_of(plain).flow.capacity.sum()
    assert dear.hash != plain.hash
    assert "MIMP: Planilla" in str(dear.unit_costs[0])


def test_a_level_costs_what_buys_it() -> None:
    """What measures without a budget would take is the way from money to level, walked back."""
    budget = budget_of(scenario_of(programme({"evaluation": 1}, amount=1e6)))
    for i, line in enumerate(budget.lines):
        if line.buys == "places" or not budget.need[i].any():
            continue
        capacity = 0.2 * budget.need[i] / line.serves
        back = budget.capacity_for(i, budget.coverage(i, capacity))
        np.testing.assert_allclose(back, capacity, err_msg=line.name, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(
    parts=st.lists(st.floats(0.0, 1e9), min_size=1, max_size=8),
    more=st.lists(st.floats(0.0, 1e3), min_size=1, max_size=3),
)
def test_largest_remainders_add_up(parts: list[float], more: list[float]) -> None:
    cells = np.array(parts)[:, None] * np.ones(len(more)) + np.array(more)
    total = np.rint(cells.sum(axis=0)).astype(np.int64)
    whole = np.stack(largest_remainder(cells, total))
    np.testing.assert_array_equal(whole.sum(axis=0), total)
    assert np.all(np.abs(whole - cells) <= 1.0 + 1e-6 * np.abs(cells))


def test_present_values() -> None:
    yearly = np.array([100.0, 100.0])
    assert present_value(yearly, 2025, 0.0) == 200.0
    assert present_value(yearly, 2025, 0.03) == pytest.approx(100.0 + 100.0 / 1.03)
    assert present_value(yearly, 2024, 0.08) == pytest.approx(108.0 + 100.0)


def decided(rule: dict[str, Any], act: Callable[[Budget], Budget]) -> tuple[Budget, Budget]:
    where = {"territory": ["08", "17", "21"]}
    one = programme({"training": 0.5, "mobile_upe": 0.5}, where=where, end="2030-12", **rule)
    before = budget_of(scenario_of(one))
    return before, act(before)


def test_adaptation_moves_a_share_after_its_lag() -> None:
    rule = {"adapt": {"every_months": 12, "share": 0.4, "lag_months": 6, "signal": "upe_opened"}}
    signal = np.zeros(26)
    signal[[7, 16, 3]] = (30.0, 10.0, 99.0)
    before, after = decided(rule, lambda budget: budget.adapted(0, START + 12, signal))
    np.testing.assert_array_equal(before.assigned[:, : START + 18], after.assigned[:, : START + 18])
    np.testing.assert_allclose(before.assigned.sum(axis=2), after.assigned.sum(axis=2))
    cusco = after.assigned[:, START + 18, 14:16].sum(axis=1)
    total = before.assigned[:, START + 18].sum(axis=1)
    old = before.assigned[:, START + 18, 14:16].sum(axis=1)
    np.testing.assert_allclose(cusco, 0.6 * old + 0.4 * total * 30.0 / 40.0)
    assert not after.assigned[:, :, 6:8].any()
    assert sorted(before.decisions()) == [START + 12, START + 24, START + 36]


def test_an_outcome_not_reached_keeps_money_back() -> None:
    rule = {
        "funding": "milestones",
        "outcomes": [{"signal": "upe_opened", "at_least": 10, "by": "2028-06", "share": 0.3}],
    }
    month = START + 18
    before, after = decided(rule, lambda budget: budget.judged(0, month, 0, reached=False))
    assert list(before.decisions()) == [month]
    assert not after.flow.withheld[:, :month].any()
    np.testing.assert_allclose(after.flow.withheld[:, month:], 0.3 * after.flow.pim[:, month:])
    _, kept = decided(rule, lambda budget: budget.judged(0, month, 0, reached=True))
    assert not kept.flow.withheld.any()


def test_conditions_of_a_programme_need_no_money_of_their_own() -> None:
    """Flexible funds, co-design and a regional policy hold where and while the programme works."""
    where = {"territory": ["08"]}
    one = programme(
        {"commissions": 1},
        where=where,
        end="2029-12",
        funding="flexible",
        co_design=0.6,
        kind="regional_policy",
        outcomes=[{"signal": "upe_opened", "at_least": 1, "by": "2029-12"}],
    )
    held, ending = budget_of(scenario_of(one)).levels()
    assert set(held) == {"flexible_grants", "co_design", "regional_budgets", "plan_monitoring"}
    assert set(ending) == {"commission_work", "commission_membership"}
    assert held["co_design"][START + 12, 14] == 0.6
    assert not held["co_design"][:, 16:].any()
    assert not held["co_design"][START + 36 :].any()


def test_money_without_an_end_is_held_and_money_with_one_fades() -> None:
    lasting = budget_of(scenario_of(programme({"training": 1})))
    partner = budget_of(scenario_of(programme({"training": 1}, delivery="local_partner")))
    assert set(lasting.levels()[0]) == {"training"} == set(partner.levels()[1])
    assert not lasting.outside().any()
    assert partner.outside()[-1].all()


def test_a_replaced_scenario_has_the_same_budget() -> None:
    scenario = scenario_of(programme({"training": 1}))
    again = replace(scenario, name="other")
    np.testing.assert_array_equal(budget_of(scenario).assigned, budget_of(again).assigned)
