"""Choices among scenarios under uncertainty: regret, robustness, and what it is worth to know an input.

A future is a draw; in each, every scenario has a result. The choice is made before the future is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from simulator.experiments.analysis.futures import (
    described,
    enough,
    inputs,
    outputs_of,
    refused,
    results,
    scenarios_of,
    sense,
    year_of,
)
from simulator.outcomes.indicators import TWO_SIDED
from simulator.texts import t

Floats = NDArray[np.float64]

LEAST_DRAWS: Final = 20
FEW_VALUES: Final = 8
"""An input of so many values or fewer is a set of cases, not a scale."""

KNOTS: Final = 2
"""Inner knots of the cubic spline by which a result is foretold from one input."""

PERMUTATIONS: Final = 50
SPENT: Final = "spent"


def utility(
    store: xr.Dataset,
    output: str,
    year: int | None = None,
    *,
    better: str | None = None,
    price: float | None = None,
) -> xr.DataArray:
    """Return [scenario, draw] how good each scenario is in each future: more is better.

    Parameters
    ----------
    output : of the store
    year : by default the sum over all years of the store
    better : ``higher`` or ``lower``; by default what is better for children
    price : soles of 2025 that one unit of the output is worth; money spent is then taken off

    Raises
    ------
    FaultyInput
        If it is not known which side is better, there is one scenario, or money was not kept.
    """
    sign = {"higher": 1, "lower": -1, None: sense(output)}[better]
    values = results(store, output)
    if sign == 0:
        raise refused(store, output, t("analysis.found.sense"), "higher, lower", t("analysis.do.sense"))
    if values.sizes["scenario"] < 2:
        raise refused(
            store, "scenario", scenarios_of(store)[0], t("analysis.allowed.two"), t("analysis.do.two")
        )
    gain = sign * _over_years(store, values, year).mean("replicate")
    if price is not None:
        if SPENT not in outputs_of(store):
            there = ", ".join(outputs_of(store))
            raise refused(store, "price", there, t("analysis.allowed.spent"), t("analysis.do.spent"))
        gain = price * gain - _over_years(store, results(store, SPENT), year).mean("replicate")
    known = np.asarray(gain.notnull().all("scenario"))
    enough(store, int(known.sum()), LEAST_DRAWS)
    return gain.isel(draw=np.flatnonzero(known)).transpose("scenario", "draw")


def _over_years(store: xr.Dataset, values: xr.DataArray, year: int | None) -> xr.DataArray:
    if year is None:
        return values.sum("year", skipna=False)
    return values.sel(year=year_of(store, year), drop=True)


def robustness(
    store: xr.Dataset,
    output: str,
    year: int | None = None,
    *,
    better: str | None = None,
    price: float | None = None,
    threshold: float | None = None,
) -> xr.Dataset:
    """Return how scenarios do over all futures.

    Parameters
    ----------
    output, year, better, price : see ``utility``
    threshold : value of the output that would do

    Returns
    -------
    [scenario] ``mean``, ``worst_tenth`` (mean of the worst 10% of futures), ``worst`` of the output in its
    own unit and sense (soles if there is a price); ``regret_mean``, ``regret_90``, ``regret_most``: how much
    worse than the best scenario of the same future; ``best`` (share of futures in which it is the best);
    ``enough`` (share that reaches the threshold, missing without one); and [scenario, draw] ``regret``
    """
    u = utility(store, output, year, better=better, price=price)
    sign = -1.0 if price is None and _lower(output, better) else 1.0
    values = np.asarray(u, float)
    regret = values.max(axis=0) - values
    tail = max(values.shape[1] // 10, 1)
    told = {
        "mean": sign * values.mean(axis=1),
        "worst_tenth": sign * np.sort(values, axis=1)[:, :tail].mean(axis=1),
        "worst": sign * values.min(axis=1),
        "regret_mean": regret.mean(axis=1),
        "regret_90": np.quantile(regret, 0.9, axis=1),
        "regret_most": regret.max(axis=1),
        "best": _ties(regret),
        "enough": np.full(values.shape[0], np.nan)
        if threshold is None
        else (values >= sign * threshold).mean(axis=1),
    }
    unit = "soles of 2025" if price is not None else str(store[output].attrs.get("units", "1"))
    dataset = xr.Dataset(
        {
            **{name: ("scenario", array) for name, array in told.items()},
            "regret": (("scenario", "draw"), regret),
        },
        coords={"scenario": u["scenario"].values, "draw": u["draw"].values},
        attrs={"output": output, "year": "all" if year is None else year, "draws": values.shape[1]},
    )
    units = {name: "1" if name in ("best", "enough") else unit for name in OF_ROBUSTNESS}
    return described(dataset, {name: (units[name], text) for name, text in OF_ROBUSTNESS.items()})


OF_ROBUSTNESS: Final = {
    "mean": "mean over futures",
    "worst_tenth": "mean of the worst tenth of the futures",
    "worst": "the worst future",
    "regret_mean": "mean shortfall from the best scenario of the same future",
    "regret_90": "shortfall that is exceeded in a tenth of the futures",
    "regret_most": "greatest shortfall",
    "best": "share of the futures in which the scenario is the best, ties shared",
    "enough": "share of the futures that reach the threshold",
    "regret": "shortfall from the best scenario of the same future",
}


def _ties(regret: Floats) -> Floats:
    """Return [scenario] the share of the futures in which it is the best; equals share a future."""
    first = regret == 0.0
    return np.asarray((first / first.sum(axis=0)).mean(axis=1))


def _lower(output: str, better: str | None) -> bool:
    return (better or ("lower" if sense(output) < 0 else "higher")) == "lower"


def information(
    store: xr.Dataset,
    output: str,
    year: int | None = None,
    *,
    better: str | None = None,
    price: float | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Return what it is worth, for the choice among scenarios, to know an input before choosing.

    The value of perfect information is the gain of choosing the best scenario in each future over choosing
    one for all. That of one input is the same with the result foretold from this input alone (regression on
    a cubic spline; Strong, Oakley and Brennan 2014), so that it grows a little by chance: ``floor`` is what
    an input that says nothing would seem worth.

    Parameters
    ----------
    output, year, better, price : see ``utility``
    seed : of permutations

    Returns
    -------
    ``evpi``; [factor] ``evppi`` and ``floor`` (exceeded by one in twenty inputs that say nothing); the
    attributes ``choice``, the best scenario on average, and ``tied``, those that cannot be told apart from
    it: the 90% interval of how much worse they are on average holds zero

    Raises
    ------
    FaultyInput
        If the store has not what is asked for, or too few draws.
    """
    u = utility(store, output, year, better=better, price=price)
    x, factors = inputs(store)
    x = x[u["draw"].values.astype(int)]
    # What differs between scenarios decides; taking off the best one removes noise common to all.
    values = np.asarray(u, float)
    best = int(values.mean(axis=1).argmax())
    gain = (values - values[best]).T
    rng = np.random.Generator(np.random.Philox(seed))
    worth, floor = np.empty(len(factors)), np.empty(len(factors))
    for k in range(len(factors)):
        basis = _basis(x[:, k])
        worth[k] = _worth(basis, gain)
        noise = [_worth(basis, rng.permutation(gain)) for _ in range(PERMUTATIONS)]
        floor[k] = np.quantile(noise, 0.95)
    unit = "soles of 2025" if price is not None else str(store[output].attrs.get("units", "1"))
    told = {"units": unit}
    return xr.Dataset(
        {
            "evpi": (
                (),
                float(gain.max(axis=1).mean()),
                told | {"long_name": "value of perfect information"},
            ),
            "evppi": ("factor", worth, told | {"long_name": "value of knowing one input"}),
            "floor": ("factor", floor, told | {"long_name": "what an input that says nothing seems worth"}),
        },
        coords={"factor": factors},
        attrs={
            "output": output,
            "year": "all" if year is None else year,
            "choice": str(u["scenario"].values[best]),
            "tied": [str(u["scenario"].values[k]) for k in _tied(gain, best)],
            "draws": gain.shape[0],
        },
    )


