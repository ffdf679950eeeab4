"""The children of Peru, one row each, in families and communities: built from the ledger, then read-only.

Rows are sorted by block (year of birth, or of arrival) and within a block by cell (place, sex, risk class),
then by month. The row number is a child's lasting identity: later years only append rows. A child belongs to
``HOME`` from month ``enters`` until month ``leaves`` (its eighteenth birthday, or its departure), unless
exploitation takes it into the active list of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.engine import draws
from simulator.engine.compile import inline, kernel
from simulator.engine.demography import FIRST_COHORT, LAST_TARGET, Demography, reconstruct
from simulator.engine.draws import draws_of, make_key
from simulator.engine.states import (
    ADULTHOOD,
    AGE_BAND_STARTS,
    N_PLACES,
    START_YEAR,
)
from simulator.engine.types import U8, U16, U32, Floats, Integers, Key, Record, Records
from simulator.evidence.drivers import child_poverty, low_schooling, normalised, rural_share

if TYPE_CHECKING:
    from simulator.evidence import Ledger

CHILD = np.dtype(
    [
        ("birth", np.int16),
        ("enters", np.int16),
        ("leaves", np.int16),
        ("econ", np.uint16),
        ("school", np.uint16),
        ("coverage", np.uint16),
        ("community", np.uint16),
        ("place", np.uint8),
        ("traits", np.uint8),
    ]
)
"""One child in 16 bytes: months since January 2012; latent ranks (0 = first to be poor, unschooled, covered);
community; place of origin; traits."""

BOY: Final = 1
FRAGILE: Final = 2
LGBTQ: Final = 4
MIGRANT: Final = 8
UNACCOMPANIED: Final = 16
LANGUAGE_SHIFT: Final = 5
"""Bits of ``traits``; the indigenous language is the number above bit 5 (0 Spanish or none, 1 to 3)."""

# Bits of a risk pattern: the exposures of a child that multiply its rate of entry.
POOR: Final = 0
FRAGILITY: Final = 1
SCHOOLING: Final = 2
DIVERSITY: Final = 3
MIGRATION: Final = 4
ALONE: Final = 5
NORMS: Final = 6
N_FACTORS: Final = 7
N_PATTERNS: Final = 128
N_CLASSES: Final = 8

CLASS_WEIGHTS: Final = (2.1, 2.2, 3.0, 1.8, 3.0, 1.5, 1.5)
"""Rough multiplier of each factor, by which children are put in risk classes (for speed alone: the
bound of a class is worked out from the pattern, whatever the weights)."""

SCHOOL_AGE: Final = 6
SECONDARY_AGE: Final = 12
ADOLESCENCE: Final = 12
"""Ages from which schooling, secondary schooling and the rejection of LGBTQ+ adolescents act."""

REFERENCE_MONTH: Final = 12 * (2019 - START_YEAR) + 6
"""July 2019, the last middle of a year before the pandemic: coefficients are solved on it."""

LARGEST_FAMILY: Final = 9
SHORTEST_GAP, LONGEST_GAP = 11, 108
HIGHEST_BIRTH_CHANCE: Final = 0.45
NEVER: Final = -10000
"""A last birth so long ago that no sibling follows."""

ARRIVAL_FAMILY = 1.8
"""Mean number of children who arrive together."""

PRONE_MARGIN: Final = 1.1
"""A child counts as prone to poverty in its class when its rank is below this much of the highest rate."""

ANY_YEAR: Final = -1
Progress = Callable[[int, int, str], None]


# Columns of the table of cells: rows that share place, sex, risk class and block. ``IDENT`` is a lasting
# number, a function of what the cell is and not of what else exists.
CELL_FIRST: Final = 0
CELL_COUNT: Final = 1
CELL_IDENT: Final = 2
CELL_PLACE: Final = 3
CELL_SEX: Final = 4
CELL_CLASS: Final = 5
CELL_BIRTH_YEAR: Final = 6
CELL_BLOCK_YEAR: Final = 7


@dataclass(frozen=True)
class Population:
    """Everything a run reads about children and families; nothing here ever changes.

    Attributes
    ----------
    children : [row] of ``CHILD``
    family : [row] family number
    next_sibling : [row] next child of the same family, in a ring (a lone child points to itself)
    family_place, family_language, family_size : [family]
    community_rank : [community] latent rank of tolerance (low = normalised first)
    cells : [cell, 8] see the ``CELL_`` columns; in the order of the rows
    at_start : [place] children at home as January 2012 begins
    home_events : [kind 3, month, place] rows that enter, leave as children, turn 18 at home
    group_stock : [month, sex, age band, language, migrant] children here
    group_events : [kind 3, month, sex, age band, language, migrant]
    margins : [place, age 18, sex, pattern] children in the reference month, by exposures then in force
    school_threshold : [2, 52] and norm_threshold : [52], ranks below which exposure holds
    prone_poverty : [52] rank below which a child may be poor in the years covered by data
    scale : share of the country that is built
    last_year : last birth cohort
    digest : hash of everything the population was built from
    """

    children: NDArray[np.void]
    family: NDArray[np.uint32]
    next_sibling: NDArray[np.uint32]
    family_place: NDArray[np.uint8]
    family_language: NDArray[np.uint8]
    family_size: NDArray[np.uint8]
    community_rank: NDArray[np.uint16]
    cells: NDArray[np.int64]
    at_start: NDArray[np.int64]
    home_events: NDArray[np.int64]
    group_stock: NDArray[np.int64]
    group_events: NDArray[np.int64]
    margins: NDArray[np.int64]
    school_threshold: NDArray[np.int64]
    norm_threshold: NDArray[np.int64]
    prone_poverty: NDArray[np.int64]
    scale: float
    last_year: int
    digest: str


def rank_threshold(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 16-bit ranks below which a share of the children lies."""
    return np.rint(np.asarray(share) * 65536.0).astype(np.int64)


