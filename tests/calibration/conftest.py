"""One small world for every test of this part."""

from __future__ import annotations

import pytest
import xarray as xr

import simulator
from calibration.observe import VARIABLES


@pytest.fixture(scope="session")
def small_result() -> xr.Dataset:
    """The record from 2012 to 2024 in a fiftieth of the country, two draws."""
    return simulator.compare(
        ["baseline"],
        scale=0.02,
        draws=2,
        until="2024-12",
        threads=1,
        first_month=0,
        variables=VARIABLES,
    )
