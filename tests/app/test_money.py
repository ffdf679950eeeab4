"""The table of the page is the money of the scenario, to the sol, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from app import money
from app.money import COUNTRY, YEARS, Plan
from scenarios.programmes import UnitCost
from simulator import Scenario, load_ledger, load_scenario
from simulator.evidence import Ledger
from simulator.faults import FaultyInput

LABEL = {"es": "Uno", "en": "One"}


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([{"line": n, "where": w, **dict.fromkeys(YEARS, s)} for n, w, s in rows])


def scenario_of(plan: Plan) -> Scenario:
    programme = plan.to_programme(LABEL)
    assert programme is not None
    data = {"schema": 1, "base": "baseline", "label": LABEL, "programmes": [programme]}
    return Scenario.from_mapping(data, name="x")


def test_a_table_becomes_a_programme_and_a_table_again() -> None:
    payers = (("national", 0.75), ("us", 0.25))
    plan = Plan(table(("upe_posts", COUNTRY, 2e6), ("places_boys", "08", 5e5)), goes_on=True, payers=payers)
    again = money.plan_of(scenario_of(plan))
    assert again.goes_on
    assert again.payers == payers
    assert again.by_year() == dict.fromkeys(YEARS, 2.5e6)
    pd.testing.assert_frame_equal(again.filled(), plan.filled(), check_dtype=False)


def test_money_that_does_not_go_on_ends_with_the_table() -> None:
    scenario = scenario_of(Plan(table(("upe_posts", COUNTRY, 2e6))))
    assert scenario.programmes[0].end_ti == 227
    assert not money.plan_of(scenario).goes_on


@pytest.mark.parametrize("name", ["balanced", "places_for_boys", "compact2_5_years", "policy_2030_funded"])
def test_prepared_scenarios_have_tables(name: str) -> None:
    plan = money.plan_of(load_scenario(name))
    assert not plan.filled().empty
    assert set(plan.rows["line"]) <= set(load_ledger().lines)
    assert scenario_of(plan).programmes


def test_a_yearly_amount_that_grows_stands_with_what_it_is_in_each_year() -> None:
    sums = money.plan_of(load_scenario("places_for_boys")).by_year()
    # Twelve million a year after 24 months: months one to twelve of 24 in the first year.
    assert sums["2027"] == pytest.approx(12e6 * 6.5 / 24, rel=0.01)
    assert sums["2029"] == pytest.approx(12e6, rel=0.001)


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        (table(), 0),
        (table(("upe_posts", COUNTRY, 0.0)), 0),
        (pd.DataFrame([{"line": None, "where": COUNTRY, **dict.fromkeys(YEARS, 5.0)}]), 0),
        (pd.DataFrame([{"line": "upe_posts", "where": None, **dict.fromkeys(YEARS, None), "2027": 5.0}]), 1),
    ],
)
def test_rows_without_line_or_money_do_not_count(rows: pd.DataFrame, n: int) -> None:
    rows = rows if len(rows) else money.empty().rows
    assert len(Plan(rows).filled()) == n


def test_payers_must_add_up() -> None:
    assert money.check_payers({"national": 60, "us": 40}) == (("national", 0.6), ("us", 0.4))
    assert money.check_payers({"national": 60, "us": 30}) is None
    assert money.check_payers({"national": 160, "us": -60}) is None


def test_an_unknown_line_is_a_fault_and_not_an_error() -> None:
    with pytest.raises(FaultyInput):
        scenario_of(Plan(table(("no_such_line", COUNTRY, 1e6))))


def need(ledger: Ledger, *draws: float) -> xr.DataArray:
    codes = list(ledger.territories.codes)
    values = np.outer(draws, np.ones(len(codes)))
    return xr.DataArray(values[:, None], {"territory": codes}, dims=("draw", "line", "territory"))


def test_a_curve_rises_from_nothing_to_its_reach() -> None:
    ledger = load_ledger()
    curve = money.curve("targeted_groups", need(ledger, 1000.0), 1e9)
    assert curve.loc[0, ["low", "median", "high"]].tolist() == [0.0, 0.0, 0.0]
    assert (curve["median"].diff().dropna() >= 0.0).all()
    assert curve["median"].iloc[-1] <= ledger.parameters["reach.targeted_groups"].central
    assert (curve["low"] <= curve["median"] + 1e-12).all()
    assert (curve["median"] <= curve["high"] + 1e-12).all()


def test_the_band_of_a_curve_holds_the_need_of_every_draw() -> None:
    ledger = load_ledger()
    few, usual, many = (money.curve("upe_posts", need(ledger, draw), 1e9) for draw in (500.0, 1000.0, 2000.0))
    curve = money.curve("upe_posts", need(ledger, 1000.0, 500.0, 2000.0), 1e9)
    assert curve["median"].tolist() == usual["median"].tolist()
    assert curve["low"].tolist() == many["low"].tolist()
    assert curve["high"].tolist() == few["high"].tolist()


def test_a_waterfall_ends_with_the_total_of_each_run_and_not_with_the_rest_of_medians() -> None:
    runs = {"given": [100.0, 100.0, 100.0], "late": [-10.0, -60.0, -20.0], "unhired": [-50.0, -5.0, -10.0]}
    changes = {name: xr.DataArray(values, dims="draw") for name, values in runs.items()}
    executed = xr.DataArray([40.0, 35.0, 70.0], dims="draw")
    rows = money.waterfall(list(changes.items()), ("executed", executed))
    assert rows["label"].tolist() == ["given", "late", "unhired", "executed"]
    assert rows["kind"].tolist() == ["more", "less", "less", "total"]
    # Medians of the steps, 100 - 20 - 10, would leave 70.
    assert rows["median"].tolist() == [100.0, -20.0, -10.0, 40.0]
    assert rows["start"].tolist() == [0.0, 100.0, 80.0, 0.0]
    assert rows["end"].tolist() == [100.0, 80.0, 40.0, 40.0]
    # Three runs span from the lowest to the highest.
    assert rows["left_low"].iloc[-1] == 35.0
    assert rows["left_high"].iloc[-1] == 70.0


def test_a_unit_cost_has_the_range_of_its_parameter() -> None:
    ledger = load_ledger()
    cost = ledger.parameters["cost.upe_posts"]
    each = money.unit_cost("upe_posts")
    assert each["low"] / each["median"] == pytest.approx(cost.low / cost.central)
    assert each["high"] / each["median"] == pytest.approx(cost.high / cost.central)
    own = (UnitCost("upe_posts", "current", 50_000.0, 2025, "PEN", "source", "entity"),)
    assert money.unit_cost("upe_posts", own) == {"median": 50_000.0, "low": 50_000.0, "high": 50_000.0}


def test_money_before_the_table_stays_when_its_rows_change() -> None:
    plan = money.plan_of(load_scenario("policy_2030_funded"))
    assert plan.goes_on
    (year, soles), *rest = plan.outside_by_year().items()
    assert (year, rest) == (2026, [])
    # Thirteen of 24 halves of what each later year has: it grows over its twelve months.
    assert soles == pytest.approx(plan.by_year()["2027"] * 6.5 / 12, rel=1e-3)
    again = money.plan_of(scenario_of(replace(plan, rows=plan.rows.iloc[1:])))
    assert again.outside_by_year() == plan.outside_by_year()
    assert len(again.rows) == len(plan.rows) - 1
    assert scenario_of(replace(plan, rows=plan.rows.iloc[1:])).programmes[0].start_ti == 12 * (2026 - 2012)


def test_money_after_the_table_stays_unless_that_of_its_last_year_goes_on() -> None:
    plan = money.plan_of(load_scenario("compact2_5_years"))
    assert not plan.goes_on
    assert plan.outside_by_year() == {2031: 7.5e6}
    again = scenario_of(plan)
    assert again.programmes[0].end_ti == 12 * (2031 - 2012) + 11
    assert money.plan_of(again).outside_by_year() == {2031: 7.5e6}
    for_good = replace(plan, goes_on=True)
    assert for_good.outside_by_year() == {}
    assert scenario_of(for_good).programmes[0].end_ti is None


@pytest.mark.parametrize(
    ("text", "soles"),
    [
        ("1500000", 1_500_000),
        ("1,500,000", 1_500_000),
        ("1.500.000", 1_500_000),
        ("1 500 000", 1_500_000),
        ("S/ 1\u00a0500\u202f000 ", 1_500_000),
        ("1,500", 1_500),
        ("0", 0),
        ("10000000000", 10_000_000_000),
        *((text, None) for text in ("", "1.500", "1,5", "1.5", "1e6", "-5", "99999999999", "1,500.00")),
        *((text, None) for text in ("1.500,000", "1,50,000", "0,500", "mucho", "1500 000", "\u0661")),
    ],
)
def test_an_amount_is_taken_only_beyond_doubt(text: str, soles: int | None) -> None:
    assert money.read_soles(text) == soles


def test_a_total_is_spread_to_the_sol() -> None:
    assert money.spread(10_000_003) == {
        "2027": 2_500_001,
        "2028": 2_500_001,
        "2029": 2_500_001,
        "2030": 2_500_000,
    }


def test_written_money_is_told_as_it_was_written() -> None:
    told = [money.exact(soles) for soles in (12_500_000.0, 108_440_000.0, 40e6, 0.0)]
    assert told == ["12.5", "108.44", "40", "0"]
