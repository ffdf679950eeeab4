"""A store of a sweep that is larger than memory: xarray opens it lazily, dask reads it a chunk at a time.

    python docs/examples/larger_than_memory.py STORE.zarr

Nothing is read when the store is opened; a reduction holds a few chunks (batches of runs) at a time.
"""

from __future__ import annotations

import sys

import xarray as xr


def main(store: str, output: str = "first_entries") -> xr.Dataset:
    """Return mean and 90% interval over all draws of the effect of every scenario, by year.

    Parameters
    ----------
    store : folder of a sweep
    output : one of its outputs
    """
    runs = xr.open_zarr(store)[output]
    effect = runs - runs.isel(scenario=0, drop=True)
    mean = effect.mean(("draw", "replicate"))
    # A quantile needs every draw of a cell at once: one scenario and year at a time.
    whole = effect.chunk({"scenario": 1, "draw": -1, "replicate": -1, "year": 1})
    interval = whole.quantile([0.05, 0.95], ("draw", "replicate"))
    return xr.Dataset({"mean": mean, "interval": interval}).compute()


if __name__ == "__main__":
    print(main(sys.argv[1]))
