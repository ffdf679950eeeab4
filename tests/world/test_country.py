"""The whole country at scale one: levels against the sources, and the population against its margins."""

from __future__ import annotations

import pytest
import xarray as xr

import simulator
from simulator.engine.population import Population
from simulator.engine.store import load_population
from simulator.evidence import load_ledger
from simulator.outcomes.indicators import yearly
from simulator.outcomes.levels import bands, levels
from simulator.outcomes.margins import margins


@pytest.fixture(scope="module")
def country() -> Population:
    return load_population(load_ledger())


@pytest.fixture(scope="module")
def result(country: Population) -> xr.Dataset:
    assert country.scale == 1.0
    return simulator.compare(["baseline", "policy_2030_funded"], seed=0, threads=2)


@pytest.mark.parametrize("name", [row["name"] for row in bands()])
def test_levels_hold(result: xr.Dataset, name: str) -> None:
    (level,) = [level for level in levels(result) if level.name == name]
    assert level.holds, f"{level.value} outside {level.low} to {level.high}"
    assert level.draws.median == level.value


def test_margins_hold(country: Population) -> None:
    rows = margins(load_ledger(), country)
    bounded = [row for row in rows if row.bound is not None]
    assert len(bounded) > 20
    far = [row for row in bounded if row.bound is not None and abs(row.difference) > row.bound]
    assert far == []


def test_policy_2030_funded_does_what_it_says(result: xr.Dataset) -> None:
    table = yearly(result).sel(year=[2028, 2029, 2030]).mean("year").squeeze(drop=True)
    base, more = table.sel(scenario="baseline"), table.sel(scenario="policy_2030_funded")
    assert float(more["completed"]) > 1.5 * float(base["completed"])
    assert float(more["specialised_entries"]) > float(base["specialised_entries"])
    assert float(more["lost_before_protection"]) < float(base["lost_before_protection"])
    assert float(more["first_entries"]) < float(base["first_entries"])


def test_the_result_is_labelled(result: xr.Dataset) -> None:
    for name, array in result.data_vars.items():
        assert {"units", "long_name", "long_name_es"} <= set(array.attrs), name
    assert {"code_version", "data_hash", "scenario_hash", "seed"} <= set(result.attrs)
    assert result["month"].values[0].astype("datetime64[M]").astype(str) == "2017-01"
    assert result["month"].size == 168
    assert result["territory"].values[0] == "01"
    assert result["stock"].dims[3:] == ("month", "territory", "area", "state")
    assert "OUTSIDE" in result["from_state"].values
    assert result["stock"].dtype.kind == "i"
