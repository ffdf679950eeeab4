"""Money labelled for the policy: what the record knows of each year, and what follows for the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import START_YEAR

if TYPE_CHECKING:
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

YEAR: Final = 12


def labelled(
    ledger: Ledger, p: Mapping[str, float], level: Floats, n_months: int
) -> tuple[Floats, Floats, Floats]:
    """Return [year] PIA, PIM and executed soles labelled for the policy, before any lever.

    Years that are known stand as they are; a stage that is not known follows from the others by the rates of
    the ledger; between known years amounts move in a line, and after the last one they keep their real value.

    Parameters
    ----------
    p : parameter values
    level : [year from 2012] price level
    """
    n = (n_months + YEAR - 1) // YEAR
    year = START_YEAR + np.arange(n)
    ratio, rate = p["budget.pim_over_pia_specific"], p["budget.execution_specific"]
    highest = p["budget.highest_execution"]
    known = [row for row in ledger.accounts if row.pia is not None]
    pia = np.interp(year, [row.year for row in known], [float(row.pia or 0.0) for row in known])
    last = known[-1].year
    after = year > last
    pia[after] *= level[year[after] - START_YEAR] / level[last - START_YEAR]
    pim = pia * ratio
    executed = pim * rate
    for row in ledger.accounts:
        k = row.year - START_YEAR
        if k >= n:
            continue
        if row.executed is not None:
            pim[k] = max(pim[k], row.executed / highest)
        pim[k] = pim[k] if row.pim is None else row.pim
        executed[k] = pim[k] * rate if row.executed is None else row.executed
    return pia, pim, executed
