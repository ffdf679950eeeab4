"""What a page lets a job do: it is told until it is over, and known from what stands on the page since."""

from __future__ import annotations

import io
import sys
import time
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import background
from app.engine import Engine
from app.jobs import OUTPUT, Job, jobs
from app.views import optimum
from simulator import load_scenario
from simulator.texts import catalogue
from tests.app.conftest import SMALL
from tests.app.pages import open_page

HELD = "explore_job"
WAIT = "import time; time.sleep(60)"


@pytest.fixture(autouse=True)
def trend_is_there(server: Engine) -> None:
    assert server.wait(server.ask(load_scenario("baseline"), 227), SMALL.draws, 120.0)


def over(number: str) -> Job:
    end = time.monotonic() + 60.0
    while (job := jobs().get(number)) is None or not background.is_over(job):
        assert time.monotonic() < end
        time.sleep(0.05)
    return job


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("app.jobs.PROGRAM", (sys.executable, "-c", code))


def asked(at: AppTest) -> str:
    at.button(key="explore_make").click().run()
    assert not at.exception
    return str(at.session_state[HELD])


def test_a_document_is_known_from_one_of_the_plan_that_is_in_hand_now(
    monkeypatch: pytest.MonkeyPatch, server: Engine
) -> None:
    program(monkeypatch, "open('out/brief.html', 'w').write('x')")
    at = open_page("explore", "es")
    job = over(asked(at))
    at.run()
    texts = catalogue("es")
    assert [one.value for one in at.success] == [
        texts["parts.job.done"].format(seconds=f"{job.ended - job.begun:,.0f}")
    ]
    assert texts["takeaway.earlier"] not in [one.value for one in at.warning]
    at.selectbox(key="horizon").set_value("2035-12").run()
    answer = server.ask(load_scenario("baseline"), 287)
    assert server.wait(answer, SMALL.draws, 120.0)
    at.run()
    assert texts["takeaway.earlier"] in [one.value for one in at.warning]


def test_who_finds_the_queue_full_is_told_and_keeps_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "")
    at = open_page("explore", "en")
    number = asked(at)
    over(number)
    at.run()
    monkeypatch.setattr("app.jobs.MOST_WAITING", 0)
    assert asked(at) == number
    assert catalogue("en")["parts.job.many"] in [one.value for one in at.warning]


def test_a_document_that_is_cancelled_can_be_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, WAIT)
    at = open_page("explore", "en")
    number = asked(at)
    assert at.button(key="explore_make").disabled
    at.button(key=f"{HELD}_cancel").click().run()
    assert not at.exception
    assert over(number).state == "cancelled"
    assert not at.button(key="explore_make").disabled


def test_a_search_stays_if_another_finds_no_place_and_ends_if_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(monkeypatch, WAIT)
    at = open_page("optimum", "en")
    (button,) = [one for one in at.button if one.label == catalogue("en")["optimum.search"]]
    button.click().run()
    first = str(at.session_state[optimum.HELD])
    monkeypatch.setattr("app.jobs.MOST_WAITING", 0)
    next(one for one in at.button if one.label == button.label).click().run()
    assert at.session_state[optimum.HELD] == first
    assert jobs().get(first).state == "running"  # type: ignore[union-attr]
    monkeypatch.setattr("app.jobs.MOST_WAITING", 5)
    next(one for one in at.button if one.label == button.label).click().run()
    assert not at.exception
    second = str(at.session_state[optimum.HELD])
    assert jobs().get(first).state == "cancelled"  # type: ignore[union-attr]
    jobs().cancel(second)


def test_several_files_are_taken_in_one_archive(tmp_path: Path) -> None:
    job = Job("1", (), tmp_path, "en", state="done")
    (tmp_path / OUTPUT / "data").mkdir(parents=True)
    for name in ("a.csv", "b.csv"):
        (tmp_path / OUTPUT / "data" / name).write_text(name)
    packed = background._archive(tmp_path / OUTPUT, job.files)
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["data/a.csv", "data/b.csv"]
