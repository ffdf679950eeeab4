"""Does the method find what it should? Parameters that are known, looked for in data made from them.

Each simulation of the prior gives a set of synthetic data: what it showed, moved by the errors of the
targets. The posterior of these data by the other simulations, and the one by the emulator fitted to them, are
held against the parameters it was run with: their ranks must be uniform (simulation-based calibration, Talts
et al. 2018), and intervals must hold them at their nominal rate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from calibration.emulator import emulate
from calibration.nearness import make, nearest
from calibration.screening import identify
from calibration.smc import Data
from simulator.experiments.prior import many_uniforms

Floats = NDArray[np.float64]

BINS: Final = 10


@dataclass(frozen=True)
class Recovered:
    """What became of known parameters.

    Attributes
    ----------
    ranks : [data set, parameter] share of the posterior below the truth
    deviation : [data set, parameter] of the posterior, in positions of the prior
    emulated : [data set, parameter] share of the posterior by the emulator below the truth
    """

    ranks: Floats
    deviation: Floats
    emulated: Floats

    def coverage(self, level: float, *, emulated: bool = False) -> Floats:
        """Return [parameter] how often the central interval of a level holds the truth."""
        ranks = self.emulated if emulated else self.ranks
        return np.asarray((np.abs(ranks - 0.5) <= 0.5 * level).mean(axis=0))

    def uniformity(self) -> Floats:
        """Return [parameter] probability of ranks as uneven as these if they are uniform (chi-square)."""
        n = len(self.ranks)
        out = []
        for ranks in self.ranks.T:
            counts = np.bincount(np.minimum((ranks * BINS).astype(int), BINS - 1), minlength=BINS)
            out.append(float(stats.chi2.sf(((counts - n / BINS) ** 2).sum() / (n / BINS), BINS - 1)))
        return np.array(out)


def synthetic(y: Floats, data: Data, index: int, seed: int) -> Floats:
    """Return [target] data as a simulation that showed ``y`` would give them."""
    u = many_uniforms("synthetic", len(y), seed, index)
    return np.asarray(y + data.spread * stats.norm.ppf(u))


def recover(
    x: Floats,
    y: Floats,
    active: Sequence[Sequence[int]],
    data: Data,
    pool: Floats,
    *,
    rows: Sequence[int] | None = None,
    seed: int = 1,
) -> Recovered:
    """Look for the parameters of simulations in synthetic data made from what these showed.

    Parameters
    ----------
    x, y : [n, parameter], [n, target] simulations of the prior, on the scale of the data
    active : columns that move each target
    data : its errors and weights are those of the synthetic data
    pool : [m, parameter] positions of prior sets
    rows : simulations to take, by default all
    """
    chosen = range(len(x)) if rows is None else rows
    ranks, deviation, emulated = [], [], []
    moved = make(y, data, seed)
    for i in chosen:
        others = np.arange(len(x)) != i
        emulator = emulate(x[others], y[others], active)
        made = Data(synthetic(y[i], data, i, seed), data.deviation, data.weight)
        log = made.log_density(emulator.mean(pool), 1.0, emulator.covariance)
        weights = np.exp(log - log.max())
        weights /= weights.sum()
        emulated.append(weights @ (pool < x[i]))
        known = identify(x[others], y[others], data.spread, active)
        near = nearest(x[others], y[others], np.ones(len(x) - 1), known, made, seed, moved[others])
        mean = near.of_made @ near.x
        ranks.append(near.of_made @ (near.x < x[i]))
        deviation.append(np.sqrt(near.of_made @ (near.x - mean) ** 2))
    return Recovered(np.array(ranks), np.array(deviation), np.array(emulated))


@dataclass(frozen=True)
class Known:
    """Simulations of the prior as they are kept, so that anybody can look for their parameters again.

    Attributes
    ----------
    names, targets : of the columns of ``x`` and ``y``
    x, y, stock : [n, parameter], [n, target], [n]: positions, what was shown (on the scale of the data), and
        the stock per 1,000
    data : the official figures
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]
    x: Floats
    y: Floats
    stock: Floats
    data: Data

    def save(self, path: Path) -> None:
        """Write the table: a row for each simulation, after value, deviation and weight of the targets."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["row", "stock", *self.names, *self.targets])
        blank = [""] * (1 + len(self.names))
        for name in OF_DATA:
            writer.writerow([name, *blank, *(f"{v:.5g}" for v in getattr(self.data, name))])
        for i, (stock, x, y) in enumerate(zip(self.stock, self.x, self.y, strict=True)):
            writer.writerow([i, f"{stock:.5g}", *(f"{v:.4f}" for v in x), *(f"{v:.4g}" for v in y)])
        path.write_text(out.getvalue(), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path, fitted: int) -> Known:
        """Return a table written by ``save``; ``fitted`` is the number of its parameters."""
        head, *rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        after = 2 + fitted
        told = {row[0]: np.array(row[after:], float) for row in rows[: len(OF_DATA)]}
        table = np.array([row[1:] for row in rows[len(OF_DATA) :]], float)
        return cls(
            names=tuple(head[2:after]),
            targets=tuple(head[after:]),
            x=table[:, 1 : after - 1],
            y=table[:, after - 1 :],
            stock=table[:, 0],
            data=Data(**told),
        )


OF_DATA: Final = ("value", "deviation", "weight")


def save_ranks(recovered: Recovered, names: Sequence[str], path: Path) -> None:
    """Write the rank of every known parameter, a row for each synthetic data set."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([f"{rank:.4f}" for rank in row] for row in recovered.ranks)
    path.write_text(out.getvalue(), encoding="utf-8", newline="\n")
