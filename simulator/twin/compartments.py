"""The compartments of the stock-and-flow twin, and the linear system that one month's tables make of them.

A compartment is a state of a child with what the rules remember of it: whether it was referred, what place it
seeks, whether it has a plan, how its care ended. Each is split into phases of the time since exploitation or
care ended, on which the front-loaded rate of return depends; by form and sex (``GROUPS``); and by month of
age, which is not part of this system but of the arrays it acts on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from simulator.engine.states import (
    ADULT,
    BOY,
    DEAD,
    EXPLOITED,
    FAMILY_CARE,
    FOLLOW_UP,
    GENERAL_SHELTER,
    GIRL,
    IDENTIFIED,
    LABOUR,
    LEFT_UNASSISTED,
    N_STATES,
    PROTECTED,
    REINTEGRATED,
    SEXUAL,
    SPECIALISED_SHELTER,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.rules.recruitment import ReturnTables

Floats = NDArray[np.float64]

GROUPS: Final = tuple((form, sex) for form in (SEXUAL, LABOUR) for sex in (GIRL, BOY))
"""Form and sex of each group, [group 4]."""

COMPARTMENTS: Final[dict[str, int]] = {
    "exploited": EXPLOITED,
    "referred": IDENTIFIED,
    "unreferred": IDENTIFIED,
    "upe_case": PROTECTED,
    "judge_case": PROTECTED,
    "seeks_specialised": PROTECTED,
    "seeks_general": PROTECTED,
    "due_specialised": PROTECTED,
    "due_general": PROTECTED,
    "specialised_plan": SPECIALISED_SHELTER,
    "specialised": SPECIALISED_SHELTER,
    "general_plan": GENERAL_SHELTER,
    "general": GENERAL_SHELTER,
    "family_plan": FAMILY_CARE,
    "family": FAMILY_CARE,
    "follow_up": FOLLOW_UP,
    "reintegrated": REINTEGRATED,
    "left": LEFT_UNASSISTED,
    "left_assisted": LEFT_UNASSISTED,
    "left_early": LEFT_UNASSISTED,
}
"""Compartments and the state of the model to which each belongs, in the order of the arrays."""

NAMES: Final = tuple(COMPARTMENTS)
STATE_OF: Final = np.array(list(COMPARTMENTS.values()))
INDEX: Final = {name: i for i, name in enumerate(NAMES)}

ASSISTED: Final = ("family_plan", "family", "follow_up", "reintegrated", "left_assisted", "left_early")
"""Compartments whose children return at the rate of those assisted."""

MENTORED: Final = ("family_plan", "family", "follow_up", "reintegrated")
SHELTERS: Final = ("specialised_plan", "specialised", "general_plan", "general")
PAST_18: Final = (PROTECTED, SPECIALISED_SHELTER, GENERAL_SHELTER, FAMILY_CARE, FOLLOW_UP)
"""States in which those who turn 18 stay until care ends."""

OF_ASSISTED, OF_MENTORED, OF_SHELTERS = (np.isin(NAMES, names) for names in (ASSISTED, MENTORED, SHELTERS))
RANKS: Final = 65536.0

FINE: Final = (*range(1, 13), *range(13, 25, 2), *range(25, 37, 4), 37, 49, 61)
COARSE: Final = (1, 2, 3, 4, 5, 7, 10, 13, 25, 61)
"""First month since exploitation or care ended of each phase; the last phase has no end."""

PHASES: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(NAMES, COARSE),
    **dict.fromkeys(("left", "left_assisted"), FINE),
    "exploited": (1,),
}
"""Phases of each compartment: fine where most children are when they return."""

N_PHASES: Final = np.array([len(PHASES[name]) for name in NAMES])
OFFSETS: Final = np.concatenate([[0], np.cumsum(N_PHASES)[:-1]])
"""[compartment] first row of each."""

N_ROWS: Final = int(N_PHASES.sum())
OF_ROW: Final = np.repeat(np.arange(len(NAMES)), N_PHASES)
"""[row] compartment."""

START: Final = np.concatenate([PHASES[name] for name in NAMES])
STOP: Final = np.concatenate([(*PHASES[name][1:], START.max() + 1) for name in NAMES])
IS_LAST: Final = np.concatenate([np.arange(n) == n - 1 for n in N_PHASES])
PROGRESS: Final = np.where(IS_LAST, 0.0, 1.0 / (STOP - START))
"""[row] monthly chance of passing to the next phase."""


def by_compartment(rows: Floats) -> Floats:
    """Return [group, compartment, ...] sums of [group, row, ...]."""
    return np.asarray(np.add.reduceat(rows, OFFSETS, axis=1))


class Move(NamedTuple):
    """One way from a compartment to another.

    Attributes
    ----------
    source : compartment
    target : compartment, or ``dead``
    chance : [group] monthly chance of a child who does not return to exploitation in the month
    restarts : whether the time since exploitation or care ended starts again
    """

    source: str
    target: str
    chance: Floats
    restarts: bool = False


class Back(NamedTuple):
    """How children return to exploitation in one month.

    Attributes
    ----------
    chance : [row] by the front-loaded rate
    present : [group, age] monthly rate at which such a child would be recruited as if at home
    exposure : [compartment] what ``present`` is multiplied by (0 while exploited)
    """

    chance: Floats
    present: Floats
    exposure: Floats


def back(tables: ReturnTables, weights: Floats, extreme: float, present: Floats) -> Back:
    """Return how children return to exploitation, on the mean of their places and exposures.

    Parameters
    ----------
    tables : of the month
    weights : [place] shares of the children concerned, adding up to one
    extreme : share of them in extreme poverty without support
    present : see ``Back``
    """
    poor = 1.0 + (tables.extreme_poverty - 1.0) * extreme
    mentored = 1.0 + (tables.mentor - 1.0) * float(weights @ tables.mentors) / RANKS
    factor = np.where(STATE_OF == REINTEGRATED, tables.completed, 1.0) * poor
    factor *= np.where(OF_MENTORED, mentored, 1.0) * np.where(OF_SHELTERS, tables.in_care, 1.0)
    rerecruited = np.where(STATE_OF[:, None] == LEFT_UNASSISTED, tables.rerecruited, 1.0)
    factor *= (tables.trauma * rerecruited) @ weights
    rate = tables.monthly[OF_ASSISTED.astype(int)] * factor[:, None]
    rate[INDEX["left_early"], tables.early_from :] *= tables.early
    exposure = np.where(OF_SHELTERS, tables.in_care, 1.0)
    exposure[INDEX["exploited"]] = 0.0
    return Back(_phase_chances(rate), present, exposure)


def _phase_chances(rate: Floats) -> Floats:
    """Return [row] a monthly chance that keeps the chance of returning within each phase.

    A phase of w months is left with chance 1 / w a month; with survival s a month, the chance of passing
    through it is s / w / (1 - s (1 - 1 / w)), which must be exp(-rate summed over its months).

    ``rate`` is [compartment, months].
    """
    summed = np.concatenate([np.zeros((len(NAMES), 1)), np.cumsum(rate, axis=1)], axis=1)
    last = rate.shape[1]
    within = summed[OF_ROW, np.minimum(STOP, last)] - summed[OF_ROW, START]
    within = np.where(IS_LAST, rate[OF_ROW, -1], within)
    through = np.exp(-within)
    stays = np.where(IS_LAST, through, through / (PROGRESS + through * (1.0 - PROGRESS)))
    return np.where(INDEX["exploited"] == OF_ROW, 0.0, 1.0 - stays)


class Pattern:
    """Where the moves of a month stand in the matrices: the same every month, worked out once.

    Parameters
    ----------
    ways : source, target and whether the clock restarts, of each move
    """

    def __init__(self, ways: tuple[tuple[str, str, bool], ...]) -> None:
        self.source = np.array([INDEX[source] for source, _, _ in ways])
        inside = np.array([target in INDEX for _, target, _ in ways])
        self.target = np.array([INDEX.get(target, 0) for _, target, _ in ways])
        restarts = np.array([restart for _, _, restart in ways])
        # Those past 18 who are discharged without a plan leave as adults, whatever the move.
        leaves = np.isin(self.source, [INDEX[n] for n in SHELTERS]) & (self.target == INDEX["family"])
        self.cared = np.isin(STATE_OF[self.source], PAST_18)
        self.goes_on = inside & np.isin(STATE_OF[self.target], PAST_18) & ~leaves & self.cared
        self.to_state = np.where(inside, STATE_OF[self.target], DEAD)
        self.from_state = STATE_OF[self.source]

        rows = np.arange(N_ROWS)
        stay = (rows, rows, np.where(IS_LAST, rows, rows + 1))
        ways_in = [
            stay,
            *(_rows(s, t, r) for s, t, r in zip(self.source, self.target, restarts, strict=True)),
        ]
        kept = np.concatenate([[True], inside])
        self._way = np.concatenate([np.full(w[0].size, k) for k, w in enumerate(ways_in) if kept[k]])
        source, here, onward = (
            np.concatenate([w[i] for w, k in zip(ways_in, kept, strict=True) if k]) for i in range(3)
        )
        self._source = source
        exploited = np.zeros(N_ROWS, np.int64)
        self._child = _Sparse(
            np.concatenate([here, onward, exploited, rows]),
            np.concatenate([source, source, rows, rows]),
            N_ROWS,
        )
        on = self.goes_on
        self._diagonal = np.flatnonzero(np.isin(STATE_OF, PAST_18))
        self._grown = _Sparse(
            np.concatenate([self._diagonal, self.target[on]]),
            np.concatenate([self._diagonal, self.source[on]]),
            len(NAMES),
        )

    def matrices(self, chance: Floats, returns: Floats) -> tuple[csr_array, csr_array]:
        """Return the changes of a month per child, for all groups side by side: under 18, and past it.

        Parameters
        ----------
        chance : [move, group]; returns : [row]
        """
        stays = np.ones((len(NAMES), len(GROUPS)))
        np.subtract.at(stays, self.source, chance)
        moving = np.concatenate([np.zeros((1, len(GROUPS))), chance])[self._way]
        moving[:N_ROWS] = stays[OF_ROW]
        value = moving.T * (1.0 - returns[self._source])
        onward = PROGRESS[self._source]
        back = np.tile(returns, (len(GROUPS), 1))
        child = self._child.matrix(
            np.concatenate([value * (1.0 - onward), value * onward, back, -np.ones_like(back)], axis=1)
        )
        left = (stays - 1.0)[self._diagonal]
        grown = self._grown.matrix(np.concatenate([left, chance[self.goes_on]]).T)
        return child, grown


def _rows(source: int, target: int, restarts: bool) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of a compartment, where each goes in another, and where if it passes a phase."""
    rows = OFFSETS[source] + np.arange(N_PHASES[source])
    first = OFFSETS[target]
    if restarts:
        return rows, np.full(rows.size, first), np.full(rows.size, first)
    own, other = PHASES[NAMES[source]], PHASES[NAMES[target]]
    if own == other:
        here = first + np.arange(rows.size)
        return rows, here, np.minimum(here + 1, first + rows.size - 1)
    middle = 0.5 * (START[rows] + STOP[rows])
    here = first + np.searchsorted(other, middle, side="right") - 1
    return rows, here, here


