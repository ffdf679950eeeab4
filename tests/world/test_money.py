"""Money in a run: nothing for nothing, effects in time, ledgers that balance, decisions that are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from scenarios import Scenario, load_scenario
from scenarios.levers import levers
from simulator.engine.population import Population
from simulator.evidence import Ledger, load_ledger
from simulator.experiments.ensemble import Study, compare, run_pair
from simulator.inputs import prepare
from simulator.outcomes.effects import cost_of_effect
from simulator.outcomes.spending import (
    added_money,
    by_us_fiscal_year,
    discounted,
    financing_gap,
    outcomes,
    watched,
)
from simulator.report import has_money, money_by_year_table, money_table
from simulator.world import Kept, World
from tests.world.conftest import Arrays, assert_same

Build = Callable[..., World]
Finish = Callable[[World], Arrays]

LABEL = {"es": "Prueba", "en": "Test"}
UNTIL = 107


def scenario_of(*programmes: dict[str, Any], **more: Any) -> Scenario:
    data = {"schema": 1, "base": "baseline", "label": LABEL, "programmes": list(programmes), **more}
    return Scenario.from_mapping(data, name="t")


def programme(lines: dict[str, float], amount: float, **more: Any) -> dict[str, Any]:
    grant: dict[str, Any] = {"lines": lines, "amount": amount}
    if "where" in more:
        grant["where"] = more.pop("where")
    return {"name": "one", "label": LABEL, "start": "2018-01", "budget": [grant], **more}


@pytest.mark.parametrize("use", levers())
def test_a_lever_at_zero_is_the_comparator(
    ledger: Ledger, population: Population, central: dict[str, float], use: str
) -> None:
    """At zero increment every input of the run equals the comparator's, so that every array does."""
    row: dict[str, Any] = {"use": use, "start": "2018-01", "amount": 0.0}
    if levers()[use].unit == "places":
        row |= {"admits": "all", "forms": "all"}
    zero = prepare(scenario_of(interventions=[row]), central, ledger, population, UNTIL + 1)
    base = prepare(load_scenario("baseline"), central, ledger, population, UNTIL + 1)
    assert zero.first_difference(base) == UNTIL + 1


@pytest.mark.parametrize(
    "line", ["upe_posts", "places_boys", "community_groups", "open_to_boys", "evaluation"]
)
def test_money_of_nothing_is_the_comparator(
    world_of: Build, arrays_of: Finish, baseline: Scenario, line: str
) -> None:
    nothing = scenario_of(
        programme({line: 1}, 0.0, delivery="local_partner", funding="flexible", co_design=1.0)
    )
    assert_same(arrays_of(world_of(nothing, until=UNTIL)), arrays_of(world_of(baseline, until=UNTIL)))


def test_a_placebo_does_nothing_and_a_real_lever_is_found(world_of: Build, arrays_of: Finish) -> None:
    base = arrays_of(world_of(until=UNTIL))
    row = {"start": "2018-01", "amount": 1.0}
    placebo = arrays_of(world_of(scenario_of(interventions=[{"use": "placebo", **row}]), until=UNTIL))
    assert_same(placebo, base)
    real = arrays_of(world_of(scenario_of(interventions=[{"use": "targeted_groups", **row}]), until=UNTIL))
    first = slice(72, None)
    entries = [a["flow"][first, :, 0, 1].sum() for a in (base, real)]
    # Common random numbers: only those whom groups protect are missing, far beyond what chance could hide.
    assert entries[1] < entries[0] - 3.0 * np.sqrt(entries[0] - entries[1])


@pytest.mark.parametrize("line", ["mobile_upe", "targeted_groups", "training", "places_inclusive"])
def test_no_effect_before_the_lead_time(
    world_of: Build, arrays_of: Finish, central: dict[str, float], line: str
) -> None:
    funded = arrays_of(world_of(scenario_of(programme({line: 1}, 4e8)), until=UNTIL))
    base = arrays_of(world_of(until=UNTIL))
    lead = 72 + round(central[f"lead.{line}"])
    for name in base:
        np.testing.assert_array_equal(funded[name][:lead], base[name][:lead], err_msg=name)
    assert any(not np.array_equal(funded[name], base[name]) for name in base)


def test_shelters_open_to_boys_take_boys(world_of: Build, ledger: Ledger) -> None:
    """Whole shelters of the record open, as many as the share says; without boys before."""
    rows = [{"use": "open_places_to_boys", "start": "2018-01", "amount": 0.5}]
    world = world_of(scenario_of(interventions=rows), until=83)
    shelters = [k for k, row in enumerate(ledger.institutions) if row.kind == "specialised_shelter"]
    before, after = (world.inputs.admits[t, : len(shelters)] for t in (71, 72))
    assert not np.array_equal(before, after)
    lima = [row.territory for row in ledger.institutions if row.kind == "specialised_shelter"]
    changed = before != after
    of_lima = changed[[t == 14 for t in lima]]
    assert of_lima.sum() == round(0.5 * of_lima.size)
    rows += [{"use": "open_places_to_labour", "start": "2018-01", "amount": 1.0}]
    both = world_of(scenario_of(interventions=rows), until=83).inputs.admits[72, : len(shelters)]
    assert np.all((both & ~after) | (both == 0b1111))


