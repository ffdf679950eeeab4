"""What the pages show is what the command line prints, and one session's work does not stop another's."""

from __future__ import annotations

import time

import numpy as np
import pytest
import xarray as xr

from app.charts.route import ARROWS, states_of
from app.engine import Answer, Engine, Settings
from app.live import pack, unpack
from app.reduced import reduce
from app.results import band
from simulator import Scenario, compare, load_scenario
from tests.app.conftest import SMALL

UNTIL = 227
LONG_S = 120.0


@pytest.fixture(scope="module")
def printed() -> xr.Dataset:
    """Return what ``simulator.compare`` gives for the same scenarios, seed and number of draws."""
    return compare(
        ["baseline", "places_for_boys"], seed=SMALL.seed, draws=SMALL.draws, scale=SMALL.scale, until=UNTIL
    )


@pytest.mark.parametrize("name", ["baseline", "places_for_boys"])
def test_live_tables_are_those_of_compare(small_engine: Engine, printed: xr.Dataset, name: str) -> None:
    answer = small_engine.ask(load_scenario(name), UNTIL)
    assert small_engine.wait(answer, SMALL.draws, LONG_S)
    expected = reduce(printed).sel(scenario=name, replicate=0)
    for draw in range(SMALL.draws):
        for table in expected.data_vars:
            dims = answer.tables[draw][table].dims
            wanted = expected[table].sel(draw=draw).transpose(*dims)
            np.testing.assert_array_equal(answer.tables[draw][table].values, wanted.values, str(table))


def test_months_of_the_diagram_add_up_to_its_years(small_engine: Engine) -> None:
    answer = small_engine.ask(load_scenario("baseline"), UNTIL)
    assert small_engine.wait(answer, 1, LONG_S)
    tables = next(iter(answer.tables.values()))
    months = [f"2029-{month:02d}" for month in range(1, 13)]
    found = tables["month_flow"].sel(when=months).sum("when")
    for number, arrow in enumerate(ARROWS):
        moved = tables["flow"].sel(
            year=2029, from_state=states_of(arrow.sources), to_state=states_of(arrow.targets)
        )
        assert float(found[number]) == float(moved.sum())
    assert float(found.sum()) > 0.0
    december = tables["month_stock"].sel(when="2029-12", drop=True)
    xr.testing.assert_equal(december.drop_attrs(), tables["stock"].sel(year=2029, drop=True).drop_attrs())


def test_an_answer_is_shared_by_whoever_asks_the_same(small_engine: Engine) -> None:
    one = small_engine.ask(load_scenario("places_for_boys"), UNTIL)
    other = small_engine.ask(
        Scenario.from_mapping({"schema": 1, "base": "places_for_boys", "label": LABEL}, name="x"), UNTIL
    )
    assert one is other


LABEL = {"es": "Otro nombre", "en": "Another name"}


def test_tables_survive_the_way_between_processes(small_engine: Engine) -> None:
    answer = small_engine.ask(load_scenario("baseline"), UNTIL)
    assert small_engine.wait(answer, 1, LONG_S)
    tables = next(iter(answer.tables.values()))
    xr.testing.assert_identical(unpack(*pack(tables)), tables)


def test_what_nobody_waits_for_is_dropped_and_taken_up_again(small_engine: Engine) -> None:
    scenario = load_scenario("aftercare")
    answer = small_engine.ask(scenario, UNTIL)
    small_engine.drop(scenario, UNTIL)
    time.sleep(1.0)
    done = len(answer.tables)
    assert done < SMALL.draws
    assert small_engine.ask(scenario, UNTIL) is answer
    assert small_engine.wait(answer, SMALL.draws, LONG_S)


def test_a_run_that_fails_is_a_message_and_the_engine_goes_on(small_engine: Engine) -> None:
    # No draw has this number: whatever fails in a worker takes the same way.
    answer = Answer(load_scenario("no_compact"), UNTIL, total=SMALL.draws)
    broken = small_engine.ask(load_scenario("no_compact"), 10)
    assert not small_engine.wait(broken, 1, LONG_S)
    assert broken.failed
    assert not answer.failed
    assert small_engine.wait(small_engine.ask(load_scenario("baseline"), UNTIL), SMALL.draws, LONG_S)


def test_a_worker_that_ends_is_replaced() -> None:
    engine = Engine(Settings(draws=1, workers=1, scale=0.02, trends=1))
    try:
        first = engine._workers[0].process
        first.kill()
        answer = engine.ask(load_scenario("baseline"), UNTIL)
        assert engine.wait(answer, 1, LONG_S)
        assert engine._workers[0].process is not first
    finally:
        engine.close()


def test_a_worker_that_has_grown_too_large_is_replaced() -> None:
    # One megabyte is less than any Python process needs.
    engine = Engine(Settings(draws=1, workers=1, scale=0.02, trends=1, memory_mb=1))
    try:
        first = engine._workers[0].process
        end = time.monotonic() + 20.0
        while engine._workers[0].process is first and time.monotonic() < end:
            time.sleep(0.1)
        assert engine._workers[0].process is not first
        assert first.poll() is not None
    finally:
        engine.close()


def test_kept_answers_are_bounded(small_engine: Engine) -> None:
    trend = load_scenario("baseline")
    for last in range(-200, -200 + SMALL.most + 5):
        small_engine.ask(trend, last)
        small_engine.drop(trend, last)
    assert small_engine.state()["answers"] <= SMALL.most


def test_intervals_are_quantiles_over_draws_and_one_run_has_none() -> None:
    values = xr.DataArray(
        [[1.0, np.nan], [2.0, np.nan], [4.0, 5.0]], dims=("draw", "year"), coords={"year": [1, 2]}
    )
    table = band(values).set_index("year")
    assert table.loc[1, "median"] == 2.0
    assert table.loc[1, "low"] == pytest.approx(np.quantile([1.0, 2.0, 4.0], 0.05))
    assert table.loc[2, "median"] == 5.0
    assert np.isnan(table.loc[2, "low"])
    assert table.loc[2, "runs"] == 1