class _Sparse:
    """A sparse matrix of one block per group, whose entries stand at the same places every month."""

    def __init__(self, rows: NDArray[np.int64], columns: NDArray[np.int64], size: int) -> None:
        place, self._of = np.unique(rows * size + columns, return_inverse=True)
        self._n, self._size = place.size, size * len(GROUPS)
        first = size * np.arange(len(GROUPS))[:, None]
        every_row = (place // size + first).ravel()
        self._columns = (place % size + first).ravel()
        self._starts = np.searchsorted(every_row, np.arange(self._size + 1))

    def matrix(self, values: Floats) -> csr_array:
        """Return the matrix of [group, entry] values; entries at one place add up."""
        data = np.concatenate([np.bincount(self._of, each, self._n) for each in values])
        return csr_array((data, self._columns, self._starts), shape=(self._size, self._size))


@cache
def pattern(ways: tuple[tuple[str, str, bool], ...]) -> Pattern:
    """Return the pattern of the moves of a month, remembered."""
    return Pattern(ways)


class System:
    """The linear system of one month: for those under 18, and for those in care past their birthday.

    Attributes
    ----------
    child : change of a month per child, over (group, compartment, phase) in a row
    grown : the same past the eighteenth birthday, over (group, compartment): nobody returns, no phase matters
    back : how children return
    """

    def __init__(self, moves: Sequence[Move], back: Back) -> None:
        self._pattern = pattern(tuple((m.source, m.target, m.restarts) for m in moves))
        self._chance = np.stack([m.chance for m in moves])
        self.back = back
        self.child, self.grown = self._pattern.matrices(self._chance, back.chance)

    def flows(self, child: Floats, grown: Floats, present: Floats) -> tuple[Floats, Floats]:
        """Return the flows that the time spent in each row has made, by state and by move.

        The first is [from state 13, to state 13, group], the second [move, group] of those under 18.

        Parameters
        ----------
        child : [group, row] child-months lived through under 18
        grown : [group, compartment] the same past it
        present : [group, compartment] returns at the present rate of entry
        """
        ways, out = self._pattern, np.zeros((N_STATES, N_STATES, len(GROUPS)))
        returns = (by_compartment(child * self.back.chance) + present).T
        np.add.at(out, (STATE_OF[1:], np.full(len(NAMES) - 1, EXPLOITED)), returns[1:])
        stayed = by_compartment(child * (1.0 - self.back.chance)).T
        done = self._chance * stayed[ways.source]
        passed = self._chance * grown.T[ways.source] * ways.cared[:, None]
        on = ways.goes_on[:, None]
        np.add.at(out, (ways.from_state, ways.to_state), done + np.where(on, passed, 0.0))
        # A plan completed past 18 counts as such, and its owner leaves as an adult.
        completed = ~ways.goes_on & (ways.to_state == REINTEGRATED)
        np.add.at(out, (ways.from_state[completed], ways.to_state[completed]), passed[completed])
        leaves = ~ways.goes_on
        source = np.where(completed, REINTEGRATED, ways.from_state)[leaves]
        np.add.at(out, (source, np.full(source.size, ADULT)), passed[leaves])
        out[np.arange(N_STATES), np.arange(N_STATES)] = 0.0
        return out, done


def pooled(weights: Floats, chances: Floats) -> Floats:
    """Return [exit] monthly chances that keep the mean stay, and the share of each exit, of unequal places.

    Parameters
    ----------
    weights : [place] how many come from each
    chances : [exit, place] monthly chance of each exit
    """
    total = weights.sum()
    if total <= 0.0:
        return np.zeros(chances.shape[0])
    leaving = np.maximum(chances.sum(axis=0), 1e-9)
    stay = float((weights / leaving).sum() / total)
    return np.asarray((weights * chances / leaving).sum(axis=1) / total / stay)
