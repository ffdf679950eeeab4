"""Years are the sums and means that xarray's grouping gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from simulator.outcomes.years import by_year


@pytest.mark.parametrize("how", ["sum", "mean"])
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_years_are_those_of_grouping_by_year(how: str, dtype: type) -> None:
    # Thirty months from July: three years, the first cut short.
    months = pd.date_range("2017-07-01", periods=30, freq="MS")
    values = np.random.default_rng(1).integers(0, 1000, (3, 30, 2))
    array = xr.DataArray(values.astype(dtype), dims=("area", "month", "group"), coords={"month": months})
    if dtype is np.float64:
        array = array / 7.0
        array[0, 3, 1] = np.nan
        array[1, :6, 0] = np.nan
    grouped = array.groupby("month.year")
    expected = grouped.sum("month") if how == "sum" else grouped.mean("month")
    xr.testing.assert_identical(by_year(array, how), expected.transpose("area", "year", "group"))
