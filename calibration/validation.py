"""How well the model stands up to official series: those it was fitted to, those held back, and any others.

Every figure is held against the predictive distribution: parameter draws, chance, and the error of the figure
itself. The figures are few and not independent; so each share is told with its number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

import simulator
from calibration import kept
from calibration.forecasts import NAIVE, naive, series_of
from calibration.observe import (
    EPOCH,
    MONTHS,
    QUANTITIES,
    VARIABLES,
    distances,
    figures,
    log_likelihood,
    monthly,
    predict,
)
from calibration.patterns import Seen, see
from calibration.scores import covered, crps, interval, rank_correlation, share_interval
from calibration.targets import HERE, START_YEAR, Left, Target, load_targets

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

PLACEBO: Final = HERE / "placebo.yaml"
LAST_MONTH: Final = "2024-12"
LEVELS: Final = tuple(round(0.1 * k, 1) for k in range(1, 10))
GOAL_COVERAGE: Final = 0.85
"""The share of checked figures that 90% intervals should hold."""

SMALLEST_CELL: Final = 10
"""Territories' counts below this are scored, and never shown."""

LATE: Final = 2020
"""Year from which on figures count as late: a model that drifts asks for wider errors there."""

FACTORS: Final = np.round(np.geomspace(0.5, 4.0, 40), 2)
"""Factors on the spread of the indicators that are tried."""

HALF_CHI_SQUARE: Final = 0.5 * float(stats.chi2.ppf(0.95, 1))
"""How far a log likelihood may fall below its best inside a 95% interval (Wilks 1938)."""

PRECISION: Final = 0.1
"""Relative error of a well-defined count, for what a datum could still tell."""


@dataclass(frozen=True)
class Row:
    """One figure beside what the model says of it, and what forecasts without a model say.

    Attributes
    ----------
    median, intervals : of the predictive distribution; low and high by level (0.5, 0.9)
    distance : standard deviations that the figure lies above the median run
    score : continuous ranked probability score, in the unit of the figure
    naive : the same score of each forecast without a model; missing where it has nothing to say
    """

    target: Target
    median: float
    intervals: Mapping[float, tuple[float, float]]
    distance: float
    score: float
    naive: Mapping[str, float]

    def inside(self, level: float) -> bool:
        """Whether the figure lies in the central interval of a level."""
        low, high = self.intervals[level]
        return low <= self.target.value <= high

    @property
    def hidden(self) -> bool:
        """Whether the figure is too small a count of a territory to be shown."""
        return bool(self.target.territories) and self.target.value < SMALLEST_CELL


@dataclass(frozen=True)
class Coverage:
    """How many of some figures their intervals hold, by level, and the exact interval of the 90% share."""

    rows: int
    share: Mapping[float, float]
    sure: tuple[float, float]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Coverage:
        """Count over rows."""
        share = (
            {
                level: float(np.mean([row.inside(level) for row in rows])) if rows else float("nan")
                for level in rows[0].intervals
            }
            if rows
            else {}
        )
        hits = sum(row.inside(0.9) for row in rows)
        return cls(len(rows), share, share_interval(hits, len(rows)))


@dataclass(frozen=True)
class SeriesScore:
    """Mean scores of one series: the model's, and each forecast's on the rows that it speaks to.

    Attributes
    ----------
    of_country : territories' parts of the country's count, all of one indicator
    naive : by forecast, the rows that both speak to, the model's mean score on them, and the forecast's
    """

    name: str
    label: Mapping[str, str]
    of_country: bool
    use: str
    rows: int
    model: float
    naive: Mapping[str, tuple[int, float, float]]


@dataclass(frozen=True)
class Regional:
    """How the order of territories in one series is met: by the median run, and by children alone."""

    label: Mapping[str, str]
    year: int
    use: str
    rows: int
    model: float
    children: float


