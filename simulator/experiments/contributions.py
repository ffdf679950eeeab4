"""What each part of a scenario adds: alone, and to all the others; and what the whole is beyond its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import xarray as xr

from scenarios.programmes import Grant, Programme
from scenarios.schema import Scenario, load_scenario
from simulator.experiments.ensemble import compare
from simulator.outcomes.effects import EFFECTS
from simulator.outcomes.indicators import Interval, summarise, yearly
from simulator.outcomes.spending import added_money, constant

TOGETHER: Final = 8
"""Variants run at a time: their results are in memory together."""

WHOLE, ONLY, WITHOUT = "whole", "only", "without"


@dataclass(frozen=True)
class Contribution:
    """What one part of a scenario adds to one effect, over the run.

    Attributes
    ----------
    part : budget line, or lever of an intervention; ``""`` for the whole
    kind : ``line``, ``lever`` or ``whole``
    effect : of ``EFFECTS``; a gain is positive
    alone : the part by itself, beside the comparator
    added : the whole beside the whole without the part
    money : executed for it alone, and what measures without money would take: constant soles
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
    comparator: str | Scenario = "baseline",
    *,
    seed: int = 0,
    draws: int = 8,
    replicates: int = 1,
    threads: int | None = None,
    scale: float = 1.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Contributions:
    """Run a scenario whole, with each part alone, and without each part, under the same draws and chance.

    Parameters
    ----------
    scenario : with at least one programme or intervention
    draws, replicates, seed, threads, scale : see ``compare``

    Raises
    ------
    ValueError
        If the scenario has nothing that can be taken apart.
    """
    whole = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    base = comparator if isinstance(comparator, Scenario) else load_scenario(comparator)
    parts = parts_of(whole)
    if not parts:
        raise ValueError(f"{whole.name}: no programmes and no interventions")
    variants = [replace(whole, name=WHOLE)]
    for kind, name in parts:
        variants += [
            replace(_kept(whole, {(kind, name)}), name=f"{ONLY} {name}"),
            replace(_kept(whole, set(parts) - {(kind, name)}), name=f"{WITHOUT} {name}"),
        ]
    results: dict[str, xr.Dataset] = {}
    for start in range(0, len(variants), TOGETHER):
        if progress is not None:
            progress(start, len(variants), "run")
        some = variants[start : start + TOGETHER]
        dataset = compare(
            [replace(base, name="comparator"), *some],
            until=whole.until_ti,
            seed=seed,
            draws=draws,
            replicates=replicates,
            threads=threads,
            scale=scale,
        )
        for variant in ("comparator", *(one.name for one in some)):
            results[variant] = _sums(dataset.sel(scenario=variant, drop=True))
    none = results["comparator"]

    def gain(effect: str, more: str, less: xr.Dataset = none) -> xr.DataArray:
        return EFFECTS[effect] * (results[more][effect] - less[effect])

    rows = [
        Contribution(
            name,
            kind,
            effect,
            alone=summarise(gain(effect, f"{ONLY} {name}")),
            added=summarise(gain(effect, WHOLE, results[f"{WITHOUT} {name}"])),
            money=summarise(results[f"{ONLY} {name}"]["money"] - none["money"]),
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
            money=summarise(results[WHOLE]["money"] - none["money"]),
        )
        for effect in EFFECTS
    ]
    synergy = {
        effect: summarise(
            gain(effect, WHOLE) - np.sum([gain(effect, f"{ONLY} {name}") for _, name in parts], axis=0)
        )
        for effect in EFFECTS
    }
    return Contributions(whole.name, tuple(rows), synergy)


def _sums(dataset: xr.Dataset) -> xr.Dataset:
    """Return effects and money summed over the run, [draw, replicate]."""
    out = yearly(dataset)[list(EFFECTS)].sum("year")
    return out.assign(money=constant(added_money(dataset), dataset).sum("year")).load()


def parts_of(scenario: Scenario) -> list[tuple[str, str]]:
    """Return the budget lines and the levers of interventions of a scenario, each once."""
    lines = [("line", name) for one in scenario.programmes for grant in one.budget for name, _ in grant.lines]
    levers = [("lever", one.use) for one in scenario.interventions]
    return list(dict.fromkeys((*lines, *levers)))


def _kept(scenario: Scenario, parts: set[tuple[str, str]]) -> Scenario:
    """Return a scenario with some of its parts; the money of each stays what it was."""
    programmes = []
    for programme in scenario.programmes:
        grants = [grant for grant in (_part(g, parts) for g in programme.budget) if grant is not None]
        if grants:
            programmes.append(_with(programme, grants))
    kept = tuple(one for one in scenario.interventions if ("lever", one.use) in parts)
    return replace(scenario, programmes=tuple(programmes), interventions=kept)


def _with(programme: Programme, grants: Sequence[Grant]) -> Programme:
    return replace(programme, budget=tuple(grants))


def _part(grant: Grant, parts: set[tuple[str, str]]) -> Grant | None:
    kept = [(name, share) for name, share in grant.lines if ("line", name) in parts]
    total = sum(share for _, share in kept)
    if total <= 0.0:
        return None
    return replace(
        grant,
        lines=tuple((name, share / total) for name, share in kept),
        amount=None if grant.amount is None else total * grant.amount,
        amounts=tuple((year, total * amount) for year, amount in grant.amounts),
    )