ADAPTING = programme(
    {"mobile_upe": 0.5, "mentor_aftercare": 0.5},
    2e8,
    end="2020-12",
    funding="milestones",
    outcomes=[{"signal": "upe_opened", "at_least": 10_000_000, "by": "2018-09", "share": 0.5}],
    adapt={"every_months": 6, "share": 0.5, "lag_months": 2, "signal": "upe_opened"},
)


def test_decisions_are_taken_in_their_month_and_kept(
    world_of: Build,
    arrays_of: Finish,
    ledger: Ledger,
    population: Population,
    central: dict[str, float],
    tmp_path: Path,
) -> None:
    scenario = scenario_of(ADAPTING)
    world = world_of(scenario, until=UNTIL)
    whole = arrays_of(world)
    assert [(d.month, d.kind) for d in world.decisions] == [
        *((78, "moved"), (81, "judged"), (84, "moved"), (90, "moved"), (96, "moved"), (102, "moved")),
    ]
    assert not world.decisions[1].reached
    assert world.inputs.budget.flow.withheld[:, 81:96].any()
    first = world_of(scenario, until=UNTIL).run(until=92)
    first.keep().save(tmp_path / "kept.npz")
    again = World(
        scenario,
        0,
        until=UNTIL,
        ledger=ledger,
        population=population,
        inputs=prepare(scenario, central, ledger, population, UNTIL + 1),
        kept=Kept.load(tmp_path / "kept.npz"),
    )
    assert_same(arrays_of(again), whole)


def test_what_decides_later_money_moves_the_fork(
    ledger: Ledger, population: Population, central: dict[str, float]
) -> None:
    """Two scenarios with the same money, one of which decides on it, part at the first decision."""
    plain = scenario_of({**ADAPTING, "adapt": None, "outcomes": [], "funding": "prescribed"})
    a, b = (prepare(s, central, ledger, population, UNTIL + 1) for s in (scenario_of(ADAPTING), plain))
    assert a.first_difference(b) == 78
    study = Study((plain, scenario_of(ADAPTING)), (central,), 0, 60, UNTIL)
    runs = dict(run_pair(study, 0, 0, ledger=ledger, population=population))
    alone = dict(
        run_pair(
            Study((scenario_of(ADAPTING),), (central,), 0, 60, UNTIL),
            0,
            0,
            ledger=ledger,
            population=population,
        )
    )
    assert_same(runs[1], alone[0])


@pytest.fixture(scope="module")
def results() -> xr.Dataset:
    foreign = programme(
        {"community_groups": 0.5, "places_boys": 0.5},
        4e6,
        currency="USD",
        fiscal_year="us",
        delivery="international_partner",
        payers=[{"from": 2018, "shares": {"us": 1}}, {"from": 2020, "shares": {"us": 0.4, "regional": 0.6}}],
        where={"territory": ["08", "17"]},
    )
    posts = {**programme({"upe_posts": 0.4, "police_posts": 0.6}, 33_333_333.33), "name": "posts"}
    rows = [{"use": "mental_health", "start": "2018-01", "amount": 0.3}]
    money = Scenario.from_mapping(
        {
            "schema": 1,
            "base": "baseline",
            "label": LABEL,
            "programmes": [foreign, posts],
            "interventions": rows,
        },
        name="money",
    )
    return compare(["baseline", money], scale=0.01, threads=1, draws=2, until=UNTIL)


def test_every_ledger_balances_to_the_sol(results: xr.Dataset) -> None:
    for name in ("incremental_budget", "incremental_by_quarter", "specific_budget", "attributable_budget"):
        stage = {s: results[name].sel(budget_stage=s) for s in ("pim", "executed", "saldo")}
        assert np.issubdtype(results[name].dtype, np.integer), name
        assert bool((stage["pim"] == stage["executed"] + stage["saldo"]).all()), name
        assert int(results[name].min()) >= 0, name
    saldo = results["incremental_budget"].sel(budget_stage="saldo").sum("payer")
    assert bool((saldo == results["incremental_unspent"].sum("unspent_reason")).all())
    by_year = results["incremental_by_quarter"].groupby("quarter.year").sum("quarter")
    np.testing.assert_array_equal(
        by_year.transpose(*results["incremental_budget"].sum("territory").dims),
        results["incremental_budget"].sum("territory"),
    )


