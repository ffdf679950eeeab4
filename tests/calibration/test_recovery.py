"""The kept recovery: its ranks come out again, and known parameters are found near the nominal rate."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from calibration.outcome import KNOWN, RANKS, TOLD, recover_again
from calibration.priors import Prior
from calibration.recovery import Known
from simulator.evidence import load_ledger

KEPT = Path(__file__).parents[2] / "calibration" / "fitted"
ONE_AGAIN = [17]


def ranks() -> tuple[list[str], np.ndarray]:
    head, *rows = list(csv.reader((KEPT / RANKS).read_text(encoding="utf-8").splitlines()))
    return head, np.array(rows, float)


def test_a_kept_rank_comes_out_again() -> None:
    """Kept tables are rounded; a rank moves by less than a hundredth through it."""
    names, kept = ranks()
    prior = Prior(load_ledger(), None, 1)  # type: ignore[arg-type]
    again = recover_again(KEPT, prior, ONE_AGAIN)
    assert again.ranks.shape == (1, len(names))
    np.testing.assert_allclose(again.ranks, kept[ONE_AGAIN], atol=0.01)


def test_at_least_fifty_data_sets_and_intervals_near_their_nominal_rate() -> None:
    """Over all parameters: 50% intervals hold 40% to 60%, 90% intervals 80% to 97%; ``docs`` tells each."""
    names, kept = ranks()
    told = json.loads((KEPT / TOLD).read_text(encoding="utf-8"))
    known = Known.load(KEPT / KNOWN, len(names))
    assert kept.shape == (len(known.x), len(names))
    assert len(kept) >= 50
    assert 0.40 <= np.mean(np.abs(kept - 0.5) <= 0.25) <= 0.60
    assert 0.80 <= np.mean(np.abs(kept - 0.5) <= 0.45) <= 0.97
    for i, row in enumerate(told["recovery"]):
        assert row["parameter"] == names[i]
        assert abs(row["coverage_90"] - np.mean(np.abs(kept[:, i] - 0.5) <= 0.45)) <= 0.02
