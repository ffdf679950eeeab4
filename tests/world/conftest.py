"""Small worlds on the real ledger, built once per session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenarios import Scenario, load_scenario
from simulator.engine.population import Population, build
from simulator.evidence import Ledger, load_ledger
from simulator.inputs import prepare
from simulator.outcomes.tally import tally
from simulator.world import World

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return load_ledger()


@pytest.fixture(scope="session")
def population(ledger: Ledger) -> Population:
    """One child in a hundred."""
    return build(ledger, scale=0.01)


@pytest.fixture(scope="session")
def central(ledger: Ledger) -> dict[str, float]:
    return {name: parameter.central for name, parameter in ledger.parameters.items()}


@pytest.fixture(scope="session")
def baseline() -> Scenario:
    return load_scenario("baseline")


@pytest.fixture(scope="session")
def world_of(ledger: Ledger, population: Population) -> Callable[..., World]:
    """Build a small world; ``values`` replace central values."""

    def make(scenario: str | Scenario = "baseline", rng: int = 0, *, until: int = 95, **more: Any) -> World:
        values = {name: parameter.central for name, parameter in ledger.parameters.items()}
        values.update(more.pop("values", {}))
        people = more.pop("population", population)
        policy = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        inputs = more.pop("inputs", None) or prepare(policy, values, ledger, people, until + 1)
        return World(policy, rng, until=until, ledger=ledger, population=people, inputs=inputs, **more)

    return make


@pytest.fixture(scope="session")
def arrays_of() -> Callable[[World], Arrays]:
    """Run a world to its end and return its arrays from January 2012 on."""

    def finish(world: World) -> Arrays:
        with world:
            world.run()
            return tally(world.population, world.record, 0, world.last_month + 1)

    return finish


def assert_same(a: Arrays, b: Arrays) -> None:
    """Hold two results against each other, byte for byte."""
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
