"""What comes along of the fit and its validation can be drawn: every series with its intervals."""

from __future__ import annotations

import pytest

from calibration.kept import PRIOR, told, validated
from calibration.targets import load_targets
from simulator.evidence import load_ledger
from simulator.experiments.code import fingerprint
from simulator.experiments.posterior import load_posterior


def test_every_fitted_and_every_checked_figure_stands_beside_its_intervals() -> None:
    rows = validated()["rows"]
    targets = load_targets(use=("fit", "check"))
    assert [(row["indicator"], row["region"], row["year"]) for row in rows] == [
        (one.indicator.name, one.region, one.year) for one in targets
    ]
    for row in rows:
        assert row["low_90"] <= row["low_50"] <= row["median"] <= row["high_50"] <= row["high_90"]
        assert row["region"] == "PE" or row["value"] is None or row["value"] >= 10 or row["value"] < 1


@pytest.mark.parametrize("name", ["validation.json", PRIOR])
def test_validations_are_those_of_this_version(name: str) -> None:
    made = validated(name)
    assert made["data_hash"] == load_ledger().hash
    assert made["draws_from"] == ("prior" if name == PRIOR else "posterior")
    assert made["draws"] >= 12
    assert made["scale"] == 1.0


def test_the_fit_is_that_of_this_code() -> None:
    assert load_posterior().manifest["fingerprint"] == fingerprint()
    assert {row["parameter"] for row in told()["parameters"]} == set(load_posterior().names)
