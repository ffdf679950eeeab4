"""Global sensitivity: which inputs a result, or the effect of a policy, depends on, and how sure that is.

Morris' elementary effects screen, Sobol's indices share out the variance, PAWN compares distributions; each
is SALib's. Indices of first and total order need the designs made for them (samplers ``morris`` and
``saltelli``); PAWN and the direction of a dependence come from any draws.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from simulator.experiments.analysis.futures import (
    EFFECT,
    KINDS,
    described,
    enough,
    inputs,
    one_of,
    outputs_of,
    results,
    sampler_of,
    year_of,
)

Floats = NDArray[np.float64]

CONFIDENCE: Final = 0.9
RESAMPLES: Final = 200
SLICES: Final = (5, 8, 10, 15)
"""Slices of the range of an input in PAWN; an answer that depends on them is none."""

LEAST_DRAWS: Final = 20
LEAST_BLOCKS: Final = 4
STEPS: Final = (0.25, 0.5, 0.75, 1.0)
"""Shares of the design at which indices are worked out, to see whether they have settled."""

OF_SAMPLER: Final = {
    "morris": ("mu_star", "mu_star_conf", "mu", "sigma"),
    "saltelli": ("s1", "s1_conf", "st", "st_conf"),
}
"""Indices that only a design made for them gives."""

OF_DRAWS: Final = ("pawn", "pawn_low", "pawn_high", "pawn_dummy", "direction")
"""Indices from any draws."""

ABOUT: Final = {
    "mu_star": ("unit of the output", "Morris: mean size of elementary effects, one step through the range"),
    "mu_star_conf": ("unit of the output", "half-width of the 90% interval of mu_star"),
    "mu": ("unit of the output", "Morris: mean elementary effect, with its sign"),
    "sigma": ("unit of the output", "Morris: spread of elementary effects: interaction or curvature"),
    "s1": ("1", "Sobol, first order: share of the variance by an input alone"),
    "s1_conf": ("1", "half-width of the 90% interval of s1"),
    "st": ("1", "Sobol, total order: share of the variance in which an input has a part"),
    "st_conf": ("1", "half-width of the 90% interval of st"),
    "pawn": (
        "1",
        "PAWN: median distance of conditional from unconditional distributions, over designs of slices",
    ),
    "pawn_low": ("1", "PAWN: least of the medians over designs of slices"),
    "pawn_high": ("1", "PAWN: greatest of the medians over designs of slices"),
    "pawn_dummy": ("1", "PAWN of an input that does nothing: what lies below cannot be told from nothing"),
    "direction": ("1", "rank correlation of input and output, from -1 to 1"),
    "chance": (
        "1",
        "share of the variance between runs that is chance, not inputs; missing for one replicate",
    ),
    "n_draws": ("draws", "draws with a result, of whole trajectories or blocks where a design has them"),
    "settling": ("as the leading index", "the leading index of the design at shares of its runs"),
}
"""Units and names of what comes out."""


def sensitivity(
    store: xr.Dataset,
    outputs: Sequence[str] | None = None,
    years: Sequence[int] | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    seed: int = 0,
) -> xr.Dataset:
    """Return indices of global sensitivity of a sweep.

    Parameters
    ----------
    store : of ``sweep``, opened; kept for the country, or one territory of it selected
    outputs : names; by default all that were kept
    years : by default the last
    kinds : ``level``, ``effect`` (less the comparator, within the same draw and chance), or both
    seed : of resampling

    Returns
    -------
    [kind, scenario, output, year, factor] indices of ``ABOUT``; groups stand in the place of factors in
    those of the design if the experiment has groups, along ``group``; ``settling`` has [..., share] too.
    Results that do not vary have no indices, which is not zero. The comparator has no effect.

    Raises
    ------
    FaultyInput
        If the store has not what is asked for, or too few draws with results.
    """
    names = [one_of(store, "output", name, outputs_of(store)) for name in outputs or outputs_of(store)]
    chosen = [year_of(store, year) for year in years] if years else [year_of(store, None)]
    ask = _Design(store)
    x, factors = inputs(store)
    scenarios = [str(s) for s in store["scenario"].values]
    shape = (len(kinds), len(scenarios), len(names), len(chosen))
    groups = ask.groups or factors
    out = {name: np.full((*shape, len(groups)), np.nan) for name in ask.indices}
    out |= {name: np.full((*shape, len(factors)), np.nan) for name in OF_DRAWS}
    settling = np.full((*shape, len(groups), len(STEPS)), np.nan)
    chance, n_draws = np.full(shape, np.nan), np.zeros(shape, np.int64)
    for k, kind in enumerate(kinds):
        for j, name in enumerate(names):
            if kind == EFFECT and len(scenarios) < 2:
                continue
            every = results(store, name, kind=kind)
            for s, scenario in enumerate(scenarios):
                if scenario not in every["scenario"].values:
                    continue
                for i, year in enumerate(chosen):
                    runs = np.asarray(every.sel(scenario=scenario, year=year), float)
                    here = (k, s, j, i)
                    chance[here] = _chance(runs)
                    y = runs.mean(axis=1)
                    whole = ask.whole(np.isfinite(y))
                    n_draws[here] = int(whole.sum())
                    if not whole.any() or np.ptp(y[whole]) == 0.0:
                        continue
                    found = _of_draws(x[whole], y[whole], seed)
                    if ask.analyse is not None:
                        found |= ask.indices_of(y, whole, seed)
                        settling[here] = ask.settle(y, whole, seed)
                    for index, values in found.items():
                        out[index][here] = values
    enough(store, int(n_draws.max()), LEAST_DRAWS)
    before = ("kind", "scenario", "output", "year")
    along = "group" if ask.groups else "factor"
    variables: dict[str, Any] = {
        name: ((*before, along if name in ask.indices else "factor"), values) for name, values in out.items()
    }
    variables |= {"chance": (before, chance), "n_draws": (before, n_draws)}
    if ask.analyse is not None:
        variables["settling"] = ((*before, along, "share"), settling)
    coords: dict[str, Any] = {
        "kind": list(kinds),
        "scenario": scenarios,
        "output": names,
        "year": chosen,
        "factor": factors,
        "units_of_output": ("output", [str(store[name].attrs.get("units", "1")) for name in names]),
    }
    if ask.groups:
        coords["group"] = ask.groups
    if ask.analyse is not None:
        coords["share"] = list(STEPS)
    dataset = xr.Dataset(variables, coords=coords, attrs=_attributes(store, ask.use))
    return described(dataset, ABOUT)


def leading(dataset: xr.Dataset) -> str:
    """Return the index by which inputs are put in order: total order, else mu*, else PAWN."""
    return next(name for name in ("st", "mu_star", "pawn") if name in dataset)


def _attributes(store: xr.Dataset, use: str) -> dict[str, Any]:
    kept = ("experiment", "experiment_hash", "plan_hash", "comparator", "code_version", "data_hash", "seed")
    told = {name: store.attrs[name] for name in kept if name in store.attrs}
    return {**told, "sampler": use, "confidence": CONFIDENCE, "slices": list(SLICES)}


def _chance(runs: Floats) -> float:
    """Return the share of the variance of [draw, replicate] runs that lies between replicates of a draw."""
    if runs.shape[1] < 2:
        return float("nan")
    runs = runs[np.isfinite(runs).all(axis=1)]
    if runs.shape[0] < 2 or np.ptp(runs) == 0.0:
        return float("nan")
    within = runs.var(axis=1, ddof=1).mean()
    between = max(runs.mean(axis=1).var(ddof=1) - within / runs.shape[1], 0.0)
    return float(within / (within + between))


def _of_draws(x: Floats, y: Floats, seed: int) -> dict[str, Floats]:
    """Return the indices that any draws give, [factor] each."""
    medians = np.stack([_pawn(x, y, slices) for slices in SLICES])
    rng = np.random.Generator(np.random.Philox(seed))
    dummy = rng.permuted(np.tile(np.arange(y.size, dtype=float), (DUMMIES, 1)), axis=1).T
    nothing = np.median([_pawn(dummy, y, slices).max() for slices in SLICES])
    rank = np.array([stats.spearmanr(column, y).statistic for column in x.T])
    return {
        "pawn": np.median(medians, axis=0),
        "pawn_low": medians.min(axis=0),
        "pawn_high": medians.max(axis=0),
        "pawn_dummy": np.full(x.shape[1], nothing),
        "direction": rank,
    }


DUMMIES: Final = 10
"""Inputs that do nothing, of which the most conspicuous is the bar for the others."""


def _pawn(x: Floats, y: Floats, slices: int) -> Floats:
    """Return [factor] SALib's PAWN, the median over the slices of each input."""
    from SALib.analyze import pawn  # noqa: PLC0415  (slow to import, and not always needed)

    problem = {"num_vars": x.shape[1], "names": [str(k) for k in range(x.shape[1])]}
    with warnings.catch_warnings():
        # An input of few values leaves slices without runs.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(pawn.analyze(problem, x, y, S=slices)["median"], float)


