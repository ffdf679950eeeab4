"""The command of the fit: what it refuses, at once and with one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli import main


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--budget", "39"], ("--budget", "40")),
        (["--budget", "many"], ("--budget", "40")),
        (["--structure", "deterrence.week"], ("--structure", "deterrence.weak")),
        (["--structure", "turnover.pay", "--structure", "turnover.politics"], ("--structure", "group")),
        (["--workers", "0"], ("--workers", "1")),
    ],
)
def test_a_bad_option_is_told_before_anything_runs(
    words: list[str],
    told: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", *words, "--lang", "en"]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in told)
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_has_begun_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "simulations").mkdir()
    assert main(["calibrate", "--out", str(tmp_path), "--lang", "en"]) == 2
    assert "--resume" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "score", "contributions", "claims"])
def test_draws_come_from_one_of_two_places(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "baseline", "--draws-from", "priors", "--lang", "en"]) == 2
    message = capsys.readouterr().err
    assert "--draws-from" in message
    assert "posterior, prior" in message
