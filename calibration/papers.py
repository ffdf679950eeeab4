"""The tables of ``docs/calibration.md`` and ``docs/validation.md``, from the files in ``fitted`` alone.

``sintrata reproduce`` makes them anew after a fit or a validation.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import stats

from calibration.kept import PRIOR, told, validated
from calibration.outcome import EXCLUDED, weighted_quantiles
from calibration.patterns import patterns
from calibration.report import rungs
from simulator.evidence import load_ledger
from simulator.experiments.posterior import load_posterior
from simulator.experiments.structures import load_structures
from simulator.texts import t

GOALS: Final = ("beats_last", "beats_trend", "beats_level", "patterns", "permuted", "placebo")

NAIVE: Final = {"last": "The last value", "trend": "The linear trend", "level": "The level alone"}

KINDS: Final = {
    "all": "all",
    "counts": "counts of the country",
    "territories": "territories' parts of a count",
    "shares": "shares and ratios",
    "early": "of the country, to 2019",
    "late": "of the country, from 2020",
}

IDENTIFIED: Final = 0.1
"""Narrowing of the standard deviation from which on a parameter counts as identified."""

UNEVEN: Final = 0.01
"""Probability below which ranks are called uneven."""

NORMAL_90: Final = 2.0 * float(stats.norm.ppf(0.95))
"""Standard deviations of a normal distribution that its central 90% spans."""

APART: Final = 3.0
"""Standard errors from which on two means differ by more than chance."""

DIRECTIONS: Final = 8
"""Combinations of parameters that are told, the best known first."""


def populations() -> list[str]:
    """Return what the fit rests on: its populations, and the effective sizes of what they give."""
    made = load_posterior().manifest
    distinct = len(load_posterior().weights)
    lines = _head(
        *("population", "simulations", "errors", "prior not ruled out", "effective prior sets"),
        *("log likelihood of what they show", "targets beyond 3 standard deviations"),
    )
    *run, last = made["waves"]
    for number, (wave, shown) in enumerate(zip(run, made["shown_by_waves"], strict=True), start=1):
        what = "of the prior" if wave["widening"] is None else "chosen by the emulator"
        lines.append(
            f"| {number}, {what} | {wave['simulations']} | {_wave(wave)} "
            f"| {shown['log_likelihood']:.0f} ± {shown['deviation']:.0f} | {shown['targets_beyond']:.1f} |"
        )
    lines.append(f"| posterior, by the last emulator | | {_wave(last)} | | |")
    outside = ", ".join(made["targets_out_of_reach"]) or "none"
    return [
        *lines,
        "",
        f"- Simulations of the whole country: {made['simulations']}. Targets fitted: "
        f"{made['targets_fitted']}.",
        f"- Out of reach, told and not fitted to: {outside}.",
        f"- Kept of the posterior: {distinct} different sets.",
        f"- Effective simulations of the posterior: {made['effective_simulations']:.0f}; standard error of "
        f"its means: {made['error_of_means']:.2f} of its standard deviations.",
        f"- Code {made['code_version']}, `{made['code_hash'][:12]}`; data `{made['data_hash'][:12]}`; "
        f"`{made['command']}`.",
    ]


def _wave(wave: dict[str, Any]) -> str:
    widening = "" if wave["widening"] is None else f"{wave['widening']:.2g} times"
    return f"{widening} | {wave['not_ruled_out']:.0%} | {wave['pool_effective']:,.0f}"


def identified() -> list[str]:
    """Return what the data say of each fitted parameter and how well it is recovered; best known first."""
    known = load_ledger().parameters
    recovery = {row["parameter"]: row for row in told()["recovery"]}
    rows = told()["parameters"]
    narrowed = sum(row["narrowing"] >= IDENTIFIED for row in rows)
    lines = [
        f"Fitted, because they move some target: {len(rows)} parameters. Identified, that is narrowed by "
        f"{IDENTIFIED:.0%} or more: {narrowed} of them.",
        "",
        *_head(
            *("parameter", "what it is", "prior, 90%", "posterior, 90%", "median", "narrowing"),
            *("recovery: 50% / 90% hold", "ranks even? p"),
        ),
    ]
    for row in rows:
        name, found = row["parameter"], recovery[row["parameter"]]
        lines.append(
            f"| `{name}` | {known[name].label['en']} | {row['prior']} | {row['posterior']} "
            f"| {row['median']:.3g} | {row['narrowing']:.0%} "
            f"| {found['coverage_50']:.0%} / {found['coverage_90']:.0%} | {found['uniformity']:.3f} |"
        )
    return lines


def agreement() -> list[str]:
    """Return the posterior beside the one by the emulator, for what is identified."""
    error = load_posterior().manifest["error_of_means"]
    rows = [row for row in told()["parameters"] if row["narrowing"] >= IDENTIFIED]
    lines = _head(
        *("parameter", "mean: simulations", "emulator", "apart, standard errors"),
        *("width of 90%: simulations", "emulator", "ratio"),
    )
    apart, ratios = [], []
    for row in rows:
        apart.append((row["emulated"] - row["position"]) / (error * row["width"] / NORMAL_90))
        ratios.append(row["emulated_width"] / row["width"])
        lines.append(
            f"| `{row['parameter']}` | {row['position']:.2f} | {row['emulated']:.2f} | {apart[-1]:+.1f} "
            f"| {row['width']:.2f} | {row['emulated_width']:.2f} | {ratios[-1]:.2f} |"
        )
    far = [f"`{row['parameter']}`" for row, one in zip(rows, apart, strict=True) if abs(one) > APART]
    named = f": {', '.join(far)}" if far else ""
    return [
        *lines,
        "",
        f"Means more than {APART:.0f} standard errors apart: {len(far)} of {len(rows)}{named}. "
        f"Median ratio of widths: {np.median(ratios):.2f}.",
    ]


def directions() -> list[str]:
    """Return the combinations of parameters that the data see best, with their information."""
    return [
        f"- {one['information']:.1f}: "
        + ", ".join(f"{w:+.2f} `{name}`" for name, w in one["weights"].items())
        for one in told()["directions"][:DIRECTIONS]
    ]


def recovery() -> list[str]:
    """Return how often intervals hold known parameters, and whose ranks are uneven."""
    rows = told()["recovery"]
    known = {row["parameter"] for row in told()["parameters"] if row["narrowing"] >= IDENTIFIED}
    sets = load_posterior().manifest["waves"][0]["simulations"]
    lines = _head(
        *("parameters", "number", "data sets", "50% intervals hold", "90% intervals hold"),
        *("emulator: 50%", "90%"),
    )
    for what, chosen in (
        ("all that are fitted", rows),
        ("identified", [row for row in rows if row["parameter"] in known]),
        ("not identified", [row for row in rows if row["parameter"] not in known]),
    ):
        held = [
            f"{np.mean([row[f'{by}_{level}'] for row in chosen]):.0%}"
            for by in ("coverage", "emulated")
            for level in (50, 90)
        ]
        lines.append(f"| {what} | {len(chosen)} | {sets} | {' | '.join(held)} |")
    uneven = [f"`{row['parameter']}`" for row in rows if row["uniformity"] < UNEVEN]
    named = f": {', '.join(uneven)}" if uneven else ""
    return [
        *lines,
        "",
        f"Ranks less even than chance allows once in a hundred: {len(uneven)} of {len(rows)}{named}.",
    ]


def structures() -> list[str]:
    """Return the share of each rival structure before and after the data, and what sets them apart."""
    known = load_structures()
    lines = _head(
        *("structure", "what it says", "before", "after", "by the emulator"),
        *("log likelihood of its last simulations", "excluded"),
    )
    ratios: dict[str, list[tuple[float, float]]] = {}
    for row in told()["structures"]:
        lines.append(
            f"| `{row['structure']}` | {known[row['structure']].label['en']} | {row['before']:.0%} "
            f"| {row['after']:.0%} | {row['emulated']:.0%} | {row['shown']:.0f} ± {row['deviation']:.0f} "
            f"| {'yes' if row['after'] < EXCLUDED else 'no'} |"
        )
        ratios.setdefault(known[row["structure"]].group, []).append(
            (row["after"] / row["before"], row["emulated"] / row["before"])
        )
    largest = [
        max(max(pair[k] for pair in group) / min(pair[k] for pair in group) for group in ratios.values())
        for k in (0, 1)
    ]
    return [
        *lines,
        "",
        f"Largest ratio of marginal likelihoods within a group: {largest[0]:.1f} by the simulations, "
        f"{largest[1]:.1f} by the emulator.",
    ]


def centre() -> list[str]:
    """Return the parameters whose central value lies outside the middle half of the posterior."""
    known, posterior = load_ledger().parameters, load_posterior()
    lines = _head("parameter", "central", "posterior, 50%", "sets below the central value")
    for name, values in zip(posterior.names, posterior.values.T, strict=True):
        central = known[name].central
        low, high = weighted_quantiles(values, posterior.weights, (0.25, 0.75))
        if not low <= central <= high:
            below = float(posterior.weights[values < central].sum())
            lines.append(f"| `{name}` | {central:.3g} | {low:.3g} to {high:.3g} | {below:.0%} |")
    return lines


Numbers = dict[str, Any]


def _wins(made: Numbers, name: str) -> tuple[int, int]:
    """Return on how many series held back the model beats a forecast, and of how many."""
    compared = [one for one in made["crps"] if one["use"] == "check" and name in one]
    return sum(one[name]["model"] < one[name]["forecast"] for one in compared), len(compared)


def _passed(made: Numbers) -> tuple[int, int, int]:
    """Return how many patterns pass, how many more some runs reach, and how many there are."""
    seen = made["patterns"]
    passed = sum(one["holds"] for one in seen)
    return passed, sum(one["touches"] and not one["holds"] for one in seen), len(seen)


def _covered(made: Numbers, use: str) -> str:
    """Return how many of some figures lie inside their intervals."""
    one = made["coverage"][use]["all"]
    return (
        f"{one['coverage_90']:.0%} (exact 95% interval {one['coverage_90_low']:.0%} to "
        f"{one['coverage_90_high']:.0%}); 50% intervals: {one['coverage_50']:.0%}"
    )


def _stated(made: Numbers, use: str) -> str:
    """Return how many of some figures lie inside intervals of the errors as stated."""
    shares = made["reliability_stated"][use]
    return f"{shares['0.9']:.0%}; 50% intervals: {shares['0.5']:.0%}"


def _figures(made: Numbers) -> dict[str, str]:
    """Return the figure of each goal."""
    passed, touched, patterns = _passed(made)
    controls = made["controls"]
    turned = controls["log_likelihood_permuted"]
    worse = sum(other < controls["log_likelihood"] for other in turned)
    return {
        "90% intervals hold at least 85% of the figures held back": _covered(made, "check"),
        "the same with errors as stated, none widened": _stated(made, "check"),
        "the same for the figures fitted to": _covered(made, "fit"),
        "fitted to, with errors as stated": _stated(made, "fit"),
        "CRPS better than the last value, on most series held back": "{} of {}".format(*_wins(made, "last")),
        "better than the linear trend": "{} of {}".format(*_wins(made, "trend")),
        "better than the level alone": "{} of {}".format(*_wins(made, "level")),
        "all patterns pass": f"{passed} of {patterns} ({touched} more reached by some runs)",
        "permuted territories lose fit": f"{worse} of {len(turned)} rotations fit worse",
        "a placebo changes nothing": f"largest difference {controls['placebo_largest_difference']:g}",
    }


def goals() -> list[str]:
    """Return the goals of the validation and how far each is reached, after and before fitting."""
    made, before = validated(), validated(PRIOR)
    verdict = {one["goal"]: "yes" if one["reached"] else "no" for one in made["goals"]}
    reached = [verdict["coverage"], "", "", "", *(verdict[name] for name in GOALS)]
    counts = [made["coverage"][use]["all"]["rows"] for use in ("check", "fit")]
    lines = _head("goal", "posterior", "ranges, not fitted", "reached")
    rows = zip(_figures(made).items(), _figures(before).values(), reached, strict=True)
    lines += [f"| {goal} | {after} | {other} | {verdict} |" for (goal, after), other, verdict in rows]
    return [
        *lines,
        "",
        f"Figures held back: {counts[0]}; fitted to: {counts[1]}. The whole country, seed {made['seed']}, "
        f"{made['replicates']} replicate; {made['draws']} sets of the posterior "
        f"(`sintrata validate-model --draws {made['draws']}`) and {before['draws']} of the ranges "
        f"(`--draws-from prior`).",
    ]


def spread() -> list[str]:
    """Return by how much wider errors the fitted figures would be likeliest, by kind."""
    lines = _head("fitted figures", "rows", "factor on the stated spread", "95% interval")
    asked = {one["of"]: one for one in validated()["spread_asked_for"]}
    for of, what in KINDS.items():
        one = asked[of]
        lines.append(
            f"| {what} | {one['rows']} | {one['factor']:.2f} | {one['low']:.2f} to {one['high']:.2f} |"
        )
    return lines


def patterns_passed() -> list[str]:
    """Return the patterns one by one: what the model shows beside the band of the sources."""
    known = {one.name: one for one in patterns()}
    lines = _head("pattern", "band", "median of the model", "90% of its runs", "passes")
    for one in validated()["patterns"]:
        passes = "yes" if one["holds"] else "some runs" if one["touches"] else "no"
        lines.append(
            f"| {known[one['pattern']].label['en']} | {one['band_low']:.3g} to {one['band_high']:.3g} "
            f"| {one['median']:.3g} | {one['low']:.3g} to {one['high']:.3g} | {passes} |"
        )
    return lines


def outside() -> list[str]:
    """Return the figures held back that lie outside their 90% intervals."""
    lines = _head("indicator", "where", "year", "observed", "90% interval")
    for row in validated()["rows"]:
        if row["use"] == "check" and not row["inside_90"]:
            observed = "not shown (small count)" if row["value"] is None else f"{row['value']:.4g}"
            lines.append(
                f"| `{row['indicator']}` | {row['region']} | {row['year']} | {observed} "
                f"| {row['low_90']:.3g} to {row['high_90']:.3g} |"
            )
    return lines


def lost() -> list[str]:
    """Return the series held back on which a forecast without a model does as well or better."""
    lines = []
    for name, what in NAIVE.items():
        compared = [one for one in validated()["crps"] if one["use"] == "check" and name in one]
        names = [
            f"`{one['series']}`" + (" (territories)" if one["territories"] else "")
            for one in compared
            if one[name]["model"] >= one[name]["forecast"]
        ]
        lines.append(f"- {what}: {', '.join(names) or 'none'}.")
    return lines


def order() -> list[str]:
    """Return how well the order of territories is met, beside the order by their number of children."""
    lines = _head("series", "year", "territories", "Spearman, model", "Spearman, number of children")
    for one in validated()["regional_rank_correlation"]:
        if one["use"] == "all":
            lines.append(
                f"| {one['series']} | {one['year']} | {one['rows']} "
                f"| {one['model']:.2f} | {one['children']:.2f} |"
            )
    return lines


def ladder() -> list[str]:
    """Return the rungs of the ladder of validation with what is shown of each, in the language in force."""
    made = validated()
    fit, check = (made["coverage"][use]["all"] for use in ("fit", "check"))
    passed, _, of = _passed(made)
    told = rungs(
        fitted=fit["coverage_90"],
        patterns=(passed, of),
        checked=check["coverage_90"],
        stated=made["reliability_stated"]["check"]["0.9"],
        half=check["coverage_50"],
        level=_wins(made, "level"),
        last=_wins(made, "last"),
    )
    lines = _head(t("validation.column.rung"), t("validation.column.shown"))
    return [*lines, *(f"| {one['rung']} | {one['shown']} |" for one in told)]


def _head(*headings: str) -> list[str]:
    return [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]