@dataclass(frozen=True)
class Controls:
    """What should fail, and does: territories taken for one another, and a lever that does nothing.

    Attributes
    ----------
    likelihood : log likelihood of territories' figures under the median run
    permuted : the same under each way of turning the territories round
    correlation, permuted_correlation : mean rank correlation, true and turned round
    placebo : largest difference of anything that a placebo makes, under the same draws
    """

    likelihood: float
    permuted: tuple[float, ...]
    correlation: float
    permuted_correlation: tuple[float, ...]
    placebo: float

    @property
    def as_good(self) -> int:
        """How many permutations fit as well as the truth."""
        return sum(other >= self.likelihood for other in self.permuted)


@dataclass(frozen=True)
class Asked:
    """By how much wider errors than stated would make some fitted figures likeliest.

    Attributes
    ----------
    of : ``all``, or ``counts`` of the country, ``territories``, ``shares`` (ratios among them); or figures of
        the country that are ``early`` or ``late``
    factor : on the spread; low, high : its 95% interval by the likelihood
    """

    of: str
    rows: int
    factor: float
    low: float
    high: float


@dataclass(frozen=True)
class Course:
    """What the model says of one series over the years, beside the figures of the years."""

    label: Mapping[str, str]
    years: tuple[int, ...]
    median: Floats
    intervals: Mapping[float, tuple[Floats, Floats]]
    shown: tuple[tuple[int, float, str], ...]


@dataclass(frozen=True)
class Validation:
    """Everything that a report tells.

    Attributes
    ----------
    reliability : by use and level, the share of figures inside the interval
    wider : factors that were applied to stated errors, by kind
    stated : as ``reliability``, with errors as they are stated
    asked : what spread the fitted figures ask for
    open : quantities of the last year and how many bits a well-defined count of each would tell, most first
    left : rows from elsewhere that could not be compared
    """

    draws: int
    replicates: int
    attributes: Mapping[str, Any]
    rows: tuple[Row, ...]
    reliability: Mapping[str, Mapping[float, float]]
    wider: Mapping[str, float]
    stated: Mapping[str, Mapping[float, float]]
    series: tuple[SeriesScore, ...]
    regional: tuple[Regional, ...]
    patterns: tuple[Seen, ...]
    controls: Controls
    courses: tuple[Course, ...]
    asked: tuple[Asked, ...]
    open: tuple[tuple[str, float], ...]
    left: tuple[Left, ...]

    def of(self, use: str, *, regional: bool | None = None) -> list[Row]:
        """Return the rows of a use; of territories, of the country, or both."""
        return [
            row
            for row in self.rows
            if row.target.use == use and (regional is None or bool(row.target.territories) == regional)
        ]


def validate(
    *,
    data: tuple[Sequence[Target], Sequence[Left]] = ((), ()),
    seed: int = 0,
    draws: int = 40,
    replicates: int = 1,
    draws_from: Literal["posterior", "prior"] = "posterior",
    threads: int | None = None,
    scale: float = 1.0,
    progress: Progress | None = None,
) -> Validation:
    """Run the record under parameter draws and chance, and hold it against every figure.

    Parameters
    ----------
    data : further figures and rows left out, from ``read_data``
    seed, draws, replicates, draws_from, threads, scale, progress : see ``simulator.compare``
    """
    targets = [*load_targets(use=("fit", "check")), *data[0]]
    last = int(np.datetime64(LAST_MONTH, "M").astype(int)) - EPOCH
    compare = partial(
        simulator.compare,
        seed=seed,
        draws_from=draws_from,
        until=max(last, *(target.stop - 1 for target in targets)),
        threads=threads,
        scale=scale,
        progress=progress,
        first_month=0,
        variables=VARIABLES,
    )
    result = compare(["baseline"], draws=draws, replicates=replicates)
    pair = compare(["baseline", PLACEBO])
    placebo = max(
        float(np.abs(np.diff(pair[name].values.astype(float), axis=0)).max(initial=0.0)) for name in VARIABLES
    )
    return judge(result, targets, placebo=placebo, left=data[1])


