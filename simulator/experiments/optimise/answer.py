"""The answer: splits of money, what they gain on samples of their own, how far they are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import t as student

from simulator.experiments.optimise.measures import MEASURES
from simulator.experiments.optimise.plan import Plan
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.experiments.optimise.confirm import Confirmed
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.optimise.response import Limits, Sample

Floats = NDArray[np.float64]

SURE: Final = 0.95
"""Confidence of the intervals of paired differences."""


@dataclass(frozen=True)
class Paired:
    """A mean difference over samples with the same draws and chance.

    Attributes
    ----------
    mean, low, high : with its interval (Student's t)
    better : share of the samples in which the difference is positive
    """

    mean: float
    low: float
    high: float
    better: float

    @property
    def told_apart(self) -> bool:
        """Return whether the interval leaves out zero."""
        return self.low > 0.0 or self.high < 0.0


def paired(difference: Floats, sure: float = SURE) -> Paired:
    """Return the summary of [sample] differences, with an interval of some confidence; NaN are left out."""
    difference = difference[np.isfinite(difference)]
    n = difference.size
    mean = float(difference.mean())
    error = float(difference.std(ddof=1)) / np.sqrt(n) if n > 1 else np.inf
    half = float(student.ppf(0.5 + sure / 2.0, max(n - 1, 1)) * error) if error > 0.0 else 0.0
    return Paired(mean, mean - half, mean + half, float((difference > 0.0).mean()))


@dataclass(frozen=True)
class Named:
    """A plan with what it is in the answer.

    Attributes
    ----------
    name : ``best``, ``equal``, ``present``, ``rival 1``, ``least``, ``path 0.5``, ``front 1``,
        ``by territory`` or ``by year``
    """

    name: str
    plan: Plan


def answer_dataset(
    question: Question,
    named: Sequence[Named],
    confirmed: Confirmed,
    limits: Limits,
    funded_share: Floats,
    extra: dict[str, Any],
) -> xr.Dataset:
    """Return everything that was confirmed, labelled.

    Parameters
    ----------
    named : plans, the best first
    confirmed : what they told on fresh samples
    funded_share : [line] share of the search's draws in whose own best split the line is funded
    extra : further attributes
    """
    judge = confirmed.judge
    told = confirmed.of(named)
    run = confirmed.run(named)
    value = np.where(run, judge.value(told), np.nan)
    measures = list(MEASURES)
    gain = np.stack([judge.gain(told, name) for name in measures], axis=2)
    reached = [judge.probability(rows[None, mine])[0] for rows, mine in zip(told, run, strict=True)]
    samples: Sequence[Sample] = judge.samples
    years = list(range(question.first_year, question.until + 1))
    return xr.Dataset(
        {
            "money": (
                ("plan", "line"),
                np.array([one.plan.money for one in named]),
                {"units": "soles per year", "long_name": "money of a line, a year on average"},
            ),
            "value": (
                ("plan", "sample"),
                value,
                {"units": "weighted gain", "long_name": "what a plan gains beside no additional money"},
            ),
            "gain": (
                ("plan", "sample", "measure"),
                gain,
                {"units": "of the measure", "long_name": "gain of each measure; more is better for children"},
            ),
            "level": (
                ("plan", "sample", "measure", "year"),
                told[..., 0],
                {"units": "of the measure", "long_name": "simulated value of each measure, the country"},
            ),
            "reached": (
                ("plan", "target"),
                np.array(reached).reshape(len(named), len(question.targets)),
                {"units": "1", "long_name": "share of the samples in which a target is reached"},
            ),
            "confidence": (
                ("plan",),
                np.array([confirmed.sure_of(one.plan) for one in named]),
                {"units": "1", "long_name": "confidence of the intervals of a plan"},
            ),
            "funded_share": (
                ("line",),
                funded_share,
                {"units": "1", "long_name": "share of the draws in whose own best split a line is funded"},
            ),
            "most_useful": (
                ("line",),
                limits.most,
                {"units": "soles per year", "long_name": "money beyond which a line cannot use more"},
            ),
        },
        coords={
            "plan": [one.name for one in named],
            "line": list(question.lines),
            "sample": [str(one) for one in samples],
            "structure": ("sample", [one.structure for one in samples]),
            "measure": measures,
            "year": years,
            "target": [f"{x.measure} {x.year}" for x in question.targets],
        },
        attrs={
            "title": "SinTrata: the best split of money for a question; simulated, not a forecast",
            "question": question.name,
            "label_es": question.label.es,
            "label_en": question.label.en,
            "objective": [f"{name}={weight:g}" for name, weight in question.objective],
            "risk": question.risk,
            "looks": confirmed.looks,
            "code_version": __version__,
            **extra,
        },
    )


@dataclass(frozen=True, repr=False)
class Answer:
    """What a search found.

    Attributes
    ----------
    question : what was asked
    named : plans, the best first
    dataset : see ``answer_dataset``; fresh samples only, NaN where a plan was not run on one
    feasible : whether a plan within bounds keeps every condition, as far as the search saw
    alike : names of plans that the confirmation cannot tell from the best
    notes : by kind, figures for reports
    """

    question: Question
    named: tuple[Named, ...]
    dataset: xr.Dataset
    feasible: bool
    alike: tuple[str, ...]
    notes: dict[str, Any]

    def __repr__(self) -> str:
        """Return what was found in a few lines; ``dataset`` and ``plan`` tell the rest."""
        best = sorted(zip(self.best.money, self.question.lines, strict=True), reverse=True)
        rows = [f"<Answer to {self.question.name}"]
        rows += [f"  {line}: {money:,.0f} soles a year" for money, line in best if money > 0.0]
        for name in (one.name for one in self.named if one.name in ("equal", "present")):
            more = self.beside(name)
            rows.append(
                f"  more than {name} shares: {more.mean:+,.0f} ({more.low:+,.0f} to {more.high:+,.0f}), "
                f"{self.samples(name)} fresh samples"
            )
        if not self.feasible:
            rows.append("  no plan within bounds that was tried keeps every condition")
        return "\n".join(rows) + ">"

    @property
    def best(self) -> Plan:
        """Return the best plan."""
        return self.named[0].plan

    def beside(self, other: str) -> Paired:
        """Return what the best plan gains beside another, on fresh samples."""
        value = self.dataset["value"]
        difference = value.sel(plan="best").values - value.sel(plan=other).values
        return paired(np.asarray(difference), self._sure(other))

    def told(self, name: str) -> Paired:
        """Return what a plan gains beside no additional money, on fresh samples."""
        return paired(np.asarray(self.dataset["value"].sel(plan=name).values), self._sure(name))

    def gain(self, name: str, measure: str) -> Paired:
        """Return what a plan gains of a measure, on fresh samples; more is better for children."""
        run = np.isfinite(self.dataset["value"].sel(plan=name).values)
        values = self.dataset["gain"].sel(plan=name, measure=measure).values[run]
        return paired(np.nan_to_num(np.asarray(values)), self._sure(name))

    def samples(self, name: str) -> int:
        """Return on how many fresh samples a plan was run."""
        return int(np.isfinite(self.dataset["value"].sel(plan=name).values).sum())

    def _sure(self, name: str) -> float:
        return float(self.dataset["confidence"].sel(plan=name))

    def plan(self, name: str) -> Plan:
        """Return a plan by its name."""
        return next(one.plan for one in self.named if one.name == name)
