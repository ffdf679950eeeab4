"""Futures: the draws of a sweep as an analysis sees them, inputs on one side and results on the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.outcomes.effects import GOOD
from simulator.policy.national import indicators
from simulator.texts import t

Floats = NDArray[np.float64]

RUN_DIMS: Final = ("scenario", "draw", "replicate")
LEVEL, EFFECT = "level", "effect"
KINDS: Final = (LEVEL, EFFECT)
"""A result as it is, or less that of the comparator in the same draw and chance."""

SCORE: Final = "score_"


def refused(store: xr.Dataset, what: str, found: str, allowed: str, do: str) -> FaultyInput:
    """Return the fault of a question that a store cannot answer."""
    place = store.encoding.get("source") or store.attrs.get("experiment", "store")
    return FaultyInput([Fault(where=f"{place}  {what}", found=found, allowed=allowed, do=do)])


def outputs_of(store: xr.Dataset) -> list[str]:
    """Return the outputs that a sweep has kept."""
    return [str(n) for n, a in store.data_vars.items() if a.dims[:3] == RUN_DIMS and "year" in a.dims]


def sampler_of(store: xr.Dataset) -> dict[str, Any]:
    """Return how the draws were chosen: ``use`` and ``size``."""
    return dict(json.loads(store.attrs["sampler"]))


def scenarios_of(store: xr.Dataset) -> list[str]:
    """Return the names of the scenarios; the first is the comparator."""
    return [str(name) for name in store["scenario"].values]


def one_of(store: xr.Dataset, what: str, asked: str, there: Sequence[str]) -> str:
    """Return a name that is there.

    Raises
    ------
    FaultyInput
        If it is not.
    """
    if asked not in there:
        raise refused(store, what, asked, ", ".join(there), did_you_mean(asked, tuple(there)))
    return asked


def results(store: xr.Dataset, output: str, *, kind: str = LEVEL) -> xr.DataArray:
    """Return [scenario, draw, replicate, year] what a sweep kept of an output.

    Of effects the comparator is left out.

    Parameters
    ----------
    output : kept for the country; of a store by territory, ``store.sel(territory=..., area=...)`` comes first
    kind : of ``KINDS``

    Raises
    ------
    FaultyInput
        If the store has no such output, or has it by territory, or no scenario beside the comparator.
    """
    one_of(store, "output", output, outputs_of(store))
    values = store[output]
    extra = [str(dim) for dim in values.dims if dim not in (*RUN_DIMS, "year")]
    if extra:
        raise refused(
            store, output, ", ".join(extra), t("analysis.allowed.country"), t("analysis.do.one_place")
        )
    if kind == LEVEL:
        return values.load()
    comparator, *others = scenarios_of(store)
    if not others:
        raise refused(store, "scenario", comparator, t("analysis.allowed.two"), t("analysis.do.two"))
    return (values.sel(scenario=others) - values.sel(scenario=comparator, drop=True)).load()


def described(dataset: xr.Dataset, about: Mapping[str, tuple[str, str]]) -> xr.Dataset:
    """Return a dataset with ``units`` and ``long_name`` of every variable, from (unit, text) by name."""
    for name, (unit, text) in about.items():
        if name in dataset:
            dataset[name].attrs.update(units=unit, long_name=text)
    return dataset


def year_of(store: xr.Dataset, year: int | None) -> int:
    """Return a year of the store, by default its last.

    Raises
    ------
    FaultyInput
        If the store does not hold it.
    """
    years = [int(y) for y in store["year"].values]
    if year is None:
        return years[-1]
    if year not in years:
        told = f"{years[0]}-{years[-1]}"
        raise refused(store, "year", str(year), told, t("fault.choose_allowed"))
    return year


def inputs(store: xr.Dataset) -> tuple[Floats, list[str]]:
    """Return [draw, factor] the inputs that vary, and their names; those that never vary tell nothing."""
    values = np.asarray(store["design"], float)
    moving = np.ptp(values, axis=0) > 0.0
    names = [str(name) for name, moves in zip(store["factor"].values, moving, strict=True) if moves]
    if not names:
        raise refused(store, "factor", "0", t("analysis.allowed.factors"), t("analysis.do.factors"))
    return values[:, moving], names


def labels_of(store: xr.Dataset, names: Sequence[str], lang: str) -> list[str]:
    """Return what factors, or groups of them, are called."""
    known = dict(zip(store["factor"].values.tolist(), store[f"factor_{lang}"].values.tolist(), strict=True))
    return [str(known.get(name, name)) for name in names]


def sense(output: str) -> int:
    """Return 1 if more of an output is better for children, -1 if less is, 0 if neither by itself."""
    if output.startswith(SCORE):
        measure = output.removeprefix(SCORE)
        told = next((one for one in indicators().values() if one.measure == measure), None)
        return 0 if told is None else 1 if told.direction == "higher" else -1
    return GOOD.get(output, 0)


def enough(store: xr.Dataset, n: int, least: int) -> None:
    """Raise if too few draws have a result for what is asked.

    Raises
    ------
    FaultyInput
        If there are fewer than ``least``.
    """
    if n < least:
        found = t("analysis.found.draws", count=n)
        raise refused(store, "draw", found, t("analysis.allowed.draws", count=least), t("analysis.do.draws"))
