"""The commands that read a sweep, on a store that was swept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import xarray as xr

import simulator
from simulator.cli import main
from simulator.exports.vega import png


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A sweep of one child in 300: two scenarios, two parameters, 48 draws."""
    out = tmp_path_factory.mktemp("analysis") / "store.zarr"
    simulator.sweep(
        {
            "schema": 1,
            "scenarios": ["baseline", "no_compact"],
            "until": "2018-12",
            "seed": 1,
            "replicates": 1,
            "batch": 20,
            "sampler": {"use": "latin_hypercube", "draws": 48},
            "parameters": {"recruitment.incidence": "ledger", "care.stay_specialised_months": "ledger"},
            "outputs": {"keep": ["first_entries", "spent"]},
        },
        out,
        workers=1,
        scale=0.003,
    )
    return str(out)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main([*words, "--json", "--lang", "en"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_sensitivity_puts_what_matters_first(capsys: pytest.CaptureFixture[str], store: str) -> None:
    found = told(capsys, "sensitivity", store, "--output", "first_entries", "--on", "level")
    (table,) = found["tables"]  # type: ignore[misc]
    assert table["rows"][0]["name"] == "recruitment.incidence"
    assert table["rows"][0]["direction"] > 0.8


def test_pages_and_pictures_are_written(
    capsys: pytest.CaptureFixture[str], store: str, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path))
    entries = xr.open_zarr(store)["first_entries"].sel(scenario="no_compact", year=2017)
    middle = f"{float(entries.compute().median()):.1f}"
    told(capsys, "sensitivity", store, "--output", "first_entries", "--on", "level", *out)
    told(capsys, "discover", store, "--output", "first_entries", "--below", middle, "--year", "2017", *out)
    told(capsys, "robustness", store, "--output", "first_entries", *out)
    told(capsys, "value-of-information", store, "--output", "first_entries", "--price", "1000", *out)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.partition("-")[0] for name in names if name.endswith(".png")] == [
        *("discovery", "information", "robustness", "sensitivity")
    ]
    for path in tmp_path.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "<svg" in page
        assert "http" not in page.replace("http://www.w3.org", "")
    blank = png({"data": {"values": []}, "mark": "point", "encoding": {}})
    assert all(path.stat().st_size > 2 * len(blank) for path in tmp_path.glob("*.png"))


def test_damaged_files_are_told_and_never_analysed(
    capsys: pytest.CaptureFixture[str], store: str, tmp_path: Path
) -> None:
    hurt = tmp_path / "hurt.zarr"
    shutil.copytree(store, hurt)
    chunk = max((hurt / "first_entries").glob("c*"), key=lambda path: path.name)
    # Of the same size and readable for whoever does not look at checksums.
    sound = min((hurt / "first_entries").glob("c*"), key=lambda path: path.name)
    chunk.write_bytes(sound.read_bytes())
    for command in ("sensitivity", "discover", "robustness", "value-of-information"):
        assert main([command, str(hurt), "--output", "first_entries", "--lang", "en"]) == 2
        message = capsys.readouterr().err
        assert "damaged" in message
        assert "--resume" in message


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["sensitivity", "no-such.zarr"], "sweep"),
        (["sensitivity", "STORE", "--output", "first_entry"], "first_entries, spent"),
        (["sensitivity", "STORE", "--on", "levels"], "level, effect"),
        (["sensitivity", "STORE", "--place", "21"], ""),
        (["discover", "STORE", "--below", "60"], "first_entries, spent"),
        (["discover", "STORE", "--output", "first_entries"], "threshold"),
        (["discover", "STORE", "--output", "first_entries", "--below", "few"], "number"),
        (["robustness", "STORE", "--output", "first_entries", "--better", "more"], "higher, lower"),
        (["value-of-information", "STORE", "--output", "spent"], "higher, lower"),
        (["discover", "STORE", "--output", "first_entries", "--below", "60", "--year", "2040"], "2017-2018"),
    ],
)
def test_faulty_questions_are_one_message(
    capsys: pytest.CaptureFixture[str], store: str, words: list[str], allowed: str
) -> None:
    assert main([store if word == "STORE" else word for word in words] + ["--lang", "en"]) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert allowed in message
    assert "do " in message
