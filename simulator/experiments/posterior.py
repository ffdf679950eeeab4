"""The fitted parameters: weighted sets that the official series leave, and draws of them.

``evidence/fitted`` holds the sets (``posterior.csv``) and how they came about (``posterior.json``). A set
gives the parameters that move what was observed, and the structures under which it was run; all others are
drawn from the ledger under those structures, since the data say nothing of them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

import simulator.evidence
from simulator.experiments.prior import prior_set, uniforms
from simulator.experiments.structures import Structure, load_structures, under
from simulator.faults import Fault, FaultyInput
from simulator.texts import t

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

FOLDER: Final = Path(simulator.evidence.__file__).parent / "fitted"
TABLE, MANIFEST = "posterior.csv", "posterior.json"
GOLDEN: Final = 0.5 * (5.0**0.5 - 1.0)
"""Step between draws along the weights: any number of draws in a row covers them evenly."""


@dataclass(frozen=True)
class Posterior:
    """Weighted parameter sets.

    Attributes
    ----------
    names : fitted parameters; values : [set, parameter]
    weights : [set], summing to one
    structures : of each set, one of each group
    manifest : how it came about: recipe, code and data, and the digest of what it holds for
    """

    names: tuple[str, ...]
    values: Floats
    weights: Floats
    structures: tuple[tuple[str, ...], ...]
    manifest: Mapping[str, Any]

    def share(self, structure: str) -> float:
        """Return the weight of the sets that stand for a structure."""
        return float(
            sum(w for w, held in zip(self.weights, self.structures, strict=True) if structure in held)
        )

    def within(self, structures: Sequence[str]) -> Posterior:
        """Return the sets under which all of some structures hold.

        Raises
        ------
        ValueError
            If no set does.
        """
        rows = [i for i, held in enumerate(self.structures) if set(structures) <= set(held)]
        if not rows:
            raise ValueError(f"no set of the posterior holds {', '.join(structures)}")
        weights = self.weights[rows]
        return replace(
            self,
            values=self.values[rows],
            weights=weights / weights.sum(),
            structures=tuple(self.structures[i] for i in rows),
        )


def held_by(ledger: Ledger) -> tuple[str, ...]:
    """Return the structures that narrow a ledger."""

    def narrows(structure: Structure) -> bool:
        here = (ledger.parameters[name] for name in structure.ranges)
        return [(p.low, p.central, p.high) for p in here] == list(structure.ranges.values())

    return tuple(name for name, one in load_structures().items() if narrows(one))


WORDS: Final = ("source", "quality", "note", "reading")
"""What rows of the ledger say in words, which decides no run."""


def digest(ledger: Ledger, names: Sequence[str]) -> str:
    """Return the hash of what a fit of these parameters holds for: their priors, the structures, the drivers.

    Priors of other parameters are not in it, since they are drawn anew; neither are those that structures
    narrow, which stand in the structures; nor labels, sources and prices.
    """
    structures = load_structures().values()
    narrowed = {name for one in structures for name in one.ranges}
    told: list[object] = [(one.name, sorted(one.ranges.items())) for one in structures]
    for name in sorted(set(names) - narrowed):
        p = ledger.parameters[name]
        told.append((name, p.low, p.central, p.high, p.distribution))
    land = ledger.territories
    told += [_plain(getattr(land, name)) for name in land.__dataclass_fields__]
    for group in (ledger.series, ledger.background, ledger.services):
        told += [(name, *_plain(pair)) for name, pair in sorted(group.items())]
    told += [_plain(ledger.distances), _plain(ledger.posts)]
    for rows in (ledger.institutions, ledger.shocks, ledger.programmes):
        told += [[getattr(row, x) for x in row.__dataclass_fields__ if x not in WORDS] for row in rows]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def load_posterior(folder: Path | None = None) -> Posterior:
    """Return the posterior of a folder, by default the one that comes with the package."""
    return _default() if folder is None else _load(folder)


@cache
def _default() -> Posterior:
    return _load(FOLDER)


def _load(folder: Path) -> Posterior:
    rows = list(csv.reader(io.StringIO((folder / TABLE).read_text(encoding="utf-8"))))
    head, body = rows[0], rows[1:]
    groups = [i for i, name in enumerate(head) if name.startswith("structure ")]
    fitted = [i for i, name in enumerate(head) if i and i not in groups]
    weights = np.array([float(row[0]) for row in body])
    return Posterior(
        names=tuple(head[i] for i in fitted),
        values=np.array([[float(row[i]) for i in fitted] for row in body]),
        weights=weights / weights.sum(),
        structures=tuple(tuple(row[i] for i in groups) for row in body),
        manifest=json.loads((folder / MANIFEST).read_text(encoding="utf-8")),
    )


def save_posterior(posterior: Posterior, folder: Path) -> None:
    """Write a posterior into a folder: the sets as a table, the manifest beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    groups = [name.partition(".")[0] for name in posterior.structures[0]]
    writer.writerow(["weight", *(f"structure {group}" for group in groups), *posterior.names])
    for weight, held, values in zip(posterior.weights, posterior.structures, posterior.values, strict=True):
        writer.writerow([f"{weight:.6g}", *held, *(f"{value:.6g}" for value in values)])
    (folder / TABLE).write_text(out.getvalue(), encoding="utf-8", newline="\n")
    text = json.dumps(posterior.manifest, ensure_ascii=False, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def check_posterior(posterior: Posterior, ledger: Ledger) -> None:
    """Hold a posterior against the ledger it is to be used with.

    Raises
    ------
    FaultyInput
        If the ledger no longer is the one it was fitted with, in what it holds for.
    """
    known = all(name in ledger.parameters for name in posterior.names)
    if known and digest(ledger, posterior.names) == posterior.manifest["digest"]:
        return
    fitted, now = str(posterior.manifest["data_hash"])[:12], ledger.hash[:12]
    raise FaultyInput(
        [
            Fault(
                where=TABLE,
                found=t("fit.found.posterior", fitted=fitted, now=now),
                allowed=t("fit.allowed.posterior"),
                do=t("fit.do.posterior"),
            )
        ]
    )


@dataclass(frozen=True)
class PosteriorDraw:
    """One draw: all parameter values, and the structures it stands for."""

    values: Mapping[str, float]
    structures: tuple[str, ...]


def row_of(posterior: Posterior, index: int, seed: int) -> int:
    """Return which set draw ``index`` of a seed takes."""
    start = float(uniforms(["posterior"], 0, seed)[0])
    edges = np.cumsum(posterior.weights)
    return int(np.searchsorted(edges / edges[-1], (start + index * GOLDEN) % 1.0))


def posterior_draw(
    posterior: Posterior, ledger: Ledger, population: Population, index: int, seed: int
) -> tuple[PosteriorDraw, int]:
    """Return draw ``index`` of a posterior, and how many sets had to be rejected for it.

    It is the same however many draws are taken: more of them tighten the same ensemble.
    """
    row = row_of(posterior, index, seed)
    held = posterior.structures[row]
    fixed = dict(zip(posterior.names, posterior.values[row].tolist(), strict=True))
    structures = load_structures()
    narrowed = under(ledger, [structures[name] for name in held])
    values, rejected = prior_set(narrowed, population, index, seed, fixed)
    return PosteriorDraw(values, held), rejected
