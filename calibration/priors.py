"""Where parameters come from before the data speak: one structure of each group, and the ledger's ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence import Ledger, Parameter
from simulator.experiments.prior import many_uniforms, prior_set, quantile, uniforms
from simulator.experiments.structures import Structure, load_structures, under

if TYPE_CHECKING:
    from simulator.engine.population import Population

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def position(parameter: Parameter, values: Floats) -> Floats:
    """Return the probability below each value in the prior of a parameter: the inverse of ``quantile``."""
    low, mode, high = parameter.low, parameter.central, parameter.high
    at = np.asarray(values, np.float64)
    if parameter.distribution == "logtriangular":
        low, mode, high = (float(np.log(x)) for x in (low, mode, high))
        at = np.log(at)
    width = high - low
    below = (at - low) ** 2 / (width * max(mode - low, 1e-300))
    above = 1.0 - (high - at) ** 2 / (width * max(high - mode, 1e-300))
    return np.clip(np.where(at < mode, below, above), 0.0, 1.0)


OF_MONEY: Final = ("lead", "cost", "reach", "ingredient", "attribution", "prices")
"""Parameters that act only through what a scenario buys: nothing that was observed can depend on them."""


@dataclass(frozen=True)
class Drawn:
    """One parameter set: the structures it stands for (one of each group) and all values."""

    structures: tuple[str, ...]
    values: Mapping[str, float]


@dataclass(frozen=True)
class Pool:
    """Many sets of a few parameters.

    Attributes
    ----------
    names : parameters, the columns; values, x : [n, parameter] values, and positions in the ledger's prior
    structures : [n, group] index of the structure of each group
    """

    names: tuple[str, ...]
    values: Floats
    x: Floats
    structures: Integers


@dataclass(frozen=True)
class Prior:
    """The prior of a fit.

    Attributes
    ----------
    ledger, population : the evidence, and the children it gives
    seed : of all draws
    only : structures that hold, at most one of a group; in the other groups each has the same chance
    """

    ledger: Ledger
    population: Population
    seed: int
    only: tuple[str, ...] = ()

    @cached_property
    def groups(self) -> tuple[tuple[Structure, ...], ...]:
        """Structures that can hold, by group."""
        by_group: dict[str, list[Structure]] = {}
        for one in load_structures().values():
            by_group.setdefault(one.group, []).append(one)
        fixed = {load_structures()[name].group: name for name in self.only}
        return tuple(
            tuple(one for one in members if fixed.get(group, one.name) == one.name)
            for group, members in by_group.items()
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Parameters that vary and can move what was observed, the columns of ``x``."""
        return tuple(
            name
            for name, one in self.ledger.parameters.items()
            if one.distribution != "fixed" and one.low < one.high and name.partition(".")[0] not in OF_MONEY
        )

    def draw(self, index: int) -> Drawn:
        """Return parameter set ``index`` of the prior."""
        u = uniforms([f"structure {members[0].group}" for members in self.groups], index, self.seed)
        chosen = [members[int(p * len(members))] for p, members in zip(u, self.groups, strict=True)]
        return self.complete(index, tuple(one.name for one in chosen), {})

    def complete(self, index: int, structures: tuple[str, ...], values: Mapping[str, float]) -> Drawn:
        """Return a set with some values given and the others drawn from the prior under its structures."""
        known = load_structures()
        ledger = under(self.ledger, [known[name] for name in structures])
        return Drawn(structures, prior_set(ledger, self.population, index, self.seed, values)[0])

    def x(self, sets: Sequence[Mapping[str, float]]) -> Floats:
        """Return [set, parameter] positions of the parameters that vary."""
        columns = [
            position(self.ledger.parameters[name], np.array([one[name] for one in sets]))
            for name in self.names
        ]
        return np.stack(columns, axis=1)

    def sets(self, names: Sequence[str], x: Floats, structures: Sequence[Sequence[str]]) -> Pool:
        """Return sets at positions ``x`` [n, parameter] under structures, inside the ranges of these."""
        values = np.stack(
            [quantile(self.ledger.parameters[name], column) for name, column in zip(names, x.T, strict=True)],
            axis=1,
        )
        held = np.empty((len(x), len(self.groups)), np.int64)
        for g, members in enumerate(self.groups):
            for s, one in enumerate(members):
                here = np.array([one.name in some for some in structures])
                held[here, g] = s
                for i, name in enumerate(names):
                    if name in one.ranges:
                        low, _, high = one.ranges[name]
                        values[here, i] = np.clip(values[here, i], low, high)
        return Pool(tuple(names), values, x, held)

    def pool(self, n: int, names: Sequence[str]) -> Pool:
        """Return ``n`` sets of a few parameters, apart from the sets of ``draw``."""
        structures = np.stack(
            [
                (many_uniforms(f"structure {members[0].group}", n, self.seed) * len(members)).astype(np.int64)
                for members in self.groups
            ],
            axis=1,
        )
        values, x = np.empty((n, len(names))), np.empty((n, len(names)))
        for i, name in enumerate(names):
            parameter, u = self.ledger.parameters[name], many_uniforms(name, n, self.seed)
            values[:, i] = quantile(parameter, u)
            for g, members in enumerate(self.groups):
                for s, one in enumerate(members):
                    if name in one.ranges:
                        here = structures[:, g] == s
                        narrowed = under(self.ledger, [one]).parameters[name]
                        values[here, i] = quantile(narrowed, u[here])
            x[:, i] = position(parameter, values[:, i])
        return Pool(tuple(names), values, x, structures)
