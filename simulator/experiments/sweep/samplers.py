"""Samplers: where the draws of an experiment lie in the unit cube of its factors, and their values there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.design import DrawsFrom, latin_hypercube, parameter_draws, quantile
from simulator.experiments.structures import narrow
from simulator.experiments.sweep.experiment import Experiment, Factor

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]


def design(experiment: Experiment, ledger: Ledger, population: Population) -> tuple[Floats, Floats, float]:
    """Return the design of an experiment.

    Returns
    -------
    [draw, factor] values; [draw, factor] probabilities at which they lie in each factor's distribution
    (missing where parameter sets are drawn as a whole); share of parameter sets rejected as implausible
    """
    sampler, factors = experiment.sampler, experiment.factors
    if sampler.use in ("prior", "posterior"):
        return _sets(experiment, ledger, population)
    unit = _unit(experiment)
    values = np.empty_like(unit)
    for k, factor in enumerate(factors):
        values[:, k] = factor.distribution.at(unit[:, k], factor.name, ledger)
    _narrow(values, unit, factors, ledger)
    return values, unit, 0.0


def _narrow(values: Floats, unit: Floats, factors: Sequence[Factor], ledger: Ledger) -> None:
    """Draw parameters that a structure narrows from its range, at the probability that they had."""
    column = {factor.name: k for k, factor in enumerate(factors)}
    for k, factor in enumerate(factors):
        for number, reading in enumerate(factor.readings):
            rows = values[:, k] == number
            for name, limits in reading.ranges:
                if name in column:
                    narrowed = narrow(ledger.parameters[name], limits)
                    values[rows, column[name]] = quantile(narrowed, unit[rows, column[name]])


def _sets(experiment: Experiment, ledger: Ledger, population: Population) -> tuple[Floats, Floats, float]:
    """Return parameter sets as they are drawn elsewhere, beside a Latin hypercube of levers and money."""
    sampler, factors = experiment.sampler, experiment.factors
    n = sampler.size
    names = [factor.name for factor in factors if factor.kind == "parameter"]
    others = [factor for factor in factors if factor.kind != "parameter"]
    values = np.full((n, len(factors)), np.nan)
    unit = np.full((n, len(factors)), np.nan)
    rejected = 0.0
    if sampler.table is None:
        kind: DrawsFrom = "prior" if sampler.use == "prior" else "posterior"
        sets, rejected = parameter_draws(ledger, population, n, experiment.seed, kind)
        values[:, : len(names)] = [[one[name] for name in names] for one in sets]
    else:
        values[:, : len(names)] = sampler.table[1][:n]
    if others:
        unit[:, len(names) :] = latin_hypercube(n, [factor.name for factor in others], experiment.seed, 0)
        for k, factor in enumerate(others, start=len(names)):
            values[:, k] = factor.distribution.at(unit[:, k], factor.name, ledger)
    return values, unit, rejected


def _unit(experiment: Experiment) -> Floats:
    sampler, factors, seed = experiment.sampler, experiment.factors, experiment.seed
    match sampler.use:
        case "latin_hypercube":
            return latin_hypercube(sampler.size, [factor.name for factor in factors], seed, 0)
        case "sobol":
            return _sobol(sampler.size, len(factors), seed)
        case "grid":
            return _grid(factors, sampler.size)
        case "saltelli":
            from SALib.sample import sobol  # noqa: PLC0415  (slow to import, and not always needed)

            told = sobol.sample(problem(factors), sampler.size, calc_second_order=False, seed=_key(seed))
            return np.asarray(told, np.float64)
        case _:
            from SALib.sample import morris  # noqa: PLC0415

            told = morris.sample(problem(factors), sampler.size, num_levels=sampler.levels, seed=_key(seed))
            return np.asarray(told, np.float64)


def problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """Return the factors as SALib describes a problem, in the unit cube, with groups if there are any."""
    told: dict[str, Any] = {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }
    if any(factor.group != factor.name for factor in factors):
        told["groups"] = [factor.group for factor in factors]
    return told


def _sobol(n: int, dimensions: int, seed: int) -> Floats:
    from scipy.stats import qmc  # noqa: PLC0415

    points = qmc.Sobol(dimensions, scramble=True, rng=_key(seed)).random(n)
    return np.asarray(points, np.float64)


def _grid(factors: Sequence[Factor], steps: int) -> Floats:
    """Return every combination, the last factor fastest; listed values lie in the middle of their slice."""
    axes = []
    for factor in factors:
        count = len(factor.distribution.numbers)
        if factor.distribution.kind == "values":
            axes.append((np.arange(count) + 0.5) / count)
        else:
            axes.append(np.linspace(0.0, 1.0, steps))
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(factors))


def _key(seed: int) -> int:
    """Return a seed that the samplers of other libraries take."""
    return seed % (1 << 32)
