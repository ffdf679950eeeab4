"""What each part of a scenario adds: alone, and to all the others; and what the whole is beyond its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

import xarray as xr

from scenarios.programmes import DESIGN
from scenarios.schema import Scenario, load_scenario
from simulator.experiments.design import DrawsFrom
from simulator.experiments.ensemble import compare
from simulator.outcomes.effects import EFFECTS
from simulator.outcomes.indicators import Interval, summarise, yearly
from simulator.outcomes.spending import added_money, constant
from simulator.policy.budget import conditions

TOGETHER: Final = 8
"""Variants run at a time: their results are in memory together."""

WHOLE, ONLY, WITHOUT = "whole", "only", "without"
NONE: Final = "none"
"""The scenario stripped of its parts: what it assumes of the world is kept, and what it spends."""

type Part = tuple[str, str]


@dataclass(frozen=True)
class Contribution:
    """What one part of a scenario adds to one effect, over the run.

    Attributes
    ----------
    part : budget line, lever of an intervention, or programme whose design it is; ``""`` for the whole
    kind : ``line``, ``lever``, ``design`` or ``whole``
    effect : of ``EFFECTS``; a gain is positive
    alone : the part by itself, beside the scenario stripped of all its parts
    added : the whole beside the whole without the part
    money : executed for it, and what measures without money would take: constant soles
    """

    part: str
    kind: str
    effect: str
    alone: Interval
    added: Interval
    money: Interval


@dataclass(frozen=True)
class Contributions:
    """Every part of a scenario, and its synergy: the whole less the sum of the parts alone, by effect."""

    scenario: str
    rows: tuple[Contribution, ...]
    synergy: dict[str, Interval]


def contributions(
    scenario: str | Scenario,
    *,
    seed: int = 0,
    draws: int = 8,
    draws_from: DrawsFrom = "posterior",
    replicates: int = 1,
    threads: int | None = None,
    scale: float = 1.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Contributions:
    """Run a scenario whole, with each part alone, and without each part, under the same draws and chance.

    What is left when every part is taken away is the comparator: parameters, shocks, context and programmes
    of the record that the scenario leaves out belong to the world in which its parts act: no gain of theirs.
    Money is spent in every run as in the whole; the lines taken away bring about nothing.

    Parameters
    ----------
    scenario : with at least one programme or intervention
    draws, draws_from, replicates, seed, threads, scale : see ``compare``

    Raises
    ------
    ValueError
        If the scenario has nothing that can be taken apart.
    """
    whole = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    parts = parts_of(whole)
    if not parts:
        raise ValueError(f"{whole.name}: no programmes and no interventions")
    variants = {WHOLE: whole}
    for part in parts:
        variants[_named(ONLY, part)] = with_parts(whole, [part])
        variants[_named(WITHOUT, part)] = with_parts(whole, [other for other in parts if other != part])
    base = replace(with_parts(whole, []), name=NONE)
    results: dict[str, xr.Dataset] = {}
    for start in range(0, len(variants), TOGETHER):
        if progress is not None:
            progress(start, len(variants), "run")
        some = list(variants)[start : start + TOGETHER]
        dataset = compare(
            [base, *(replace(variants[name], name=name) for name in some)],
            until=whole.until_ti,
            seed=seed,
            draws=draws,
            draws_from=draws_from,
            replicates=replicates,
            threads=threads,
            scale=scale,
        )
        for name in (NONE, *some):
            results[name] = _sums(dataset.sel(scenario=name, drop=True))
    none = results[NONE]

    def gain(effect: str, more: str, less: str = NONE) -> xr.DataArray:
        return EFFECTS[effect] * (results[more][effect] - results[less][effect])

    def money(part: Part) -> xr.DataArray:
        kind, name = part
        if kind == "line":
            return results[WHOLE]["by_line"].sel(line=name, drop=True)
        return results[_named(ONLY, part)]["money"] - none["money"]

    rows = [
        Contribution(
            name,
            kind,
            effect,
            alone=summarise(gain(effect, _named(ONLY, (kind, name)))),
            added=summarise(gain(effect, WHOLE, _named(WITHOUT, (kind, name)))),
            money=summarise(money((kind, name))),
        )
        for effect in EFFECTS
        for kind, name in parts
    ]
    rows += [
        Contribution(
            "",
            WHOLE,
            effect,
            alone=summarise(gain(effect, WHOLE)),
            added=summarise(gain(effect, WHOLE)),
            # Without parts the lines' money is spent to no effect; it is the whole's all the same.
            money=summarise(results[WHOLE]["money"] - none["money"] + none["by_line"].sum("line")),
        )
        for effect in EFFECTS
    ]
    synergy = {
        effect: summarise(gain(effect, WHOLE) - sum(gain(effect, _named(ONLY, part)) for part in parts))
        for effect in EFFECTS
    }
    return Contributions(whole.name, tuple(rows), synergy)


def _named(how: str, part: Part) -> str:
    """Return the name of a variant of a scenario."""
    return " ".join((how, *part))


def _sums(dataset: xr.Dataset) -> xr.Dataset:
    """Return effects, money, and money by line, summed over the run, [draw, replicate]."""
    out = yearly(dataset)[list(EFFECTS)].sum("year")
    executed = dataset["incremental_budget"].sel(budget_stage="executed", drop=True)
    return out.assign(
        money=constant(added_money(dataset), dataset).sum("year"),
        by_line=constant(executed.sum(("payer", "territory")), dataset).sum("year"),
    ).load()


def parts_of(scenario: Scenario) -> list[Part]:
    """Return budget lines, levers of interventions, and programmes whose design acts by itself, each once."""
    lines = [("line", name) for one in scenario.programmes for grant in one.budget for name, _ in grant.lines]
    levers = [("lever", one.use) for one in scenario.interventions]
    designs = [
        (DESIGN, one.name) for one in scenario.programmes if one.delivery != "state" or conditions(one)
    ]
    return list(dict.fromkeys((*lines, *levers, *designs)))


def with_parts(scenario: Scenario, parts: Collection[Part]) -> Scenario:
    """Return a scenario in which only some parts act; the money of every programme stays what it was."""
    lines = [name for kind, name in parts_of(scenario) if kind == "line" and (kind, name) not in parts]
    programmes = tuple(
        replace(one, muted=tuple(lines if (DESIGN, one.name) in parts else [*lines, DESIGN]))
        for one in scenario.programmes
    )
    kept = tuple(one for one in scenario.interventions if ("lever", one.use) in parts)
    return replace(scenario, programmes=programmes, interventions=kept)
