"""In how many runs something is true, and from how many runs on that is told as a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

ENOUGH: Final = 10
"""Fewest runs for a verdict, or for a probability in percent; below it runs are counted.

If a policy changed nothing, each pair of runs would fall on either side like a coin: all n on one side in
2 ** (1 - n) of the cases, one in 128 with eight runs and one in 512 with ten. A table of trade-offs has about
forty cells (eleven indicators of up to four scenarios): one such table in three would hold a false verdict
with eight runs, one in twelve with ten.
"""


@dataclass(frozen=True)
class Counted:
    """Of some runs, how many: ``hits`` of ``runs``."""

    hits: int
    runs: int

    @property
    def share(self) -> float:
        """The share of the runs, not a number if there are none."""
        return self.hits / self.runs if self.runs else float("nan")

    @property
    def probability(self) -> float | None:
        """The same where the runs are ``ENOUGH`` to call it a probability."""
        return self.share if self.runs >= ENOUGH else None

    @property
    def bounds(self) -> tuple[float, float]:
        """The 90% interval of the share over further runs (Clopper and Pearson 1934)."""
        # Reading the package takes longer than the pages wait for.
        from scipy.special import betaincinv  # noqa: PLC0415

        low = float(betaincinv(self.hits, self.runs - self.hits + 1, 0.05)) if self.hits else 0.0
        high = float(betaincinv(self.hits + 1, self.runs - self.hits, 0.95)) if self.hits < self.runs else 1.0
        return low, high


def counted(true: xr.DataArray | ArrayLike) -> Counted:
    """Return in how many runs something is true, of a truth value for each."""
    values = np.asarray(true, dtype=bool)
    return Counted(int(values.sum()), values.size)