def judge(
    result: xr.Dataset,
    targets: Sequence[Target],
    *,
    placebo: float = 0.0,
    left: Sequence[Left] = (),
    wider: Mapping[str, float] | None = None,
) -> Validation:
    """Hold one scenario of a result against figures.

    Parameters
    ----------
    result : ``observe.VARIABLES`` of its first scenario from January 2012 on, over draws and replicates
    targets : figures to score; forecasts without a model look at those of use ``fit``
    placebo : largest difference that a placebo made
    left : rows that could not be compared
    wider : factors on stated errors, by kind; by default those that the fitted figures asked for
    """
    wider = kept.wider() if wider is None else wider
    series = series_of_runs(result)
    known = [target for target in targets if target.use == "fit"]
    shown = predict(series, targets)
    covers = ~np.isnan(shown).any(axis=0)
    targets = [target for target, there in zip(targets, covers, strict=True) if there]
    rows, reliability = _rows(targets, shown[:, covers], known, _children(series), wider)
    return Validation(
        draws=result.sizes["draw"],
        replicates=result.sizes["replicate"],
        attributes=dict(result.attrs),
        rows=tuple(rows),
        reliability=reliability,
        wider=dict(wider),
        stated=_held(targets, figures(targets, shown[:, covers])),
        series=tuple(_series_scores(rows)),
        regional=tuple(_regional(rows, series)),
        patterns=tuple(see(series, [r.target for r in rows], [r.inside(0.9) for r in rows])),
        controls=_controls(series, targets, placebo),
        courses=tuple(_courses(series, targets)),
        asked=tuple(spread_asked(targets, shown[:, covers])),
        open=_open(series),
        left=tuple(left),
    )


def spread_asked(targets: Sequence[Target], shown: Floats) -> list[Asked]:
    """Return by how much wider errors would make the fitted figures likeliest, of each kind and of all.

    A model that lacks something beyond the spreads of its indicators asks for a factor above one. Figures
    held back are not looked at.

    Parameters
    ----------
    shown : [run, target]
    """
    fitted = [i for i, target in enumerate(targets) if target.use == "fit"]
    kinds: dict[str, list[int]] = defaultdict(list)
    told = np.empty((len(fitted), len(FACTORS)))
    for row, i in enumerate(fitted):
        target = replace(targets[i], weight=1.0)
        kinds[kind_of(target)].append(row)
        kinds["all"].append(row)
        if not target.territories:
            kinds["late" if target.year >= LATE else "early"].append(row)
        for column, factor in enumerate(FACTORS):
            each = log_likelihood([_widened(target, factor)], shown[:, [i]])[:, 0]
            told[row, column] = targets[i].weight * (logsumexp(each) - np.log(len(each)))
    out = []
    for kind, rows in sorted(kinds.items()):
        likelihood = told[rows].sum(axis=0)
        allowed = np.flatnonzero(likelihood >= likelihood.max() - HALF_CHI_SQUARE)
        best, low, high = (float(FACTORS[k]) for k in (likelihood.argmax(), allowed[0], allowed[-1]))
        out.append(Asked(kind, len(rows), best, low, high))
    return out


def kind_of(target: Target) -> str:
    """Return which kind of error a figure has, of ``kept.KINDS``."""
    if target.of_country:
        return "territories"
    return "counts" if target.indicator.error == "count" else "shares"


def _widened(target: Target, factor: float) -> Target:
    indicator = target.indicator
    regional = None if indicator.region_spread is None else factor * indicator.region_spread
    wider = replace(indicator, spread=factor * indicator.spread, region_spread=regional)
    return replace(target, indicator=wider, conflict=factor * target.conflict)


def series_of_runs(result: xr.Dataset) -> dict[str, Floats]:
    """Return the monthly series of the first scenario, [run, month, territory]: every draw and replicate."""
    one = result.isel(scenario=0)
    labels = {
        str(name): list(coordinate.values) for name, coordinate in one.coords.items() if coordinate.ndim
    }
    out = monthly({name: one[name].values for name in VARIABLES}, labels)
    return {name: values.reshape(-1, *values.shape[-2:]) for name, values in out.items()}


