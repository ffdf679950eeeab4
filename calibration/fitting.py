"""The fit: what the data can tell, what they rule out, and the sets of parameters that they leave.

A first population of simulations screens the prior; further ones go where the emulator of what was seen so
far finds the data likely. The posterior is that of the simulations themselves (approximate Bayesian
computation), which needs no emulator to be true; what the last emulator leaves of the prior (synthetic
likelihood, Wood 2010: the expected series, and the covariance of what the emulator does not know) is its
check. Read this first, then ``screening``, ``emulator``, ``smc`` and ``nearness``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.emulator import Emulator, emulate
from calibration.nearness import Near, nearest
from calibration.observe import LEAST, errors
from calibration.priors import Drawn, Pool, Prior
from calibration.screening import Identified, identify, movers
from calibration.smc import IMPLAUSIBLE, Data, Stage, choose, effective, emulated, of_prior, ruled_out
from calibration.targets import Target

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FIRST: Final = 240
"""Simulations of the prior; of a budget that is not larger, half."""

STAGE: Final = 40
"""Simulations of each further stage, at most: a larger budget adds stages and changes none before."""

WIDENING: Final = 2.0
"""Errors of the second stage, in multiples of those of the targets; further stages take them as they are."""

LEAST_NEAR: Final = 0.05
"""Share of prior sets that must come within three standard deviations of a target for it to be in reach."""

POOL: Final = 200_000
"""Prior sets among which a stage chooses."""

FEWEST_IN_POOL: Final = 50.0
"""Effective sets that a stage must be able to choose from; with fewer, its errors are widened."""

KEPT: Final = 300
"""Draws of the posterior that are kept."""

Simulate = Callable[[Sequence[Drawn], int], "Shown"]
"""Run sets whose first has this number among all of a fit."""


class Shown(NamedTuple):
    """What simulations showed, [n, target] and [n]: the targets, and the stock they imply per 1,000."""

    predicted: Floats
    stock: Floats


@dataclass(frozen=True)
class Scale:
    """Targets on a scale on which they are near linear: logarithms of counts and ratios, logits of shares."""

    targets: tuple[Target, ...]

    def __call__(self, values: Floats) -> Floats:
        """Return values [n, target] on that scale; a share of nobody tells what the others do."""
        inside = np.clip(values, self._least, 1.0 - self._least)
        out = np.where(self._shares, _logit(inside), np.log(np.maximum(values, LEAST)))
        unknown = np.isnan(out)
        known = np.maximum((~unknown).sum(axis=0), 1)
        return np.where(unknown, np.where(unknown, 0.0, out).sum(axis=0) / known, out)

    def data(self) -> Data:
        """Return the official figures on that scale, with the slope of the scale in their errors."""
        values = np.array([one.value for one in self.targets])
        inside = np.clip(values, self._least, 1.0 - self._least)
        slope = np.where(self._shares, 1.0 / (inside * (1.0 - inside)), 1.0 / np.maximum(values, LEAST))
        weight = np.array([one.weight for one in self.targets])
        return Data(self(values[None])[0], errors(self.targets, values) * slope, weight)

    @property
    def _shares(self) -> NDArray[np.bool_]:
        return np.array([one.indicator.error == "share" for one in self.targets])

    @property
    def _least(self) -> Floats:
        return np.array([0.5 / one.cases for one in self.targets])


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)))


@dataclass(frozen=True)
class Screened:
    """What the first half of the budget tells.

    Attributes
    ----------
    columns : of the prior's parameters, those that move a target or the stock: the ones that are fitted
    active : for each target, the fitted parameters that move it, as positions in ``columns``
    by_stock : those that move the stock
    identified : what the targets can tell of each fitted parameter
    """

    columns: tuple[int, ...]
    active: tuple[tuple[int, ...], ...]
    by_stock: tuple[int, ...]
    identified: Identified


def screen(x: Floats, y: Floats, stock: Floats, data: Data) -> Screened:
    """Return which parameters move what is observed.

    Parameters
    ----------
    x : [n, parameter] positions of prior sets; y : [n, target] what they showed, on the scale of the data
    stock : [n] logarithm of the stock that a set implies
    """
    found = movers(x, np.column_stack([y, stock]))
    columns = tuple(sorted({column for one in found for column in one}))
    place = {column: i for i, column in enumerate(columns)}
    active = tuple(tuple(place[column] for column in one) for one in found)
    here = x[:, columns]
    known = identify(here, y, data.spread, active[:-1])
    return Screened(columns, active[:-1], active[-1], known)


@dataclass(frozen=True)
class Wave:
    """What one stage did.

    Attributes
    ----------
    simulations : its size
    widening : its errors in multiples of those of the targets; none for the prior
    not_ruled_out : share of the prior that history matching leaves
    pool_effective : effective sets it could choose from
    """

    simulations: int
    widening: float | None
    not_ruled_out: float
    pool_effective: float


@dataclass(frozen=True)
class Fit:
    """The outcome of a fit.

    Attributes
    ----------
    names : fitted parameters
    pool : prior sets of them; likely : [set] their share of the posterior by the emulator
    near : the posterior by the simulations; sets : its parameter sets
    chosen : rows of these, drawn by it: the posterior as it is kept
    inside : [set] which sets of the pool imply a stock that the sources allow
    x : [n, parameter] positions of all simulations; stock : [n] per 1,000, that they imply
    structures : of each simulation, one of each group
    y : [n, target] what they showed, on the scale of the data; reached : [target] those in reach, the only
        ones in ``y`` and ``data``
    log_likelihood : [n]
    """

    names: tuple[str, ...]
    pool: Pool
    likely: Floats
    near: Near
    sets: Pool
    chosen: Integers
    inside: NDArray[np.bool_]
    x: Floats
    stock: Floats
    y: Floats
    structures: tuple[tuple[str, ...], ...]
    data: Data
    reached: NDArray[np.bool_]
    log_likelihood: Floats
    screened: Screened
    waves: tuple[Wave, ...]

    @property
    def first(self) -> int:
        """Simulations of the prior, which stand first."""
        return self.waves[0].simulations


def fit(
    prior: Prior,
    targets: Sequence[Target],
    simulate: Simulate,
    likelihood: Callable[[Floats], Floats],
    budget: int,
    kept: int = KEPT,
) -> Fit:
    """Fit the prior to targets within a number of simulations.

    Parameters
    ----------
    simulate : runs sets
    likelihood : [n, target] shown to [n] log likelihood of the targets
    budget : simulations in all, at least 40
    kept : draws of the posterior that are kept

    Raises
    ------
    ValueError
        If no parameter moves any target, or the data rule out the whole prior.
    """
    first = FIRST if budget > FIRST else budget // 2
    sets = [prior.draw(i) for i in range(first)]
    shown = simulate(sets, 0)
    every = Scale(tuple(targets))
    reached = within_reach(every.data(), every(shown.predicted))
    scale = Scale(tuple(one for one, kept in zip(targets, reached, strict=True) if kept))
    data = scale.data()
    every_x = prior.x([one.values for one in sets])
    screened = screen(every_x, scale(shown.predicted[:, reached]), np.log(shown.stock), data)
    names = tuple(prior.names[column] for column in screened.columns)
    if not any(screened.active):
        raise ValueError("no parameter moves any target")
    stages = [Stage(first, None, 1.0, 1.0)]
    waves = [Wave(first, None, 1.0, float(first))]
    x = every_x[:, screened.columns]
    pool = prior.pool(POOL, names)
    inside = plausible_stock(pool, x, shown.stock, screened.by_stock, prior)
    widening = WIDENING
    while len(sets) < budget:
        emulator = emulate(x, scale(shown.predicted[:, reached]), screened.active)
        size = min(STAGE, budget - len(sets))
        stage, likely, left = _stage(emulator, pool, inside, data, widening, size)
        chosen = _choose(prior, pool, likely, len(sets))[:size]
        more = simulate(chosen, len(sets))
        sets += chosen
        shown = Shown(*(np.concatenate(pair) for pair in zip(shown, more, strict=True)))
        stages.append(stage)
        waves.append(Wave(size, stage.widening, left, effective(likely)))
        x = prior.x([one.values for one in sets])[:, screened.columns]
        widening = 1.0
    log = likelihood(shown.predicted)[:, reached].sum(axis=1)
    y = scale(shown.predicted[:, reached])
    last, likely, left = _stage(emulate(x, y, screened.active), pool, inside, data, 1.0, 0)
    waves.append(Wave(0, last.widening, left, effective(likely)))
    near = nearest(x, y, of_prior(x, tuple(stages), data), screened.identified, data, prior.seed)
    held = tuple(one.structures for one in sets)
    left_over = prior.sets(names, near.x, [held[row] for row in near.rows])
    return Fit(
        names=names,
        pool=pool,
        likely=likely / likely.sum(),
        near=near,
        sets=left_over,
        chosen=_keep(prior, left_over, near.of_made, kept),
        inside=inside,
        x=x,
        stock=shown.stock,
        y=y,
        structures=held,
        data=data,
        reached=reached,
        log_likelihood=log,
        screened=screened,
        waves=tuple(waves),
    )


def within_reach(data: Data, y: Floats) -> NDArray[np.bool_]:
    """Return [target] which targets the prior can meet at all.

    The others tell what the rules lack, not which parameters are right: fitting to them would bend whatever
    parameter moves them. They are told as out of reach, and stay in every validation.

    Parameters
    ----------
    y : [n, target] what prior sets showed
    """
    near = np.abs(y - data.value) <= IMPLAUSIBLE * data.deviation
    return np.asarray(near.mean(axis=0) >= LEAST_NEAR)


def _stage(
    emulator: Emulator, pool: Pool, inside: NDArray[np.bool_], data: Data, widening: float, size: int
) -> tuple[Stage, Floats, float]:
    """Return a stage, how likely it finds the sets of the pool, and the share that is not ruled out."""
    mean = emulator.mean(pool.x)
    left = ~ruled_out(data.implausibility(mean, emulator.variance)) & inside
    if not left.any():
        raise ValueError("history matching rules out the whole prior")
    likely = np.where(inside, emulated(emulator, mean, data, widening), 0.0)
    while effective(likely) < min(FEWEST_IN_POOL, 0.5 * left.sum()):
        widening *= 1.25
        likely = np.where(inside, emulated(emulator, mean, data, widening), 0.0)
    mass = float(likely[inside].mean())
    return Stage(size, emulator, widening, mass), likely, float(left.sum() / inside.sum())


def plausible_stock(
    pool: Pool, x: Floats, stock: Floats, by_stock: tuple[int, ...], prior: Prior
) -> NDArray[np.bool_]:
    """Return which sets of a pool imply a stock that the sources allow, by an emulator of the stock.

    Parameters
    ----------
    x, stock : [n, parameter], [n] positions of simulations, and the stock per 1,000 that they imply
    by_stock : columns that move it
    """
    limits = [prior.ledger.parameters[f"population.stock_{end}"].central for end in ("min", "max")]
    expected = emulate(x, np.log(stock)[:, None], (by_stock,)).mean(pool.x)[:, 0]
    return np.asarray((np.log(limits[0]) <= expected) & (expected <= np.log(limits[1])))


def _sets(prior: Prior, pool: Pool, likely: Floats, n: int, index: int) -> Iterator[tuple[int, Drawn]]:
    """Yield rows of the pool and their full sets, until ``n`` have a stock that the sources allow.

    More rows are chosen than needed, for those whose stock is implausible after all.
    """
    rows = choose(likely, 2 * n, 0.5)
    found = 0
    for row in np.concatenate([rows[::2], rows[1::2]]):
        if found == n:
            return
        values = dict(zip(pool.names, pool.values[row].tolist(), strict=True))
        structures = tuple(
            members[s].name for members, s in zip(prior.groups, pool.structures[row], strict=True)
        )
        try:
            drawn = prior.complete(index + found, structures, values)
        except ValueError:
            continue
        found += 1
        yield int(row), drawn


def _choose(prior: Prior, pool: Pool, likely: Floats, index: int) -> list[Drawn]:
    """Return the sets of a full stage: likely ones of the pool, all other parameters from the prior."""
    return [drawn for _, drawn in _sets(prior, pool, likely, STAGE, index)]


def _keep(prior: Prior, pool: Pool, likely: Floats, kept: int) -> Integers:
    """Return the rows of a pool that are kept as the posterior, likely ones several times."""
    return np.sort([row for row, _ in _sets(prior, pool, likely, kept, 0)])
