"""One more child, with a family and a community of its own, changes nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.engine.population import (
    ANY_YEAR,
    CELL_BLOCK_YEAR,
    FRAGILE,
    LGBTQ,
    N_CLASSES,
    Population,
)
from simulator.engine.states import ADULTHOOD, START_YEAR
from simulator.engine.types import Records
from simulator.world import World

Build = Callable[..., World]


def with_one_more(population: Population, place: int) -> tuple[Population, int]:
    """Append a girl who arrives in January 2013 at ten, to a cell, a family and a community of her own."""
    row = population.children.size
    child = np.zeros(1, population.children.dtype)
    child["birth"], child["enters"] = 12 - 120, 12
    child["leaves"] = child["birth"] + ADULTHOOD
    child["place"], child["traits"] = place, FRAGILE | LGBTQ
    child["community"] = population.community_rank.size
    year = START_YEAR + 1
    cell = np.array([[row, 1, 2**31, place, 0, N_CLASSES - 1, ANY_YEAR, year]])
    where = int(np.searchsorted(population.cells[:, CELL_BLOCK_YEAR], year, side="right"))
    more = replace(
        population,
        children=np.concatenate([population.children, child]),
        family=np.append(population.family, np.uint32(population.family_place.size)),
        next_sibling=np.append(population.next_sibling, np.uint32(row)),
        community_rank=np.append(population.community_rank, np.uint16(0)),
        cells=np.insert(population.cells, where, cell, axis=0),
    )
    return more, row


def entries(world: World) -> list[list[int]]:
    return [sorted(part.tolist()) for part in world.record.entered]


def last_state(world: World, without: int) -> Records:
    active = world.active[: world.n_active]
    active = active[active["row"] != without]
    return active[np.argsort(active["row"])]


def test_one_more_child_changes_nobody_else(world_of: Build, population: Population) -> None:
    values = {"recruitment.incidence": 6.0, "movement.share_away": 0.0}
    plain = world_of(until=107, values=values)
    plain.inputs.places[:] = 1000
    plain = world_of(until=107, values=values, inputs=plain.inputs).run()
    entered = 0
    for place in range(0, 52, 4):
        more, row = with_one_more(population, place)
        world = world_of(until=107, values=values, inputs=plain.inputs, population=more).run()
        entered += any(row in month for month in entries(world))
        assert [[r for r in month if r != row] for month in entries(world)] == entries(plain)
        np.testing.assert_array_equal(last_state(world, row), last_state(plain, row))
    # She is exposed enough to enter in some of the worlds, so that the test is about her too.
    assert entered > 0
