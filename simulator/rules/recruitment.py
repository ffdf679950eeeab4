"""Recruitment: children at home, and children after exploitation, enter exploitation.

The rate of a child is a base by path, form, age and sex, times what exposes it: poverty, fragility at home,
little schooling, rejection of LGBTQ+ adolescents, migration, travelling alone, and (labour forms) a community
in which child exploitation is normal; and times what programmes take off. The ledger's rate ratios are
marginal contrasts, so the conditional multipliers are solved on the built population (``solve``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.engine import draws
from simulator.engine.active import ASSISTED, DISCHARGED_EARLY, NO_FACILITY, NOT_BEGUN, flow, move
from simulator.engine.compile import inline, kernel
from simulator.engine.population import (
    ADOLESCENCE,
    ALONE,
    BOY,
    DIVERSITY,
    FRAGILE,
    FRAGILITY,
    LGBTQ,
    MIGRANT,
    MIGRATION,
    N_CLASSES,
    N_FACTORS,
    N_PATTERNS,
    NORMS,
    POOR,
    SCHOOL_AGE,
    SCHOOLING,
    SECONDARY_AGE,
    UNACCOMPANIED,
    class_of_pattern,
    pattern_of,
)
from simulator.engine.states import (
    ADULT,
    ADULTHOOD,
    EXPLOITED,
    FAMILY_CARE,
    FAMILY_PATH,
    FOLLOW_UP,
    GENERAL_SHELTER,
    HOME,
    LABOUR,
    LEFT_UNASSISTED,
    NETWORK_PATH,
    REINTEGRATED,
    SEXUAL,
    SPECIALISED_SHELTER,
    URBAN,
)
from simulator.engine.thinning import ANY_AGE, N_AGES, N_PATHS
from simulator.engine.types import U8, U16, U32, Events, Floats, Integers, Key, Record, Records, Words

if TYPE_CHECKING:
    from collections.abc import Mapping


SEXUAL_AGES: Final = ((10, 15), (15, 18))
LABOUR_AGES: Final = ((5, 11), (11, 15), (15, 18))
"""Age bands [from, to) over which the ledger gives the shares of first entries of a form."""

FIRST_AGE: Final = LABOUR_AGES[0][0]
"""Nobody enters before this age."""

MARGINAL: Final = (
    ("recruitment.rr_poverty", POOR, FIRST_AGE),
    ("recruitment.rr_fragility", FRAGILITY, FIRST_AGE),
    ("recruitment.rr_low_schooling", SCHOOLING, SCHOOL_AGE),
    ("recruitment.rr_lgbtq", DIVERSITY, ADOLESCENCE),
    ("recruitment.rr_migrant", MIGRATION, FIRST_AGE),
    ("recruitment.rr_normalisation", NORMS, FIRST_AGE),
)
"""Marginal rate ratios of the ledger, the exposure each is about, and the age from which it is defined."""

SOLVER_STEPS: Final = 200
SOLVER_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Recruitment:
    """The solved rates of entry of one parameter set.

    Attributes
    ----------
    base : [path 2, form 3, age 19, sex 2] monthly rate of a child with no exposure (age 18 column: largest)
    multiplier : [factor 7] conditional multiplier of each exposure
    marginal : [factor 7] marginal rate ratio that comes out on the population (1 where none is asked for)
    entries : [form 3, age 18, sex 2] expected first entries a year in the reference population
    entries_by_place : [form 3, place 52] the same by place of origin
    """

    base: Floats
    multiplier: Floats
    marginal: Floats
    entries: Floats
    entries_by_place: Floats

    def top(self) -> Floats:
        """Return [2, path, age 19, sex, class] the largest rate a child of a risk class can have.

        Row 0 holds where only those prone to poverty can be poor, row 1 where anybody can.
        """
        bits = (np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1
        classes = class_of_pattern()
        top = np.zeros((2, N_PATHS, N_AGES, 2, N_CLASSES))
        for everywhere in (0, 1):
            if everywhere:
                bits[:, POOR] = 1
            # A child of a pattern may show any part of it, so that multipliers below one never lower a bound.
            highest = np.where(bits == 1, np.maximum(self.multiplier, 1.0), 1.0)
            common = np.delete(highest, NORMS, axis=1).prod(axis=1)
            sexual = self.base[:, SEXUAL, :, :, None] * common
            labour = self.base[:, LABOUR, :, :, None] * (common * highest[:, NORMS])
            for cls in range(N_CLASSES):
                top[everywhere, ..., cls] = (sexual + labour)[..., classes == cls].max(axis=-1)
        return top


def _pattern_products(multiplier: Floats) -> Floats:
    """Return [form 3, pattern] the product of multipliers; norms act on labour forms only."""
    bits = (np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1
    common = np.where(np.delete(bits, NORMS, axis=1) == 1, np.delete(multiplier, NORMS), 1.0).prod(axis=1)
    products = np.zeros((3, N_PATTERNS))
    products[SEXUAL] = common
    products[LABOUR] = common * np.where(bits[:, NORMS] == 1, multiplier[NORMS], 1.0)
    return products


def entries_wanted(p: Mapping[str, float], n_children: float) -> Floats:
    """Return [form 3, band 3, sex 2] first entries a year that incidence and shares ask for."""
    total = p["recruitment.incidence"] / 1000.0 * n_children
    labour = total * p["recruitment.share_labour_forms"]
    late = p["recruitment.sexual_share_age_15_17"]
    early, middle = p["recruitment.labour_share_age_5_10"], p["recruitment.labour_share_age_11_14"]
    wanted = np.zeros((3, 3, 2))
    for form, amount, bands, girls in (
        (SEXUAL, total - labour, (1.0 - late, late, 0.0), p["recruitment.sexual_share_girls"]),
        (LABOUR, labour, (early, middle, 1.0 - early - middle), p["recruitment.labour_share_girls"]),
    ):
        wanted[form] = amount * np.outer(bands, (girls, 1.0 - girls))
    return wanted


def _base_rates(weights: Floats, wanted: Floats) -> Floats:
    """Return [form 3, age 18, sex 2] yearly rates that give the wanted entries on weighted children."""
    base = np.zeros((3, 18, 2))
    for form, bands in ((SEXUAL, SEXUAL_AGES), (LABOUR, LABOUR_AGES)):
        for band, (start, stop) in enumerate(bands):
            exposed = weights[form, start:stop].sum(axis=0)
            base[form, start:stop] = np.divide(
                wanted[form, band], exposed, out=np.zeros(2), where=exposed > 0.0
            )
    return base


def solve(p: Mapping[str, float], margins: NDArray[np.int64]) -> Recruitment:
    """Solve base rates and conditional multipliers so that incidence and marginal ratios come out.

    Parameters
    ----------
    p : parameter values by name
    margins : [place 52, age 18, sex 2, pattern 128] children of the reference month

    Notes
    -----
    Each marginal ratio rises with its own multiplier, so every step multiplies each by the ratio of what is
    asked for to what comes out (iterative proportional fitting) until nothing moves.
    """
    counts = margins.sum(axis=0).astype(float)
    wanted = entries_wanted(p, counts.sum())
    bits = ((np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1).astype(bool)
    multiplier = np.ones(N_FACTORS)
    multiplier[ALONE] = p["recruitment.rr_unaccompanied"]
    marginal = np.ones(N_FACTORS)
    for _ in range(SOLVER_STEPS):
        products = _pattern_products(multiplier)
        base = _base_rates(np.einsum("asp,fp->fas", counts, products), wanted)
        entries = counts * np.einsum("fas,fp->fasp", base, products)
        largest = 0.0
        for name, factor, age in MARGINAL:
            events = (entries[LABOUR] if factor == NORMS else entries.sum(axis=0))[age:].sum(axis=(0, 1))
            people = counts[age:].sum(axis=(0, 1))
            exposed = bits[:, factor]
            if people[exposed].sum() == 0.0 or events[~exposed].sum() == 0.0:
                continue
            marginal[factor] = (events[exposed].sum() / people[exposed].sum()) / (
                events[~exposed].sum() / people[~exposed].sum()
            )
            change = p[name] / marginal[factor]
            multiplier[factor] *= change
            largest = max(largest, abs(change - 1.0))
        if largest < SOLVER_TOLERANCE:
            break
    in_family = {
        SEXUAL: p["recruitment.in_family_share_sexual"],
        LABOUR: p["recruitment.in_family_share_labour"],
    }
    by_path = np.zeros((N_PATHS, 3, N_AGES, 2))
    for form, share in in_family.items():
        by_path[FAMILY_PATH, form, :18] = base[form] / 12.0 * share
        by_path[NETWORK_PATH, form, :18] = base[form] / 12.0 * (1.0 - share)
    by_path[:, :, ANY_AGE] = by_path[:, :, :18].max(axis=2)
    by_place = np.einsum("kasp,fas,fp->fk", margins.astype(float), base, products)
    return Recruitment(by_path, multiplier, marginal, entries.sum(axis=3), by_place)


MEAN_MULTIPLIER: Final = 1.8
"""Rough mean multiplier of children, by which B0 is set below the mean rate (a matter of speed alone)."""


def floor_rates(central: Mapping[str, float]) -> Floats:
    """Return [path, age 19, sex] B0 of class 0, from the committed central values alone.

    It must not move with the draw, the scenario or the rows present, or every keyed point would move.
    """
    wanted = entries_wanted(central, 1.0)
    per_age_and_sex = 1.0 / 36.0
    rates = np.zeros((N_PATHS, N_AGES, 2))
    for form, bands, share in (
        (SEXUAL, SEXUAL_AGES, central["recruitment.in_family_share_sexual"]),
        (LABOUR, LABOUR_AGES, central["recruitment.in_family_share_labour"]),
    ):
        for band, (start, stop) in enumerate(bands):
            rate = wanted[form, band] / ((stop - start) * per_age_and_sex) / 12.0 / MEAN_MULTIPLIER
            rates[FAMILY_PATH, start:stop] += rate * share
            rates[NETWORK_PATH, start:stop] += rate * (1.0 - share)
    rates[:, ANY_AGE] = rates[:, :18].max(axis=1)
    return rates


class EntryTables(NamedTuple):
    """What the rate of entry reads in one month, fixed before the month.

    Attributes
    ----------
    base : [path, form, age 19, sex] monthly rates
    multiplier : [place, factor 7] what each exposure multiplies a rate by
    pressure : [path, place] what every rate of a path is multiplied by
    labour : [path, place] what the rates of labour forms are multiplied by besides
    poverty, school, norm : ranks below which a child is exposed, [place], [2, place], [place]
    community_rank : [community]
    groups, cash : [place] ranks below which a child is covered by targeted groups, by cash transfers
    rr_groups, rr_cash : rate ratio of each programme
    """

    base: Floats
    multiplier: Floats
    pressure: Floats
    labour: Floats
    poverty: NDArray[np.int64]
    school: NDArray[np.int64]
    norm: NDArray[np.int64]
    community_rank: NDArray[np.uint16]
    groups: NDArray[np.int64]
    cash: NDArray[np.int64]
    rr_groups: float
    rr_cash: float


HIGHEST_RAISE: Final = 2.0
"""Institutions and communities can raise a rate at most this far above its value in reference conditions."""


def raised(tables: EntryTables, reference: Floats) -> Floats:
    """Return [path, place] how far the rates of a month can exceed those of the reference multipliers."""
    exposures = np.maximum(tables.multiplier / reference, 1.0).prod(axis=1)
    return np.asarray(tables.pressure * np.maximum(tables.labour, 1.0) * exposures)


@inline
def common_multiplier(
    c: Record,
    age: int,
    tables: EntryTables,
) -> float:
    """Return the product of what acts on every form of entry of a child."""
    p = c.place
    m = tables.multiplier[p]
    product = 1.0
    poor = c.econ < tables.poverty[p]
    if poor:
        product *= m[POOR]
        if c.coverage < tables.cash[p]:
            product *= tables.rr_cash
    if c.traits & FRAGILE:
        product *= m[FRAGILITY]
    if age >= SCHOOL_AGE and c.school < tables.school[1 if age >= SECONDARY_AGE else 0, p]:
        product *= m[SCHOOLING]
    if age >= ADOLESCENCE:
        if c.traits & LGBTQ:
            product *= m[DIVERSITY]
        if c.coverage < tables.groups[p]:
            product *= tables.rr_groups
    if c.traits & MIGRANT:
        product *= m[MIGRATION]
    if c.traits & UNACCOMPANIED:
        product *= m[ALONE]
    return product


@inline
def norm_multiplier(
    c: Record,
    tables: EntryTables,
) -> float:
    """Return what the norms of the community do to labour forms of entry."""
    p = c.place
    return tables.multiplier[p, NORMS] if tables.community_rank[c.community] < tables.norm[p] else 1.0


@inline
def path_rate(
    c: Record,
    age: int,
    path: int,
    common: float,
    norm: float,
    tables: EntryTables,
) -> float:
    """Return the monthly rate of one path of a child whose multipliers are known."""
    sex = c.traits & BOY
    base = tables.base
    sexual, labour = base[path, SEXUAL, age, sex], base[path, LABOUR, age, sex] * tables.labour[path, c.place]
    return float(common * tables.pressure[path, c.place] * (sexual + labour * norm))


@inline
def entry_rate(
    c: Record,
    month: int,
    path: int,
    tables: EntryTables,
) -> float:
    """Return the monthly rate at which one child enters exploitation by one path."""
    age = (month - c.birth) // 12
    return path_rate(c, age, path, common_multiplier(c, age, tables), norm_multiplier(c, tables), tables)


@inline
def entry_rates(
    c: Record,
    month: int,
    tables: EntryTables,
) -> tuple[float, float]:
    """Return the monthly rates by the path of networks and by that of the family."""
    age = (month - c.birth) // 12
    common, norm = common_multiplier(c, age, tables), norm_multiplier(c, tables)
    return (
        path_rate(c, age, NETWORK_PATH, common, norm, tables),
        path_rate(c, age, FAMILY_PATH, common, norm, tables),
    )


@kernel
def rates_of(
    children: Records,
    month: int,
    tables: EntryTables,
) -> Floats:
    """Return [row, path] the monthly rate of entry of every child, 0 for those not present."""
    out = np.zeros((children.size, N_PATHS))
    for row in range(children.size):
        c = children[row]
        if c.enters <= month < c.leaves:
            for path in range(N_PATHS):
                out[row, path] = entry_rate(c, month, path, tables)
    return out


@kernel
def decide(
    candidates: Records,
    n: int,
    children: Records,
    touched: U8,
    month: int,
    tables: EntryTables,
) -> int:
    """Keep the candidates who enter: present, never exploited, mark below the rate. Return how many.

    Conserves: nothing moves here; accepted candidates are packed to the front, in their order.
    """
    # Rows lie far apart in memory: fetching them in a loop of its own lets the fetches overlap.
    near = np.empty(n, children.dtype)
    for i in range(n):
        near[i] = children[candidates[i].row]
    kept = 0
    for i in range(n):
        c = near[i]
        if not c.enters <= month < c.leaves:
            continue
        if candidates[i].mark < entry_rate(c, month, candidates[i].path, tables):
            if touched[candidates[i].row] == 0:
                candidates[kept] = candidates[i]
                kept += 1
    return kept


@kernel
def decide_history(
    candidates: Records,
    n: int,
    children: Records,
    tables: EntryTables,
    months: Integers,
) -> int:
    """Keep the candidates who entered before January 2012 and write the month; return how many.

    The mark is read on the clock of the child's cumulative rate, with exposures as in January 2012.
    """
    kept = 0
    for i in range(n):
        c = children[candidates[i].row]
        if c.enters >= 0 or c.leaves <= 0:
            continue
        mark = candidates[i].mark
        reached = 0.0
        start = max(np.int64(c.birth), np.int64(c.enters))
        for age in range(FIRST_AGE, 18):
            birthday = c.birth + 12 * age
            lived = min(birthday + 12, 0) - max(birthday, start)
            if lived <= 0:
                continue
            rate = entry_rate(c, birthday, candidates[i].path, tables)
            if reached + lived * rate > mark:
                candidates[kept] = candidates[i]
                months[kept] = max(birthday, start) + np.int64((mark - reached) / rate)
                kept += 1
                break
            reached += lived * rate
    return kept


@kernel
def enter(
    active: Records,
    n: int,
    candidates: Records,
    children: Records,
    touched: U8,
    month: int,
    tables: EntryTables,
    away: float,
    destination: Floats,
    countryside: NDArray[np.bool_],
    key: Key,
    events: Events,
    n_events: int,
) -> tuple[int, int]:
    """Children from ``HOME`` join the active list as exploited, here or in another territory.

    Parameters
    ----------
    active, n : the list and how many are on it
    candidates : accepted candidates, in order of precedence; a child proposed twice enters once
    touched : [row] set to 1 for those who enter
    away : share exploited away from the territory of origin
    destination : [territory, territory] cumulative distribution of where they are taken
    countryside : [territory] whether the territory has a rural area
    events, n_events : buffer and events so far

    Returns
    -------
    number on the list, number of events

    Streams
    -------
    STREAM_ENTRY, one call per entering child: form; away or not; where to

    Conserves
    ---------
    children: each leaves ``HOME`` once
    """
    # As in ``decide``, rows are fetched in a loop of their own.
    near = np.empty(candidates.size, children.dtype)
    for i in range(candidates.size):
        near[i] = children[candidates[i].row]
    for i in range(candidates.size):
        row = candidates[i].row
        if touched[row]:
            continue
        touched[row] = 1
        c = near[i]
        u_form, u_away, u_where, _ = draws.draw(row, month, draws.STREAM_ENTRY, key)
        age = (month - c.birth) // 12
        sex = c.traits & BOY
        path = candidates[i].path
        sexual = tables.base[path, SEXUAL, age, sex]
        labour = (
            tables.base[path, LABOUR, age, sex] * norm_multiplier(c, tables) * tables.labour[path, c.place]
        )
        a = active[n]
        a.row, a.birth, a.entered, a.clock = row, c.birth, month, month
        a.waits, a.due, a.begun, a.facility = 0, 0, NOT_BEGUN, NO_FACILITY
        a.econ, a.coverage, a.traits = c.econ, c.coverage, c.traits
        a.place, a.origin, a.cls = c.place, c.place, candidates[i].cls
        a.episodes, a.care = 1, 0
        a.state = HOME
        a.form = SEXUAL if u_form * (sexual + labour) < sexual else LABOUR
        n_events = flow(a, EXPLOITED, month, events, n_events)
        if u_away < away:
            origin = c.place // 2
            target = 0
            while destination[origin, target] <= u_where:
                target += 1
            area = c.place % 2 if countryside[target] else URBAN
            n_events = move(a, 2 * target + area, month, events, n_events)
        n += 1
    return n, n_events


WATCH = np.dtype([("row", np.uint32), ("cls", np.uint8), ("until", np.int16), ("left", np.float64)])
"""A sibling under watch: row, risk class, last month, and what is left on its clock before it enters."""


@kernel
def watch_siblings(
    active: Records,
    n: int,
    month: int,
    children: Records,
    touched: U8,
    ring: U32,
    window: int,
    extra: float,
    limits: tuple[Integers, Integers, Integers, U16],
    classes: Integers,
    top: Floats,
    key: Key,
    out: Records,
) -> int:
    """Start the clocks of the siblings at home of the children who entered exploitation last month.

    A sibling enters when its extra cumulative rate reaches a keyed exponential clock. Nearly all clocks are
    longer than the largest cumulative rate the window allows; they need not be watched.

    Parameters
    ----------
    active, n : the list; the newest children are at its end
    month : the month that begins
    ring : [row] next sibling
    window : months under watch; extra : excess rate ratio (rate ratio less one)
    limits : ranks below which exposures may ever hold (poverty, school, norm) and the community ranks
    classes : [pattern] risk class
    top : [path, age 19, sex, class] largest rates, whatever the month
    out : [m] of ``WATCH``

    Returns
    -------
    number of siblings to watch (beyond ``out.size`` they were counted only)

    Streams
    -------
    STREAM_SIBLING, one draw per sibling and entry, keyed by the month of the entry
    """
    poverty, school, norm, community_rank = limits
    first = n
    while first > 0 and active[first - 1].entered == month - 1 and active[first - 1].episodes == 1:
        first -= 1
    # Walk all rings in step, and fetch rows in loops of their own: they lie far apart in memory.
    size = n - first
    own = np.empty(size, np.uint32)
    at = np.empty(size, np.uint32)
    for i in range(size):
        own[i] = active[first + i].row
        at[i] = own[i]
    found = 0
    near = np.empty(size, children.dtype)
    while size > 0:
        for i in range(size):
            at[i] = ring[at[i]]
        kept = 0
        for i in range(size):
            if at[i] != own[i]:
                own[kept], at[kept] = own[i], at[i]
                kept += 1
        size = kept
        for i in range(size):
            near[i] = children[at[i]]
        for i in range(size):
            c = near[i]
            sibling = at[i]
            begins = max(month, int(c.enters))
            ends = min(month + window, int(c.leaves))
            sex = c.traits & BOY
            if ends <= c.birth + 12 * FIRST_AGE or begins >= ends:
                continue
            widest = pattern_of(c, SCHOOL_AGE, poverty, school, norm, community_rank) | pattern_of(
                c, SECONDARY_AGE, poverty, school, norm, community_rank
            )
            cls = classes[widest]
            bound = 0.0
            for age in range(max((begins - c.birth) // 12, FIRST_AGE), min((ends - c.birth) // 12, 17) + 1):
                birthday = c.birth + 12 * age
                lived = min(birthday + 12, ends) - max(birthday, begins)
                if lived > 0:
                    bound += lived * (top[0, age, sex, cls] + top[1, age, sex, cls])
            u, _, _, _ = draws.draw(sibling, month - 1, draws.STREAM_SIBLING, key)
            clock = -np.log(u)
            if clock < bound * extra and touched[sibling] == 0:
                if found < out.size:
                    out[found].row = sibling
                    out[found].cls = cls
                    out[found].until = month + window - 1
                    out[found].left = clock
                found += 1
    return found


@kernel
def watched(
    watch: Records,
    n_watch: int,
    children: Records,
    touched: U8,
    month: int,
    extra: float,
    tables: EntryTables,
    out: Records,
) -> tuple[int, int]:
    """Siblings under watch enter when their clock runs out; whose watch has ended is dropped.

    Parameters
    ----------
    watch, n_watch : list of ``WATCH`` and its length, changed in place
    extra : excess rate ratio of a sibling

    Returns
    -------
    length of the list, number of accepted candidates in ``out``
    """
    # As in ``decide``, rows are fetched in a loop of their own.
    near = np.empty(n_watch, children.dtype)
    gone = np.empty(n_watch, np.uint8)
    for i in range(n_watch):
        near[i] = children[watch[i].row]
        gone[i] = touched[watch[i].row]
    kept = 0
    n = 0
    for i in range(n_watch):
        row = watch[i].row
        if watch[i].until < month or gone[i]:
            continue
        watch[kept] = watch[i]
        c = near[i]
        if c.enters <= month < c.leaves:
            network, family = entry_rates(c, month, tables)
            before = watch[kept].left
            watch[kept].left = before - (network + family) * extra
            if watch[kept].left <= 0.0:
                out[n].row = row
                out[n].cls = watch[i].cls
                # How far the clock ran over within the month settles the path: a uniform part of the rate.
                out[n].path = NETWORK_PATH if before <= network * extra else FAMILY_PATH
                out[n].mark = 0.0
                n += 1
                continue
        kept += 1
    return kept, n


class ReturnTables(NamedTuple):
    """What the rate of return reads in one month.

    Attributes
    ----------
    monthly : [assisted 2, months since 0-60] rate of return by time since exploitation or care ended
    in_care : rate ratio of children who live in a shelter
    completed, extreme_poverty, mentor : rate ratios
    early, early_from : rate ratio after a premature discharge, and the months after which it acts
    trauma : [place] what the rate is multiplied by while mental health care is scarce
    rerecruited : [place] what the rate of those who left without help is multiplied by
    extreme : [place] rank below which a child returns to extreme poverty
    support, mentors : [place] ranks below which a child has economic support, a mentor
    """

    monthly: Floats
    in_care: float
    completed: float
    extreme_poverty: float
    mentor: float
    early: float
    early_from: int
    trauma: Floats
    rerecruited: Floats
    extreme: NDArray[np.int64]
    support: NDArray[np.int64]
    mentors: NDArray[np.int64]


LONGEST_RETURN: Final = 60


def return_rates(p: Mapping[str, float]) -> Floats:
    """Return [assisted 2, months 0-60] monthly rates of return, front-loaded.

    The rate falls exponentially so that a stated share returns within 24 months, half of them by the median.
    With x = exp(-median / tau), half the cumulative rate at the median means 1 + x + ... = 2 for the ratio
    24 / median; solved by bisection on tau.
    """
    median = p["returns.median_months"]

    def half(tau: float) -> float:
        return float((1.0 - np.exp(-median / tau)) / (1.0 - np.exp(-24.0 / tau)))

    low, high = 0.1, 1000.0
    if half(high) > 0.5:
        tau = high
    else:
        for _ in range(100):
            tau = 0.5 * (low + high)
            low, high = (tau, high) if half(tau) > 0.5 else (low, tau)
    months = np.arange(LONGEST_RETURN + 2)
    reached = (1.0 - np.exp(-months / tau)) / (1.0 - np.exp(-24.0 / tau))
    shares = np.array([p["returns.share_2y_unassisted"], p["returns.share_2y_assisted"]])
    rates = -np.log1p(-shares)[:, None] * np.diff(reached)
    rates[:, 1:] = rates[:, :-1].copy()
    rates[:, 0] = 0.0
    return np.asarray(rates)


@kernel
def return_to_exploitation(
    active: Records,
    start: int,
    stop: int,
    children: Records,
    month: int,
    top: Floats,
    beyond: Integers,
    raised: Floats,
    entry: EntryTables,
    back: ReturnTables,
    words: Words,
    events: Events,
    n: int,
) -> int:
    """Children after exploitation are exploited again: a front-loaded rate beside the full rate of entry.

    Parameters
    ----------
    active, start, stop : run of the active list; every state between exploitation and adulthood is at risk
    top : [2, path, age 19, sex, class] largest rates of entry, so that most are settled without their row
    beyond : [place] 1 where anybody can be poor this month
    raised : [path, place] how far this month's rates can exceed ``top``
    entry, back : tables of the month
    words : [4, child of the run] draws of the month

    Returns
    -------
    number of events

    Streams
    -------
    STREAM_MONTH, WORD_RETURN

    Conserves
    ---------
    children
    """
    highest = max(back.completed, 1.0) * max(back.extreme_poverty, 1.0) * max(back.early, 1.0)
    for i in range(start, stop):
        a = active[i]
        state = a.state
        if state <= EXPLOITED or state >= ADULT or a.since >= month or month - a.birth >= ADULTHOOD:
            continue
        u = draws.unit(words[draws.WORD_RETURN, i - start])
        since = min(max(month - a.clock, 0), LONGEST_RETURN)
        rate = back.monthly[1 if a.care & ASSISTED else 0, since] * back.trauma[a.origin]
        if state == LEFT_UNASSISTED:
            rate *= back.rerecruited[a.origin]
        age = (month - a.birth) // 12
        sex = a.traits & BOY
        poor = beyond[a.origin]
        bound = rate * highest
        bound += top[poor, 0, age, sex, a.cls] * raised[0, a.origin]
        bound += top[poor, 1, age, sex, a.cls] * raised[1, a.origin]
        if u >= bound:
            continue
        if a.econ < back.extreme[a.origin] and a.coverage >= back.support[a.origin]:
            rate *= back.extreme_poverty
        if a.care & DISCHARGED_EARLY and since >= back.early_from:
            rate *= back.early
        c = children[a.row]
        network, family = entry_rates(c, month, entry)
        if state == REINTEGRATED:
            rate *= back.completed
        if state in (FAMILY_CARE, FOLLOW_UP, REINTEGRATED) and a.coverage < back.mentors[a.origin]:
            rate *= back.mentor
        rate += network + family
        if state in (SPECIALISED_SHELTER, GENERAL_SHELTER):
            rate *= back.in_care
        if u < 1.0 - np.exp(-rate):
            a.entered = month
            a.episodes = min(np.int64(a.episodes) + 1, 255)
            a.facility = NO_FACILITY
            a.care = 0
            n = flow(a, EXPLOITED, month, events, n)
    return n
