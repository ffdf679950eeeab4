"""The library in the whole country: equal money is equal, claims hold, ranges are what the scorecard says."""

from __future__ import annotations

import re

import pytest

import simulator
from scenarios import library, load_scenario
from simulator.evidence import load_ledger
from simulator.experiments.claims import check_claims
from simulator.experiments.equal import equal_money
from simulator.experiments.kept_claims import COMMAND, Kept, read_kept, stale
from simulator.outcomes.scorecard import measure
from simulator.outcomes.spending import constant, discounted
from simulator.policy.national import indicators

PORTFOLIOS = ("prevention_first", "protection_first", "prosecution_first", "balanced")
EXECUTED, PIM = 600e6, 1200e6
"""Present values that the descriptions state, soles of 2025."""

FEWEST_DRAWS = 10
SAMPLE = ("retention_pay", "places_for_boys", "codified_onboarding")
"""Kept scenarios that are run anew."""

DRAWS = 2
"""Parameter sets of a sample: the central one, and one other."""


@pytest.mark.parametrize(("suffix", "stage", "total"), [("", "executed", EXECUTED), ("_pim", "pim", PIM)])
def test_portfolios_cost_the_same(suffix: str, stage: str, total: float) -> None:
    names = [name + suffix for name in PORTFOLIOS]
    dataset = simulator.compare(names, until="2040-12")
    ledger = dataset["incremental_budget"].sel(budget_stage=stage, drop=True)
    rate = load_ledger().parameters["prices.discount_rate"].central
    value = discounted(ledger.sum(("line", "payer", "territory")), dataset, rate)
    for name in names:
        spent = float(value.sel(scenario=name).squeeze())
        assert spent == pytest.approx(total, rel=0.001), name
        for text in (load_scenario(name).description.es, load_scenario(name).description.en):  # type: ignore[union-attr]
            assert f"{total / 1e6:,.0f}".replace(",", " ") in text.replace(",", " "), name
            # Equal there only: other parameters make other prices and other execution.
            assert re.search(r"parámetros\s+centrales|central\s+parameters", text), name


def test_lengths_at_the_same_total_execute_the_same() -> None:
    """The sum of what is executed, in constant soles, whatever the length, at any scale."""
    names = ["compact2_5_years", "compact2_10_years_same_total", "compact2_15_years_same_total"]
    dataset = simulator.compare(names, until="2042-12", scale=0.01, threads=1)
    executed = dataset["incremental_budget"].sel(budget_stage="executed").sum(("line", "payer", "territory"))
    total = constant(executed, dataset).sum("year")
    for name in names:
        assert float(total.sel(scenario=name).squeeze()) == pytest.approx(28.51e6, rel=0.001), name


def test_what_is_executed_is_a_quarter_in_every_draw() -> None:
    dataset = simulator.compare(["policy_2030_as_executed"], draws=5, until="2030-12", scale=0.01, threads=1)
    money = dataset["incremental_budget"].sel(year=2030).sum(("line", "payer", "territory"))
    rate = money.sel(budget_stage="executed") / money.sel(budget_stage="pim")
    assert float(rate.max()) <= 0.24
    assert float(rate.min()) > 0.18


def test_both_anchors_of_need_are_run_as_they_are_known() -> None:
    """S/ 115 million a year of 2024, a tenth of 1,150 million; and S/ 96 million a year of 2021."""
    names = ["policy_2030_funded", "policy_2030_funded_anchor_2021"]
    dataset = simulator.compare(names, until="2028-12", scale=0.01, threads=1)
    opened = (
        dataset["incremental_budget"].sel(budget_stage="pia", year=2028).sum(("line", "payer", "territory"))
    )
    real = (opened / dataset["price_level"].sel(year=2028)).squeeze()
    level = dataset["price_level"].isel(scenario=0).squeeze()
    for name, amount, year in ((names[0], 115e6, 2024), (names[1], 96e6, 2021)):
        told = float(real.sel(scenario=name) * level.sel(year=year))
        assert told == pytest.approx(amount, rel=1e-4), name


def test_equal_money_is_found_and_what_cannot_be_spent_is_told() -> None:
    scenario = load_scenario("career_officials")
    options = {"rate": 0.03, "until": 12 * 18 + 11, "scale": 0.05}
    (found,) = equal_money([scenario], 3e6, **options)  # type: ignore[arg-type]
    assert found.reached
    assert found.total == pytest.approx(3e6, rel=1e-4)
    assert found.scenario.programmes[0].budget[0].amount == pytest.approx(found.multiply * 2e6)
    (never,) = equal_money([scenario], 1e10, **options)  # type: ignore[arg-type]
    assert not never.reached
    assert never.total < 1e10


@pytest.fixture(scope="module")
def kept() -> list[Kept]:
    return read_kept()


def test_every_kept_claim_was_run_often_enough_and_holds(kept: list[Kept]) -> None:
    assert {one.key for one in kept} == {(n, claim) for n in library() for claim in load_scenario(n).claims}
    assert [one.key for one in kept if not one.checked.holds] == []
    for one in kept:
        assert one.draws >= FEWEST_DRAWS
        assert one.draws_from == "posterior"
        assert len(one.checked.changes) == len(one.checked.true) == one.draws * one.replicates


def test_nothing_has_changed_since_claims_were_kept(kept: list[Kept]) -> None:
    changed = stale(kept, list(dict.fromkeys(one.checked.scenario for one in kept)))
    assert not changed, f"{changed}: run {COMMAND}"


def test_a_sample_of_kept_claims_run_anew_shows_the_same(kept: list[Kept]) -> None:
    """Draw by draw: this holds the code to the table, which hashes of scenarios and draws cannot."""
    seeds = {one.seed for one in kept}
    assert len(seeds) == 1
    rows = {one.key: one.checked for one in kept}
    again = check_claims(SAMPLE, draws=DRAWS, seed=seeds.pop())
    assert len(again) >= len(SAMPLE)
    for one in again:
        row, why = rows[one.scenario, one.claim], f"{one.scenario}: run {COMMAND}"
        assert one.changes == pytest.approx(row.changes[:DRAWS], rel=1e-4), why
        assert one.true == row.true[:DRAWS], why


def test_the_scorecard_says_where_targets_lie_outside_the_range() -> None:
    """The ceiling reaches 70% in 2030 with a probability above 0.9, or the scorecard says that it cannot."""
    dataset = simulator.run("capacity_ceiling", draws=8, until="2030-12")
    for code in ("3.1a", "3.1b", "3.1c"):
        one = indicators()[code]
        reached = float((measure(dataset, one.measure).sel(year=2030) >= 0.70).mean())
        outside = reached <= 0.9
        assert outside == bool(one.range["es"]) == bool(one.range["en"]), (code, reached)
    assert float(measure(dataset, "whole_year").sel(year=2030).median()) > 0.4
    assert float(measure(dataset, "cohort").sel(year=2030).max()) < 0.5
    assert float(measure(dataset, "half_year").sel(year=2030).max()) < 0.5
