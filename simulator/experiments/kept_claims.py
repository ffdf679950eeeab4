"""What runs showed of every claim of the library, kept in a table beside it; and whether that still holds.

A row is one claim. ``sintrata claims --out scenarios/claims.csv`` runs and writes it; a test holds the table
against the library and the parameter draws of today, and runs a sample anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scenarios.files import LIBRARY, library
from scenarios.programmes import CLAIM_KEYS, Claim
from scenarios.schema import Scenario, load_scenario
from simulator.engine.store import load_population
from simulator.evidence import load_ledger
from simulator.experiments.claims import Checked, compared
from simulator.experiments.code import code_hash
from simulator.experiments.design import DrawsFrom, parameter_draws

KEPT: Final = LIBRARY / "claims.csv"
"""The table of the library."""

COMMAND: Final = "sintrata claims --out scenarios/claims.csv"

SHOWN: Final = 12
"""Characters of a hash that are kept."""

SETTINGS: Final = ("seed", "draws", "draws_from", "replicates")
HASHES: Final = ("scenario_hash", "than_hash", "drawn_hash", "code_hash")
COLUMNS: Final = (
    *("scenario", *CLAIM_KEYS, "holds", "share", "share_low", "share_high", "median", "low", "high"),
    *("changes", "true", *SETTINGS, *HASHES),
)


@dataclass(frozen=True)
class Kept:
    """A claim as runs showed it, and what they were runs of.

    Attributes
    ----------
    checked : the claim beside what every run showed
    seed, draws, draws_from, replicates : see ``simulator.compare``
    scenario_hash, than_hash : of the two scenarios, the overlay included
    drawn_hash : of the parameter values of all draws: posterior, ranges of the ledger and seed
    code_hash : of the code of the model; told, since a comment changes it too
    """

    checked: Checked
    seed: int
    draws: int
    draws_from: DrawsFrom
    replicates: int
    scenario_hash: str
    than_hash: str
    drawn_hash: str
    code_hash: str

    @property
    def key(self) -> tuple[str, Claim]:
        """Whose claim it is, and which."""
        return self.checked.scenario, self.checked.claim


def kept_of(
    checked: Iterable[Checked],
    scenarios: Iterable[Scenario],
    *,
    seed: int,
    draws: int,
    draws_from: DrawsFrom,
    replicates: int,
) -> list[Kept]:
    """Return claims that were checked, with what they were checked with."""
    own = {one.name: one for one in scenarios}
    drawn = drawn_hash(seed, draws, draws_from)
    return [
        Kept(
            *(one, seed, draws, draws_from, replicates),
            *hashes(own[one.scenario], one.claim),
            *(drawn, code_hash()[:SHOWN]),
        )
        for one in checked
    ]


def hashes(scenario: Scenario, claim: Claim) -> tuple[str, str]:
    """Return the hashes of a scenario and of the one that a claim compares it with, with its overlay."""
    told = (compared(one, claim.under).hash[:SHOWN] for one in (scenario, claim.than))
    first, second = told
    return first, second


def drawn_hash(seed: int, draws: int, draws_from: DrawsFrom) -> str:
    """Return the hash of the parameter values of all draws, to nine figures."""
    ledger = load_ledger()
    values, _ = parameter_draws(ledger, load_population(ledger), draws, seed, draws_from)
    told = [{name: f"{value:.9g}" for name, value in sorted(one.items())} for one in values]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:SHOWN]


def read_kept(path: Path = KEPT) -> list[Kept]:
    """Return the rows of a table, in its order; none if there is no table."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [_read(row) for row in csv.DictReader(file)]


def write_kept(rows: Sequence[Kept], path: Path) -> None:
    """Put rows into a table, in the order of the library; those of other scenarios that are there stay.

    Raises
    ------
    OSError
        If the place cannot be written.
    """
    fresh = {one.checked.scenario for one in rows}
    order = {name: k for k, name in enumerate(library())}
    both = [*(one for one in read_kept(path) if one.checked.scenario not in fresh), *rows]
    both.sort(key=lambda one: order.get(one.checked.scenario, len(order)))
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(one) for one in both)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(out.getvalue(), encoding="utf-8", newline="\n")


def stale(rows: Sequence[Kept], names: Sequence[str]) -> dict[str, str]:
    """Return, by scenario whose rows no longer tell of today's library and draws, what has changed.

    Parameters
    ----------
    names : scenarios whose claims must all be in the rows
    """
    by_key = {one.key: one for one in rows}
    drawn = {told: drawn_hash(*told) for told in dict.fromkeys((o.seed, o.draws, o.draws_from) for o in rows)}
    out: dict[str, str] = {}
    for name in names:
        scenario = load_scenario(name)
        for claim in scenario.claims:
            one = by_key.get((name, claim))
            if one is None:
                out.setdefault(name, "claim")
            elif (one.scenario_hash, one.than_hash) != hashes(scenario, claim):
                out.setdefault(name, "scenario_hash")
            elif one.drawn_hash != drawn[one.seed, one.draws, one.draws_from]:
                out.setdefault(name, "drawn_hash")
    return out


def _row(one: Kept) -> dict[str, object]:
    found = one.checked
    low, high = found.bounds
    claim = {key: _cell(value) for key, value in found.claim.to_mapping().items()}
    told = {key: getattr(found.change, key) for key in ("median", "low", "high")}
    numbers = {"share": found.share, "share_low": low, "share_high": high, **told}
    return {
        "scenario": found.scenario,
        **claim,
        "holds": _cell(found.holds),
        **{key: f"{value:.6g}" for key, value in numbers.items()},
        "changes": " ".join(f"{value:.6g}" for value in found.changes),
        "true": "".join("1" if true else "0" for true in found.true),
        **{key: getattr(one, key) for key in (*SETTINGS, *HASHES)},
    }


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _read(row: dict[str, str]) -> Kept:
    claim = Claim(
        *(row["measure"], row["than"], row["direction"], int(row["from"]), int(row["to"])),
        under=row["under"] or None,
        unexpected=row["unexpected"] == "true",
        mostly_by=row["mostly_by"] or None,
    )
    changes = tuple(float(value) for value in row["changes"].split())
    true = tuple(one == "1" for one in row["true"])
    settings: dict[str, Any] = {key: int(row[key]) for key in ("seed", "draws", "replicates")}
    told: dict[str, Any] = {key: row[key] for key in ("draws_from", *HASHES)}
    return Kept(Checked(row["scenario"], claim, changes, true), **settings, **told)
