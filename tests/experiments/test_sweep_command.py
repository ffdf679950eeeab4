"""What ``sintrata sweep`` prints, how it ends, and that example files are valid."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

from simulator.cli import main
from simulator.experiments.sweep import execute
from simulator.experiments.sweep.checking import draws_of, load_experiment
from simulator.experiments.sweep.execute import State
from tests.experiments.conftest import SCALE, small

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples" / "experiments").glob("*.yaml"))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small experiment, and a command that runs it on one child in a hundred."""
    monkeypatch.setenv("SINTRATA_LANG", "en")
    monkeypatch.setattr(execute, "sweep", partial(execute.sweep, scale=SCALE))
    path = tmp_path / "small.yaml"
    path.write_text(json.dumps(small()), encoding="utf-8")
    return path


def test_parts_then_finish(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(file.with_name("own.zarr"))
    assert main(["sweep", str(file), "--out", store, "--part", "1/2"]) == 0
    told = capsys.readouterr()
    assert "Runs done: 4; failed: 0" in told.out
    assert "2 runs of other parts are left" in told.out
    assert "4/4 runs" in told.err
    assert main(["sweep", "--finish", store]) == 2
    assert "missing batches (1): 1" in capsys.readouterr().err
    assert main(["sweep", str(file), "--out", store, "--part", "2/2", "--quiet"]) == 0
    assert capsys.readouterr() == (f"{store}\n", "")
    assert main(["sweep", "--finish", store, "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["complete"], about["done"], about["failed"], about["reasons"]) == (True, 6, 0, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "an experiment file"),
        (["FILE"], "--out"),
        (["FILE", "--out", "STORE", "--part", "3/2"], "I/N with I from 1 to N"),
        (["FILE", "--out", "STORE", "--part", "1/4"], "N up to 3"),
        (["FILE", "--out", "STORE", "--workers", "0"], "1 to 4,096"),
        (["FILE", "--out", "STORE", "--scheduler", "node"], "tcp://node:8786"),
        (["FILE", "--out", "STORE", "--scheduler", "tcp://n:1", "--workers", "2"], "not both"),
        (["FILE", "--out", "FILE"], "exist yet, or --resume"),
        (["FILE", "--out", "FILE", "--resume"], "no store of an experiment"),
        (["nothing.yaml", "--out", "STORE"], "no file of that name"),
        (["--finish", "nothing.zarr"], "no store of an experiment"),
        (["FILE", "--finish", "STORE"], "the store alone"),
    ],
)
def test_what_cannot_be_meant_is_told(
    words: list[str], told: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"FILE": str(file), "STORE": str(file.with_name("own.zarr"))}
    assert main(["sweep", *(places.get(word, word) for word in words)]) == 2
    assert told in capsys.readouterr().err.replace("\n", " ")


def test_a_full_disk_ends_with_a_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(execute, "sweep", full)
    assert main(["sweep", str(file), "--out", str(file.with_name("own.zarr"))]) == 2
    assert "free some space" in capsys.readouterr().err


def test_progress_tells_rate_and_time_left() -> None:
    state = State(done=300, total=1000, failed=2, new=100, seconds=50.0)
    assert state.per_hour == 7200.0
    assert state.seconds_left == 350.0
    assert State(0, 10, 0, 0, 0.0).seconds_left is None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_valid_and_say_how_many_runs_they_are(path: Path) -> None:
    experiment = load_experiment(path)
    runs = (
        draws_of(experiment.sampler, experiment.factors) * experiment.replicates * len(experiment.scenarios)
    )
    assert re.search(rf": {runs:,} runs", path.read_text(encoding="utf-8"))


def test_there_are_examples() -> None:
    names = {"first", "screening", "indices", "futures", "budget", "places", "portfolios"}
    assert {path.stem for path in EXAMPLES} == names