def test_what_is_assigned_is_what_the_scenario_says(results: xr.Dataset) -> None:
    pia = results["incremental_budget"].sel(scenario="money", budget_stage="pia", replicate=0)
    of_posts = pia.sel(line=["upe_posts", "police_posts"], payer="national").sum(("line", "territory"))
    np.testing.assert_array_equal(of_posts.isel(draw=0), [0, 33_333_333, 33_333_333, 33_333_333])
    assert not results["incremental_budget"].sel(scenario="baseline").any()
    partner = results["incremental_budget"].sel(scenario="money", line="community_groups")
    assert bool((partner.sel(budget_stage="pia") == partner.sel(budget_stage="pim")).all())
    assert set(
        partner["territory"].values[partner.any(("draw", "replicate", "year", "budget_stage", "payer"))]
    ) == {
        "08",
        "17",
    }


def test_new_posts_that_nobody_fills_are_not_paid(results: xr.Dataset) -> None:
    unspent = results["incremental_unspent"].sel(scenario="money", unspent_reason="hiring")
    assert int(unspent.sel(line="police_posts").sum()) > 0
    assert int(unspent.sel(line="community_groups").sum()) == 0


def test_fiscal_years_of_the_united_states_add_up(results: xr.Dataset) -> None:
    fiscal = by_us_fiscal_year(results).sel(
        scenario="money", payer="us", budget_stage="pia", draw=0, replicate=0
    )
    pia = fiscal.sum("line")
    rates = results["soles_per_dollar"].sel(scenario="money", draw=0, replicate=0)
    # The fiscal year 2019: three months at the rate of 2018, nine at that of 2019.
    expected = 1e6 * float(rates.sel(year=2018)) + 3e6 * float(rates.sel(year=2019))
    assert int(pia.sel(us_fiscal_year=2019)) == pytest.approx(expected, abs=8)


MANY = [f"{number:02d}" for number in range(1, 20)]


def test_outcomes_are_counted_where_the_programme_works(results: xr.Dataset) -> None:
    told = json.dumps(
        [
            {
                "scenario": "money",
                "programme": "posts",
                "signal": "upe_opened",
                "at_least": wanted,
                "from": "2018-01",
                "by": by,
                "share": 0.0,
                "territories": MANY,
            }
            for wanted, by in ((1, "2020-06"), (10_000_000, "2020-06"), (1, "2040-01"))
        ]
    )
    reached, missed, beyond = outcomes(results.assign_attrs(programme_outcomes=told))
    series = results["upe_opened"].sel(scenario="money", territory=MANY)
    counted = series.sel(month=slice("2018-01", "2020-06")).sum(("month", "territory"))
    assert reached.count is not None
    assert reached.count.median == float(counted.median())
    assert reached.reached is not None
    assert reached.reached.share == float((counted >= 1).mean()) > 0.0
    assert missed.reached is not None
    assert missed.reached.hits == 0
    assert beyond.count is None
    assert beyond.reached is None


def test_outcomes_of_scenarios_are_in_the_result() -> None:
    scenario = load_scenario("regional_policies")
    rows = watched(scenario, load_ledger().territories.codes)
    assert [(row["territories"], row["signal"]) for row in rows] == [
        (["08"], "upe_opened"),
        (["08"], "plans_completed"),
        (["21"], "upe_opened"),
        (["21"], "plans_completed"),
    ]
    assert (rows[0]["from"], rows[0]["by"]) == ("2027-01", "2030-12")
    assert (
        len(watched(load_scenario("adaptive_learning"), load_ledger().territories.codes)[0]["territories"])
        == 26
    )


@pytest.mark.parametrize("until", [96, 100, 106])
def test_ledgers_of_a_run_that_ends_within_a_year(
    ledger: Ledger, population: Population, central: dict[str, float], until: int
) -> None:
    scenario = scenario_of(programme({"upe_posts": 0.5, "training": 0.5}, 12e6))
    study = Study((scenario,), (central,), 0, 60, until)
    (arrays,) = dict(run_pair(study, 0, 0, ledger=ledger, population=population)).values()
    pia = arrays["incremental_budget"][:, 0].sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(pia, [0, 12_000_000, 12_000_000, 1_000_000 * (until - 95)])
    assert arrays["incremental_by_quarter"][:, 0].sum() == pia.sum()
    np.testing.assert_array_equal(
        arrays["incremental_budget"][:, 3].sum(axis=2), arrays["incremental_unspent"].sum(axis=1)
    )


