"""Programmes that end by what is registered, the record without them, the longest horizon, their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scenarios import Scenario, load_scenario
from simulator.engine.factors import lever_order
from simulator.engine.population import Population
from simulator.evidence import Ledger
from simulator.experiments.claims import checked
from simulator.experiments.contributions import contributions, parts_of, with_parts
from simulator.experiments.ensemble import Study, compare, run_pair
from simulator.inputs import prepare
from simulator.outcomes.effects import cost_of_effect
from simulator.outcomes.indicators import yearly
from simulator.world import Kept, World

Build = Callable[..., World]
Finish = Callable[[World], dict[str, np.ndarray]]

LABEL = {"es": "uno", "en": "one"}
UNTIL = 12 * 9 + 11
"""December 2020."""


def scenario_of(stop: dict[str, Any] | None, **more: Any) -> Scenario:
    programme: dict[str, Any] = {
        "name": "one",
        "label": LABEL,
        "start": "2018-01",
        "end": "2020-06",
        "budget": [{"lines": {"upe_posts": 0.6, "training": 0.4}, "amount": 6e7}],
        "transition": {"share": 0.5, "months": 6, "payer": "national"},
    }
    if stop is not None:
        programme["stop_when"] = stop
    data = {"schema": 1, "base": "baseline", "label": LABEL, "programmes": [programme], **more}
    return Scenario.from_mapping(data, name="stops")


def test_a_programme_ends_when_its_value_is_registered(world_of: Build) -> None:
    """At once where the value is low; never where it is out of reach; a transition follows an early end."""
    low = world_of(scenario_of({"signal": "upe_opened", "at_least": 1}), until=UNTIL).run()
    assert [(d.month, d.kind) for d in low.decisions] == [(84, "ended")]
    assigned = low.inputs.budget.assigned.sum(axis=(0, 2))
    assert assigned[83] > 0.0
    np.testing.assert_allclose(assigned[84:90], 0.5 * assigned[72:84].mean())
    assert not assigned[90:].any()
    assert low.inputs.budget.last_month_of_programmes() == 83
    high = world_of(scenario_of({"signal": "upe_opened", "at_least": 1e9}), until=UNTIL).run()
    assert high.decisions == []
    assert high.inputs.budget.last_month_of_programmes() == 12 * 8 + 5


def test_a_ratio_ends_a_programme_and_nothing_to_divide_by_does_not(world_of: Build) -> None:
    ratio = {"signal": "upe_opened", "per": "police_children", "at_least": 0.01}
    assert world_of(scenario_of(ratio), until=UNTIL).run().decisions[0].kind == "ended"
    none = {"signal": "upe_opened", "per": "child_convictions", "at_least": 1e6}
    assert world_of(scenario_of(none), until=UNTIL).run().decisions == []


def test_an_early_end_survives_keeping_and_forking(
    world_of: Build,
    arrays_of: Finish,
    ledger: Ledger,
    population: Population,
    central: dict[str, float],
    tmp_path: Any,
) -> None:
    scenario = scenario_of({"signal": "upe_opened", "at_least": 1})
    whole = arrays_of(world_of(scenario, until=UNTIL))
    world_of(scenario, until=UNTIL).run(until=100).keep().save(tmp_path / "kept.npz")
    inputs = prepare(scenario, central, ledger, population, UNTIL + 1)
    kept = Kept.load(tmp_path / "kept.npz")
    again = World(scenario, 0, until=UNTIL, ledger=ledger, population=population, inputs=inputs, kept=kept)
    for name, array in arrays_of(again).items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)
    plain = scenario_of(None)
    study = Study((plain, scenario), (central,), 0, 60, UNTIL)
    runs = dict(run_pair(study, 0, 0, ledger=ledger, population=population))
    assert int(runs[0]["programme_end"]) == 12 * 8 + 5
    assert int(runs[1]["programme_end"]) == 83
    np.testing.assert_array_equal(runs[1]["flow"].reshape(60, 52, 13, 13), whole["flow"][60:])


def test_without_the_compact_only_its_levers_differ(
    ledger: Ledger, population: Population, central: dict[str, float]
) -> None:
    base, without = (
        prepare(load_scenario(name), central, ledger, population, 200) for name in ("baseline", "no_compact")
    )
    assert base.first_difference(without) == 12 * 5 + 5
    assert base.history.funded.any()
    assert not without.history.funded.any()
    np.testing.assert_array_equal(base.history.shocks, without.history.shocks)
    np.testing.assert_array_equal(base.identification, without.identification)


def test_the_longest_horizon_runs() -> None:
    result = compare(["baseline", "compact2_5_years"], scale=0.01, threads=1, until="2050-12")
    assert result["month"].size == 12 * 34
    assert int(result["programme_end"].sel(scenario="compact2_5_years").squeeze()) == 12 * 19 + 11


def test_parts_add_up_and_alone_is_the_part() -> None:
    scenario = scenario_of(None, interventions=[{"use": "mental_health", "start": "2018-01", "amount": 0.4}])
    assert parts_of(scenario) == [("line", "upe_posts"), ("line", "training"), ("lever", "mental_health")]
    told = contributions(scenario, scale=0.05, draws=2, threads=1)
    rows = {(row.part, row.effect): row for row in told.rows}
    assert len(rows) == 3 * 4
    for effect, synergy in told.synergy.items():
        assert synergy.runs == 2
        assert np.isfinite(synergy.median), effect
    result = compare(["baseline", scenario], scale=0.05, draws=2, threads=1)
    whole = cost_of_effect(result, "stops", "baseline", "returns")
    assert rows["", "returns"].alone.median == pytest.approx(whole.gained.median)
    assert rows["", "returns"].money.median == pytest.approx(whole.money.median)
    money = sum(rows[part, "returns"].money.median for part in ("upe_posts", "training", "mental_health"))
    # Pay of posts that nobody fills is the only money that depends on the other parts.
    assert money == pytest.approx(rows["", "returns"].money.median, rel=0.05)
    with pytest.raises(ValueError, match="no programmes"):
        contributions("baseline")


def test_what_a_scenario_assumes_of_the_world_is_no_gain_of_its_parts() -> None:
    """A part that can do nothing adds nothing, whatever else the scenario changes; one part is the whole."""
    assumed = {
        "parameters": {"identification.known_per_year": 800},
        "shocks": [{"use": "mining_demand", "from": "2019-01", "to": "2019-12", "level": 1.0}],
        "without": ["compact"],
        "until": "2020-12",
    }
    lever = [{"use": "mentor_aftercare", "start": "2018-01", "amount": 1.0}]
    placebo = [{"use": "placebo", "start": "2018-01", "amount": 1.0}]
    for use, acts in ((placebo, False), (lever, True)):
        scenario = Scenario.from_mapping(
            {"schema": 1, "base": "baseline", "label": LABEL, **assumed, "interventions": use}, name="assumes"
        )
        told = contributions(scenario, scale=0.05, draws=1, threads=1)
        rows = {(row.part, row.effect): row for row in told.rows}
        part = use[0]["use"]
        for effect in told.synergy:
            alone = rows[part, effect].alone.median
            assert alone == rows["", effect].alone.median == rows[part, effect].added.median
            assert told.synergy[effect].median == 0.0
            assert acts or alone == 0.0
        assert (rows[part, "returns"].alone.median > 0.0) == acts


def test_the_design_of_a_programme_is_a_part_of_its_own(
    ledger: Ledger, population: Population, central: dict[str, float]
) -> None:
    """Without its parts a scenario asks what the trend asks, and spends its money all the same."""
    scenario = load_scenario("compact2_5_years")
    parts = parts_of(scenario)
    assert parts[-1] == ("design", "compact2")
    base, stripped, one, design = (
        prepare(s, central, ledger, population, 240)
        for s in (
            load_scenario("baseline"),
            with_parts(scenario, []),
            with_parts(scenario, [("line", "training")]),
            with_parts(scenario, [("design", "compact2")]),
        )
    )
    assert base.first_difference(stripped) == 240
    assert stripped.budget.flow.spent.sum() == one.budget.flow.spent.sum() > 0.0
    delivered, granted = lever_order(ledger.factors)
    assert {
        name
        for names, told, trend in (
            (delivered, one.history.funded, base.history.funded),
            (granted, one.history.granted, base.history.granted),
        )
        for i, name in enumerate(names)
        if (told[180:, i] != trend[180:, i]).any()
    } == {"training"}
    assert not one.history.outside[200:].any()
    assert design.history.outside[200:].any()
    assert (design.history.funded[180:] == base.history.funded[180:]).all()


def test_a_claim_is_true_in_the_share_of_the_runs_that_show_it() -> None:
    scenario = load_scenario("detection_without_places")
    table = yearly(compare(["baseline", scenario], scale=0.05, draws=3, threads=1, until="2030-12"))
    (claim,) = (c for c in scenario.claims if c.measure == "identified")
    told = checked(table, scenario.name, claim)
    diff = (
        table["identified"].sel(scenario=scenario.name) - table["identified"].sel(scenario="baseline")
    ).sel(year=[2029, 2030])
    assert told.share == float((diff.mean("year") > 0).mean())
    assert told.holds == (told.share >= 0.9)
