"""Factors: what institutions and communities are like, month by month, and the links between them.

A factor is one quantity of every territory (or of every kind of institution in every territory). Rules write
the factors of the month; links read them later. A link is one causal statement of the evidence: when its
cause rises by one from its neutral value (from none to full, or doubles), its effect is multiplied by a rate
ratio, after a delay. At neutral causes nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import INSTITUTIONS, N_TERRITORIES

type Array = NDArray[np.float64]

FULL: Final = 1.0
MOST: Final = 3.0
"""A link is not read beyond this value of its cause: nothing is known of its effect there."""


@dataclass(frozen=True)
class Factor:
    """One quantity and the value at which it moves nothing.

    Attributes
    ----------
    name : as rules and links write it
    kind : ``lever`` (asked for by policy), ``shock`` (from the calendar) or ``state`` (worked out by a rule)
    neutral : value at which links that read it leave their effect alone
    by_institution : whether it differs between the kinds of institution of a territory
    delivered : whether a lever reaches people only as far as programmes deliver
    """

    name: str
    kind: str
    neutral: float
    by_institution: bool = False
    delivered: bool = False


@dataclass(frozen=True)
class Link:
    """One causal statement: ``ratio ** (cause - neutral)``, read ``delay`` months back."""

    reads: str
    ratio: float
    delay: int


def lever_order(table: Mapping[str, Factor]) -> tuple[list[str], list[str]]:
    """Return the levers that must be delivered, and those that hold as soon as they are decided."""
    levers = [f for f in table.values() if f.kind == "lever"]
    return [f.name for f in levers if f.delivered], [f.name for f in levers if not f.delivered]


def factor_names(table: Mapping[str, Factor]) -> tuple[list[str], list[str]]:
    """Return the factors of territories, levers first, and those of institutions, as results keep them."""
    plain = [f for f in table.values() if not f.by_institution]
    plain.sort(key=lambda f: (f.kind != "lever", not f.delivered))
    return [f.name for f in plain], [f.name for f in table.values() if f.by_institution]


class Factors:
    """The factors of a run and the month they stand at.

    Parameters
    ----------
    table : every factor by name
    links : every link by the number of its mechanism
    p : parameter values
    n_months : months since January 2012 that the run can reach
    context : [month, territory] multipliers of some factors: assumptions that are not policy

    Attributes
    ----------
    month : the month that rules are at work on
    """

    def __init__(
        self,
        table: Mapping[str, Factor],
        links: Mapping[str, Link],
        p: Mapping[str, float],
        n_months: int,
        context: Mapping[str, Array] | None = None,
    ) -> None:
        self.p = p
        self._table = table
        self._links = links
        self._context = context or {}
        self.plain_names, self.staffed_names = factor_names(table)
        plain = [table[name] for name in self.plain_names]
        staffed = [table[name] for name in self.staffed_names]
        # Row 0 holds the time before January 2012; month t is row t + 1.
        self.plain = np.empty((n_months + 1, len(plain), N_TERRITORIES))
        self.plain[:] = np.array([[f.neutral] for f in plain])
        self.staffed = np.empty((n_months + 1, len(staffed), len(INSTITUTIONS), N_TERRITORIES))
        self.staffed[:] = np.array([[[f.neutral]] for f in staffed])
        self._rows: dict[str, Array] = {f.name: self.plain[:, i] for i, f in enumerate(plain)}
        self._rows |= {f.name: self.staffed[:, i] for i, f in enumerate(staffed)}
        self.delivered, self.granted = lever_order(table)
        # Links that look back and read one value per territory are worked out together, once a month.
        place = {f.name: i for i, f in enumerate(plain)}
        early = {name: link for name, link in links.items() if link.delay > 0 and link.reads in place}
        self._early = {name: i for i, name in enumerate(early)}
        self._early_place = np.array([place[link.reads] for link in early.values()], np.int64)
        self._early_delay = np.array([link.delay for link in early.values()], np.int64)
        self._early_log = np.log([[link.ratio] for link in early.values()])
        self._early_neutral = np.array([[table[link.reads].neutral] for link in early.values()])
        self.begin(0)

    def begin(self, month: int) -> None:
        """Stand at a month, and read every link that looks back."""
        self.month = month
        rows = np.maximum(month + 1 - self._early_delay, 0)
        cause = np.minimum(self.plain[rows, self._early_place], MOST)
        self._effects = np.exp(self._early_log * (cause - self._early_neutral))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def put(self, names: Sequence[str], levels: Array) -> None:
        """Write this month's levels of ``granted`` or ``delivered`` levers at once, [lever, territory]."""
        first = 0 if names is self.delivered else len(self.delivered)
        self.plain[self.month + 1, first : first + len(names)] = levels
        for name in self._context.keys() & set(names):
            self[name] = self[name].copy()

    def __getitem__(self, name: str) -> Array:
        """Return the factor this month: [territory], or [institution, territory]."""
        return np.asarray(self._rows[name][self.month + 1])

    def __setitem__(self, name: str, value: Array | float) -> None:
        """Write the factor of this month; a scenario's context multiplies it."""
        row = self._rows[name][self.month + 1]
        row[...] = value
        if name in self._context:
            row *= self._context[name][self.month]

    def before(self, name: str, months: int = 1) -> Array:
        """Return the factor some months ago; before January 2012, what it was then."""
        return np.asarray(self._rows[name][max(self.month + 1 - months, 0)])

    def left(self, name: str) -> Array:
        """Return the factor of last month as the rules left it, before any assumption multiplied it.

        What follows its own past must start from there, or an assumption would grow every month.
        """
        value = self.before(name)
        if name in self._context and self.month > 0:
            return np.asarray(value / self._context[name][self.month - 1])
        return value

    def neutral(self, name: str) -> float:
        """Return the value at which a factor moves nothing."""
        return self._table[name].neutral

    def lagged(self, mechanism: str) -> Array:
        """Return the cause of a link as it was one delay ago."""
        link = self._links[mechanism]
        return self.before(link.reads, link.delay)

    def link(self, mechanism: str, share: Array | float = FULL) -> Array:
        """Return what a link multiplies its effect by this month.

        Parameters
        ----------
        mechanism : number of the causal statement, as in ``sintrata explain mechanisms``
        share : how far the cause gets through, 0 to 1
        """
        if mechanism in self._early:
            effect = self._effects[self._early[mechanism]]
            return effect if share is FULL else np.asarray(effect**share)
        link = self._links[mechanism]
        cause = np.minimum(self.before(link.reads, link.delay), MOST)
        return np.asarray(link.ratio ** ((cause - self._table[link.reads].neutral) * share))

    def series(self, name: str) -> Array:
        """Return the months since January 2012 of one factor."""
        return np.asarray(self._rows[name][1:])

    def take(self, plain: Array, staffed: Array) -> None:
        """Take over the months that another run has lived through, row 0 included."""
        self.plain[: plain.shape[0]] = plain
        self.staffed[: staffed.shape[0]] = staffed


def fading(before: Array, target: Array, half_life: float) -> Array:
    """Return a stock that follows its target up at once and falls towards it with a half-life in months."""
    kept = 0.5 ** (1.0 / half_life)
    return np.where(target >= before, target, target + (before - target) * kept)


def moving(before: Array, target: Array, half_time: float) -> Array:
    """Return a stock that moves towards its target, half of the way in ``half_time`` months."""
    return np.asarray(target + (before - target) * 0.5 ** (1.0 / half_time))
