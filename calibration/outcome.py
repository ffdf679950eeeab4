"""What a fit leaves behind: the posterior that the simulator draws from, and what the data told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from calibration.calibrate import Calibrated
from calibration.simulations import code_hash
from simulator import __version__
from simulator.engine.states import month_name
from simulator.experiments.posterior import Posterior, digest, save_posterior
from simulator.experiments.prior import quantile
from simulator.experiments.structures import load_structures, structure_groups
from simulator.tables import Column, Table
from simulator.texts import language, t

Floats = NDArray[np.float64]

LIGHTEST: Final = 1e-3
"""Weight that the simulations left out of the posterior have together."""

EXCLUDED: Final = 0.05
"""Posterior share below which the data exclude a structure."""

ENDS: Final = (0.05, 0.5, 0.95)


def weighted_quantiles(values: Floats, weights: Floats, levels: tuple[float, ...] = ENDS) -> list[float]:
    """Return the quantiles of weighted values, each at the first value whose share reaches the level."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    rows = np.minimum(np.searchsorted(reached, levels), len(values) - 1)
    return [float(value) for value in values[order][rows]]


def posterior_of(done: Calibrated) -> Posterior:
    """Return the weighted sets of a fit, the heaviest first, but for the lightest of all."""
    fit = done.fit
    order = np.argsort(-fit.weighted.weights, kind="stable")
    weights = fit.weighted.weights[order]
    kept = order[: int(np.searchsorted(np.cumsum(weights), 1.0 - LIGHTEST)) + 1]
    ledger = done.prior.ledger
    manifest: dict[str, Any] = {
        "command": f"sintrata calibrate --budget {len(fit.x)}"
        + "".join(f" --structure {name}" for name in done.prior.only),
        "code_version": __version__,
        "code_hash": code_hash(),
        "data_hash": ledger.hash,
        "population_hash": done.prior.population.digest,
        "digest": digest(ledger, fit.names),
        "seed": done.prior.seed,
        "scale": done.recipe.scale,
        "until": month_name(done.recipe.until),
        "simulations": len(fit.x),
        "effective": round(fit.weighted.effective, 1),
        "widening": round(fit.weighted.widening, 3),
        "waves": [asdict(wave) for wave in fit.waves],
        "targets_fitted": int(fit.reached.sum()),
        "targets_out_of_reach": [
            target.name for target, kept in zip(done.targets, fit.reached, strict=True) if not kept
        ],
    }
    return Posterior(
        names=fit.names,
        values=fit.values[kept],
        weights=fit.weighted.weights[kept] / fit.weighted.weights[kept].sum(),
        structures=tuple(fit.structures[i] for i in kept),
        manifest=manifest,
    )


def identified_table(done: Calibrated) -> Table:
    """Return what the data say of each fitted parameter: prior, posterior, narrowing; best known first."""
    fit, parameters = done.fit, done.prior.ledger.parameters
    rows: list[dict[str, object]] = []
    every = np.linspace(0.0005, 0.9995, 1000)
    first = fit.waves[0].simulations
    for i, name in enumerate(fit.names):
        before = fit.values[:first, i]
        after = weighted_quantiles(fit.values[:, i], fit.weighted.weights)
        ranks = fit.x[:, i]
        mean = float(np.average(ranks, weights=fit.weighted.weights))
        deviation = float(np.sqrt(np.average((ranks - mean) ** 2, weights=fit.weighted.weights)))
        prior = quantile(parameters[name], every)
        rows.append(
            {
                "parameter": name,
                "label": parameters[name].label[language()],
                "prior": [float(np.quantile(prior, end)) for end in (ENDS[0], ENDS[2])],
                "posterior": [after[0], after[2]],
                "median": after[1],
                "narrowing": 1.0 - deviation / float(fit.x[:first, i].std()) if before.std() else 0.0,
                "expected": float(fit.screened.identified.narrowing[i]),
            }
        )
    rows.sort(key=lambda row: -float(str(row["narrowing"])))
    columns = (
        Column("parameter", t("fit.column.parameter")),
        Column("label", t("fit.column.label")),
        Column("prior", t("fit.column.prior"), "n"),
        Column("posterior", t("fit.column.posterior"), "n"),
        Column("median", t("fit.column.median"), "n"),
        Column("narrowing", t("fit.column.narrowing"), ".0%"),
        Column("expected", ""),
    )
    note = t(
        "fit.note",
        simulations=len(fit.x),
        effective=f"{fit.weighted.effective:.0f}",
        widening=f"{fit.weighted.widening:.2f}",
    )
    return Table(t("fit.title"), columns, tuple(rows), (note,))


def structures_table(done: Calibrated) -> Table:
    """Return the share of each structure before and after the data."""
    fit = done.fit
    first = fit.waves[0].simulations
    before = Counter(name for held in fit.structures[:first] for name in held)
    rows: list[dict[str, object]] = []
    for members in structure_groups().values():
        possible = [name for name in members if before[name]]
        for name in possible:
            held = np.array([name in one for one in fit.structures])
            after = float(fit.weighted.weights[held].sum())
            rows.append(
                {
                    "structure": name,
                    "label": load_structures()[name].label[language()],
                    "before": 1.0 / len(possible),
                    "after": after,
                    "error": float(np.sqrt(after * (1.0 - after) / fit.weighted.effective)),
                    "excluded": after < EXCLUDED,
                }
            )
    columns = (
        Column("structure", t("fit.column.structure")),
        Column("label", t("fit.column.label")),
        Column("before", t("fit.column.before"), ".0%"),
        Column("after", t("fit.column.after"), ".0%"),
        Column("error", ""),
        Column("excluded", t("fit.column.excluded")),
    )
    return Table(t("fit.structures"), columns, tuple(rows), (t("fit.structures_note"),))


def write(done: Calibrated, folder: Path) -> Posterior:
    """Write the posterior and what the data told into a folder."""
    posterior = posterior_of(done)
    save_posterior(posterior, folder)
    told = {
        "parameters": identified_table(done).records(),
        "directions": [
            {"information": size, "weights": {done.fit.names[i]: w for i, w in weights.items()}}
            for size, weights in done.fit.screened.identified.directions
        ],
        "structures": structures_table(done).records(),
        "predicted": {
            target.name: weighted_quantiles(done.fit.predicted[:, k], done.fit.weighted.weights)
            for k, target in enumerate(done.targets)
        },
    }
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    (folder / "told.json").write_text(text, encoding="utf-8", newline="\n")
    return posterior