class _Design:
    """What the sampler of a store allows: which indices, and which runs belong together."""

    def __init__(self, store: xr.Dataset) -> None:
        self.use = str(sampler_of(store)["use"])
        self.problem: Mapping[str, Any] = json.loads(store.attrs["problem"])
        self.unit = np.asarray(store["design_unit"], float)
        self.levels = int(sampler_of(store).get("levels", 4))
        self.indices = OF_SAMPLER.get(self.use, ())
        self.groups = list(dict.fromkeys(self.problem.get("groups", []))) if self.indices else []
        width = len(self.groups) or int(self.problem["num_vars"])
        self.block = {"morris": width + 1, "saltelli": width + 2}.get(self.use, 1)
        self.analyse: Callable[[NDArray[np.int64], Floats, int], dict[str, Floats]] | None = {
            "morris": self._morris,
            "saltelli": self._sobol,
        }.get(self.use)

    def whole(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which draws belong to trajectories or blocks without a gap."""
        blocks = known[: known.size - known.size % self.block].reshape(-1, self.block).all(axis=1)
        return np.concatenate([np.repeat(blocks, self.block), np.zeros(known.size % self.block, bool)])

    def indices_of(self, y: Floats, whole: NDArray[np.bool_], seed: int) -> dict[str, Floats]:
        if self.analyse is None or whole.sum() < LEAST_BLOCKS * self.block:
            return {}
        return self.analyse(np.flatnonzero(whole), y, seed)

    def settle(self, y: Floats, whole: NDArray[np.bool_], seed: int) -> Floats:
        """Return [group, share] the leading index at shares of the design."""
        every = np.flatnonzero(whole)
        out = np.full((len(self.groups) or self.unit.shape[1], len(STEPS)), np.nan)
        for k, share in enumerate(STEPS):
            blocks = int(share * every.size // self.block)
            rows = every[: blocks * self.block]
            if self.analyse is None or blocks < LEAST_BLOCKS or np.ptp(y[rows]) == 0.0:
                continue
            found = self.analyse(rows, y, seed)
            out[:, k] = found["st" if "st" in found else "mu_star"]
        return out

    def _morris(self, rows: NDArray[np.int64], y: Floats, seed: int) -> dict[str, Floats]:
        from SALib.analyze import morris  # noqa: PLC0415

        told = morris.analyze(
            dict(self.problem),
            self.unit[rows],
            y[rows],
            num_resamples=RESAMPLES,
            conf_level=CONFIDENCE,
            num_levels=self.levels,
            seed=seed + 1,
        )
        return {name: np.asarray(told[name], float) for name in OF_SAMPLER["morris"]}

    def _sobol(self, rows: NDArray[np.int64], y: Floats, seed: int) -> dict[str, Floats]:
        from SALib.analyze import sobol  # noqa: PLC0415

        told = sobol.analyze(
            dict(self.problem),
            # Centred, or the error of the estimate grows with the level of the output.
            y[rows] - y[rows].mean(),
            calc_second_order=False,
            num_resamples=RESAMPLES,
            conf_level=CONFIDENCE,
            seed=seed + 1,
        )
        pairs = {"s1": "S1", "s1_conf": "S1_conf", "st": "ST", "st_conf": "ST_conf"}
        return {mine: np.asarray(told[theirs], float) for mine, theirs in pairs.items()}
