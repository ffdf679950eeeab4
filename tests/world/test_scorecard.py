"""Scorecard, what lasts, trade-offs and costs, on results whose figures are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import simulator
from scenarios import Scenario
from simulator.engine.states import FOLLOW_UP, REINTEGRATED, STATES
from simulator.experiments.ensemble import compare
from simulator.faults import FaultyInput
from simulator.outcomes.counted import Counted, counted
from simulator.outcomes.effects import (
    BREAKDOWNS,
    CostOfEffect,
    by_group,
    cost_of_effect,
    tradeoffs,
    verdict,
)
from simulator.outcomes.indicators import Interval, quantiles, summarise, yearly
from simulator.outcomes.scorecard import measure, scorecard
from simulator.outcomes.sustainability import LATER, ended_by_value, lasting
from simulator.policy.national import indicators
from simulator.report_policy import (
    PLANE,
    breakdown_table,
    cost_in_words,
    costs_table,
    lasting_table,
    score_records,
    scorecard_table,
    silent_table,
    tradeoffs_table,
)
from simulator.texts import LANGUAGES, set_language, t

LABEL = {"es": "Dinero", "en": "Money"}
MONTHS = np.arange("2020-01", "2034-01", dtype="datetime64[M]").astype("datetime64[ns]")
"""Fourteen years."""

END = 12 * (2024 - 2012) - 1
"""December 2023, counted from January 2012."""


def made(gain: np.ndarray) -> xr.Dataset:
    """Return two scenarios in which the second has ``gain`` [run, month] fewer exploited than the first."""
    runs = gain.shape[0]
    stock = np.full((2, runs, 1, MONTHS.size, 1, 1, len(STATES)), 1000)
    stock[1, :, 0, :, 0, 0, STATES.index("EXPLOITED")] -= gain.astype(int)
    flow = np.zeros((2, runs, 1, MONTHS.size, 1, 1, len(STATES), len(STATES)), int)
    dims = ("scenario", "draw", "replicate", "month", "territory", "area")
    return xr.Dataset(
        {
            "stock": ((*dims, "state"), stock),
            "flow": ((*dims, "from_state", "to_state"), flow),
            "programme_end": (dims[:3], np.array([np.full((runs, 1), -1), np.full((runs, 1), END)])),
        },
        coords={
            "scenario": ["a", "b"],
            "month": MONTHS,
            **{name: list(STATES) for name in ("state", "from_state", "to_state")},
        },
    )


def test_what_lasts_is_the_share_of_the_last_years_gain() -> None:
    """A gain of 100 a month that halves every year after the end leaves 1/2, 1/8, 1/32 and 1/256."""
    year = MONTHS.astype("datetime64[Y]").astype(int) + 1970
    gain = np.where(year <= 2023, 128.0, 128.0 * 0.5 ** (year - 2023.0))
    (told,) = (one for one in lasting(made(np.stack([gain, 2 * gain])), "a") if one.measure == "child_months")
    assert told.gain.low > 0.0
    assert told.end.median == END
    assert [told.left[y].median if told.left[y] else None for y in LATER] == pytest.approx(
        [0.5, 0.125, 0.03125, 0.5**8], abs=0.004
    )


def test_no_share_is_told_of_a_gain_that_may_be_none_or_lies_beyond_the_run() -> None:
    rng = np.arange(MONTHS.size)
    runs = np.stack([np.full(rng.size, 5.0), np.full(rng.size, -3.0)])
    (told,) = (one for one in lasting(made(runs), "a") if one.measure == "child_months")
    assert not told.is_told
    assert set(told.left.values()) == {None}
    short = made(np.full((2, rng.size), 7.0)).isel(month=slice(0, 12 * 6))
    (told,) = (one for one in lasting(short, "a") if one.measure == "child_months")
    assert told.left[1] is not None
    assert told.left[5] is None


@pytest.fixture(scope="module")
def results() -> xr.Dataset:
    policy = Scenario.from_mapping(
        {
            "schema": 1,
            "base": "capacity_ceiling",
            "label": LABEL,
            "programmes": [
                {
                    "name": "one",
                    "label": LABEL,
                    "start": "2026-01",
                    "end": "2027-12",
                    "price_year": 2025,
                    "budget": [{"lines": {"community_groups": 0.5, "training": 0.5}, "amount": 3e8}],
                }
            ],
        },
        name="policy",
    )
    return compare(["baseline", policy], scale=0.05, threads=2, draws=3, until="2030-12")


def test_the_variants_of_indicator_3_1_are_what_they_say(results: xr.Dataset) -> None:
    flow = results["flow"].sum(("territory", "area"))
    done = flow.sel(from_state="FOLLOW_UP", to_state="REINTEGRATED", drop=True)
    begun, cohort = results["reintegration_started"], results["completed_of_cohort"]
    at = {"scenario": "policy", "draw": 1, "replicate": 0}

    def total(series: xr.DataArray, first: str, last: str) -> int:
        return int(series.sel(at).sel(month=slice(first, last)).sum())

    for year in (2028, 2030):
        whole = total(done, f"{year}-01", f"{year}-12") / total(begun, f"{year}-01", f"{year}-12")
        half = total(done, f"{year}-01", f"{year}-06") / total(begun, f"{year - 1}-07", f"{year}-06")
        early = f"{year - 2}-01", f"{year - 2}-12"
        assert float(measure(results, "whole_year").sel({**at, "year": year})) == pytest.approx(whole)
        assert float(measure(results, "half_year").sel({**at, "year": year})) == pytest.approx(half)
        assert float(measure(results, "cohort").sel({**at, "year": year})) == pytest.approx(
            total(cohort, *early) / total(begun, *early)
        )
    assert np.isnan(measure(results, "cohort").sel(at).sel(year=2017))
    assert bool((cohort <= begun).all())


def test_starts_and_completions_are_counted_once(
    world_of: Callable[..., Any], arrays_of: Callable[..., Any]
) -> None:
    """Whoever completes had begun: completions of all cohorts are no more than those of all months."""
    arrays = arrays_of(world_of("capacity_ceiling", until=227))
    completed = arrays["flow"][:, :, FOLLOW_UP, REINTEGRATED].sum()
    assert 0 < arrays["completed_of_cohort"].sum() <= completed
    assert completed <= arrays["reintegration_started"].sum() + 50


def test_every_indicator_is_scored_or_says_why(results: xr.Dataset) -> None:
    card = simulator.scorecard(results)
    codes = {one.indicator.code for one in card.scores}
    assert codes | {one.code for one in card.silent} == set(indicators())
    assert not codes & {one.code for one in card.silent}
    for one in card.scores:
        assert one.reaching.keys() <= one.path.keys()
        assert all(0 <= count.hits <= count.runs <= 3 for count in one.reaching.values())
        for told in one.path.values():
            assert told.low <= told.median <= told.high


def test_probability_and_year_follow_from_the_runs(results: xr.Dataset) -> None:
    card = scorecard(results, {"S39": 0.5})
    (score,) = (s for s in card.scores if s.indicator.code == "S39" and s.scenario == "policy")
    values = measure(results, "residents_with_plan").sel(scenario="policy")
    assert score.at_horizon == counted(values.sel(year=2030) >= 0.5)
    assert score.at_horizon.runs == 3
    medians = {y: float(values.sel(year=y).median()) for y in score.path}
    last_below = max(y for y, value in medians.items() if value < 0.5)
    assert score.reached == last_below + 1
    assert score.targets[2030].mark == "user"


def test_a_year_before_the_policy_or_lost_again_is_not_the_year_reached(results: xr.Dataset) -> None:
    """The year reached holds until the run ends, and lies within the policy."""
    values = measure(results, "residents_with_plan").sel(scenario="baseline").median(("draw", "replicate"))
    high = float(values.sel(year=slice(2017, 2021)).max())
    (score,) = (
        s
        for s in scorecard(results, {"S39": min(high, 1.0)}).scores
        if s.indicator.code == "S39" and s.scenario == "baseline"
    )
    stays = [y for y in score.path if y >= 2022 and all(values.sel(year=slice(y, None)) >= high)]
    assert score.reached == min(stays, default=None)
    easy = scorecard(results, {"S39": 0.0}).scores
    assert {s.reached for s in easy if s.indicator.code == "S39"} == {2022}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_range_is_told_only_of_targets_that_lie_outside_it(results: xr.Dataset, lang: str) -> None:
    set_language(lang)
    low, official = scorecard(results, {"3.1c": 0.01}), scorecard(results)
    assert any(note.startswith("3.1c") for note in scorecard_table(official, results).notes)
    assert not any(note.startswith("3.1c") for note in scorecard_table(low, results).notes)
    row = next(r for r in score_records(low) if r["code"] == "3.1c")
    assert row["range"] is None


def test_a_level_far_from_the_report_is_marked_beside_its_probability(results: xr.Dataset) -> None:
    card = scorecard(results)
    table = scorecard_table(card, results)
    marked = {one.indicator.code for one in card.scores if one.is_level_off}
    assert marked
    for score, row in zip(card.scores, table.rows, strict=True):
        assert str(row["probability"]).endswith("*") == (score.is_level_off and score.at_horizon is not None)
        if score.indicator.reported_2023 is not None:
            assert row["reported"] not in (None, "-", "")
        if score.is_level_off:
            told, reported = score.path[2023], score.indicator.reported_2023
            assert reported is not None
            known = reported * (2 if score.indicator.unit == "count" else 1)
            assert not known / 1.5 <= told.median <= known * 1.5


@pytest.mark.parametrize(
    ("targets", "where"),
    [({"9.9": 1.0}, "target 9.9"), ({"1.1": 0.5}, "target 1.1"), ({"3.1b": 1.5}, "target 3.1b")],
)
def test_a_target_that_cannot_be_is_told(results: xr.Dataset, targets: dict[str, float], where: str) -> None:
    with pytest.raises(FaultyInput) as caught:
        scorecard(results, targets)
    assert caught.value.faults[0].where == where


def test_groups_add_up_to_the_country(results: xr.Dataset) -> None:
    table = yearly(results)
    for by in BREAKDOWNS:
        parts = by_group(results, by)
        for name in (
            "first_entries",
            "returns",
            "child_months",
            "identified",
            "specialised_entries",
            "completed",
        ):
            xr.testing.assert_equal(parts[name].sum(by).astype(float), table[name].astype(float))


@pytest.fixture(scope="module")
def many(results: xr.Dataset) -> xr.Dataset:
    """The same runs four times over: as many as a verdict takes."""
    return results.isel(draw=[0, 1, 2] * 4)


def test_a_verdict_or_a_probability_takes_ten_runs() -> None:
    """With nine runs on one side nothing is called better or probable; with ten it is."""
    nine, ten = (Interval(5.0, 1.0, 9.0, 1.0, runs) for runs in (9, 10))
    assert [verdict(one, 1) for one in (nine, ten)] == ["few", "better"]
    assert [verdict(one, -1) for one in (nine, ten)] == ["few", "worse"]
    assert verdict(Interval(5.0, -1.0, 9.0, 1.0, 10), 1) == "open"
    assert counted([True] * 9).probability is None
    assert counted([True] * 9 + [False]).probability == 0.9
    assert np.isnan(counted([]).share)


@pytest.mark.parametrize(
    ("lang", "three", "twelve"),
    [("es", "3 de 3 corridas", "12 de 12 corridas"), ("en", "3 of 3 runs", "12 of 12 runs")],
)
def test_runs_are_counted_and_only_many_are_called_better(
    results: xr.Dataset, many: xr.Dataset, lang: str, three: str, twelve: str
) -> None:
    set_language(lang)

    def words(data: xr.Dataset) -> list[str]:
        tables = [
            scorecard_table(scorecard(data, {"S39": 0.0}), data),
            tradeoffs_table(data, [2029, 2030]),
            costs_table(data, {"completed": [1e6]}),
        ]
        keys = ("probability", "verdict", "worth", *PLANE)
        return [str(row[key]) for table in tables for row in table.rows for key in keys if row.get(key)]

    few, enough = words(results), words(many)
    assert not [text for text in (*few, *enough) if "%" in text]
    assert three in few
    assert twelve in enough
    assert {t(f"score.verdict.{one}") for one in ("better", "worse", "open")}.isdisjoint(few)
    assert t("score.verdict.better") in enough
    note = t("report.note.few", least=10)
    assert note in " ".join(tradeoffs_table(results, [2029, 2030]).notes)
    assert note not in " ".join(tradeoffs_table(many, [2029, 2030]).notes)
    record = next(r for r in score_records(scorecard(results)) if r["code"] == "S39")
    assert {year["probability"] for year in record["years"] if year["target"] is not None} == {None}
    assert record["runs"] <= 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_target_that_every_scenario_meets_is_told_to_say_nothing(results: xr.Dataset, lang: str) -> None:
    set_language(lang)

    # Of fewer than ten runs nothing is said to be met by all: these are taken several times.
    many = xr.concat([results] * 10, "draw").assign_coords(draw=range(10 * results.sizes["draw"]))

    def told(target: float, runs: xr.Dataset = many) -> list[str]:
        notes = scorecard_table(scorecard(runs, {"S39": target}), runs).notes
        return [note for note in notes if "S39" in note.split(":")[0]]

    values = measure(results, "residents_with_plan").sel(year=2030)
    between = float(values.sel(scenario="policy").min())
    assert float(values.sel(scenario="baseline").min()) < between
    (note,) = told(0.0)
    assert t("score.mark.user") in note
    assert told(between) == told(1.0) == told(0.0, results) == []
    met = {r["code"] for r in score_records(scorecard(many, {"S39": 0.0})) if r["met_anyway"]}
    assert "S39" in met


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_part_of_the_country_is_told(results: xr.Dataset, lang: str) -> None:
    set_language(lang)
    card = scorecard(results)
    whole = results.assign_attrs(scale=1.0)
    assert t("report.note.part", share="5") in " ".join(scorecard_table(card, results).notes)
    assert t("report.note.part", share="5") not in " ".join(scorecard_table(card, whole).notes)


def test_verdicts_follow_the_interval(many: xr.Dataset) -> None:
    for one in tradeoffs(many, "baseline", [2029, 2030]):
        sure = one.change.low > 0.0 or one.change.high < 0.0
        assert (one.verdict != "open") == sure
        if one.indicator == "completed":
            assert one.verdict == "better"
        if one.indicator == "identified":
            assert one.verdict in ("changed", "open")


def test_what_an_effect_costs(results: xr.Dataset) -> None:
    told = cost_of_effect(results, "policy", "baseline", "completed")
    assert told.ratio is not None
    assert told.points.shape == (3, 2)
    assert told.ratio.median == pytest.approx(float(np.median(told.points[:, 0] / told.points[:, 1])))
    assert told.worth(0.001) == Counted(0, 3)
    assert told.worth(1e15) == Counted(3, 3)
    assert told.gains() == Counted(3, 3)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_why_there_is_no_ratio_is_what_the_interval_says(lang: str) -> None:
    set_language(lang)
    money, no = Interval(1.0, 1.0, 1.0, 0.1, 9), np.zeros((9, 2))
    cases = {
        "zero": Interval(1.0, -1.0, 2.0, 0.1, 9),
        "loss": Interval(-2.0, -3.0, -1.0, 0.1, 9),
        "some": Interval(2.0, 1.0, 3.0, 0.1, 9),
        "single": Interval(2.0, 2.0, 2.0, None, 1),
    }
    told = {reason: CostOfEffect("completed", money, gain, None, no) for reason, gain in cases.items()}
    assert {reason: one.reason for reason, one in told.items()} == {reason: reason for reason in cases}
    assert len({cost_in_words(one) for one in told.values()}) == 4


def test_costs_are_compared_at_one_horizon_and_discounted_alike(results: xr.Dataset) -> None:
    short, long = (
        cost_of_effect(results, "policy", "baseline", "completed", until=y, rate=0.03) for y in (2028, 2030)
    )
    plain = cost_of_effect(results, "policy", "baseline", "completed", until=2028)
    assert short.gained.median < long.gained.median
    assert short.gained.median < plain.gained.median
    change = yearly(results)["completed"].sel(scenario="policy") - yearly(results)["completed"].sel(
        scenario="baseline"
    )
    weighted = sum(change.sel(year=y) * 1.03 ** (2025 - y) for y in range(2017, 2029))
    assert short.gained.median == pytest.approx(float(np.median(weighted)))
    for row in costs_table(results, {"completed": [1e6]}).rows:
        assert sum(row["plane"][part]["hits"] for part in PLANE) == 3
        assert ("1000000" in row["worth_at"]) == (row["effect"] == "completed")
    assert all(column.heading for column in costs_table(results).columns if column.key in PLANE)


def test_programmes_that_a_value_can_end_say_how_often_it_did() -> None:
    data = made(np.full((4, MONTHS.size), 9.0))
    programme = {"name": "one", "end": "2025-12", "stop_when": {"signal": "upe_opened", "at_least": 1}}
    data.attrs["scenarios"] = json.dumps([{}, {"programmes": [programme]}])
    ends = np.full((4, 1), END)
    ends[3] = 12 * 14 - 1
    data["programme_end"][1] = ends
    assert [(one.scenario, one.ended, one.runs) for one in ended_by_value(data)] == [("b", 3, 4)]


def test_quantiles_are_those_of_the_summary(results: xr.Dataset) -> None:
    table = yearly(results)["completed_share"]
    cell = quantiles(table).sel(scenario="policy", year=2030)
    told = summarise(table.sel(scenario="policy", year=2030))
    assert [float(v) for v in cell.values] == pytest.approx([told.low, told.median, told.high])
    alone = quantiles(table.isel(draw=[0]))
    assert bool(alone.sel(quantile="low").isnull().all())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_are_told_in_both_languages(results: xr.Dataset, lang: str) -> None:
    set_language(lang)
    card = scorecard(results)
    tables = [
        scorecard_table(card, results),
        silent_table(card),
        costs_table(results, {"completed": [1e6]}),
        tradeoffs_table(results, [2029, 2030]),
        lasting_table(results),
        *(breakdown_table(results, by) for by in BREAKDOWNS),
    ]
    for table in tables:
        assert table.rows
        assert all(column.heading or column.key for column in table.columns)
        assert table.lines(140)
    assert len(score_records(card)) == len(card.scores)
