"""What the pages show is what the command line prints, and one session's work does not stop another's."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
import pytest
import xarray as xr

from app import engine as engines
from app import period
from app.charts.route import ARROWS, BOXES, states_of
from app.engine import Answer, Engine, Settings
from app.live import pack, unpack
from app.priority import Standing
from app.reduced import reduce
from app.results import Comparison, band
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


def test_the_calendar_of_the_pages_is_that_of_the_runs(small_engine: Engine) -> None:
    answer = small_engine.ask(load_scenario("baseline"), UNTIL)
    assert small_engine.wait(answer, 1, LONG_S)
    tables = next(iter(answer.tables.values()))
    told = Comparison((), (), (), 0, "", UNTIL, 0)
    assert told.years == tables["country"]["year"].values.tolist()
    assert told.years[0] == 2017
    assert period.YEARS == (2027, 2028, 2029, 2030)


def test_months_of_the_diagram_add_up_to_its_years(small_engine: Engine) -> None:
    answer = small_engine.ask(load_scenario("baseline"), UNTIL)
    assert small_engine.wait(answer, 1, LONG_S)
    tables = next(iter(answer.tables.values()))
    months = [f"2029-{month:02d}" for month in range(1, 13)]
    found = tables["month_flow"].sel(when=months).sum("when")
    for number, arrow in enumerate(ARROWS):
        moved = tables["flow"].sel(
            year=2029, from_state=states_of(arrow.source), to_state=states_of(arrow.target)
        )
        assert float(found[number]) == float(moved.sum())
    assert float(found.sum()) > 0.0


def test_every_month_of_the_diagram_balances_to_the_child(small_engine: Engine) -> None:
    answer = small_engine.ask(load_scenario("baseline"), UNTIL)
    assert small_engine.wait(answer, 1, LONG_S)
    tables = next(iter(answer.tables.values()))
    entry = {name: tables["month_account"].sel(entry=name) for name in ("in", "out", "aged")}
    stock = tables["month_stock"]
    before = stock.shift(when=1)
    assert float(abs(before + entry["in"] - entry["out"] - stock).max()) == 0.0
    # Every flow of the diagram has one arrow, and what leaves a box is told: arrows, turning 18, or the end.
    flow = tables["flow"].sel(year=2029)
    inner = [box.state for box in BOXES.values()]
    between = flow.sel(from_state=inner, to_state=inner).sum() + flow.sel(
        from_state="OUTSIDE", to_state="HOME"
    )
    drawn = tables["month_flow"].sel(when=[f"2029-{month:02d}" for month in range(1, 13)]).sum()
    assert float(drawn) == float(between)
    assert float(entry["aged"].sum()) > 0.0


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


def test_what_a_session_turns_away_from_is_stopped_and_taken_up_again(small_engine: Engine) -> None:
    trend, scenario = load_scenario("baseline"), load_scenario("aftercare")
    assert small_engine.wait(small_engine.ask(trend, UNTIL), SMALL.draws, LONG_S)
    (answer,) = small_engine.look("one", [scenario], UNTIL)
    small_engine.look("one", [trend], UNTIL)
    assert not answer.is_wanted
    done = idle(small_engine, answer)
    assert done < SMALL.draws
    time.sleep(0.5)
    assert len(answer.tables) == done
    assert small_engine.look("one", [scenario], UNTIL) == [answer]
    assert small_engine.wait(answer, SMALL.draws, LONG_S)


def test_what_another_session_looks_at_goes_on(small_engine: Engine) -> None:
    trend, scenario = load_scenario("baseline"), load_scenario("protection_first")
    (answer,) = small_engine.look("one", [scenario], UNTIL)
    assert small_engine.look("other", [scenario, trend], UNTIL)[0] is answer
    small_engine.look("one", [trend], UNTIL)
    assert answer.is_wanted
    assert small_engine.wait(answer, SMALL.draws, LONG_S, "other")


def test_sessions_that_have_gone_are_forgotten(small_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    (answer,) = small_engine.look("gone", [load_scenario("baseline")], UNTIL)
    monkeypatch.setattr("app.engine.PATIENCE_S", 0.1)
    end = time.monotonic() + 20.0
    while "gone" in small_engine._looks and time.monotonic() < end:
        time.sleep(0.1)
    assert "gone" not in small_engine._looks
    assert "gone" not in answer.wanted


def test_who_has_waited_longest_without_an_answer_goes_first(small_engine: Engine) -> None:
    trend = load_scenario("baseline")
    assert small_engine.wait(small_engine.ask(trend, UNTIL), SMALL.draws, LONG_S)
    plans = [lever("upe_reach", 0.3 + 0.01 * k) for k in range(4)]
    answers = [small_engine.look(str(k), [one], UNTIL)[0] for k, one in enumerate(plans)]
    order: list[int] = []
    end = time.monotonic() + LONG_S
    while len(order) < len(plans) and time.monotonic() < end:
        # All keep looking, the newest last: it is not looking that counts, but waiting.
        for k, one in enumerate(plans):
            small_engine.look(str(k), [one], UNTIL)
        order += [k for k, one in enumerate(answers) if one.tables and k not in order]
        time.sleep(0.01)
    assert order == [0, 1, 2, 3]


def test_a_first_answer_has_the_processors_to_itself() -> None:
    orders: list[tuple[int, int]] = []
    with closing(Engine(Settings(draws=4, workers=2, scale=0.02, trends=4))) as engine:
        assert engine.wait(engine.ask(load_scenario("baseline"), UNTIL), 4, LONG_S)
        plan, send = lever("upe_reach", 0.77), engine._send

        def note(worker: Any, order: dict[str, Any]) -> None:
            if order["do"] == "run":
                orders.append((order["threads"], len(engine._answers[plan.hash, UNTIL].tables)))
            send(worker, order)

        engine._send = note  # type: ignore[method-assign]
        (answer,) = engine.look("one", [plan], UNTIL)
        assert engine.wait(answer, 4, LONG_S, "one")
        assert {psutil.Process(worker.process.pid).nice() for worker in engine._workers} == {Standing.RUN}
    # Two threads at first, and nothing beside them; then one for each worker.
    assert orders[0] == (2, 0)
    assert len(orders) == 4
    assert all(threads == 1 and told >= 1 for threads, told in orders[1:])


def test_the_most_typical_draws_come_first() -> None:
    levels = {0: (1.0, 50.0), 1: (3.0, 30.0), 2: (2.0, 20.0), 3: (9.0, 10.0), 4: (4.0, 40.0)}
    tables = {
        draw: xr.Dataset({"country": (("indicator", "year"), np.tile(np.array(told)[:, None], 3))})
        for draw, told in levels.items()
    }
    # Ranks from the middle: 2 + 2, 0 + 0, 1 + 1, 2 + 2, 1 + 1.
    assert engines.typical_first(tables) == [1, 2, 4, 0, 3]


def test_once_the_trend_is_there_a_plan_begins_with_a_typical_draw() -> None:
    with closing(Engine(Settings(draws=4, workers=1, scale=0.02, trends=4))) as engine:
        trend = engine.ask(load_scenario("baseline"), UNTIL)
        assert engine.wait(trend, 4, LONG_S)
        plan = engine.ask(lever("upe_reach", 0.66), UNTIL)
        assert engine.wait(plan, 4, LONG_S)
        assert list(plan.tables) == engines.typical_first(trend.tables)


def lever(use: str, amount: float) -> Scenario:
    row = {"use": use, "start": "2027-01", "ramp_months": 12, "amount": amount}
    return Scenario.from_mapping(
        {"schema": 1, "base": "baseline", "label": LABEL, "interventions": [row]}, name="plan"
    )


def idle(engine: Engine, answer: Answer) -> int:
    """Wait until no worker is busy with an answer, and return how many runs it holds."""
    key = (answer.scenario.hash, answer.until)
    end = time.monotonic() + 20.0
    while any(w.busy is not None and w.busy[1] == key for w in engine._workers):
        assert time.monotonic() < end
        time.sleep(0.02)
    return len(answer.tables)


def test_a_run_that_fails_is_a_message_and_the_engine_goes_on(small_engine: Engine) -> None:
    trend = small_engine.ask(load_scenario("baseline"), UNTIL)
    # A run cannot end before its first month.
    broken = small_engine.ask(load_scenario("no_compact"), 10)
    assert not small_engine.wait(broken, 1, LONG_S)
    assert (broken.failed, trend.failed) == ("run", "")
    assert small_engine.wait(trend, SMALL.draws, LONG_S)
    # To try again forgets what has failed, and nothing else.
    small_engine.retry(load_scenario("no_compact"), 10)
    small_engine.retry(load_scenario("baseline"), UNTIL)
    assert small_engine.ask(load_scenario("baseline"), UNTIL) is trend
    assert small_engine.ask(load_scenario("no_compact"), 10) is not broken


@pytest.mark.parametrize("said", [b'{"is": "told", "id": 1, "size": 9, "ready": []}\nabc', b'{"is": "to'])
def test_a_worker_that_ends_in_the_middle_of_a_frame_is_replaced(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    code = f"import sys; sys.stdout.buffer.write({said!r})"
    real = engines.PROGRAM
    monkeypatch.setattr(engines, "PROGRAM", (sys.executable, "-c", code))
    with closing(Engine(Settings(draws=1, workers=1, scale=0.02, trends=1))) as engine:
        monkeypatch.setattr(engines, "PROGRAM", real)
        assert engine.wait(engine.ask(load_scenario("baseline"), UNTIL), 1, LONG_S)


def test_workers_that_do_not_come_up_are_told_and_not_begun_again_without_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "PROGRAM", (sys.executable, "-c", ""))
    starts: list[int] = []
    start = Engine._start
    monkeypatch.setattr(Engine, "_start", lambda self, number: starts.append(number) or start(self, number))
    with closing(Engine(Settings(draws=1, workers=1, scale=0.02, trends=1))) as engine:
        begun = time.monotonic()
        answer = engine.ask(load_scenario("baseline"), UNTIL)
        assert not engine.wait(answer, 1, LONG_S)
        assert answer.failed == "worker"
        time.sleep(1.0)
        # At once, after one second, after two, after four.
        assert len(starts) <= 2 + np.log2(1.0 + time.monotonic() - begun)


def test_an_engine_knows_which_trend_runs_its_workers_still_hold() -> None:
    with closing(Engine(Settings(draws=2, workers=1, scale=0.02, trends=1))) as engine:
        answer = engine.ask(load_scenario("baseline"), UNTIL)
        assert engine.wait(answer, 2, LONG_S)
        (held,) = engine._workers[0].ready
        assert held[0] == UNTIL
        plan = engine.ask(lever("upe_reach", 0.55), UNTIL)
        assert engine.wait(plan, 2, LONG_S)
        assert len(engine._workers[0].ready) == 1


def test_a_worker_that_ends_is_replaced() -> None:
    with closing(Engine(Settings(draws=1, workers=1, scale=0.02, trends=1))) as engine:
        first = engine._workers[0].process
        first.kill()
        answer = engine.ask(load_scenario("baseline"), UNTIL)
        assert engine.wait(answer, 1, LONG_S)
        assert engine._workers[0].process is not first


def test_workers_hear_no_interrupt_of_the_terminal() -> None:
    with closing(Engine(Settings(draws=1, workers=1, scale=0.02, trends=1))) as engine:
        first = engine._workers[0].process
        first.send_signal(signal.SIGINT)
        answer = engine.ask(load_scenario("baseline"), UNTIL)
        assert engine.wait(answer, 1, LONG_S)
        first.send_signal(signal.SIGINT)
        assert first.poll() is None
        assert engine._workers[0].process is first


def test_a_worker_that_has_grown_too_large_is_replaced() -> None:
    # One megabyte is less than any Python process needs.
    with closing(Engine(Settings(draws=1, workers=1, scale=0.02, trends=1, memory_mb=1))) as engine:
        first = engine._workers[0].process
        end = time.monotonic() + 20.0
        while engine._workers[0].process is first and time.monotonic() < end:
            time.sleep(0.1)
        assert engine._workers[0].process is not first
        assert first.poll() is not None


def test_kept_answers_are_bounded(small_engine: Engine) -> None:
    trend = load_scenario("baseline")
    for last in range(-200, -200 + SMALL.most + 5):
        small_engine.look("one", [trend], last)
    assert len(small_engine._answers) <= SMALL.most


def test_what_somebody_looks_at_is_kept_unless_its_bytes_are_too_many(
    small_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trend = load_scenario("baseline")
    (first,) = small_engine.look("first", [trend], -300)
    for number in range(SMALL.most + 5):
        small_engine.look(f"other {number}", [trend], -300 + number)
    assert small_engine.ask(trend, -300, "first") is first
    first.nbytes = 2**20
    monkeypatch.setattr(small_engine, "settings", replace(SMALL, kept_mb=0))
    small_engine.look("last", [trend], -500)
    assert (trend.hash, -300) not in small_engine._answers
    assert (trend.hash, -500) in small_engine._answers


def test_intervals_are_quantiles_over_draws_all_that_few_span_and_of_one_none() -> None:
    many = np.arange(10.0)
    values = xr.DataArray(
        [[x, x if x < 3 else np.nan, 5.0 if x == 0 else np.nan] for x in many],
        dims=("draw", "year"),
        coords={"year": [1, 2, 3]},
    )
    table = band(values).set_index("year")
    assert table["runs"].tolist() == [10, 3, 1]
    assert table["median"].tolist() == [4.5, 1.0, 5.0]
    assert table.loc[1, ["low", "high"]].tolist() == pytest.approx([0.45, 8.55])
    assert table.loc[2, ["low", "high"]].tolist() == [0.0, 2.0]
    assert table.loc[3, ["low", "high"]].isna().all()
