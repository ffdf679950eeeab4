"""Parameter sets from the ledger's distributions, keyed by the seed: a Latin hypercube, or one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.draws import STREAM_DESIGN, draws_of, make_key
from simulator.rules import exits, recruitment

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger, Parameter

MOST_BATCHES: Final = 50


def quantile(parameter: Parameter, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of a parameter at probabilities ``u``.

    ``triangular`` has its mode at the central value; ``logtriangular`` is triangular in the logarithm, for
    rates and ratios whose range spans multiples; ``fixed`` parameters never vary.
    """
    low, mode, high = parameter.low, parameter.central, parameter.high
    if parameter.distribution == "fixed" or low == high:
        return np.full(u.shape, mode)
    logarithmic = parameter.distribution == "logtriangular"
    if logarithmic:
        low, mode, high = (float(np.log(x)) for x in (low, mode, high))
    value = triangular(u, low, mode, high)
    return np.exp(value) if logarithmic else value


def triangular(u: NDArray[np.float64], low: float, mode: float, high: float) -> NDArray[np.float64]:
    """Return the values of a triangular distribution at probabilities ``u``."""
    width = high - low
    cut = (mode - low) / width
    below = low + np.sqrt(u * width * (mode - low))
    above = high - np.sqrt((1.0 - u) * width * (high - mode))
    return np.where(u < cut, below, above)


@cache
def _identity(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")


def uniforms(names: Iterable[str], index: int, seed: int, attempt: int = 0) -> NDArray[np.float64]:
    """Return one probability for each name in draw ``index``, [name].

    A probability depends on its own name, index, seed and attempt alone: neither the number of draws nor
    another parameter of the ledger moves it.
    """
    identities = np.array([_identity(name) for name in names], np.int64)
    return np.asarray(draws_of(identities, index, STREAM_DESIGN, make_key(seed, attempt))[:, 2])


def many_uniforms(name: str, n: int, seed: int, stream: int = 0) -> NDArray[np.float64]:
    """Return [n] probabilities of one name, apart from those of ``uniforms``."""
    digest = hashlib.sha256(f"pool {name}".encode()).digest()
    key = make_key(seed, int.from_bytes(digest[:6], "little"))
    return np.asarray(draws_of(np.arange(n), stream, STREAM_DESIGN, key)[:, 0])


def quantiles(parameters: Sequence[Parameter], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return [parameter] the value of each parameter at its probability ``u``; see ``quantile``."""
    low, mode, high = (
        np.array([getattr(one, name) for one in parameters]) for name in ("low", "central", "high")
    )
    fixed = np.array([one.distribution == "fixed" for one in parameters]) | (low == high)
    logarithmic = ~fixed & np.array([one.distribution == "logtriangular" for one in parameters])
    low, at, high = (
        np.where(logarithmic, np.log(np.where(logarithmic, x, 1.0)), x) for x in (low, mode, high)
    )
    width = np.where(fixed, 1.0, high - low)
    below = low + np.sqrt(u * width * (at - low))
    above = high - np.sqrt((1.0 - u) * width * (high - at))
    value = np.where(u < (at - low) / width, below, above)
    return np.where(fixed, mode, np.where(logarithmic, np.exp(np.where(logarithmic, value, 0.0)), value))


def prior_set(
    ledger: Ledger, population: Population, index: int, seed: int, fixed: Mapping[str, float] | None = None
) -> tuple[Mapping[str, float], int]:
    """Return parameter set ``index`` of the ledger's distributions, and how many sets had to be rejected.

    The first plausible one of several attempts; other sets do not matter. What is ``fixed`` keeps its value.

    Raises
    ------
    ValueError
        If no attempt is plausible.
    """
    names, parameters = list(ledger.parameters), list(ledger.parameters.values())
    for attempt in range(MOST_BATCHES):
        values = quantiles(parameters, uniforms(names, index, seed, attempt))
        candidate = dict(zip(names, values.tolist(), strict=True)) | dict(fixed or {})
        if plausible(candidate, population):
            return candidate, attempt
    raise ValueError(f"no plausible parameter set {index} in {MOST_BATCHES} tries")


def latin_hypercube(n: int, names: list[str], seed: int, batch: int) -> NDArray[np.float64]:
    """Return [n, parameter] probabilities, one in each of ``n`` equal slices of every parameter."""
    out = np.empty((n, len(names)))
    for column in range(len(names)):
        key = make_key(seed, (batch << 16) + column)
        u = draws_of(np.arange(n), 0, STREAM_DESIGN, key)
        slices = np.argsort(np.argsort(u[:, 0], kind="stable"), kind="stable")
        out[:, column] = (slices + u[:, 1]) / n
    return out


def prior_draws(
    ledger: Ledger, population: Population, n: int, seed: int
) -> tuple[list[Mapping[str, float]], float]:
    """Return ``n`` parameter sets, the central one first, and the share of sets that had to be rejected.

    The others fill a Latin hypercube, so that a set depends on how many there are.

    A set is rejected when the stock it implies lies outside what the sources allow
    (``population.stock_min`` to ``population.stock_max``).
    """
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    sets: list[Mapping[str, float]] = [central]
    names = list(ledger.parameters)
    tried = rejected = 0
    for batch in range(MOST_BATCHES):
        if len(sets) >= n:
            break
        design = latin_hypercube(max(n - 1, 2), names, seed, batch)
        values = np.stack(
            [quantile(ledger.parameters[name], design[:, i]) for i, name in enumerate(names)], axis=1
        )
        for row in values:
            if len(sets) >= n:
                break
            candidate = dict(zip(names, row.tolist(), strict=True))
            tried += 1
            if plausible(candidate, population):
                sets.append(candidate)
            else:
                rejected += 1
    if len(sets) < n:
        raise ValueError(f"only {len(sets)} of {n} parameter sets are plausible after {tried} tries")
    return sets, rejected / tried if tried else 0.0


def plausible(p: Mapping[str, float], population: Population) -> bool:
    """Return whether the stock that a parameter set implies lies inside the ledger's bounds."""
    entry = recruitment.solve(p, population.margins)
    stock = exits.expected_stock(
        entry.entries,
        exits.exit_rates(p),
        recruitment.return_rates(p)[0],
        float(population.margins.sum()),
        p["identification.known_per_year"] * population.scale,
    )
    return p["population.stock_min"] <= stock.per_1000 <= p["population.stock_max"]
