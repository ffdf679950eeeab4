"""Where and why the agents differ from the stock-and-flow twin: the question a reviewer asks first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator import World, load_ledger
from simulator.twin import solve

Floats = NDArray[np.float64]

REPLICATES: Final = 4
FIRST, LAST = 60, 119
"""January 2017 to December 2021."""

FLOWS: Final = (("HOME", "EXPLOITED"), ("EXPLOITED", "IDENTIFIED"), ("IDENTIFIED", "PROTECTED"))
STOCKS: Final = ("EXPLOITED", "SPECIALISED_SHELTER", "FOLLOW_UP", "LEFT_UNASSISTED")
"""What is compared: flows in a month, stocks at its end."""

HEADINGS: Final = (
    *("first entries", "identified", "protected", "`EXPLOITED`", "`SPECIALISED_SHELTER`"),
    *("`FOLLOW_UP`", "`LEFT_UNASSISTED`"),
)

WITHOUT: Final[dict[str, Mapping[str, float] | str]] = {
    "as it is": {},
    "no extra rate of siblings": {"recruitment.rr_sibling": 1.0},
    "networks not struck by chance": {"networks.disruption_per_year": 1e-9},
    "room for all, nothing refused": {
        "care.specialised_places": 4000.0,
        "homes.places": 100_000.0,
        "care.refusal_near": 0.0,
        "care.refusal_far": 0.0,
    },
    "children alike": r"recruitment\.rr_|returns\.rr_extreme",
    "places alike": r"identification\.rr_",
    "no causal statement acts": r"m\d{3}\.ratio",
}
"""Variants: what is switched off, by parameter values or by the names of those set to 1."""


def values_of(without: Mapping[str, float] | str) -> dict[str, float]:
    """Return central parameter values with something switched off."""
    values = {name: p.central for name, p in load_ledger().parameters.items()}
    if isinstance(without, str):
        return {name: 1.0 if re.match(without, name) else value for name, value in values.items()}
    return {**values, **without}


def compared(without: Mapping[str, float] | str, replicates: int = REPLICATES) -> tuple[Floats, Floats]:
    """Return what the agents show less what the twin shows, as a share of the twin, and its standard error.

    Both are [measure]: monthly flows of ``FLOWS``, then stocks of ``STOCKS``, on the mean of the months.
    """
    values, told = values_of(without), []
    for replicate in range(replicates):
        with World("baseline", 1, replicate=replicate, values=values, until=LAST) as world:
            world.run(until=FIRST)
            months = []
            while world.running:
                world.step()
                flows = (world.record.entered[-1].size, world.identified.sum(), world.opened.sum())
                stocks = (world.datacollector.model_vars[name.lower()][-1] for name in STOCKS)
                months.append([*flows, *stocks])
            told.append(np.mean(months, axis=0))
            inputs, population = world.inputs, world.population
    solved = solve(inputs=inputs, population=population, until=LAST, first=FIRST, steps=1)
    flow, stock = solved["flow_by_form"].sum("form"), solved["stock_by_form"].sum("form")
    expected = [
        *(float(flow.sel(from_state=a, to_state=b).mean("month")) for a, b in FLOWS),
        *(float(stock.sel(state=name).mean("month")) for name in STOCKS),
    ]
    share = np.array(told) / np.array(expected) - 1.0
    return share.mean(axis=0), share.std(axis=0, ddof=1) / np.sqrt(replicates)


def differences() -> list[str]:
    """Return the table of ``docs/twin.md``: agents less twin by variant, in percent, with standard errors."""
    lines = ["| switched off | " + " | ".join(HEADINGS) + " |", "| --- |" + " ---: |" * len(HEADINGS)]
    for name, without in WITHOUT.items():
        mean, error = compared(without)
        cells = (f"{100 * m:+.1f} ± {100 * e:.1f}" for m, e in zip(mean, error, strict=True))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines
