"""Sessions move levers at the same time, and each gets the figures of its own levers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from app.engine import Engine
from app.reduced import NOT_NEEDED, reduce
from benchmarks.app_load import run
from simulator import Forks, Scenario
from tests.app.conftest import SMALL

UNTIL = 227
SESSIONS = 4
MOVES = 3
PATIENCE_S = 120.0
LEVERS = ("upe_reach", "targeted_groups")


def plan(session: int, move: int) -> Scenario:
    """Return what a session has on its levers after a move; no two are alike."""
    amount = 0.2 + 0.05 * (session * MOVES + move)
    mapping = {
        "schema": 1,
        "base": "baseline",
        "label": {"es": "Mi escenario", "en": "My scenario"},
        "interventions": [
            {"use": LEVERS[session % 2], "start": "2027-01", "ramp_months": 12, "amount": round(amount, 2)}
        ],
    }
    # All are called the same: what keeps them apart is what they say.
    return Scenario.from_mapping(mapping, name="plan")


@pytest.fixture(scope="module")
def alone() -> Forks:
    return Forks(draws=SMALL.draws, seed=SMALL.seed, scale=SMALL.scale)


def test_sessions_that_move_levers_at_once_are_not_mixed_up(small_engine: Engine, alone: Forks) -> None:
    def move_levers(session: int) -> dict[str, tuple[int, xr.Dataset]]:
        told = {}
        for move in range(MOVES):
            scenario = plan(session, move)
            (answer,) = small_engine.look(f"session {session}", [scenario], UNTIL)
            assert small_engine.wait(answer, 1, PATIENCE_S, f"session {session}"), answer.failed
            assert answer.scenario.hash == scenario.hash
            told[scenario.hash] = next(iter(answer.tables.items()))
        return told

    with ThreadPoolExecutor(SESSIONS) as pool:
        by_session = list(pool.map(move_levers, range(SESSIONS)))
    assert len({scenario for told in by_session for scenario in told}) == SESSIONS * MOVES
    for session, told in enumerate(by_session):
        scenario = plan(session, MOVES - 1)
        draw, tables = told[scenario.hash]
        expected = reduce(alone.run(scenario, draw, UNTIL, without=NOT_NEEDED))
        wanted = expected["country"].squeeze(("scenario", "draw", "replicate"), drop=True)
        shown = tables["country"].transpose(*wanted.dims)
        np.testing.assert_array_equal(shown.values, wanted.values, err_msg=f"session {session}")
    last = {told[plan(k, MOVES - 1).hash][1]["country"].values.tobytes() for k, told in enumerate(by_session)}
    assert len(last) == SESSIONS


def test_twenty_visitors_of_a_server_get_figures_of_their_own_levers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Whoever visits, what it sees, and when memory is flat is told in the benchmark; what it says is kept.
    code = run(visitors=20, moves=3, scale=0.01, draws=1, most_s=600.0)
    said = capsys.readouterr().out
    folder = Path(os.environ.get("SINTRATA_SCREENSHOTS", "build/screens"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.txt").write_text(said, encoding="utf-8")
    assert "pages looked at: 60, with figures of other levers: 0" in said
    assert "cards held against the engine: 60; faults: 0" in said
    assert "first answer: median" in said
    assert code == 0
