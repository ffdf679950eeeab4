"""The table of the page is the money of the scenario, to the sol, and back."""

from __future__ import annotations

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


def test_written_money_is_told_as_it_was_written() -> None:
    told = [money.exact(soles) for soles in (12_500_000.0, 108_440_000.0, 40e6, 0.0)]
    assert told == ["12.5", "108.44", "40", "0"]
