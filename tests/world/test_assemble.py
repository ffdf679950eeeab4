"""Runs are put side by side without being in memory twice."""

from __future__ import annotations

import numpy as np

from simulator.outcomes.dataset import assemble


def test_runs_are_consumed_one_variable_at_a_time() -> None:
    runs = {(0, 0, 0): {"soles_per_dollar": np.array([3.5, 3.7])}}
    dataset = assemble(
        runs, scenarios=["baseline"], draws=1, replicates=1, coords={"year": [2025, 2026]}, attributes={}
    )
    assert dataset["soles_per_dollar"].squeeze().values.tolist() == [3.5, 3.7]
    assert runs == {(0, 0, 0): {}}
