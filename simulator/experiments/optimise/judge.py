"""What a question makes of what runs told: a score of each plan, what must hold, allowed splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.optimise.measures import BY_SEX, COUNTRY, MEASURES, over_years
from simulator.experiments.optimise.plan import equal_shares, present_shares
from simulator.experiments.optimise.response import line_of_institution

if TYPE_CHECKING:
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.optimise.response import Limits, Sample

Floats = NDArray[np.float64]

BENT: Final = 15.0
"""How much coordinates are bent: gains of money are, too, since what it covers saturates."""

TENTH: Final = 0.1
LIMA: Final = 14
"""Lima Metropolitana among the territories."""


class Judge:
    """Turns what runs told into gains, scores and margins.

    Parameters
    ----------
    question : what is wanted
    samples : of the third dimension of what is told
    nothing : [sample, measure, year, cell] the comparator under each sample
    """

    def __init__(self, question: Question, samples: Sequence[Sample], nothing: Floats) -> None:
        self.question, self.samples, self.nothing = question, tuple(samples), nothing
        first = question.measured[0] - question.first_year
        self._years = slice(first, first + question.measured[1] - question.measured[0] + 1)
        self.structures = tuple(dict.fromkeys(one.structure for one in samples))

    def gain(self, told: Floats, measure: str, cells: slice | int = COUNTRY) -> Floats:
        """Return [plan, sample, ...] what plans gain of a measure beside the comparator; more is better.

        Parameters
        ----------
        told : [plan, sample, measure, year, cell]
        """
        here = over_years(told[..., self._years, :], measure)[..., cells]
        there = over_years(self.nothing[..., self._years, :], measure)[..., cells]
        return np.asarray(MEASURES[measure] * (here - there))

    def value(self, told: Floats) -> Floats:
        """Return [plan, sample] the weighted gain."""
        parts = [weight * self.gain(told, name) for name, weight in self.question.objective]
        return np.asarray(np.nan_to_num(sum(parts)))

    def score(self, value: Floats) -> Floats:
        """Return [plan] what the risk attitude makes of [plan, sample]."""
        if self.question.risk == "p10":
            return np.asarray(np.quantile(value, TENTH, axis=1))
        if self.question.risk == "worst_structure":
            return np.asarray(self.by_structure(value).min(axis=1))
        return np.asarray(value.mean(axis=1))

    def by_structure(self, value: Floats) -> Floats:
        """Return [plan, structure] means of [plan, sample]."""
        of = np.array([self.structures.index(one.structure) for one in self.samples])
        return np.stack([value[:, of == k].mean(axis=1) for k in range(len(self.structures))], axis=1)

    def margins(self, told: Floats) -> Floats:
        """Return [plan, condition] by how much each condition holds: at least zero where it does.

        Conditions are the targets, in units of their measure, then a share of each gain for each sex.
        """
        out = []
        for target in self.question.targets:
            reached = self.reached(told, target.measure, target.year, target.value)
            # The margin that is left with the probability asked for.
            out.append(np.quantile(reached, 1.0 - target.probability, axis=1, method="inverted_cdf"))
        if self.question.both_sexes > 0.0:
            for name, _ in self.question.objective:
                whole = self.gain(told, name).mean(axis=1)
                sexes = self.gain(told, name, BY_SEX).mean(axis=1)
                if np.isfinite(sexes).all():
                    out += list((sexes - self.question.both_sexes * whole[:, None]).T)
        shape = (told.shape[0], 0)
        return np.stack(out, axis=1) if out else np.zeros(shape)

    def reached(self, told: Floats, measure: str, year: int, value: float) -> Floats:
        """Return [plan, sample] by how much a measure is on the good side of a value in a year."""
        sign = MEASURES[measure]
        there = told[..., list(MEASURES).index(measure), year - self.question.first_year, COUNTRY]
        # Where nobody could be counted nothing was reached.
        return np.asarray(np.nan_to_num(sign * (there - value), nan=-abs(value) or -1.0))

    def probability(self, told: Floats) -> Floats:
        """Return [plan, target] share of the samples in which each target is reached."""
        rows = [
            (self.reached(told, target.measure, target.year, target.value) >= 0.0).mean(axis=1)
            for target in self.question.targets
        ]
        return np.stack(rows, axis=1) if rows else np.zeros((told.shape[0], 0))


@dataclass(frozen=True)
class Space:
    """Which splits are allowed, for any total; money in soles a year.

    Attributes
    ----------
    least, most : [line]
    scale : [line] money that the stand-in measures each line in
    rows, floors : [bound, line] and [bound]: rows @ money >= floors
    """

    least: Floats
    most: Floats
    scale: Floats
    rows: Floats
    floors: Floats

    def coordinate(self, money: Floats) -> Floats:
        """Return [..., line] money as the stand-in measures it: small amounts wide apart, 1 at the scale."""
        return np.asarray(np.log1p(BENT * money / self.scale) / np.log1p(BENT))

    def money(self, coordinate: Floats) -> Floats:
        """Return [..., line] money of coordinates."""
        return np.asarray(self.scale * np.expm1(coordinate * np.log1p(BENT)) / BENT)

    def slope(self, coordinate: Floats) -> Floats:
        """Return [line] money for a unit of each coordinate."""
        return np.asarray(self.scale * np.log1p(BENT) * np.exp(coordinate * np.log1p(BENT)) / BENT)

    def breach(self, money: Floats) -> float:
        """Return by how much money breaks the bounds, in soles."""
        gaps = [0.0, *(self.floors - self.rows @ money), *(self.least - money), *(money - self.most)]
        return float(max(gaps))


def present_split(question: Question, limits: Limits, total: float) -> Floats:
    """Return [line] the present split: as the attributable ledger (grade D) has it today."""
    return present_shares(limits.attributed, line_of_institution(), question.lines, total)


def space_of(question: Question, limits: Limits) -> Space:
    """Return what a question and the limits of lines allow."""
    n = len(question.lines)
    least, most = np.zeros(n), limits.most.copy()
    present = present_split(question, limits, question.total)
    rows: list[Floats] = []
    floors: list[float] = []
    for bound in question.bounds:
        own = np.array([not bound.lines or line in bound.lines for line in question.lines])
        if bound.keep:
            least = np.maximum(least, np.where(own, present, 0.0))
            continue
        if own.sum() == 1 and not bound.territories:
            least = np.maximum(least, np.where(own, bound.at_least, 0.0))
            most = np.minimum(most, np.where(own, bound.at_most, np.inf))
            continue
        part = own * (limits.shares[:, list(bound.territories)].sum(axis=1) if bound.territories else 1.0)
        if bound.at_least > 0.0:
            rows.append(part)
            floors.append(bound.at_least)
        if np.isfinite(bound.at_most):
            rows.append(-part)
            floors.append(-bound.at_most)
    if question.outside_lima > 0.0:
        rows.append(1.0 - limits.shares[:, LIMA] - question.outside_lima)
        floors.append(0.0)
    # A floor beyond what a line can use is the planner's wish all the same.
    most = np.maximum(most, least)
    largest = question.total * max(1.0, *question.path) if question.path else question.total
    return Space(
        least=least,
        most=most,
        scale=np.maximum(np.minimum(most, largest), 1.0),
        rows=np.array(rows).reshape(len(rows), n),
        floors=np.array(floors),
    )


def references(question: Question, limits: Limits, space: Space) -> Mapping[str, Floats]:
    """Return [line] the splits that an answer is held against: equal shares, and the present split."""
    equal = equal_shares(space.most, question.total, space.least)
    return {"equal": equal, "present": present_split(question, limits, question.total)}
