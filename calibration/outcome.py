"""What a fit leaves behind: the posterior that the simulator draws from, and what the data told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from calibration.calibrate import Calibrated
from calibration.fitting import POOL, Fit, plausible_stock
from calibration.kept import TOLD
from calibration.priors import Prior
from calibration.recovery import Known, Recovered, recover, save_ranks
from calibration.smc import IMPLAUSIBLE
from simulator import __version__
from simulator.experiments.code import code_hash, fingerprint
from simulator.experiments.posterior import Posterior, digest, save_posterior
from simulator.experiments.prior import quantile
from simulator.tables import Column, Table
from simulator.texts import language, t

Floats = NDArray[np.float64]

KNOWN, RANKS = "known.csv", "ranks.csv"
RECOVERY_POOL: Final = 20_000
"""Prior sets among which known parameters are looked for."""

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
    """Return the sets that a fit keeps, each once, weighed by how often it was drawn."""
    fit, prior = done.fit, done.prior
    rows, counts = np.unique(fit.chosen, return_counts=True)
    manifest: dict[str, Any] = {
        "command": f"sintrata calibrate --budget {len(fit.x)}"
        + "".join(f" --structure {name}" for name in prior.only),
        "code_version": __version__,
        "code_hash": code_hash(),
        "fingerprint": fingerprint(),
        "data_hash": prior.ledger.hash,
        "population_hash": prior.population.digest,
        "digest": digest(prior.ledger, fit.names),
        "seed": prior.seed,
        "scale": done.recipe.scale,
        "until": str(np.datetime64("2012-01") + np.timedelta64(done.recipe.until, "M")),
        "simulations": len(fit.x),
        "effective_simulations": round(fit.near.effective, 1),
        "error_of_means": round(fit.near.error, 3),
        "waves": [asdict(wave) for wave in fit.waves],
        "shown_by_waves": shown_by_waves(fit),
        "targets_fitted": int(fit.reached.sum()),
        "targets_out_of_reach": [
            target.name for target, kept in zip(done.targets, fit.reached, strict=True) if not kept
        ],
    }
    return Posterior(
        names=fit.names,
        values=fit.sets.values[rows],
        weights=counts / counts.sum(),
        structures=tuple(
            tuple(members[s].name for members, s in zip(prior.groups, held, strict=True))
            for held in fit.sets.structures[rows]
        ),
        manifest=manifest,
    )


def shown_by_waves(fit: Fit) -> list[dict[str, float]]:
    """Return how near each population of simulations came to the data, whatever its emulator said."""
    out, start = [], 0
    for wave in fit.waves:
        here = slice(start, start + wave.simulations)
        start += wave.simulations
        if not wave.simulations:
            continue
        beyond = np.abs(fit.y[here] - fit.data.value) > IMPLAUSIBLE * fit.data.deviation
        out.append(
            {
                "log_likelihood": round(float(fit.log_likelihood[here].mean()), 1),
                "deviation": round(float(fit.log_likelihood[here].std()), 1),
                "targets_beyond": round(float(beyond.sum(axis=1).mean()), 1),
            }
        )
    return out


def identified_table(done: Calibrated) -> Table:
    """Return what the data say of each fitted parameter: prior, posterior, narrowing; best known first.

    ``position`` and ``width`` are mean and 90% interval of the positions, ``emulated`` and ``emulated_width``
    those by the emulator.
    """
    fit, parameters = done.fit, done.prior.ledger.parameters
    rows: list[dict[str, object]] = []
    for i, name in enumerate(fit.names):
        x, weights = fit.near.x[:, i], fit.near.of_made
        before = [float(quantile(parameters[name], np.array([end]))[0]) for end in (ENDS[0], ENDS[2])]
        after = weighted_quantiles(fit.sets.values[:, i], weights)
        mean = float(weights @ x)
        deviation = float(np.sqrt(weights @ (x - mean) ** 2))
        rows.append(
            {
                "parameter": name,
                "label": parameters[name].label[language()],
                "prior": _range(before[0], before[1]),
                "posterior": _range(after[0], after[2]),
                "median": after[1],
                "narrowing": 1.0 - deviation / float(fit.pool.x[:, i].std()),
                "expected": float(fit.screened.identified.narrowing[i]),
                "position": mean,
                "width": _width(x, weights),
                "emulated": float(fit.likely @ fit.pool.x[:, i]),
                "emulated_width": _width(fit.pool.x[:, i], fit.likely),
            }
        )
    rows.sort(key=lambda row: -float(str(row["narrowing"])))
    columns = (
        Column("parameter", t("fit.column.parameter")),
        Column("label", t("fit.column.label")),
        Column("prior", t("fit.column.prior")),
        Column("posterior", t("fit.column.posterior")),
        Column("median", t("fit.column.median"), "n"),
        Column("narrowing", t("fit.column.narrowing"), ".0%"),
        Column("expected", ""),
        *(Column(name, "") for name in ("position", "width", "emulated", "emulated_width")),
    )
    note = t("fit.note", simulations=len(fit.x), effective=f"{fit.near.effective:.0f}")
    return Table(t("fit.title"), columns, tuple(rows), (note,))


def _width(x: Floats, weights: Floats) -> float:
    low, _, high = weighted_quantiles(x, weights)
    return high - low


def _range(low: float, high: float) -> str:
    return t("fit.range", low=f"{low:.3g}", high=f"{high:.3g}")


def structures_table(done: Calibrated) -> Table:
    """Return the share of each structure before and after the data, and how near its simulations came.

    ``shown`` is the mean log likelihood of the simulations under it, of the populations drawn under the
    errors as they are; ``deviation`` theirs.
    """
    fit = done.fit
    late = np.concatenate([np.full(wave.simulations, wave.widening == 1.0) for wave in fit.waves])
    rows: list[dict[str, object]] = []
    for g, members in enumerate(done.prior.groups):
        for s, one in enumerate(members):
            held = np.array([one.name in structures for structures in fit.structures])
            after = float(fit.near.weights[held].sum())
            shown = fit.log_likelihood[late & held] if (late & held).any() else np.array([np.nan])
            rows.append(
                {
                    "structure": one.name,
                    "label": one.label[language()],
                    "before": 1.0 / len(members),
                    "after": after,
                    "emulated": float(fit.likely[fit.pool.structures[:, g] == s].sum()),
                    "shown": round(float(shown.mean()), 1),
                    "deviation": round(float(shown.std()), 1),
                    "excluded": after < EXCLUDED,
                }
            )
    columns = (
        Column("structure", t("fit.column.structure")),
        Column("label", t("fit.column.label")),
        Column("before", t("fit.column.before"), ".0%"),
        Column("after", t("fit.column.after"), ".0%"),
        *(Column(name, "") for name in ("emulated", "shown", "deviation")),
        Column("excluded", t("fit.column.excluded")),
    )
    return Table(t("fit.structures"), columns, tuple(rows), (t("fit.structures_note"),))


def recovery_of(done: Calibrated) -> tuple[Known, Recovered]:
    """Return the simulations of the prior, and what is found of them in synthetic data."""
    fit = done.fit
    first = slice(0, fit.first)
    names = [target.name for target, kept in zip(done.targets, fit.reached, strict=True) if kept]
    known = Known(fit.names, tuple(names), fit.x[first], fit.y[first], fit.stock[first], fit.data)
    pool = fit.pool.x[fit.inside][:RECOVERY_POOL]
    return known, recover(known.x, known.y, fit.screened.active, known.data, pool, seed=done.prior.seed)


def recover_again(folder: Path, prior: Prior, rows: Sequence[int]) -> Recovered:
    """Look again for the parameters of some kept simulations; ``folder`` is one that ``write`` has filled."""
    told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    known = Known.load(folder / KNOWN, len(told["parameters"]))
    place = {name: i for i, name in enumerate(known.names)}
    active = [tuple(place[name] for name in told["active"][target]) for target in known.targets]
    by_stock = tuple(place[name] for name in told["by_stock"])
    pool = prior.pool(POOL, known.names)
    inside = plausible_stock(pool, known.x, known.stock, by_stock, prior)
    return recover(
        known.x, known.y, active, known.data, pool.x[inside][:RECOVERY_POOL], rows=rows, seed=prior.seed
    )


def write(done: Calibrated, folder: Path) -> Posterior:
    """Write the posterior, what the data told, and the recovery of known parameters into a folder."""
    posterior = posterior_of(done)
    save_posterior(posterior, folder)
    known, recovered = recovery_of(done)
    known.save(folder / KNOWN)
    save_ranks(recovered, known.names, folder / RANKS)
    deviation = recovered.deviation.mean(axis=0) / done.fit.pool.x.std(axis=0)
    told = {
        "parameters": identified_table(done).records(),
        "directions": [
            {"information": size, "weights": {done.fit.names[i]: w for i, w in weights.items()}}
            for size, weights in done.fit.screened.identified.directions
        ],
        "structures": structures_table(done).records(),
        "active": {
            name: [done.fit.names[i] for i in active]
            for name, active in zip(known.targets, done.fit.screened.active, strict=True)
        },
        "by_stock": [done.fit.names[i] for i in done.fit.screened.by_stock],
        "recovery": [
            {
                "parameter": name,
                "coverage_50": float(recovered.coverage(0.5)[i]),
                "coverage_90": float(recovered.coverage(0.9)[i]),
                "emulated_50": float(recovered.coverage(0.5, emulated=True)[i]),
                "emulated_90": float(recovered.coverage(0.9, emulated=True)[i]),
                "uniformity": float(recovered.uniformity()[i]),
                "narrowing": float(1.0 - deviation[i]),
            }
            for i, name in enumerate(known.names)
        ],
    }
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    (folder / TOLD).write_text(text, encoding="utf-8", newline="\n")
    return posterior