def _children(series: Mapping[str, Floats]) -> Floats:
    """Return [territory] children, mean over runs and months: what a model without mechanisms goes by."""
    both = series["children_urban"] + series["children_rural"]
    return np.asarray(both.mean(axis=(0, 1)))


def _rows(
    targets: Sequence[Target],
    shown: Floats,
    known: Sequence[Target],
    children: Floats,
    wider: Mapping[str, float],
) -> tuple[list[Row], dict[str, dict[float, float]]]:
    """Return rows, and the share of figures inside the interval of each level, by use."""
    widened = [_widened(target, wider.get(kind_of(target), 1.0)) for target in targets]
    sample = figures(widened, shown)
    value = np.array([target.value for target in targets])
    score = crps(sample, value)
    apart = distances(widened, np.median(shown, axis=0))
    bounds = {level: interval(sample, level) for level in (0.5, 0.9)}
    others: dict[str, Floats] = {}
    for name, forecast in naive(targets, known, children).items():
        others[name] = np.full(len(targets), np.nan)
        there = [i for i in range(len(targets)) if np.isfinite(forecast[i])]
        if there:
            some = [widened[i] for i in there]
            others[name][there] = crps(figures(some, forecast[None, there]), value[there])
    rows = [
        Row(
            target=target,
            median=float(np.median(sample[:, i])),
            intervals={level: (float(low[i]), float(high[i])) for level, (low, high) in bounds.items()},
            distance=float(apart[i]),
            score=float(score[i]),
            naive={name: float(others[name][i]) for name in NAIVE},
        )
        for i, target in enumerate(targets)
    ]
    return rows, _held(targets, sample)


def _held(targets: Sequence[Target], sample: Floats) -> dict[str, dict[float, float]]:
    """Return the share of figures inside the interval of each level, by use."""
    value = np.array([target.value for target in targets])
    uses = np.array([target.use for target in targets])
    return {
        str(use): {level: float(covered(sample, value, level)[uses == use].mean()) for level in LEVELS}
        for use in dict.fromkeys(uses)
    }


