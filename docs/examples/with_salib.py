"""SinTrata as a problem of SALib: sample, run, analyse, without an experiment file.

    python docs/examples/with_salib.py

``sintrata sweep`` and ``sintrata sensitivity`` do the same at scale, on any number of workers. ``scale`` is
for tests: decisions need the whole country.
"""

from __future__ import annotations

import numpy as np
from SALib.analyze import morris as analyse
from SALib.sample import morris as sample

import simulator

NAMES = ("recruitment.rr_poverty", "exits.spell_labour_months", "identification.known_per_year")


def problem() -> dict[str, object]:
    """Return the problem: some parameters of the ledger with their own ranges."""
    ledger = simulator.load_ledger().parameters
    bounds = [[ledger[name].low, ledger[name].high] for name in NAMES]
    return {"num_vars": len(NAMES), "names": list(NAMES), "bounds": bounds}


def exploited(values: np.ndarray, scale: float = 1.0) -> float:
    """Return the mean number of children in exploitation in 2018 (simulated) for one set of values."""
    parameters = dict(zip(NAMES, values.tolist(), strict=True))
    label = {"es": "Ejemplo", "en": "Example"}
    scenario = simulator.Scenario.from_mapping(
        {"schema": 1, "base": "baseline", "label": label, "parameters": parameters}, name="example"
    )
    result = simulator.compare([scenario], until="2018-12", threads=1, scale=scale)
    stock = result["stock"].sel(state="EXPLOITED", month="2018").sum(("territory", "area"))
    return float(stock.mean())


def main(scale: float = 1.0, trajectories: int = 4):
    """Return SALib's Morris indices."""
    asked = problem()
    points = sample.sample(asked, trajectories, seed=1)
    results = np.array([exploited(point, scale) for point in points])
    return analyse.analyze(asked, points, results, seed=1)


if __name__ == "__main__":
    print(main().to_df())
