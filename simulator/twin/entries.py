"""Expected entries of the stock-and-flow twin: rates of recruitment on the counted exposures of children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.population import (
    ADOLESCENCE,
    DIVERSITY,
    N_FACTORS,
    N_PATTERNS,
    NORMS,
    POOR,
    SCHOOL_AGE,
    SCHOOLING,
    count_margins,
    rank_threshold,
)
from simulator.engine.states import LABOUR, N_PLACES, SEXUAL
from simulator.evidence.drivers import child_poverty
from simulator.rules.recruitment import FIRST_AGE

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger
    from simulator.rules.recruitment import EntryTables

Floats = NDArray[np.float64]

AGES: Final = np.arange(FIRST_AGE, 18)
YEAR: Final = 12
RANKS: Final = 65536.0
BITS: Final = ((np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1).astype(bool)
FORMS: Final = (SEXUAL, LABOUR)


@dataclass(frozen=True)
class Exposures:
    """Children counted by their exposures in each January.

    Attributes
    ----------
    counts : [year, place, age 13, sex, pattern] children present, exploited or not
    poor : [year, place] share of children below the line of poverty by which they were counted
    """

    counts: Floats
    poor: Floats

    def at(self, month: int) -> tuple[Floats, Floats]:
        """Return [place, age, sex, pattern] children and [place] share poor of a month, between Januaries."""
        year, rest = divmod(max(month, 0), YEAR)
        last = self.counts.shape[0] - 1
        a, b, x = min(year, last), min(year + 1, last), rest / YEAR
        if x == 0.0 or a == b:
            return self.counts[a], self.poor[a]
        return (
            (1.0 - x) * self.counts[a] + x * self.counts[b],
            (1.0 - x) * self.poor[a] + x * self.poor[b],
        )


_counted: dict[tuple[str, int], Exposures] = {}


def exposures(population: Population, ledger: Ledger, n_months: int) -> Exposures:
    """Count the children of each January by place, age, sex and pattern; the last population is remembered.

    Every January is one pass over all children: about 0.2 s for the whole country.
    """
    years = n_months // YEAR + 2
    memory = (population.digest, years)
    if memory not in _counted:
        months = YEAR * np.arange(years)
        line = rank_threshold(child_poverty(ledger, int(months[-1]) + 1)[months])
        counts = np.zeros((years, *population.margins.shape), np.int64)
        for y, month in enumerate(months):
            count_margins(
                population.children,
                int(month),
                line[y],
                population.school_threshold,
                population.norm_threshold,
                population.community_rank,
                counts[y],
            )
        _counted.clear()
        _counted[memory] = Exposures(counts[:, :, FIRST_AGE:].astype(float), line / RANKS)
    return _counted[memory]


@dataclass(frozen=True)
class Entries:
    """What one month's tables make of the children at home.

    Attributes
    ----------
    flow : [form 2, place, age 13, sex] expected entries of a month
    per_child : [form 2, age 13, sex] the same per child present, national
    present : [form 2, age 13, sex] monthly rate of entry, by any form, of those who enter by one
    extreme : share of entrants in extreme poverty without support
    """

    flow: Floats
    per_child: Floats
    present: Floats
    extreme: float


def factors_of(tables: EntryTables, poor: Floats, school: Floats, norm: Floats) -> Floats:
    """Return [place, 2, factor] what each exposure multiplies the rate by: not exposed, exposed as counted.

    Children were counted with the exposures of a January and of reference conditions; where fewer are exposed
    now, a share of the exposed counts as not exposed, and the other way round.

    Parameters
    ----------
    poor : [place] share of the children poor as counted
    school, norm : [place] share of those exposed as counted who are so now
    """
    m = np.stack([np.ones_like(tables.multiplier), tables.multiplier], axis=1)
    cash = 1.0 + (tables.rr_cash - 1.0) * tables.cash / RANKS
    now = tables.poverty / RANKS
    excess = tables.multiplier[:, POOR] * cash - 1.0
    m[:, 1, POOR] = 1.0 + np.minimum(now / np.maximum(poor, 1e-9), 1.0) * excess
    m[:, 0, POOR] = 1.0 + np.clip((now - poor) / np.maximum(1.0 - poor, 1e-9), 0.0, 1.0) * excess
    for factor, share in ((SCHOOLING, school), (NORMS, norm)):
        m[:, 1, factor] = 1.0 + share * (tables.multiplier[:, factor] - 1.0)
    return m


def products(m: Floats, *, age: int) -> Floats:
    """Return [form 2, place, pattern] the product of multipliers of children of an age."""
    m = m.copy()
    if age < SCHOOL_AGE:
        m[:, :, SCHOOLING] = 1.0
    if age < ADOLESCENCE:
        m[:, :, DIVERSITY] = 1.0
    each = np.where(BITS, m[:, None, 1], m[:, None, 0])
    common = np.delete(each, NORMS, axis=2).prod(axis=2)
    return np.stack([common, common * each[:, :, NORMS]])


def base_of(tables: EntryTables) -> Floats:
    """Return [form 2, place, age 13, sex] monthly rate of a child with no exposure, both paths together."""
    weight = np.stack([tables.pressure, tables.pressure * tables.labour])
    by_path = tables.base[:, 1:, FIRST_AGE:18]
    base = np.einsum("hfas,fhk->fkas", by_path, weight)
    groups = 1.0 + (tables.rr_groups - 1.0) * tables.groups / RANKS
    base[:, :, AGES >= ADOLESCENCE] *= groups[:, None, None]
    return np.asarray(base)


def left_at_home(base: Floats, m: Floats) -> Floats:
    """Return [place, age 13, sex, pattern] share of children never exploited, if rates had always been these.

    High rates deplete themselves: who is most exposed is the least likely to be at home still.
    """
    reached = np.zeros((N_PLACES, 2, N_PATTERNS))
    out = np.empty((N_PLACES, AGES.size, 2, N_PATTERNS))
    last: Floats | None = None
    for a, age in enumerate(AGES):
        if age in (FIRST_AGE, SCHOOL_AGE, ADOLESCENCE) or last is None:
            last = products(m, age=int(age))
        yearly = YEAR * np.einsum("fks,fkp->ksp", base[:, :, a], last)
        out[:, a] = np.exp(-(reached + 0.5 * yearly))
        reached += yearly
    return out


def expected_entries(children: Floats, kept: Floats, base: Floats, m: Floats, extreme: Floats) -> Entries:
    """Work out the expected entries of a month.

    Parameters
    ----------
    children : [place, age, sex, pattern] children present
    kept : share of them still at home, from ``left_at_home``
    base : from ``base_of``
    m : [place, 2, factor] from ``factors_of``
    extreme : [place] share of the poor who are extremely poor without support
    """
    home = (children * kept).reshape(N_PLACES, -1, N_PATTERNS)
    sexual, labour = products(m, age=ADOLESCENCE)
    poor = sexual * BITS[:, POOR]
    columns = np.stack(
        [sexual, labour, sexual * sexual, sexual * labour, labour * labour, poor, labour * BITS[:, POOR]],
        axis=2,
    )
    sums = (home @ columns).reshape(N_PLACES, AGES.size, 2, -1)
    flow = base * np.moveaxis(sums[..., :2], -1, 0)
    again = np.stack(
        [
            base[0] * (base[0] * sums[..., 2] + base[1] * sums[..., 3]),
            base[1] * (base[0] * sums[..., 3] + base[1] * sums[..., 4]),
        ]
    )
    here = children.sum(axis=(0, 3))
    total = flow.sum(axis=1)
    among = float((base * np.moveaxis(sums[..., 5:], -1, 0) * extreme[:, None, None]).sum())
    return Entries(
        flow=flow,
        per_child=np.divide(total, here, out=np.zeros_like(total), where=here > 0.0),
        present=np.divide(again.sum(axis=1), total, out=np.zeros_like(total), where=total > 0.0),
        extreme=among / max(float(flow.sum()), 1e-12),
    )
