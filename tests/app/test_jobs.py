"""Long work runs apart, a few at a time, can be cancelled, and says how it ended; files are never trusted."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import Job, Jobs
from app.upload import open_bytes
from scenarios.spreadsheet import write
from simulator import load_scenario
from simulator.faults import FaultyInput

PATIENCE_S = 90.0


@pytest.fixture
def queue() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def ended(queue: Jobs, job: Job) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told = queue.get(job.number)
        assert told is not None
        if told.state not in {"waiting", "running"}:
            return told.state
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def test_a_job_writes_into_its_own_folder_and_its_files_are_there(queue: Jobs) -> None:
    job = queue.start(["schema", "--out", "{out}/schema.json"], {}, "es")
    assert ended(queue, job) == "done"
    assert [path.name for path in job.files] == ["schema.json"]


def test_a_job_that_fails_says_why_in_its_language(queue: Jobs) -> None:
    job = queue.start(["validate", "plan.yaml"], {"plan.yaml": "schema: 1\nbase: nowhere\n"}, "es")
    assert ended(queue, job) == "failed"
    assert "nowhere" in job.message
    assert job.files == []


def test_jobs_wait_for_one_another_and_can_be_cancelled(queue: Jobs) -> None:
    first = queue.start(["schema", "--out", "{out}/a.json"], {}, "en")
    second = queue.start(["schema", "--out", "{out}/b.json"], {}, "en")
    assert (first.state, second.state) == ("running", "waiting")
    queue.cancel(second.number)
    assert second.state == "cancelled"
    assert ended(queue, first) == "done"


def test_an_input_cannot_leave_its_folder(queue: Jobs, tmp_path: Path) -> None:
    job = queue.start(["scenarios", "--quiet"], {f"../../{tmp_path.name}.yaml": "x"}, "en")
    assert (job.folder / f"{tmp_path.name}.yaml").exists()
    queue.cancel(job.number)


def test_nobody_guesses_a_job(queue: Jobs) -> None:
    assert queue.get("1") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02",
        b"schema: 1\nbase: ../../etc/passwd\nlabel: {es: a, en: b}\n",
        b"schema: 1\nbase: /etc/passwd\nlabel: {es: a, en: b}\n",
        b"!!python/object/apply:os.system ['true']\n",
        b"schema: 1\nbase: baseline\nlabel: {es: a, en: b}\nrun: rm\n",
        b"a: &a [*a, *a]\n",
        b"[" * 5000,
    ],
)
def test_a_hostile_file_is_a_list_of_faults_without_our_paths(data: bytes) -> None:
    with pytest.raises(FaultyInput) as caught:
        open_bytes(data, "yaml")
    assert caught.value.faults
    # Where it lay meanwhile is nobody's business.
    assert all("sintrata-" not in str(fault) for fault in caught.value.faults)


def test_a_workbook_that_is_none_is_a_fault() -> None:
    with pytest.raises(FaultyInput):
        open_bytes(b"PK nonsense", "xlsx")


def test_a_file_of_the_library_and_its_workbook_open_as_the_same_scenario(tmp_path: Path) -> None:
    scenario = load_scenario("places_for_boys")
    assert open_bytes(scenario.to_yaml().encode(), "yaml").hash == scenario.hash
    path = tmp_path / "plan.xlsx"
    write({"schema": 1, "base": "places_for_boys", "label": {"es": "a", "en": "b"}}, path)
    assert open_bytes(path.read_bytes(), "xlsx").hash == scenario.hash


def test_a_job_that_runs_too_long_is_late_and_goes_on_in_its_folder(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.LONGEST_S", 0.0)
    job = queue.start(["schema", "--out", "{out}/a.json"], {}, "en")
    assert ended(queue, job) == "late"
    monkeypatch.undo()
    queue.go_on(job.number, "--help")
    assert job.words[-1] == "--help"
    assert ended(queue, job) == "done"
    done = queue.start(["schema", "--out", "{out}/b.json"], {}, "en")
    assert ended(queue, done) == "done"
    queue.go_on(done.number, "--resume")
    assert (done.state, done.words[-1]) == ("done", "en")


def test_a_job_that_cannot_begin_has_failed_and_those_behind_it_go_on(queue: Jobs) -> None:
    first = queue.start(["schema", "--out", "{out}/a.json"], {}, "en")
    lost = queue.start(["schema", "--out", "{out}/b.json"], {}, "en")
    shutil.rmtree(lost.folder)
    last = queue.start(["schema", "--out", "{out}/c.json"], {}, "en")
    assert [ended(queue, job) for job in (first, lost, last)] == ["done", "failed", "done"]
    assert lost.message == ""


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_KEPT", 1), ("LARGEST_KEPT_MB", 0.0), ("LONGEST_KEPT_S", 0.0)]
)
def test_folders_of_finished_jobs_go_away(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    first, second = (queue.start(["schema", "--out", "{out}/a.json"], {}, "en") for _ in range(2))
    assert [ended(queue, job) for job in (first, second)] == ["done", "done"]
    assert first.size_mb > 0.0
    monkeypatch.setattr(f"app.jobs.{limit}", value)
    assert queue.get(first.number) is None
    assert not first.folder.exists()
    assert (queue.get(second.number) is None) == (limit != "MOST_KEPT")


@pytest.mark.parametrize(("limit", "state"), [("LONGEST_S", "late"), ("LARGEST_MB", "failed")])
def test_time_and_memory_are_bounded_even_if_nobody_looks(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch, limit: str, state: str
) -> None:
    monkeypatch.setattr("app.jobs.PROGRAM", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(f"app.jobs.{limit}", 0.1)
    job = queue.start([], {}, "es")
    process = job.process
    assert process is not None
    end = time.monotonic() + PATIENCE_S
    while job.state == "running" and time.monotonic() < end:
        time.sleep(0.1)
    assert job.state == state
    assert process.poll() is not None
    assert ("memoria" in job.message) == (state == "failed")
