"""The page of the best use of money: what is asked is a good question; what is found is shown and opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import engine as engines
from app import state
from app.engine import Engine
from app.jobs import OUTPUT, Job, Jobs
from app.views import optimum
from scenarios import load_scenario
from scenarios.schema import yaml_text
from simulator.documents import parse
from simulator.experiments.optimise.question import question_of
from simulator.texts import catalogue
from tests.app.pages import open_page


@pytest.mark.parametrize("aim", list(optimum.AIMS))
@pytest.mark.parametrize("effort", list(optimum.EFFORTS))
def test_what_is_chosen_is_a_question_without_faults(aim: str, effort: str, tmp_path: Path) -> None:
    made = optimum.question(80.0, aim, ["upe_posts", "campaigns"], ["police_posts"], 0.5, "p10", effort)
    asked = question_of(parse(yaml_text(made), "page"), "page", tmp_path)
    assert asked.total == 80e6
    assert asked.lines == ("upe_posts", "campaigns", "police_posts")
    assert asked.bounds[0].keep
    assert dict(asked.objective) == optimum.AIMS[aim]
    assert asked.effort.simulations == optimum.EFFORTS[effort][0]


def _plan(name: str, beside: float) -> dict[str, Any]:
    return {
        "name": name,
        "total": 9e7,
        "money": {"upe_posts": 6e7, "campaigns": 3e7},
        "beside_best": {"mean": beside, "low": beside - 50.0, "high": beside + 50.0, "better": 1.0},
    }


FOUND = {
    "plans": [_plan("best", 0.0), _plan("equal", 900.0), _plan("present", 20.0), _plan("rival 1", 5.0)],
    "total": 1e8,
    "price_year": 2025,
    "samples": 8,
    "feasible": True,
    "alike": ["present", "rival 1"],
    "funded_share": {"upe_posts": 1.0},
}


@pytest.fixture
def finished(tmp_path: Path, server: Engine, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job that is over, with what a search leaves."""
    assert engines.engine() is server
    out = tmp_path / OUTPUT
    out.mkdir()
    (out / "answer.json").write_text(json.dumps(FOUND), encoding="utf-8")
    (out / "optimum.yaml").write_text(load_scenario("balanced").to_yaml(), encoding="utf-8")
    job = Job("known", ("optimise",), tmp_path, "es", state="done")
    monkeypatch.setattr(Jobs, "get", lambda _self, number: job if number == "known" else None)
    return job


@pytest.mark.parametrize("lang", ["es", "en"])
def test_what_was_found_is_shown_and_opens_as_the_plan(lang: str, finished: Job) -> None:
    at = open_page("optimum", lang)
    at.session_state[optimum.HELD] = finished.number
    at.run()
    assert not at.exception
    words = catalogue(lang)
    shown = " ".join(element.value for element in (*at.info, *at.caption, *at.header))
    assert words["optimise.note.unconfirmed"] in shown
    assert words["optimise.note.present"] in shown
    (split,) = [table.value for table in at.table if words["optimise.column.money"] in table.value]
    assert split[words["optimise.column.money"]].tolist() == ["60", "30"]
    # Who asks where the money goes can open what each line costs and reaches.
    assert at.selectbox(key="optimum_split_parameter").value == "cost.upe_posts"
    assert at.selectbox(key="optimum_confirmed_parameter").options
    assert at.selectbox(key="optimum_before_parameter").options
    at.button(key="optimum_open").click().run()
    assert not at.exception
    plan = at.session_state[state.PLAN]
    assert plan["programmes"] == load_scenario("balanced").to_mapping()["programmes"]


def test_a_search_that_runs_shows_how_far_it_is(finished: Job) -> None:
    finished.state = "running"
    told = {
        "phase": "improve",
        "runs": 50,
        "total": 250,
        "best": {"upe_posts": 6e7},
        "gain": 1200.0,
        "error": 80.0,
    }
    (finished.folder / OUTPUT / "progress.json").write_text(json.dumps(told), encoding="utf-8")
    at = open_page("optimum", "en")
    at.session_state[optimum.HELD] = finished.number
    at.run()
    assert not at.exception
    assert any("not yet confirmed" in element.value for element in at.markdown)


def test_a_search_that_ran_too_long_says_so_and_goes_on(
    finished: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished.state = "late"
    told = {"phase": "improve", "runs": 50, "total": 250, "best": {}, "gain": None, "error": None}
    (finished.folder / OUTPUT / "progress.json").write_text(json.dumps(told), encoding="utf-8")
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(Jobs, "go_on", lambda _self, number, flag: asked.append((number, flag)))
    at = open_page("optimum", "en")
    at.session_state[optimum.HELD] = finished.number
    at.run()
    assert not at.exception
    assert any("30 minutes" in element.value for element in at.warning)
    at.button(key="optimum_resume").click().run()
    assert not at.exception
    assert asked == [("known", "--resume")]