def _series_scores(rows: Sequence[Row]) -> list[SeriesScore]:
    """Return mean scores by series and use; the territories of one indicator are one series."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        target = row.target
        key = (target.indicator.name,) if target.of_country else series_of(target)
        groups[target.use, target.of_country, key].append(row)
    out = []
    for (use, _, _), members in groups.items():
        told: dict[str, tuple[int, float, float]] = {}
        for name in NAIVE:
            both = [row for row in members if np.isfinite(row.naive[name])]
            if both:
                told[name] = (
                    len(both),
                    float(np.mean([row.score for row in both])),
                    float(np.mean([row.naive[name] for row in both])),
                )
        first = min((row.target for row in members), key=lambda target: len(target.indicator.name))
        out.append(
            SeriesScore(
                name=first.indicator.name,
                label=first.indicator.label,
                of_country=first.of_country,
                use=str(use),
                rows=len(members),
                model=float(np.mean([row.score for row in members])),
                naive=told,
            )
        )
    return out


def _regional(rows: Sequence[Row], series: Mapping[str, Floats]) -> list[Regional]:
    """Return rank correlations for each set of territories told together, for fitted and checked ones."""
    groups: dict[tuple[str, int, str], list[Row]] = defaultdict(list)
    for row in rows:
        target = row.target
        if target.of_country and " " not in target.region:
            groups[target.indicator.name, target.year, "all"].append(row)
            groups[target.indicator.name, target.year, target.use].append(row)
    children = _children(series)
    out = []
    for (_, year, use), members in groups.items():
        if len(members) < 5:
            continue
        value = np.array([row.target.value / row.target.total for row in members])
        out.append(
            Regional(
                label=members[0].target.indicator.label,
                year=year,
                use=use,
                rows=len(members),
                model=rank_correlation(value, np.array([row.median / row.target.total for row in members])),
                children=rank_correlation(
                    value, np.array([children[list(row.target.territories)].sum() for row in members])
                ),
            )
        )
    return out


def _controls(series: Mapping[str, Floats], targets: Sequence[Target], placebo: float) -> Controls:
    """Turn the territories round, one step after another, and look at how the fit suffers."""
    some = [target for target in targets if target.of_country]
    typical = {name: np.median(values, axis=0)[None] for name, values in series.items()}
    places = max(values.shape[-1] for values in typical.values())

    def fit(step: int) -> tuple[float, float]:
        turned = {
            name: np.roll(values, step, axis=-1) if values.shape[-1] == places else values
            for name, values in typical.items()
        }
        shown = predict(turned, some)
        value = np.array([target.value / target.total for target in some])
        model = shown[0] / np.array([target.total for target in some])
        return float(log_likelihood(some, shown).sum()), rank_correlation(value, model)

    true = fit(0)
    others = [fit(step) for step in range(1, places)]
    return Controls(
        likelihood=true[0],
        permuted=tuple(one[0] for one in others),
        correlation=true[1],
        permuted_correlation=tuple(one[1] for one in others),
        placebo=placebo,
    )


def _courses(series: Mapping[str, Floats], targets: Sequence[Target]) -> list[Course]:
    """Return yearly courses of the country's series that have figures in at least two years."""
    groups: dict[tuple[object, ...], list[Target]] = defaultdict(list)
    for target in targets:
        if (
            not target.territories
            and target.indicator.against == "level"
            and target.stop - target.first <= MONTHS
        ):
            groups[series_of(target)].append(target)
    n_years = next(iter(series.values())).shape[-2] // MONTHS
    out = []
    for members in groups.values():
        if len({target.year for target in members}) < 2:
            continue
        like = min(members, key=lambda target: len(target.indicator.name))
        yearly = [
            replace(like, first=MONTHS * k, stop=MONTHS * (k + 1), year=START_YEAR + k, conflict=0.0)
            for k in range(n_years)
        ]
        sample = figures(yearly, predict(series, yearly))
        shown = tuple((target.year, target.value * _to_year(target), target.use) for target in members)
        out.append(
            Course(
                label=like.indicator.label,
                years=tuple(target.year for target in yearly),
                median=np.median(sample, axis=0),
                intervals={level: interval(sample, level) for level in (0.5, 0.9)},
                shown=shown,
            )
        )
    return out


def _to_year(target: Target) -> float:
    """Return what a figure of part of a year is multiplied by to stand beside those of years."""
    counts = target.indicator.error == "count" and not QUANTITIES[target.indicator.quantity].mean
    return MONTHS / (target.stop - target.first) if counts else 1.0


def _open(series: Mapping[str, Floats]) -> tuple[tuple[str, float], ...]:
    """Return how much a well-defined count of each quantity in the last year would tell, most first.

    Bits that a figure with a relative error of ``PRECISION`` beside chance would tell about the draws, were
    the logarithm of what they say of it normal.
    """
    last = next(iter(series.values())).shape[-2] // MONTHS * MONTHS
    out = []
    for name, quantity in QUANTITIES.items():
        if name.startswith("budget"):
            continue
        parts = [
            np.prod([series[n][:, last - MONTHS : last].sum((-2, -1)) for n in names], axis=0)
            for names in (quantity.of, quantity.over)
            if names
        ]
        amount = parts[0] / parts[1] if len(parts) == 2 else parts[0]
        if quantity.mean and not quantity.over:
            amount = amount / MONTHS
        amount = amount[np.isfinite(amount) & (amount > 0)]
        if amount.size < 2:
            continue
        cases = float(np.mean(parts[0])) if quantity.over and not quantity.mean else float(np.mean(amount))
        error = PRECISION**2 + (1.0 / max(cases, 1.0) if len(quantity.over) < 2 else 0.0)
        out.append((name, 0.5 * float(np.log2(1.0 + np.log(amount).var(ddof=1) / error))))
    return tuple(sorted(out, key=lambda one: -one[1]))