def _tied(gain: Floats, best: int) -> list[int]:
    """Return the scenarios of [draw, scenario] gains over the best one that cannot be told apart from it."""
    error = gain.std(axis=0, ddof=1) / np.sqrt(gain.shape[0])
    near = gain.mean(axis=0) + TWO_SIDED * error >= 0.0
    return [k for k in range(gain.shape[1]) if near[k] and k != best]


def _worth(basis: Floats, gain: Floats) -> float:
    """Return the mean of the best of what is foretold, over the best on average (which is zero)."""
    foretold = basis @ (basis.T @ gain)
    return float(max(foretold.max(axis=1).mean() - foretold.mean(axis=0).max(), 0.0))


def _basis(x: Floats) -> Floats:
    """Return an orthonormal basis [draw, function] of what can be foretold from one input."""
    values = np.unique(x)
    if values.size <= FEW_VALUES:
        columns = (x[:, None] == values).astype(float)
    else:
        # In ranks: an input that spans multiples must not crowd its draws into one knot span.
        rank = np.searchsorted(np.sort(x), x, side="left") / x.size
        inner = np.linspace(0.0, 1.0, KNOTS + 2)[1:-1]
        knots = np.concatenate([np.zeros(4), inner, np.ones(4)])
        columns = BSpline.design_matrix(rank, knots, 3).toarray()
    return np.asarray(np.linalg.qr(columns)[0])
