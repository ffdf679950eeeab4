"""Parameter draws of the prior: the central set first, every range filled, implausible sets drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.population import Population
from simulator.evidence import Ledger, Parameter
from simulator.experiments.design import latin_hypercube, plausible, quantile
from simulator.experiments.prior import prior_draws


def parameter(distribution: str, low: float, central: float, high: float) -> Parameter:
    return Parameter("t.t", {"es": "t", "en": "t"}, central, low, high, distribution, "ratio", "D", ("GK",))


def test_the_first_set_is_central_and_the_rest_fill_their_ranges(
    ledger: Ledger, population: Population, central: dict[str, float]
) -> None:
    sets, rejected = prior_draws(ledger, population, 30, seed=4)
    assert len(sets) == 30
    assert sets[0] == central
    assert 0.0 < rejected < 0.6
    for name, row in ledger.parameters.items():
        values = np.array([values[name] for values in sets[1:]])
        if row.distribution == "fixed":
            assert np.all(values == row.central)
        else:
            assert row.low <= values.min() <= values.max() <= row.high
            assert np.unique(values).size == 29
    assert all(plausible(values, population) for values in sets)


def test_sets_repeat_for_a_seed_and_differ_between_seeds(ledger: Ledger, population: Population) -> None:
    assert prior_draws(ledger, population, 5, seed=1) == prior_draws(ledger, population, 5, seed=1)
    assert prior_draws(ledger, population, 5, seed=1) != prior_draws(ledger, population, 5, seed=2)


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    design = latin_hypercube(50, [str(i) for i in range(7)], seed=3, batch=0)
    for column in design.T:
        np.testing.assert_array_equal(np.sort((column * 50).astype(int)), np.arange(50))
    assert np.abs(np.corrcoef(design.T) - np.eye(7)).max() < 0.6


def test_triangular_quantiles() -> None:
    u = np.linspace(0.0005, 0.9995, 1000)
    values = quantile(parameter("triangular", 1.0, 2.0, 5.0), u)
    assert np.all(np.diff(values) > 0.0)
    assert values.mean() == pytest.approx((1.0 + 2.0 + 5.0) / 3.0, rel=1e-3)
    logs = np.log(quantile(parameter("logtriangular", 0.5, 2.0, 6.0), u))
    assert logs.mean() == pytest.approx((np.log(0.5) + np.log(2.0) + np.log(6.0)) / 3.0, abs=1e-3)
    edge = quantile(parameter("triangular", 0.0, 0.0, 1.0), np.array([1e-9, 0.5]))
    assert edge[0] == pytest.approx(0.0, abs=1e-6)
    assert np.all(quantile(parameter("fixed", 1.0, 2.0, 5.0), u) == 2.0)