def test_fiscal_years_are_told(results: xr.Dataset) -> None:
    peru, us = (money_by_year_table(results, country) for country in ("peru", "us"))
    assert [row["year"] for row in peru.rows] == ["2018", "2019", "2020"]
    assert [row["year"] for row in us.rows] == ["2018", "2019", "2020", "2021"]
    totals = [sum(float(str(row["pim"])) for row in table.rows) for table in (peru, us)]
    assert totals[0] == pytest.approx(totals[1])
    for row in peru.rows:
        assert float(str(row["low"])) <= float(str(row["executed"])) <= float(str(row["high"]))
    assert money_table(results).rows
    assert has_money(results)


def test_gap_present_value_and_cost_of_an_effect(results: xr.Dataset) -> None:
    gap = financing_gap(results).sel(scenario="money")
    assert int(gap.sel(line="mental_health").sum()) == int(
        results["required"].sel(scenario="money", line="mental_health").sum()
    )
    assert int(gap.sum()) == int(gap.sel(line="mental_health").sum()) > 0
    money = added_money(results)
    values = [
        float(discounted(money, results, rate).sel(scenario="money").mean()) for rate in (0.0, 0.03, 0.08)
    ]
    # Everything lies before the base year: a rate makes it worth more by then.
    assert values == sorted(values)
    effect = cost_of_effect(results, "money", "baseline")
    assert effect.money.median > 0.0
    assert (effect.ratio is None) == (effect.gained.low <= 0.0)


def test_the_ledgers_of_the_baseline_are_the_record(results: xr.Dataset) -> None:
    national = results["specific_budget"].sel(scenario="baseline").sum(("government_level", "territory"))
    of_2018 = national.sel(year=2018, budget_stage="pia").isel(draw=0, replicate=0)
    assert int(of_2018) == pytest.approx(8_231_751, abs=1)
    attributable = results["attributable_budget"].sel(scenario="baseline", budget_stage="pim")
    assert float(attributable.sel(institution="upe").sum()) > 0.0
    assert float(attributable.sel(institution="programme").sum()) == 0.0


# -- what new levers do -----------------------------------------------------------------------------------


def both(world_of: Build, *rows: dict[str, Any]) -> tuple[World, World]:
    """Return two worlds after January 2020: without and with interventions from January 2018 on."""
    with_policy = scenario_of(interventions=[{"start": "2018-01", **row} for row in rows])
    return world_of(until=96).run(), world_of(with_policy, until=96).run()


def factor(world: World, name: str) -> np.ndarray:
    return np.asarray(world.system.factors.series(name)[:97])


def test_career_posts_lower_turnover(world_of: Build, central: dict[str, float]) -> None:
    without, with_posts = both(world_of, {"use": "career_posts", "amount": 1.0})
    ratio = factor(with_posts, "turnover")[72] / factor(without, "turnover")[72]
    np.testing.assert_allclose(ratio, 1.0 - central["workforce.career_posts_front"])
    assert np.all(factor(with_posts, "newcomers")[95] < factor(without, "newcomers")[95])


def test_career_officials_stay_through_crises(world_of: Build) -> None:
    without, with_officials = both(world_of, {"use": "career_officials", "amount": 1.0})
    crisis = 74  # March 2018
    assert np.all(factor(with_officials, "senior_turnover")[crisis:80].max(axis=0) >= 1.0)
    assert np.all(
        factor(with_officials, "senior_turnover")[72:96].sum(axis=0)
        < factor(without, "senior_turnover")[72:96].sum(axis=0)
    )


def test_execution_of_services_frees_resources(world_of: Build, central: dict[str, float]) -> None:
    without, executed = both(world_of, {"use": "execution_attributable", "amount": 0.09})
    ratio = factor(executed, "resources")[72:] / factor(without, "resources")[72:]
    np.testing.assert_allclose(ratio, 1.0 + 0.09 / central["budget.execution_attributable"])


def test_rural_presence_finds_in_the_countryside_alone(world_of: Build) -> None:
    without, present = both(world_of, {"use": "police_rural_presence", "amount": 1.0})
    ratio = present.system.gains[0] / np.maximum(without.system.gains[0], 1e-12)
    # In a small country one case more or less moves a single territory.
    assert np.median(ratio[1::2]) > 1.3
    assert np.median(ratio[0::2]) == pytest.approx(1.0, abs=0.02)


def test_an_institution_grows_no_faster_than_it_can_hire(world_of: Build, central: dict[str, float]) -> None:
    without, many = both(world_of, {"use": "police_capacity", "amount": 5.0})
    before = factor(without, "posts")[72, 0]
    people = [
        factor(world, "newcomers")[:, 0] + factor(world, "proficient")[:, 0] for world in (without, many)
    ]
    for years in (1, 2):
        grown = people[1][71 + 12 * years] - people[0][71 + 12 * years]
        assert np.all(grown <= before * central["workforce.growth_per_year"] * years * 1.1)
        assert np.all(grown >= 0.6 * before * central["workforce.growth_per_year"] * years)
    assert np.all(factor(many, "vacancy")[95, 0] > 0.5)
