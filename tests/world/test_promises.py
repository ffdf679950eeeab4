"""The promises that a run keeps: nobody vanishes, same inputs same bytes, scenarios differ only by policy."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios import Scenario
from simulator.agents.institutions import SpecialProtectionUnit
from simulator.engine.population import Population
from simulator.engine.states import ADULT, EXPLOITED, HOME, N_STOCKS
from simulator.evidence import Ledger
from simulator.experiments.ensemble import Study, run_pair
from simulator.inputs import prepare
from simulator.outcomes.tally import tally
from simulator.rules import care
from simulator.world import Kept, World
from tests.world.conftest import Arrays, assert_same

Build = Callable[..., World]
Finish = Callable[[World], Arrays]

LABEL = {"es": "Prueba", "en": "Test"}


def scenario_of(*interventions: dict[str, Any], **more: Any) -> Scenario:
    return Scenario.from_mapping(
        {"schema": 1, "base": "baseline", "label": LABEL, "interventions": list(interventions), **more},
        name="t",
    )


def assert_conserved(arrays: Arrays, start: np.ndarray) -> None:
    """Stocks change by flows and moves alone, in every month, place and state."""
    stock, flow = arrays["stock"].astype(np.int64), arrays["flow"].astype(np.int64)
    change = flow.sum(axis=2)[:, :, :N_STOCKS] - flow.sum(axis=3)[:, :, :N_STOCKS]
    change += arrays["moved_in"].astype(np.int64) - arrays["moved_out"]
    np.testing.assert_array_equal(np.diff(stock, axis=0), change[1:])
    after_exploitation = slice(EXPLOITED, ADULT)
    np.testing.assert_array_equal(
        stock[0, :, after_exploitation] - start[:, after_exploitation], change[0, :, after_exploitation]
    )
    assert stock.min() >= 0


def assert_consistent(arrays: Arrays) -> None:
    """Groupings and moves add up to the totals."""
    for name in ("sex", "age_band", "form", "language", "migrant"):
        np.testing.assert_array_equal(arrays[f"stock_by_{name}"].sum(axis=2), arrays["stock"].sum(axis=1))
        np.testing.assert_array_equal(arrays[f"flow_by_{name}"].sum(axis=3), arrays["flow"].sum(axis=1))
    move = arrays["move"]
    between = move.sum(axis=(2, 3)) - np.trace(move, axis1=2, axis2=3)
    np.testing.assert_array_equal(between, move.sum(axis=(2, 3)))
    np.testing.assert_array_equal(arrays["moved_in"].sum(axis=1), arrays["moved_out"].sum(axis=1))


levers = st.sampled_from(
    [
        "targeted_groups",
        "upe_reach",
        "plan_coverage",
        "mentor_aftercare",
        "care_quality",
        "reporting_channels",
    ]
)
policies = st.lists(
    st.fixed_dictionaries(
        {
            "use": levers,
            "start": st.sampled_from(["2017-02", "2018-07"]),
            "ramp_months": st.integers(0, 24),
            "amount": st.floats(0.0, 1.0),
        }
    ),
    max_size=3,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies, seed=st.integers(0, 2**31), incidence=st.floats(0.5, 4.0), places=st.integers(0, 60))
def test_children_are_conserved(
    world_of: Build, arrays_of: Finish, policy: list[dict[str, Any]], seed: int, incidence: float, places: int
) -> None:
    extra = {
        "use": "specialised_places",
        "start": "2017-01",
        "amount": places,
        "admits": "all",
        "forms": "all",
    }
    scenario = scenario_of(*policy, extra)
    world = world_of(scenario, seed, until=83, values={"recruitment.incidence": incidence})
    start = world.record.at_start.copy()
    arrays = arrays_of(world)
    assert_conserved(arrays, start)
    assert_consistent(arrays)


def test_stocks_at_home_are_those_of_the_population(
    world_of: Build, arrays_of: Finish, population: Population
) -> None:
    arrays = arrays_of(world_of())
    children = arrays["stock_by_age_band"][:, :ADULT, :4].sum(axis=(1, 2))
    built = population.group_stock[:96].sum(axis=(1, 2, 3, 4))
    # They differ by those who died, and by children who would have departed had they not been exploited.
    assert np.all(np.abs(children - built) <= 0.002 * built)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_do_not_matter(world_of: Build, arrays_of: Finish, threads: int) -> None:
    assert_same(arrays_of(world_of(threads=threads)), arrays_of(world_of()))


def test_seeds_and_replicates_matter(world_of: Build, arrays_of: Finish) -> None:
    one = arrays_of(world_of())["flow"]
    assert not np.array_equal(one, arrays_of(world_of(rng=1))["flow"])
    assert not np.array_equal(one, arrays_of(world_of(replicate=1))["flow"])


IN_A_PROCESS = """
import hashlib
from simulator.engine.population import build
from simulator.evidence import load_ledger
from simulator.outcomes.tally import tally
from simulator.world import Kept, World
ledger = load_ledger()
world = World("baseline", 3, until=71, ledger=ledger, population=build(ledger, scale=0.01)).run()
print(hashlib.sha256(tally(world.population, world.record, 0, 72)["flow"].tobytes()).hexdigest())
"""


def test_another_process_gives_the_same_bytes(world_of: Build, arrays_of: Finish) -> None:
    here = hashlib.sha256(arrays_of(world_of(rng=3, until=71))["flow"].tobytes()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert there.stdout.strip() == here


@pytest.mark.parametrize("month", [1, 60, 83])
def test_a_kept_state_goes_on_with_the_same_bytes(
    world_of: Build,
    arrays_of: Finish,
    ledger: Ledger,
    population: Population,
    tmp_path: Path,
    month: int,
) -> None:
    whole = arrays_of(world_of())
    first = world_of().run(until=month)
    first.keep().save(tmp_path / "kept.npz")
    again = World(
        "baseline",
        0,
        until=95,
        ledger=ledger,
        population=population,
        inputs=first.inputs,
        kept=Kept.load(tmp_path / "kept.npz"),
    )
    assert again.month == month
    assert_same(arrays_of(again), whole)


def test_a_shorter_run_is_the_beginning_of_a_longer_one(world_of: Build, arrays_of: Finish) -> None:
    short, long = arrays_of(world_of(until=71)), arrays_of(world_of(until=95))
    for name in short:
        np.testing.assert_array_equal(short[name], long[name][:72], err_msg=name)


def test_a_fork_has_the_bytes_of_a_whole_run(
    world_of: Build, arrays_of: Finish, ledger: Ledger, population: Population, central: dict[str, float]
) -> None:
    policy = scenario_of({"use": "upe_reach", "start": "2018-01", "amount": 0.5})
    base = scenario_of()
    study = Study((base, policy), (central,), 0, 0, 95)
    inputs = [prepare(s, central, ledger, population, 96) for s in study.scenarios]
    assert inputs[0].first_difference(inputs[1]) == 72
    forked = dict(run_pair(study, 0, 0, ledger=ledger, population=population))[1]
    whole = arrays_of(world_of(policy))
    for name, array in whole.items():
        np.testing.assert_array_equal(array.ravel(), forked[name].ravel(), err_msg=name)


def test_levers_at_zero_change_nothing(world_of: Build, arrays_of: Finish) -> None:
    nothing = scenario_of(
        {"use": "targeted_groups", "start": "2017-01", "amount": 0.0},
        {"use": "upe_capacity", "start": "2017-01", "amount": 0.0},
        {"use": "specialised_places", "start": "2017-01", "amount": 0, "admits": "all", "forms": "all"},
    )
    assert_same(arrays_of(world_of(nothing)), arrays_of(world_of()))


def test_policy_in_one_territory_leaves_the_others_alone(world_of: Build, arrays_of: Finish) -> None:
    """With couplings off: nobody is taken elsewhere, and no place is shared."""
    apart = {
        "movement.share_away": 0.0,
        "care.residential_share_girls_sexual": 0.0,
        "care.residential_share_other": 0.0,
    }
    policy = scenario_of(
        {"use": "targeted_groups", "start": "2017-01", "amount": 1.0, "where": {"territory": ["08"]}}
    )
    a, b = arrays_of(world_of(values=apart)), arrays_of(world_of(policy, values=apart))
    elsewhere = [place for place in range(52) if place // 2 != 7]
    np.testing.assert_array_equal(a["flow"][:, elsewhere], b["flow"][:, elsewhere])
    assert b["flow"][60:, 14:16, HOME, EXPLOITED].sum() < a["flow"][60:, 14:16, HOME, EXPLOITED].sum()


def test_no_facility_admits_beyond_its_places(world_of: Build) -> None:
    world = world_of(until=107, values={"identification.known_per_year": 6000.0})
    full = 0
    while world.month <= world.last_month:
        before = world.facilities[:, care.OCCUPIED].copy()
        world.step()
        table = world.facilities
        grown = table[:, care.OCCUPIED] > before
        assert np.all(table[grown, care.OCCUPIED] <= table[grown, care.PLACES])
        full += int((table[:, care.OCCUPIED] == table[:, care.PLACES]).sum())
    assert full > 0


def test_collecting_does_not_touch(world_of: Build, arrays_of: Finish) -> None:
    looked = world_of()
    while looked.month <= looked.last_month:
        looked.step()
        tally(looked.population, looked.record, 0, looked.month)
        looked.datacollector.get_model_vars_dataframe()
    assert_same(tally(looked.population, looked.record, 0, 96), arrays_of(world_of()))


def test_the_calendar_opens_units_in_their_months(world_of: Build) -> None:
    world = world_of(until=107)
    expected = world.inputs.upe_units
    while world.month <= world.last_month:
        units = [upe.units for upe in world.agents_by_type[SpecialProtectionUnit]]
        np.testing.assert_array_equal(units, expected[world.month])
        world.step()
    assert expected[-1].sum() > expected[0].sum()


def test_every_event_of_the_calendar_strikes_in_its_month(world_of: Build) -> None:
    world = world_of(until=110)
    shocks = world.inputs.history.shocks
    while world.month <= world.last_month:
        t = world.month
        world.step()
        np.testing.assert_array_equal(world.system.in_force, shocks[t])
    assert len(world.turned) == len(world.calendar) > 10
    changes = np.flatnonzero((np.diff(shocks[:111], axis=0) != 0).any(axis=(1, 2))) + 1
    assert set(changes.tolist()) <= set(world.turned)
