"""The labelled result of a set of runs: one ``xarray.Dataset`` with units and names in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scenarios.levers import levers
from scenarios.programmes import PAYERS
from simulator.engine.factors import factor_names
from simulator.engine.states import (
    AGE_BANDS,
    AREAS,
    FORMS,
    INSTITUTIONS,
    LANGUAGES,
    MIGRANT,
    N_STOCKS,
    N_TERRITORIES,
    SEXES,
    STATES,
    month_name,
)
from simulator.outcomes.accounts import LEVELS, quarters_of, years_of
from simulator.outcomes.record import GROUPS, SERIES
from simulator.policy.budget import REASONS, STAGES
from simulator.policy.crosswalk import crosswalk
from simulator.policy.need import SERVES
from simulator.texts import LANGUAGES as LANGUAGES_OF_TEXT

if TYPE_CHECKING:
    from simulator.evidence import Ledger

RUN_DIMS: Final = ("scenario", "draw", "replicate")
GROUP_LABELS: Final = {
    "sex": SEXES,
    "age_band": AGE_BANDS,
    "form": FORMS,
    "language": LANGUAGES,
    "migrant": MIGRANT,
}

DIMS: Final[dict[str, tuple[str, ...]]] = {
    "stock": ("month", "territory", "area", "state"),
    "flow": ("month", "territory", "area", "from_state", "to_state"),
    "move": ("month", "state", "origin", "destination"),
    "moved_in": ("month", "territory", "area", "state"),
    "moved_out": ("month", "territory", "area", "state"),
    **{f"stock_by_{g}": ("month", "state", g) for g in GROUPS},
    **{f"flow_by_{g}": ("month", "from_state", "to_state", g) for g in GROUPS},
    **dict.fromkeys(SERIES, ("month", "territory")),
    "reintegration_started": ("month",),
    "completed_of_cohort": ("month",),
    "factor": ("month", "factor_name", "territory"),
    "institution_factor": ("month", "institution_factor_name", "institution", "territory"),
    "incremental_budget": ("year", "budget_stage", "line", "payer", "territory"),
    "incremental_by_quarter": ("quarter", "budget_stage", "line", "payer"),
    "incremental_unspent": ("year", "unspent_reason", "line", "territory"),
    "required": ("year", "line", "territory"),
    "line_capacity": ("year", "line", "territory"),
    "line_coverage": ("year", "line", "territory"),
    "line_served": ("year", "line", "territory"),
    "line_target": ("year", "line", "territory"),
    "line_population": ("line", "territory"),
    "line_unit_cost": ("year", "line"),
    "line_need": ("line", "territory"),
    "line_reachable": ("line", "territory"),
    "price_level": ("year",),
    "soles_per_dollar": ("year",),
    "specific_budget": ("year", "budget_stage", "government_level", "territory"),
    "attributable_budget": ("year", "budget_stage", "institution", "territory"),
    "programme_end": (),
}
"""Dimensions of each variable, after scenario, draw and replicate."""


TIMES: Final = ("month", "quarter")


@cache
def descriptions() -> dict[str, dict[str, str]]:
    """Return unit and long names (``es``, ``en``) of every variable and coordinate."""
    text = files(__package__).joinpath("variables.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def coordinates(ledger: Ledger, first: int, stop: int) -> dict[str, Any]:
    """Return the coordinates that every result shares; months are the first day of each month."""
    months = np.array([month_name(t) for t in range(first, stop)], dtype="datetime64[M]")
    codes = list(ledger.territories.codes)
    plain, staffed = factor_names(ledger.factors)
    return {
        "month": months.astype("datetime64[ns]"),
        "territory": codes,
        "territory_name": ("territory", list(ledger.territories.names)),
        "area": list(AREAS),
        "state": list(STATES[:N_STOCKS]),
        "from_state": list(STATES),
        "to_state": list(STATES),
        "origin": codes,
        "destination": codes,
        **{name: list(labels) for name, labels in GROUP_LABELS.items()},
        "factor_name": plain,
        "institution_factor_name": staffed,
        "institution": list(INSTITUTIONS),
        "year": years_of(first, stop),
        "quarter": np.array(quarters_of(first, stop), dtype="datetime64[M]").astype("datetime64[ns]"),
        "budget_stage": list(STAGES),
        "unspent_reason": list(REASONS),
        "payer": list(PAYERS),
        "government_level": list(LEVELS),
        "line": list(ledger.lines),
        "line_pillar": ("line", [line.pillar for line in ledger.lines.values()]),
        "line_level": ("line", [crosswalk()[name].level for name in ledger.lines]),
        "line_need_kind": ("line", [line.need for line in ledger.lines.values()]),
        "line_population_kind": (
            "line",
            [SERVES.get(line.need, line.need) for line in ledger.lines.values()],
        ),
        **{
            f"line_{lang}": ("line", [line.label[lang] for line in ledger.lines.values()])
            for lang in LANGUAGES_OF_TEXT
        },
        **{
            f"line_unit_{lang}": ("line", [line.unit[lang] for line in ledger.lines.values()])
            for lang in LANGUAGES_OF_TEXT
        },
        **{
            f"{dim}_{lang}": (dim, [_factor_label(ledger, name, lang) for name in names])
            for dim, names in (("factor_name", plain), ("institution_factor_name", staffed))
            for lang in LANGUAGES_OF_TEXT
        },
    }


def _factor_label(ledger: Ledger, name: str, lang: str) -> str:
    """Return what a factor is called; a lever is called as in the scenario files."""
    told = ledger.factor_labels[name][lang]
    return told or str(getattr(levers()[name].label, lang))


def shaped(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a run with place split into territory and area."""
    out: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        by_area = "area" in DIMS[name]
        shape = (array.shape[0], N_TERRITORIES, len(AREAS), *array.shape[2:]) if by_area else array.shape
        out[name] = array.reshape(shape)
    return out


def assemble(
    runs: Mapping[tuple[int, int, int], dict[str, NDArray[Any]]],
    *,
    scenarios: Sequence[str],
    draws: int,
    replicates: int,
    coords: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Put runs side by side.

    Parameters
    ----------
    runs : arrays of each (scenario, draw, replicate); consumed one variable at a time, so that they are not
        in memory twice
    coords : see ``coordinates``
    attributes : written on the dataset
    """
    shape = (len(scenarios), draws, replicates)
    variables: dict[str, Any] = {}
    texts = descriptions()
    example = next(iter(runs.values()))
    for name in tuple(example):
        block = np.empty((*shape, *example[name].shape), example[name].dtype)
        for where, arrays in runs.items():
            block[where] = arrays.pop(name)
        variables[name] = ((*RUN_DIMS, *DIMS[name]), block, attributes_of(name))
    dataset = xr.Dataset(
        variables,
        coords={
            **coords,
            "scenario": list(scenarios),
            "draw": np.arange(draws),
            "replicate": np.arange(replicates),
        },
        attrs=dict(attributes),
    )
    for coordinate in map(str, dataset.coords):
        if coordinate in texts:
            attributes = attributes_of(coordinate)
            if coordinate in TIMES:
                # A time's units are written with its numbers when it is saved.
                del attributes["units"]
            dataset[coordinate].attrs.update(attributes)
    return dataset


def attributes_of(name: str) -> dict[str, str]:
    """Return ``units``, ``long_name`` (English) and ``long_name_es`` of a variable or coordinate."""
    text = descriptions()[name]
    return {"units": text["units"], "long_name": text["en"], "long_name_es": text["es"]}
