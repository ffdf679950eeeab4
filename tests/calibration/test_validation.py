"""The report says what the figures say: coverage, controls, goals, small cells, hostile files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import simulator
from calibration import kept
from calibration import validation as module
from calibration.observe import VARIABLES, predict
from calibration.report import goals, record, report, verdict, write
from calibration.targets import TIDY, Target, load_targets
from calibration.validation import LEVELS, PLACEBO, Validation, judge, series_of_runs
from scenarios import load_scenario
from simulator.cli import main
from simulator.exports.documents import html
from simulator.texts import set_language


@pytest.fixture(scope="module")
def targets() -> tuple[Target, ...]:
    return load_targets(use=("fit", "check"))


@pytest.fixture(scope="module")
def judged(small_result: xr.Dataset, targets: tuple[Target, ...]) -> Validation:
    return judge(small_result, targets)


@pytest.fixture(scope="module")
def true_series(small_result: xr.Dataset) -> dict[str, np.ndarray]:
    return series_of_runs(small_result)


def test_a_model_that_is_true_is_covered_and_one_that_is_not_is_not(
    small_result: xr.Dataset, true_series: dict[str, np.ndarray], targets: tuple[Target, ...]
) -> None:
    """Figures that are the model's own median lie inside; figures five times as high lie outside."""
    middle = np.median(predict(true_series, targets), axis=0)
    own = [replace(t, value=float(v)) for t, v in zip(targets, middle, strict=True)]
    inside = judge(small_result, own)
    assert np.mean([row.inside(0.9) for row in inside.rows]) > 0.95
    counts = [t for t in own if t.indicator.error == "count" and t.value > 20]
    five = [replace(t, value=5 * t.value, conflict=0.0) for t in counts]
    outside = judge(small_result, five, wider={})
    assert np.mean([row.inside(0.9) for row in outside.rows]) < 0.1
    assert all(row.distance > 0 for row in outside.rows)


def test_permuted_territories_lose_fit(
    true_series: dict[str, np.ndarray], targets: tuple[Target, ...]
) -> None:
    """Figures of the model's own territories: every rotation of them fits worse, and their order is gone."""
    typical = {name: np.median(values, axis=0)[None] for name, values in true_series.items()}
    shown = predict(typical, targets)[0]
    own = [replace(t, value=float(v)) for t, v in zip(targets, shown, strict=True) if t.of_country and v > 0]
    controls = module._controls(true_series, own, 0.0)
    assert len(controls.permuted) == 25
    assert controls.as_good == 0
    assert controls.correlation == pytest.approx(1.0)
    assert max(controls.permuted_correlation) < 0.8


def test_a_placebo_finds_nothing_and_a_real_lever_is_found(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    text = PLACEBO.read_text(encoding="utf-8")
    real.write_text(text.replace("use: placebo", "use: targeted_groups"), encoding="utf-8")
    assert load_scenario(PLACEBO).interventions[0].use == "placebo"
    three = simulator.compare(
        ["baseline", PLACEBO, real],
        scale=0.02,
        until="2020-12",
        threads=1,
        first_month=0,
        variables=VARIABLES,
    )
    base, placebo, lever = (three.isel(scenario=k, drop=True) for k in range(3))
    assert base.equals(placebo)
    assert not base.equals(lever)


def test_every_figure_is_scored_and_shares_are_counted(
    judged: Validation, targets: tuple[Target, ...]
) -> None:
    assert [row.target.name for row in judged.rows] == [t.name for t in targets]
    assert np.isfinite([row.score for row in judged.rows]).all()
    told = record(judged)
    for use in ("fit", "check"):
        rows = [row for row in judged.rows if row.target.use == use]
        coverage = told["coverage"][use]["all"]
        assert coverage["rows"] == len(rows)
        assert coverage["coverage_90"] == pytest.approx(np.mean([row.inside(0.9) for row in rows]))
        assert coverage["coverage_50"] == pytest.approx(np.mean([row.inside(0.5) for row in rows]))
        assert judged.reliability[use][0.9] == pytest.approx(coverage["coverage_90"])
        assert list(judged.reliability[use]) == list(LEVELS)
        assert list(judged.reliability[use].values()) == sorted(judged.reliability[use].values())


def test_goals_say_what_was_reached_and_if_not_why(judged: Validation) -> None:
    told = {goal.key: goal for goal in goals(judged)}
    assert list(told) == [
        *("coverage", "beats_last", "beats_trend", "beats_level", "patterns", "permuted", "placebo"),
    ]
    assert told["coverage"].rows == len(judged.of("check"))
    for key in ("coverage", "beats_last", "beats_level", "patterns"):
        assert told[key].reached or (told[key].why and told[key].datum)
    assert told["placebo"].reached
    worse = replace(judged, controls=replace(judged.controls, placebo=3.0))
    assert not {goal.key: goal for goal in goals(worse)}["placebo"].reached


def test_verdicts_of_patterns(judged: Validation) -> None:
    seen = judged.patterns[1]
    band = replace(seen.pattern, low=1.0, high=2.0)
    cases = {
        "pass": replace(seen, pattern=band, median=1.5, low=0.0, high=9.0),
        "reaches": replace(seen, pattern=band, median=0.5, low=0.1, high=1.1),
        "fail": replace(seen, pattern=band, median=0.5, low=0.1, high=0.9),
    }
    for name, one in cases.items():
        assert verdict(one) == name


def test_the_country_at_full_count_is_one_in_fifty(judged: Validation) -> None:
    """A small world registers a fiftieth, so national counts lie below; shares do not know the scale."""
    counts = [r for r in judged.rows if r.target.indicator.error == "count" and not r.target.territories]
    assert all(row.distance > 1 for row in counts if row.target.value > 300)


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_page_stands_alone_and_hides_small_counts(judged: Validation, lang: str) -> None:
    set_language(lang)
    page = html(report(judged))
    assert f'<html lang="{lang}">' in page
    assert page.count("<svg") == 4
    for word in ("http://", "https://", "<script", "src="):
        bare = page.replace("http://www.w3.org", "")
        assert word not in bare
    hidden = [row for row in judged.rows if row.hidden]
    assert hidden
    assert page.count({"es": "menos de 10", "en": "under 10"}[lang]) >= len(hidden)


def test_numbers_are_json_without_small_counts(judged: Validation, tmp_path: Path) -> None:
    paths = write(judged, tmp_path)
    assert [path.name for path in paths] == ["validation.html", "validation.json"]
    told = json.loads(paths[1].read_text(encoding="utf-8"), parse_constant=pytest.fail)
    small = [row for row in told["rows"] if row["region"] == "PE-HUV"]
    assert [row["value"] for row in small] == [None]
    assert [path.name for path in write(judged, tmp_path)] == ["validation-2.html", "validation-2.json"]


# Files from elsewhere.

HEAD = ",".join(TIDY)
GOOD = "police_complaints,complaints,PE,2024,700,X,"


@pytest.fixture
def no_runs(monkeypatch: pytest.MonkeyPatch, judged: Validation, small_result: xr.Dataset) -> None:
    """The command judges the small world instead of running the country."""

    def validate(**options: object) -> Validation:
        found, left = options.get("data", ((), ()))  # type: ignore[misc]
        return judge(small_result, [*(row.target for row in judged.rows), *found], left=left)

    monkeypatch.setattr(module, "validate", validate)


@pytest.mark.usefixtures("no_runs")
def test_a_file_gives_the_same_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.csv"
    path.write_text(f"{HEAD}\n{GOOD}\nrainfall,mm,PE,2023,9,X,\n", encoding="utf-8")
    assert main(["validate-model", "--data", str(path), "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["coverage"]["data"]["all"]["rows"] == 1
    assert set(told["coverage"]["data"]["all"]) >= {"coverage_50", "coverage_90"}
    row = next(row for row in told["rows"] if row["use"] == "data")
    assert (row["indicator"], row["value"]) == ("police_complaints", 700.0)
    assert row["crps_last"] is not None
    assert told["not_compared"] == [
        {"indicator": "rainfall", "region": "PE", "year": "2023", "reason": "unknown"}
    ]
    assert all(Path(name).exists() for name in told["files"])


@pytest.mark.usefixtures("no_runs")
def test_the_screen_tells_coverage_and_goals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate-model", "--out", str(tmp_path), "--lang", "es"]) == 0
    shown = capsys.readouterr().out
    assert "Cobertura de los intervalos" in shown
    assert str(tmp_path / "validation.html") in shown.replace("\n", "")


HOSTILE: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 1),
    "head only": (HEAD.encode(), 1),
    "other columns": (b"a,b,c\n1,2,3\n", 1),
    "not text": (b"\xff\xfe\x00\x01" * 9, 1),
    "too few cells": (f"{HEAD}\n{GOOD}\npolice_complaints,complaints,PE\n".encode(), 1),
    "open quote": (f'{HEAD}\n"police_complaints,complaints,PE,2024,700,X,\n'.encode(), 1),
    "words for numbers": (f"{HEAD}\npolice_complaints,complaints,PE,last,many,X,\n".encode(), 2),
    "infinite": (f"{HEAD}\n{GOOD.replace('700', 'inf')}\n".encode(), 1),
    "not a number": (f"{HEAD}\n{GOOD.replace('700', 'nan')}\n".encode(), 1),
    "negative": (f"{HEAD}\n{GOOD.replace('700', '-3')}\n".encode(), 1),
    "other unit": (f"{HEAD}\n{GOOD.replace('complaints,PE', 'victims,PE')}\n".encode(), 1),
    "other place": (f"{HEAD}\n{GOOD.replace(',PE,', ',BO,')}\n".encode(), 1),
    "no place": (f"{HEAD}\n{GOOD.replace(',PE,', ',,')}\n".encode(), 1),
    "over a hundred percent": (
        f"{HEAD}\nminor_share_among_female_victims,percent,PE,2023,140,X,\n".encode(),
        1,
    ),
    "no name": (f"{HEAD}\n,complaints,PE,2024,700,X,\n".encode(), 1),
    "half a year": (f"{HEAD}\n{GOOD.replace('2024', '2024.5')}\n".encode(), 1),
    "bad total, told once": (
        f"{HEAD}\n{GOOD.replace('700', 'x')}\n"
        "police_complaints,complaints,PE-CUS,2024,7,X,\npolice_complaints,complaints,PE-ICA,2024,7,X,\n".encode(),
        1,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_faulty_files_get_one_message_per_fault(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, count = HOSTILE[name]
    path = tmp_path / "series.csv"
    path.write_bytes(content)
    assert main(["validate-model", "--data", str(path), "--out", str(tmp_path / "out"), "--json"]) == 2
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert len(faults) == count, faults
    for fault in faults:
        assert fault["where"].startswith("series.csv")
        assert all(fault[part] for part in ("found", "allowed", "do"))


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_file_that_is_not_there(
    is_folder: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nothing.csv"
    if is_folder:
        path.mkdir()
    assert main(["validate-model", "--data", str(path), "--out", str(tmp_path)]) == 2
    assert "nothing.csv" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_any_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert main(["validate-model", "--out", str(tmp_path / "taken" / "folder")]) == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--draws", "1"],
        ["--draws", "many"],
        ["--replicates", "0"],
        ["--seed", "-1"],
        ["--draws-from", "data"],
    ],
)
def test_faulty_options_are_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate-model", *words]) == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.usefixtures("no_runs")
def test_what_a_file_tells_is_left_out_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "police_complaints,complaints,PE,2009,700,X,": "before",
        "police_complaints,complaints,PE,2040,700,X,": "after",
        "boys_share_police,percent,PE-CUS,2023,40,X,": "national_only",
        "police_complaints,complaints,PE-CUS,2022,40,X,": "no_total",
        "modern_slavery_estimate,persons,PE,2023,9,X,": "prevalence",
        "police_victims_over_year_before,ratio,PE,2012,1,X,": "before",
    }
    path = tmp_path / "new.csv"
    path.write_text("\n".join([HEAD, GOOD, *rows]), encoding="utf-8")
    assert main(["validate-model", "--data", str(path), "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["reason"] for one in told["not_compared"]] == list(rows.values())


def test_errors_that_are_too_narrow_are_told(targets: tuple[Target, ...]) -> None:
    """Figures with three times the stated spread ask for about three times, true ones for about one.

    Intervals of 95% by the likelihood: each holds the truth, false alarm 5% of seeds each.
    """
    counts = [t for t in targets if t.use == "fit" and t.indicator.error == "count" and t.value > 50]
    value = np.array([t.value for t in counts])
    for factor in (1.0, 3.0):
        errors = np.random.default_rng(1).normal(size=len(counts)) * np.array([t.spread for t in counts])
        made = [
            replace(t, value=float(v)) for t, v in zip(counts, value * np.exp(factor * errors), strict=True)
        ]
        asked = {one.of: one for one in module.spread_asked(made, np.tile(value, (2, 1)))}
        assert asked["all"].rows == len(counts) >= 30
        assert asked["all"].low <= factor <= asked["all"].high
        assert asked["all"].high - asked["all"].low < factor


def test_figures_held_back_do_not_decide_what_spread_is_asked_for(targets: tuple[Target, ...]) -> None:
    fitted = [t for t in targets if t.use == "fit"][:20]
    held = [replace(t, value=9.0 * t.value) for t in targets if t.use == "check"]
    both = [*fitted, *held]
    shown = np.tile([t.value for t in both], (2, 1))
    assert module.spread_asked(both, shown) == module.spread_asked(fitted, shown[:, :20])


def test_errors_that_fitted_figures_ask_for_are_applied_to_every_figure(
    small_result: xr.Dataset, targets: tuple[Target, ...]
) -> None:
    """Intervals of territories grow, held back or not, and those of forecasts with them; others stay."""
    stated = judge(small_result, targets, wider={})
    applied = judge(small_result, targets)
    assert dict(applied.wider) == kept.wider() == {"territories": 1.31}
    assert applied.stated == stated.reliability
    for before, after in zip(stated.rows, applied.rows, strict=True):
        if before.target.of_country and before.median > 20:
            assert after.intervals[0.9][1] > before.intervals[0.9][1]
            assert after.naive["level"] != before.naive["level"]
        elif not before.target.of_country:
            assert (after.intervals, after.naive["level"]) == (
                before.intervals,
                pytest.approx(before.naive["level"], nan_ok=True),
            )


def test_kept_factors_are_those_that_the_validation_told() -> None:
    assert kept._read(kept.SPREAD)["asked"] == kept.validated()["spread_asked_for"]
