"""From a run to what official series would show of it, and how far a true model may lie from them.

Registered is not real: a series is held against what the model *registers*, in the place and over the months
that the series covers. What a definition leaves open is part of the error of a target, never of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

if TYPE_CHECKING:
    import xarray as xr

    from calibration.targets import Target

Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Labels = Mapping[str, Sequence[str]]
"""What stands along each dimension of the arrays: a dataset's coordinates, or ``simulator.coordinates``."""

NOT_CHILDREN: Final = ("ADULT", "DEAD")
LABOUR: Final = ("labour",)
SEXUAL: Final = ("sexual",)
MONTHS: Final = 12


@dataclass(frozen=True)
class Quantity:
    """What a target is held against: sums over the months and places of the target.

    Attributes
    ----------
    of : monthly series whose sums are multiplied
    over : monthly series whose sums it is divided by; none for a count
    mean : a stock: mean over the months instead of their sum
    national : the run knows it for the whole country only
    """

    of: tuple[str, ...]
    over: tuple[str, ...] = ()
    mean: bool = False
    national: bool = False


QUANTITIES: Final = {
    "police_victims": Quantity(("police_victims",)),
    "police_children": Quantity(("police_children",)),
    "police_adults": Quantity(("police_adults",)),
    "prosecution_victims": Quantity(("prosecution_victims",)),
    "prosecution_children": Quantity(("prosecution_children",)),
    "prosecution_adults": Quantity(("prosecution_adults",)),
    "hotline_children": Quantity(("hotline_children",)),
    "cases": Quantity(("cases",)),
    "upe_opened": Quantity(("upe_opened",)),
    "protected": Quantity(("protected",)),
    "specialised_entries": Quantity(("specialised_entries",)),
    "specialised_served": Quantity(("specialised_served",)),
    "specialised_planned": Quantity(("specialised_planned",), mean=True),
    "plans_completed": Quantity(("plans_completed",)),
    "minors_police": Quantity(("police_children",), ("police_victims",)),
    "minors_prosecution": Quantity(("prosecution_children",), ("prosecution_victims",)),
    "boys_identified": Quantity(("identified_boys",), ("identified",), national=True),
    "boys_protected": Quantity(("protected_boys",), ("protected_all",), national=True),
    "labour_identified": Quantity(("identified_labour",), ("identified",), national=True),
    "migrants_identified": Quantity(("identified_migrants",), ("identified",), national=True),
    "migrants_protected": Quantity(("protected_migrants",), ("protected_all",), national=True),
    "archived": Quantity(("cases_archived",), ("cases_decided",)),
    "convicted": Quantity(("cases_convicted",), ("cases",)),
    "from_elsewhere": Quantity(("arrivals_exploited",), ("entries_and_arrivals",)),
    "rural_gradient": Quantity(
        ("exploited_rural", "children_urban"), ("children_rural", "exploited_urban"), mean=True
    ),
    "budget_opening": Quantity(("budget_opening",), national=True),
    "budget_modified": Quantity(("budget_modified",), national=True),
    "budget_executed": Quantity(("budget_executed",), national=True),
}
"""By name, as the tables of indicators tell them."""

VARIABLES: Final = (
    "stock",
    "flow",
    "moved_in",
    "flow_by_sex",
    "flow_by_form",
    "flow_by_migrant",
    "registered_police_children",
    "registered_police_adults",
    "registered_prosecutor_children",
    "registered_prosecutor_adults",
    "registered_hotline_children",
    "cases_to_investigation",
    "cases_to_trial",
    "cases_to_archived",
    "cases_to_convicted",
    "upe_opened",
    "specialised_residents",
    "specialised_planned",
    "plans_completed",
    "specific_budget",
)
"""What is read of a run."""


