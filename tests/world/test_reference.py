"""The sparse engine against plain Python that walks every child, and against theory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simulator.engine import draws
from simulator.engine import population as pop
from simulator.engine.states import LABOUR, SEXUAL, START_YEAR
from simulator.engine.thinning import CANDIDATE, propose
from simulator.rules import recruitment
from simulator.world import World

Build = Callable[..., World]
WIDE = {"recruitment.incidence": 6.0, "recruitment.rr_low_schooling": 20.0, "recruitment.rr_migrant": 5.6}
"""Rates far above the committed central ones, so that upper strips open."""


def unit(word: int) -> float:
    return (int(word) + 0.5) / 2**32


def points(
    ident: int, count: int, low: float, width: float, month: int, stream: int, key: np.ndarray
) -> list[tuple[int, float]]:
    """Return (row in the cell, mark) of one strip of a cell, as the engine defines it."""
    out: list[tuple[int, float]] = []
    position, index = 0.0, 0
    while True:
        words = draws.philox(ident, index, month + draws.MONTH_OFFSET, stream, key[0], key[1])
        for gap, mark in ((words[0], words[1]), (words[2], words[3])):
            position -= math.log(unit(gap)) / width
            if position >= count:
                return out
            out.append((int(position), low + unit(mark) * width))
        index += 1


def rate(child: Any, month: int, path: int, tables: recruitment.EntryTables) -> float:
    """Return the rate of entry of one child, in plain Python."""
    age = (month - int(child["birth"])) // 12
    place, traits = int(child["place"]), int(child["traits"])
    m = tables.multiplier[place]
    product = tables.pressure[path, place]
    if child["econ"] < tables.poverty[place]:
        product *= m[pop.POOR]
        if child["coverage"] < tables.cash[place]:
            product *= tables.rr_cash
    if traits & pop.FRAGILE:
        product *= m[pop.FRAGILITY]
    if age >= pop.SCHOOL_AGE and child["school"] < tables.school[1 if age >= pop.SECONDARY_AGE else 0, place]:
        product *= m[pop.SCHOOLING]
    if age >= pop.ADOLESCENCE:
        if traits & pop.LGBTQ:
            product *= m[pop.DIVERSITY]
        if child["coverage"] < tables.groups[place]:
            product *= tables.rr_groups
    if traits & pop.MIGRANT:
        product *= m[pop.MIGRATION]
    if traits & pop.UNACCOMPANIED:
        product *= m[pop.ALONE]
    norm = m[pop.NORMS] if tables.community_rank[child["community"]] < tables.norm[place] else 1.0
    sex = traits & pop.BOY
    labour = tables.base[path, LABOUR, age, sex] * tables.labour[path, place] * norm
    return float(product * (tables.base[path, SEXUAL, age, sex] + labour))


def entrants_by_reference(world: World) -> tuple[dict[int, int], int]:
    """Walk every child in row order; return {row: path} of who enters, and how many strips were open."""
    month, key, year = world.month, world.key, START_YEAR + world.month // 12
    children = world.population.children
    found: dict[int, int] = {}
    highest = 0
    for cell in world.population.cells:
        first, count, ident, place, sex, cls, birth_year, block_year = (int(x) for x in cell)
        if block_year > year:
            continue
        if birth_year < 0:
            ages = [18]
        else:
            ages = [min(year - birth_year, 17), max(min(year - birth_year - 1, 17), 0)]
        for path in (0, 1):
            floor = max(world._floor[path, age, sex] for age in ages) * 2.0**cls
            if floor <= 0.0:
                continue
            top = world._top[world.beyond[place], path]
            ceiling = max(top[age, sex, cls] for age in ages) * world.raised[path, place]
            stream = draws.STREAM_POINTS + 16 * path
            smallest = np.full(count, np.inf)
            edge, strip, low = floor, 0, 0.0
            while True:
                width = floor if strip == 0 else low
                for row, mark in points(ident, count, low, width, month, stream + strip, key):
                    smallest[row] = min(smallest[row], mark)
                highest = max(highest, strip)
                if edge >= ceiling:
                    break
                low, edge, strip = edge, 2.0 * edge, strip + 1
            for j in range(count):
                child = children[first + j]
                if not child["enters"] <= month < child["leaves"] or world.touched[first + j]:
                    continue
                own = rate(child, month, path, world.entry_tables)
                assert own <= edge * (1.0 + 1e-12), "a rate above the open edge would be cut"
                if smallest[j] < own:
                    found.setdefault(first + j, path)
    return found, highest


@pytest.mark.parametrize("values", [{}, WIDE], ids=["central", "wide"])
def test_the_same_children_enter_as_when_every_child_is_walked(
    world_of: Build, ledger: Any, values: dict[str, float]
) -> None:
    people = pop.build(ledger, scale=0.002)
    world = world_of(until=70, population=people, values=values, threads=1)
    total = strips = 0
    for _ in range(3):
        world.run(until=world.month + 20)
        world.fix_tables()
        expected, highest = entrants_by_reference(world)
        found = {
            int(row): int(path)
            for start, stop in world._cell_chunks()
            for part in [world._recruit(start, stop)[0]]
            for row, path in reversed(list(zip(part["row"], part["path"], strict=True)))
        }
        assert found == expected
        total += len(found)
        strips = max(strips, highest)
    assert total > 10
    assert strips > 0


def test_entries_follow_the_rates(world_of: Build) -> None:
    """Over many seeds each child enters with 1 - exp(-rate), whatever its neighbours and siblings do."""
    world = world_of(until=61, values=WIDE)
    world.run(until=60)
    world.fix_tables()
    people = world.population
    rates = recruitment.rates_of(people.children, world.month, world.entry_tables)
    total = rates.sum(axis=1) * (world.touched == 0)
    times = np.zeros(total.size)
    repeats = 400
    ring = people.next_sibling.astype(np.int64)
    together = {"neighbours": 0, "siblings": 0}
    for seed in range(repeats):
        key = draws.make_key(seed, 99)
        out = np.empty(1 << 16, CANDIDATE)
        n, _ = propose(
            people.cells,
            world._idents,
            0,
            people.cells.shape[0],
            world.month,
            world._floor,
            world._top,
            world.beyond,
            world.raised,
            key,
            out,
        )
        kept = recruitment.decide(out, n, people.children, world.touched, world.month, world.entry_tables)
        entered = np.unique(out["row"][:kept]).astype(np.int64)
        times[entered] += 1
        together["neighbours"] += int((np.diff(entered) == 1).sum())
        together["siblings"] += int((np.isin(ring[entered], entered) & (ring[entered] != entered)).sum())
    chance = 1.0 - np.exp(-total)
    at_risk = np.flatnonzero(total > 0)
    order = at_risk[np.argsort(total[at_risk], kind="stable")]
    for part in np.array_split(order, 10):
        expected = repeats * chance[part].sum()
        spread = np.sqrt(repeats * (chance[part] * (1.0 - chance[part])).sum())
        # Ten comparisons at five standard errors: a false alarm in 170,000 runs of this test.
        assert abs(times[part].sum() - expected) < 5.0 * spread
    # Independent children enter together as often as the products of their chances say; counts of so rare an
    # event are Poisson, again at five standard errors (and one event, for small counts).
    pairs = {
        "neighbours": repeats * (chance[:-1] * chance[1:]).sum(),
        "siblings": repeats * (chance * chance[ring])[ring != np.arange(ring.size)].sum(),
    }
    for kind, expected in pairs.items():
        assert expected > 5.0
        assert abs(together[kind] - expected) < 5.0 * math.sqrt(expected) + 1.0, (kind, together, pairs)


def test_siblings_enter_at_the_extra_rate(world_of: Build) -> None:
    """The clock of a watched sibling gives 1 - exp(-extra cumulative rate)."""
    strong = {
        "recruitment.rr_sibling": 3.0,
        "recruitment.incidence": 6.0,
        "recruitment.share_labour_forms": 0.7,
    }
    seen = watched = 0.0
    expected = spread = 0.0
    window = 24
    for seed in range(12):
        world = world_of(rng=seed, until=95, values=strong)
        world.run(until=30)
        people = world.population
        month = world.month
        new = world._watch_siblings()
        started = {
            int(sibling)
            for row in world.active["row"][: world.n_active][
                (world.active["entered"][: world.n_active] == month - 1)
                & (world.active["episodes"][: world.n_active] == 1)
            ]
            for sibling in ring_of(people.next_sibling, int(row))
            if not world.touched[sibling]
        }
        watched += len(started)
        reached: dict[int, float] = dict.fromkeys(started, 0.0)
        world.watch = new
        entered: set[int] = set()
        for t in range(month, month + window):
            world.month = t
            world.fix_tables()
            rates = {s: sum(rate_at(people.children[s], t, world)) for s in reached}
            for sibling, value in rates.items():
                reached[sibling] += 2.0 * value
            entered |= {int(r) for r in world._visit_watched(np.zeros(0, recruitment.WATCH))["row"]}
        seen += len(entered)
        chances = 1.0 - np.exp(-np.array(list(reached.values())))
        expected += chances.sum()
        spread += (chances * (1.0 - chances)).sum()
    assert watched > 300
    # Five standard errors: a false alarm in 1.7 million runs.
    assert abs(seen - expected) < 5.0 * math.sqrt(spread) + 1e-9


def ring_of(ring: np.ndarray, row: int) -> list[int]:
    out, other = [], int(ring[row])
    while other != row:
        out.append(other)
        other = int(ring[other])
    return out


def rate_at(child: Any, month: int, world: World) -> tuple[float, float]:
    if not child["enters"] <= month < child["leaves"]:
        return (0.0, 0.0)
    tables = world.entry_tables
    return rate(child, month, 0, tables), rate(child, month, 1, tables)