def class_of_pattern() -> NDArray[np.int64]:
    """Return the risk class of each pattern: powers of two of the product of rough multipliers."""
    bits = (np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1
    product = np.prod(np.where(bits == 1, CLASS_WEIGHTS, 1.0), axis=1)
    return np.minimum(np.ceil(np.log2(product) - 1e-9), N_CLASSES - 1).astype(np.int64)


@kernel
def choose_births(
    year_month: int,
    wanted: Integers,
    n_families: int,
    place: U8,
    last: NDArray[np.int32],
    size: U8,
    interval: float,
    repeat_share: Floats,
    key: Key,
) -> tuple[Integers, Integers, int]:
    """Let the births of one year fall to families: the first of a new family, or a sibling.

    Parameters
    ----------
    year_month : January of the year, months since January 2012
    wanted : [place] births of the year
    n_families : families so far
    place, last, size : [family] place, month of the last birth (changed in place), children (changed)
    interval : mean months between siblings
    repeat_share : [place] births that are not a family's first
    key : words of the population's key

    Returns
    -------
    family : [birth] family of each birth, births sorted by place; months : [birth]; number of families after
    """
    weight_sum = np.zeros(wanted.size)
    for f in range(n_families):
        gap = year_month - last[f]
        if SHORTEST_GAP <= gap <= LONGEST_GAP and size[f] < LARGEST_FAMILY:
            weight_sum[place[f]] += gap / interval * np.exp(1.0 - gap / interval)
    start = np.zeros(wanted.size + 1, np.int64)
    for p in range(wanted.size):
        start[p + 1] = start[p] + wanted[p]
    filled = np.zeros(wanted.size, np.int64)
    family = np.empty(start[-1], np.int64)
    for f in range(n_families):
        gap = year_month - last[f]
        p = place[f]
        if SHORTEST_GAP <= gap <= LONGEST_GAP and size[f] < LARGEST_FAMILY and filled[p] < wanted[p]:
            weight = gap / interval * np.exp(1.0 - gap / interval)
            chance = min(wanted[p] * repeat_share[p] * weight / weight_sum[p], HIGHEST_BIRTH_CHANCE)
            u, _, _, _ = draws.draw(f, year_month, draws.STREAM_PARENT, key)
            if u < chance:
                family[start[p] + filled[p]] = f
                filled[p] += 1
    months = np.empty(start[-1], np.int64)
    n = n_families
    for p in range(wanted.size):
        for j in range(wanted[p]):
            if j >= filled[p]:
                family[start[p] + j] = n
                n += 1
            # 7 and 12 share no divisor: siblings and first births alike step through all months.
            months[start[p] + j] = year_month + (7 * j) % 12
    return family, months, n


@kernel
def link_siblings(
    family: U32,
    n_families: int,
) -> U32:
    """Return [row] the next child of the same family, in a ring."""
    first = np.full(n_families, -1, np.int64)
    last = np.full(n_families, -1, np.int64)
    ring = np.empty(family.size, np.uint32)
    for row in range(family.size):
        f = family[row]
        if first[f] < 0:
            first[f] = row
        else:
            ring[last[f]] = row
        last[f] = row
    for f in range(n_families):
        if first[f] >= 0:
            ring[last[f]] = first[f]
    return ring


@kernel
def plan_departures(
    children: Records,
    hazard: Floats,
    n_months: int,
    key: Key,
) -> None:
    """Fix for each child whether and when it departs: its keyed clock against the place's cumulative rate.

    ``hazard`` is [month + 1, place], the cumulative rate of departure since January 2012.
    """
    for row in range(children.size):
        start = max(int(children[row].enters), 0)
        stop = min(int(children[row].leaves), n_months)
        if start >= stop:
            continue
        p = children[row].place
        u, _, _, _ = draws.draw(row, 0, draws.STREAM_DEPARTURE, key)
        clock = hazard[start, p] - np.log(u)
        if hazard[stop, p] <= clock:
            continue
        low, high = start, stop
        while low + 1 < high:
            middle = (low + high) // 2
            if hazard[middle, p] <= clock:
                low = middle
            else:
                high = middle
        # A child stays at least the month it enters; the month of departure is the first one away.
        children[row].leaves = max(high, start + 1)


@kernel
def count_home(
    children: Records,
    n_months: int,
    bands: Integers,
    at_start: Integers,
    home_events: Integers,
    group_stock: Integers,
    group_events: Integers,
) -> None:
    """Count who enters, leaves and turns 18, and how many children are here, by month and group."""
    for row in range(children.size):
        c = children[row]
        sex = c.traits & 1
        migrant = (c.traits >> 3) & 1
        language = c.traits >> LANGUAGE_SHIFT
        enters, leaves, birth = np.int64(c.enters), np.int64(c.leaves), np.int64(c.birth)
        if leaves < 0:
            continue
        if enters < 0:
            at_start[c.place] += 1
        if 0 <= enters < n_months:
            age = (enters - birth) // 12
            band = 0
            while age >= bands[band + 1]:
                band += 1
            home_events[0, enters, c.place] += 1
            group_events[0, enters, sex, band, language, migrant] += 1
        if leaves < n_months:
            kind = 2 if leaves == birth + ADULTHOOD else 1
            age = (leaves - birth) // 12
            band = 0
            while age >= bands[band + 1]:
                band += 1
            home_events[kind, leaves, c.place] += 1
            group_events[kind, leaves, sex, band, language, migrant] += 1
        for band in range(4):
            start = max(enters, birth + 12 * bands[band], 0)
            stop = min(leaves, birth + 12 * bands[band + 1], n_months)
            if start < stop:
                group_stock[start, sex, band, language, migrant] += 1
                if stop < n_months:
                    group_stock[stop, sex, band, language, migrant] -= 1


@kernel
def count_margins(
    children: Records,
    month: int,
    poverty: Integers,
    school: Integers,
    norm: Integers,
    community_rank: U16,
    counts: Integers,
) -> None:
    """Count children present in one month by place, age, sex and pattern of exposures then in force."""
    for row in range(children.size):
        c = children[row]
        if c.enters > month or c.leaves <= month:
            continue
        age = (month - c.birth) // 12
        counts[c.place, age, c.traits & 1, pattern_of(c, age, poverty, school, norm, community_rank)] += 1


@inline
def pattern_of(
    c: Record,
    age: int,
    poverty: Integers,
    school: Integers,
    norm: Integers,
    community_rank: U16,
) -> int:
    """Return the exposures of a child as a 7-bit pattern, for given thresholds of rank."""
    p = c.place
    pattern = 0
    if c.econ < poverty[p]:
        pattern |= 1 << POOR
    if c.traits & FRAGILE:
        pattern |= 1 << FRAGILITY
    if age >= SCHOOL_AGE and c.school < school[1 if age >= SECONDARY_AGE else 0, p]:
        pattern |= 1 << SCHOOLING
    if age >= ADOLESCENCE and c.traits & LGBTQ:
        pattern |= 1 << DIVERSITY
    if c.traits & MIGRANT:
        pattern |= 1 << MIGRATION
    if c.traits & UNACCOMPANIED:
        pattern |= 1 << ALONE
    if community_rank[c.community] < norm[p]:
        pattern |= 1 << NORMS
    return pattern


@kernel
def classes_of(
    children: Records,
    poverty: Integers,
    school: Integers,
    norm: Integers,
    community_rank: U16,
    class_table: Integers,
) -> Integers:
    """Return [row] the risk class of each child: of the exposures it may ever have, whatever its age."""
    out = np.empty(children.size, np.int64)
    for row in range(children.size):
        c = children[row]
        widest = pattern_of(c, SCHOOL_AGE, poverty, school, norm, community_rank) | pattern_of(
            c, SECONDARY_AGE, poverty, school, norm, community_rank
        )
        out[row] = class_table[widest]
    return out


def build(
    ledger: Ledger, *, scale: float = 1.0, last_year: int = LAST_TARGET, progress: Progress | None = None
) -> Population:
    """Build the children of the country (or a sample of it) from the ledger.

    Parameters
    ----------
    ledger : the evidence
    scale : 1 for every child; less for tests and benchmarks only
    last_year : last birth cohort; a later one appends rows and changes no earlier row
    progress : called with (done, total, label) as the work advances
    """
    builder = _Builder(ledger, scale, last_year)
    years = range(FIRST_COHORT, last_year + 1)
    for i, year in enumerate(years):
        builder.add_births(year)
        if year >= START_YEAR:
            builder.add_arrivals(year)
        if progress is not None:
            progress(i + 1, len(years), "population")
    return builder.finish()


class _Builder:
    """The population while it grows, year block by year block."""

    def __init__(self, ledger: Ledger, scale: float, last_year: int) -> None:
        self.ledger, self.scale, self.last_year = ledger, scale, last_year
        self.names = ledger.parameters
        self.key = make_key(0, 0)
        self.demography: Demography = reconstruct(ledger)
        rural = rural_share(ledger)
        self.area_share = np.stack([1.0 - rural, rural], axis=1)
        n_months = 12 * (last_year - START_YEAR + 1)
        poverty = child_poverty(ledger, n_months)
        self.poverty = rank_threshold(poverty)
        self.prone = rank_threshold(np.minimum(PRONE_MARGIN * poverty.max(axis=0), 1.0))
        self.school = rank_threshold(low_schooling(ledger))
        self.norm = rank_threshold(normalised(ledger))
        self.n_months = n_months
        self.class_table = class_of_pattern()
        # Families, in the order in which they appear; communities are opened as places fill.
        self.n_families = 0
        self.f_place = np.zeros(0, np.uint8)
        self.f_last = np.zeros(0, np.int32)
        self.f_size = np.zeros(0, np.uint8)
        self.f_foreign = np.zeros(0, np.uint8)
        self.blocks: list[NDArray[np.void]] = []
        self.block_family: list[NDArray[np.int64]] = []
        self.block_cells: list[NDArray[np.int64]] = []
        self.n_rows = 0
        self.n_made = 0
        size = ledger.territories.household_size_2017
        weight = ledger.territories.households_2017
        mean = float((size * weight).sum() / weight.sum())
        first = self._central("population.first_birth_share") * mean / size
        self.repeat_share = np.repeat(1.0 - np.clip(first, 0.2, 0.7), 2)
        self.families_per_community = self._central("population.families_per_community") * max(scale, 0.02)
        # The languages of a place: rural families speak indigenous languages more often, the territory's
        # share is kept.
        land = ledger.territories
        shares = np.stack([land.quechua_share, land.aymara_share, land.amazonian_share])
        total = np.minimum(shares.sum(axis=0), 0.97)
        shares = shares / np.maximum(shares.sum(axis=0), 1e-9) * total
        rural_rate = np.minimum(total * self._central("population.rural_language_ratio"), 0.97)
        urban_rate = np.clip((total - rural * rural_rate) / (1.0 - rural), 0.0, 1.0)
        by_area = np.stack([urban_rate, rural_rate], axis=1).reshape(-1)
        split = np.repeat(shares / np.maximum(total, 1e-9), 2, axis=1)
        self.language = np.cumsum(split * by_area, axis=0)

    def _central(self, name: str) -> float:
        return self.names[name].central

    def _counts(self, by_territory: NDArray[np.float64], *, urban_only: bool = False) -> NDArray[np.int64]:
        """Return whole children by place: the largest remainders get what rounding down leaves."""
        share = np.array([1.0, 0.0]) if urban_only else self.area_share
        exact = (by_territory[:, None] * share * self.scale).reshape(-1)
        whole = np.floor(exact).astype(np.int64)
        missing = round(exact.sum()) - int(whole.sum())
        order = np.argsort(whole - exact, kind="stable")
        whole[order[:missing]] += 1
        return whole

    def _open_families(self, places: NDArray[np.int64], month: int, foreign: NDArray[np.uint8]) -> None:
        """Append families; ``foreign`` is 1 for Venezuelan families, 2 for children who came alone."""
        self.f_place = np.concatenate([self.f_place, places.astype(np.uint8)])
        self.f_last = np.concatenate([self.f_last, np.full(places.size, month, np.int32)])
        self.f_size = np.concatenate([self.f_size, np.ones(places.size, np.uint8)])
        self.f_foreign = np.concatenate([self.f_foreign, foreign])
        self.n_families += places.size

    def add_births(self, year: int) -> None:
        """Append the birth cohort of a year to families that exist and to new ones."""
        wanted = self._counts(self.demography.births[:, year - FIRST_COHORT])
        january = 12 * (year - START_YEAR)
        family, months, n_families = choose_births(
            january,
            wanted,
            self.n_families,
            self.f_place,
            self.f_last,
            self.f_size,
            self._central("population.birth_interval_months"),
            self.repeat_share,
            self.key,
        )
        place = np.repeat(np.arange(N_PLACES), wanted)
        new = family >= self.n_families
        old = family[~new]
        self.f_last[old] = months[~new]
        self.f_size[old] += np.uint8(1)
        self._open_families(place[new], january, np.zeros(int(new.sum()), np.uint8))
        self.f_last[family[new]] = months[new]
        assert self.n_families == n_families
        self._append(place, family, months, months, year, arrival=False)

    def add_arrivals(self, year: int) -> None:
        """Append children who come in a year: from other territories, and Venezuelan children."""
        january = 12 * (year - START_YEAR)
        column = year - START_YEAR
        alone_share = self._central("population.unaccompanied_share")
        parts = []
        for foreign, numbers in (
            (False, self._counts(self.demography.arrivals[:, column])),
            (True, self._counts(self.demography.venezuelans[:, column], urban_only=True)),
        ):
            place = np.repeat(np.arange(N_PLACES), numbers)
            ids = self.n_made + np.arange(place.size)
            self.n_made += place.size
            u = draws_of(ids, january + int(foreign), draws.STREAM_ARRIVAL, self.key)
            alone = foreign & (u[:, 0] < alone_share)
            # A child starts a family of its own when it comes alone, is the first of its place, or draws so.
            starts = alone | (u[:, 1] < 1.0 / ARRIVAL_FAMILY)
            starts[np.flatnonzero(np.diff(place, prepend=-1))] = True
            starts[1:] |= alone[:-1]
            number = np.cumsum(starts) - 1
            head = np.flatnonzero(starts)
            family = self.n_families + number
            kind = np.where(alone[head], 2, 1) if foreign else np.zeros(head.size)
            self._open_families(place[head], january, kind.astype(np.uint8))
            np.add.at(self.f_size, family[~starts], np.uint8(1))
            month = january + (12.0 * u[head, 2]).astype(np.int64)[number]
            # No births are given to families from abroad: their children born here are among the births.
            self.f_last[family] = NEVER if foreign else month
            age = (ADULTHOOD * u[:, 3]).astype(np.int64)
            parts.append((place, family, month - age, month))
        place, family, birth, enters = (np.concatenate(column) for column in zip(*parts, strict=True))
        if place.size:
            self._append(place, family, birth, enters, year, arrival=True)

    def _append(
        self,
        place: NDArray[np.int64],
        family: NDArray[np.int64],
        birth: NDArray[np.int64],
        enters: NDArray[np.int64],
        year: int,
        *,
        arrival: bool,
    ) -> None:
        """Give children their latent ranks and traits, sort them into cells, and append the block."""
        ids = self.n_made + np.arange(place.size)
        self.n_made += place.size
        own = draws_of(ids, 0, draws.STREAM_CHILD, self.key)
        more = draws_of(ids, 1, draws.STREAM_CHILD, self.key)
        home = draws_of(family, 0, draws.STREAM_FAMILY, self.key)
        z_econ, z_fragile = _normals(home[:, 0], home[:, 1])
        z_school, _ = _normals(own[:, 0], own[:, 1])
        fragility = self._central("population.fragility_poverty_correlation")
        schooling = self._central("population.schooling_poverty_correlation")
        rank_fragile = ndtr(fragility * z_econ + np.sqrt(1.0 - fragility**2) * z_fragile)
        rank_school = ndtr(schooling * z_econ + np.sqrt(1.0 - schooling**2) * z_school)
        foreign = self.f_foreign[family]
        language = self._language(place, home[:, 2], foreign)

        block = np.zeros(place.size, CHILD)
        block["birth"], block["enters"] = birth, enters
        block["leaves"] = birth + ADULTHOOD
        block["econ"] = _rank16(ndtr(z_econ))
        block["school"] = _rank16(rank_school)
        block["coverage"] = _rank16(more[:, 0])
        block["place"] = place
        block["traits"] = (
            BOY * (own[:, 2] < self._central("population.boys_share"))
            + FRAGILE * (rank_fragile < self._central("population.fragile_share"))
            + LGBTQ * (own[:, 3] < self._central("population.lgbtq_share"))
            + MIGRANT * (foreign > 0)
            + UNACCOMPANIED * (foreign == 2)
            + (language << LANGUAGE_SHIFT)
        )
        block["community"] = self._communities(place, home[:, 3])

        cls = classes_of(block, self.prone, self.school, self.norm, self.community_rank, self.class_table)
        cell = ((place * 2) + (block["traits"] & 1)) * N_CLASSES + cls
        order = np.argsort(cell * 12 + enters % 12, kind="stable")
        self.blocks.append(block[order])
        self.block_family.append(family[order])
        cell = cell[order]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        count = np.diff(first, append=cell.size)
        code = cell[first]
        columns = np.empty((first.size, 8), np.int64)
        columns[:, 0] = self.n_rows + first
        columns[:, 1] = count
        columns[:, 2] = ((2 * (year - FIRST_COHORT) + arrival) * N_PLACES * 2 * N_CLASSES) + code
        columns[:, 3] = code // (2 * N_CLASSES)
        columns[:, 4] = code // N_CLASSES % 2
        columns[:, 5] = code % N_CLASSES
        columns[:, 6] = ANY_YEAR if arrival else year
        columns[:, 7] = year
        self.block_cells.append(columns)
        self.n_rows += place.size

    @property
    def community_rank(self) -> NDArray[np.uint16]:
        return self._communities_layout()[1]

    def _communities_layout(self) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Return [place + 1] first community and [community] rank: as many as families of 2017 would fill."""
        if not hasattr(self, "_layout"):
            families = self.ledger.territories.households_2017 * 0.55 * self.scale
            number = np.maximum(
                1, np.rint((families[:, None] * self.area_share).reshape(-1) / self.families_per_community)
            ).astype(np.int64)
            first = np.concatenate([[0], np.cumsum(number)])
            # Ranks are evenly spread inside each place, so that shares of communities are met exactly.
            rank = np.concatenate([(np.arange(n) + 0.5) / n for n in number])
            self._layout = first, _rank16(rank)
        return self._layout

    def _communities(self, place: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
        first, _ = self._communities_layout()
        return first[place] + (u * (first[place + 1] - first[place])).astype(np.int64)

    def finish(self) -> Population:
        """Fix departures, link siblings, count, and return the population."""
        children = np.concatenate(self.blocks)
        family = np.concatenate(self.block_family).astype(np.uint32)
        self._plan_departures(children)
        cells = np.concatenate(self.block_cells)
        bands = np.array(AGE_BAND_STARTS, np.int64)
        at_start = np.zeros(N_PLACES, np.int64)
        home_events = np.zeros((3, self.n_months, N_PLACES), np.int64)
        group_stock = np.zeros((self.n_months, 2, 5, 4, 2), np.int64)
        group_events = np.zeros((3, self.n_months, 2, 5, 4, 2), np.int64)
        count_home(children, self.n_months, bands, at_start, home_events, group_stock, group_events)
        margins = np.zeros((N_PLACES, 18, 2, N_PATTERNS), np.int64)
        count_margins(
            children,
            REFERENCE_MONTH,
            self.poverty[REFERENCE_MONTH],
            self.school,
            self.norm,
            self.community_rank,
            margins,
        )
        language = draws_of(np.arange(self.n_families), 0, draws.STREAM_FAMILY, self.key)[:, 2]
        return Population(
            children=children,
            family=family,
            next_sibling=link_siblings(family, self.n_families),
            family_place=self.f_place,
            family_language=self._language(self.f_place.astype(np.int64), language, self.f_foreign),
            family_size=self.f_size,
            community_rank=self.community_rank,
            cells=cells,
            at_start=at_start,
            home_events=home_events,
            group_stock=np.cumsum(group_stock, axis=0),
            group_events=group_events,
            margins=margins,
            school_threshold=self.school,
            norm_threshold=self.norm,
            prone_poverty=self.prone,
            scale=self.scale,
            last_year=self.last_year,
            digest="",
        )

    def _language(
        self, place: NDArray[np.int64], u: NDArray[np.float64], foreign: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Return the indigenous language of families: 0 none, 1 Quechua, 2 Aymara, 3 Amazonian."""
        above = (u >= self.language[:, place]).sum(axis=0)
        return np.where((foreign > 0) | (above == 3), 0, above + 1).astype(np.uint8)

    def _plan_departures(self, children: NDArray[np.void]) -> None:
        targets = self.demography.targets
        leaving = self.demography.departures[:, : targets.shape[1]] / targets
        monthly = np.zeros((self.n_months + 1, N_PLACES))
        for k in range(min(leaving.shape[1], self.n_months // 12)):
            monthly[1 + 12 * k : 13 + 12 * k] = np.repeat(leaving[:, k], 2) / 12.0
        plan_departures(children, np.cumsum(monthly, axis=0), self.n_months, self.key)


def _rank16(share: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.minimum(share * 65536.0, 65535.0).astype(np.uint16)


def _normals(
    u: NDArray[np.float64], v: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two independent standard normals of two uniforms (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(u))
    return radius * np.cos(2.0 * np.pi * v), radius * np.sin(2.0 * np.pi * v)