def monthly(arrays: Arrays, labels: Labels) -> dict[str, Floats]:
    """Return the series of a run that quantities are made of: a few megabytes that stand for the run.

    Parameters
    ----------
    arrays : ``VARIABLES`` by name; any dimensions (scenario, draw, replicate) may lead
    labels : what stands along each dimension

    Returns
    -------
    [..., month, territory] by name; national ones have one territory
    """
    state, source, target = (list(map(str, labels[n])) for n in ("state", "from_state", "to_state"))

    def stock(name: str, area: str | None = None) -> Floats:
        part = arrays["stock"][..., state.index(name)]
        return _sum(part) if area is None else part[..., list(labels["area"]).index(area)].astype(float)

    def children(area: str) -> Floats:
        known = [i for i, name in enumerate(state) if name not in NOT_CHILDREN]
        part = arrays["stock"][..., list(labels["area"]).index(area), :]
        return _sum(part[..., known])

    def flow(a: str, b: str) -> Floats:
        return _sum(arrays["flow"][..., source.index(a), target.index(b)])

    def by(group: str, a: str, b: str, names: Sequence[str] | None = None) -> Floats:
        here = list(map(str, labels[group]))
        chosen = [here.index(name) for name in (names or here)]
        part = arrays[f"flow_by_{group}"][..., source.index(a), target.index(b), :]
        return _sum(part[..., chosen])[..., None]

    def money(stage: str) -> Floats:
        at = list(map(str, labels["budget_stage"])).index(stage)
        yearly = arrays["specific_budget"][..., at, :, :].astype(float).sum(axis=(-2, -1))
        months = arrays["upe_opened"].shape[-2]
        return np.repeat(yearly, MONTHS, axis=-1)[..., :months, None] / MONTHS

    def plain(name: str) -> Floats:
        return arrays[name].astype(float)

    out = {
        "police_children": plain("registered_police_children"),
        "police_adults": plain("registered_police_adults"),
        "prosecution_children": plain("registered_prosecutor_children"),
        "prosecution_adults": plain("registered_prosecutor_adults"),
        "hotline_children": plain("registered_hotline_children"),
        "cases": plain("cases_to_investigation"),
        "cases_archived": plain("cases_to_archived"),
        "cases_convicted": plain("cases_to_convicted"),
        "cases_decided": plain("cases_to_archived") + plain("cases_to_trial"),
        "upe_opened": plain("upe_opened"),
        "protected": flow("IDENTIFIED", "PROTECTED"),
        "specialised_entries": flow("PROTECTED", "SPECIALISED_SHELTER"),
        "specialised_planned": plain("specialised_planned"),
        "plans_completed": plain("plans_completed"),
        "identified": by("sex", "EXPLOITED", "IDENTIFIED"),
        "identified_boys": by("sex", "EXPLOITED", "IDENTIFIED", ("boy",)),
        "identified_labour": by("form", "EXPLOITED", "IDENTIFIED", LABOUR),
        "identified_migrants": by("migrant", "EXPLOITED", "IDENTIFIED", ("venezuelan",)),
        "protected_all": by("sex", "IDENTIFIED", "PROTECTED"),
        "protected_boys": by("sex", "IDENTIFIED", "PROTECTED", ("boy",)),
        "protected_migrants": by("migrant", "IDENTIFIED", "PROTECTED", ("venezuelan",)),
        "arrivals_exploited": _sum(arrays["moved_in"][..., state.index("EXPLOITED")]),
        **{f"exploited_{area}": stock("EXPLOITED", area) for area in ("rural", "urban")},
        **{f"children_{area}": children(area) for area in ("rural", "urban")},
        "budget_opening": money("pia"),
        "budget_modified": money("pim"),
        "budget_executed": money("executed"),
    }
    out["police_victims"] = out["police_children"] + out["police_adults"]
    out["prosecution_victims"] = out["prosecution_children"] + out["prosecution_adults"]
    out["entries_and_arrivals"] = flow("HOME", "EXPLOITED") + out["arrivals_exploited"]
    # Whoever lives there as a year begins is served in it, beside those who enter.
    served = out["specialised_entries"].copy()
    served[..., ::MONTHS, :] += plain("specialised_residents")[..., ::MONTHS, :]
    out["specialised_served"] = served
    return out


def _sum(part: NDArray[Any]) -> Floats:
    return part.sum(axis=-1, dtype=np.float64)


def observe(dataset: xr.Dataset, targets: Sequence[Target]) -> Floats:
    """Return what a result shows of each target, [scenario, draw, replicate, target]; see ``predict``."""
    arrays = {name: dataset[name].values for name in VARIABLES}
    labels = {str(name): list(coordinate.values) for name, coordinate in dataset.coords.items()}
    start = dataset["month"].values[0].astype("datetime64[M]").astype(int) - EPOCH
    return predict(monthly(arrays, labels), targets, int(start))


EPOCH: Final = int(np.datetime64("2012-01", "M").astype(int))
"""January 2012, month 0 of the model, in months since 1970."""


def predict(series: Mapping[str, Floats], targets: Sequence[Target], first: int = 0) -> Floats:
    """Return what the series show of each target.

    Parameters
    ----------
    series : see ``monthly``
    targets : in their order
    first : month of the first value of the series, counted from January 2012

    Returns
    -------
    [..., target] in the unit of the target's value; missing where the run does not cover its months
    """
    n_months = next(iter(series.values())).shape[-2]
    columns = [_one(series, target, first, n_months) for target in targets]
    lead = next(iter(series.values())).shape[:-2]
    return np.stack(columns, axis=-1) if columns else np.empty((*lead, 0))


def _one(series: Mapping[str, Floats], target: Target, first: int, n_months: int) -> Floats:
    indicator = target.indicator
    quantity = QUANTITIES[indicator.quantity]
    start, stop = target.first - first, target.stop - first
    before = MONTHS if indicator.against == "previous" else 0
    if start - before < 0 or stop > n_months:
        return np.full(next(iter(series.values())).shape[:-2], np.nan)
    everywhere = slice(None)
    here = list(target.territories) if target.territories and not quantity.national else everywhere
    value = _amount(series, quantity, slice(start, stop), here)
    with np.errstate(divide="ignore", invalid="ignore"):
        if before:
            value = value / _amount(series, quantity, slice(start - before, stop - before), here)
        elif target.of_country:
            value = value / _amount(series, quantity, slice(start, stop), everywhere) * target.total
            return np.asarray(value, float)
    return np.asarray(value * indicator.scale, float)


