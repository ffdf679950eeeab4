"""A small experiment: two scenarios, a parameter and a lever, one child in a hundred, two years."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.engine.population import Population
from simulator.experiments.workers import country
from simulator.texts import set_language

SCALE = 0.01


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def small(**more: Any) -> dict[str, Any]:
    """Return the experiment as plain data; ``more`` replaces keys."""
    return {
        "schema": 1,
        "scenarios": ["baseline", "policy_2030_funded"],
        "until": "2018-12",
        "seed": 3,
        "replicates": 1,
        "batch": 2,
        "sampler": {"use": "latin_hypercube", "draws": 3},
        "parameters": {"recruitment.rr_poverty": "ledger"},
        "levers": [{"use": "police_capacity", "start": "2018-01", "amount": {"uniform": [0, 1]}}],
        "outputs": {"keep": ["first_entries", "identified", "spent"]},
        **more,
    }


def same(one: xr.Dataset, other: xr.Dataset) -> None:
    """Hold two stores against each other, byte for byte."""
    assert list(one.data_vars) == list(other.data_vars)
    for name in one.data_vars:
        assert np.asarray(one[name]).tobytes() == np.asarray(other[name]).tobytes(), name


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """The small experiment, run by one process without interruption."""
    out = tmp_path_factory.mktemp("undisturbed") / "small.zarr"
    return simulator.sweep(small(), out, workers=1, scale=SCALE)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., xr.Dataset]:
    """Run the small experiment into a store of the test's own."""

    def go(name: str = "own.zarr", experiment: Any = None, **options: Any) -> xr.Dataset:
        options = {"workers": 1, "scale": SCALE, **options}
        return simulator.sweep(experiment or small(), tmp_path / name, **options)

    return go


@pytest.fixture(scope="session")
def population() -> Population:
    """One child in a hundred."""
    return country(143, SCALE)[1]
