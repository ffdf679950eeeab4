"""What comes along of the fit and its validation can be drawn: every series with its intervals."""

from __future__ import annotations

import pytest

from calibration.kept import PRIOR, series, told, validated
from calibration.targets import load_targets
from simulator.evidence import load_ledger
from simulator.experiments.code import code_hash
from simulator.experiments.posterior import load_posterior


def test_every_fitted_and_every_checked_figure_stands_beside_its_intervals() -> None:
    targets = load_targets(use=("fit", "check"))
    figures = [(one, figure) for one in series() for figure in one.figures]
    assert len(figures) == len(targets)
    assert {(one.indicator.name, one.region) for one in series()} == {
        (t.indicator.name, t.region) for t in targets
    }
    for one, figure in figures:
        assert figure.outer[0] <= figure.inner[0] <= figure.median <= figure.inner[1] <= figure.outer[1]
        if figure.observed is None:
            assert one.region != "PE"
        elif one.region != "PE":
            assert figure.observed >= 10
    assert all(one.figures == tuple(sorted(one.figures, key=lambda f: f.year)) for one in series())


@pytest.mark.parametrize("name", ["validation.json", PRIOR])
def test_validations_are_those_of_this_version(name: str) -> None:
    made = validated(name)
    assert made["data_hash"] == load_ledger().hash
    assert made["draws_from"] == ("prior" if name == PRIOR else "posterior")
    assert made["draws"] >= 30
    assert made["scale"] == 1.0


def test_the_fit_is_that_of_this_code() -> None:
    assert load_posterior().manifest["code_hash"] == code_hash()
    assert {row["parameter"] for row in told()["parameters"]} == set(load_posterior().names)