def _amount(
    series: Mapping[str, Floats], quantity: Quantity, months: slice, here: slice | list[int]
) -> Floats:
    def total(name: str) -> Floats:
        return np.asarray(series[name][..., months, :][..., here].sum(axis=(-2, -1)))

    value = np.prod([total(name) for name in quantity.of], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if quantity.over:
            return np.asarray(value / np.prod([total(name) for name in quantity.over], axis=0))
    return np.asarray(value / (months.stop - months.start) if quantity.mean else value)


# How far an official figure may lie from what a true model shows.

LEAST: Final = 0.5
"""The least count that a prediction stands for, so that a run without a case still allows one."""


def _spread(targets: Sequence[Target]) -> Floats:
    return np.array([target.spread for target in targets])


def errors(targets: Sequence[Target], predicted: Floats) -> Floats:
    """Return the standard deviation of each official figure around what is predicted, [..., target].

    Counts vary by chance (Poisson) and beyond it by ``spread`` times the prediction (negative binomial).
    Shares vary as those of ``total`` cases and beyond it by ``spread`` times the most a share can vary
    (beta). Ratios vary by ``spread`` in the logarithm.
    """
    cv = _spread(targets)
    kind = np.array([target.indicator.error for target in targets])
    totals = np.array([target.cases for target in targets])
    count = np.sqrt(np.maximum(predicted, LEAST) + (cv * predicted) ** 2)
    inside = np.clip(predicted, 0.5 / totals, 1.0 - 0.5 / totals)
    share = np.sqrt(inside * (1.0 - inside) * np.minimum(1.0 / totals + cv**2, 0.5))
    ratio = predicted * np.sqrt(np.expm1(cv**2))
    return np.where(kind == "count", count, np.where(kind == "share", share, ratio))


def distances(targets: Sequence[Target], predicted: Floats) -> Floats:
    """Return how many standard deviations each official figure lies above the prediction, [..., target].

    Counts and ratios are held against each other in the logarithm, so that twice as many and half as many
    lie equally far.
    """
    value = np.array([target.value for target in targets])
    error = errors(targets, predicted)
    share = np.array([target.indicator.error == "share" for target in targets])
    floor = np.array([LEAST if target.indicator.error == "count" else 0.0 for target in targets])
    mean = predicted + floor
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = np.log((value + floor) / mean) / np.sqrt(np.log1p((error / mean) ** 2))
    return np.where(share, (value - predicted) / error, logarithmic)


def distributions(targets: Sequence[Target], predicted: Floats) -> Callable[[int], Any]:
    """Return a function that gives the frozen distribution of official figures of target ``i``, [...]."""

    def one(i: int) -> Any:
        target, mean = targets[i], predicted[..., i]
        cv = target.spread
        match target.indicator.error:
            case "count":
                size = 1.0 / cv**2
                mean = np.maximum(mean, LEAST)
                return stats.nbinom(size, size / (size + mean))
            case "share":
                n = target.cases
                mean = np.clip(mean, 0.5 / n, 1.0 - 0.5 / n)
                both = 1.0 / min(1.0 / n + cv**2, 0.5) - 1.0
                return stats.beta(mean * both, (1.0 - mean) * both)
            case _:
                return stats.lognorm(cv, scale=mean)

    return one


def log_likelihood(targets: Sequence[Target], predicted: Floats) -> Floats:
    """Return the weighted log density of each official figure given the prediction, [..., target].

    Missing predictions have none. Weights are those of the targets, so that sources of one figure share its
    weight.
    """
    out = np.full(predicted.shape, -np.inf)
    distribution = distributions(targets, predicted)
    for i, target in enumerate(targets):
        frozen = distribution(i)
        if target.indicator.error == "count":
            density = frozen.logpmf(np.rint(target.value))
        elif target.indicator.error == "share":
            n = target.cases
            density = frozen.logpdf(np.clip(target.value, 0.5 / n, 1.0 - 0.5 / n))
        else:
            density = frozen.logpdf(target.value)
        out[..., i] = target.weight * density
    return np.where(np.isnan(out) | np.isnan(predicted), -np.inf, out)


def figures(targets: Sequence[Target], predicted: Floats, per_run: int = 20) -> Floats:
    """Return official figures that each prediction stands for, [run x per_run, target], without chance.

    Parameters
    ----------
    predicted : [run, target]
    per_run : evenly spaced quantiles of the error around each prediction
    """
    levels = (np.arange(per_run) + 0.5) / per_run
    distribution = distributions(targets, predicted)
    columns = []
    for i in range(len(targets)):
        frozen = distribution(i)
        columns.append(np.stack([frozen.ppf(level) for level in levels], axis=-1).ravel())
    return np.stack(columns, axis=-1)
