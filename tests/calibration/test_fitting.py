"""The method of the fit, on problems whose answer is known: no run of the country is needed for it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from calibration.emulator import emulate, fit, shrunk
from calibration.nearness import nearest
from calibration.recovery import recover
from calibration.screening import identify, movers
from calibration.smc import Data, Stage, choose, effective, emulated, of_prior, ruled_out

Floats = NDArray[np.float64]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_screening_finds_what_moves_a_series_and_hardly_anything_else() -> None:
    """Of 300 idle columns and 20 series, at most 3 false finds: expected 1, four or more in 2% of seeds."""
    random = rng(1)
    x = random.random((200, 300))
    y = (np.exp(2.0 * x[:, 5]) + x[:, 17] + 0.3 * random.normal(size=200))[:, None]
    [found] = movers(x, y)
    assert found[:2] == (5, 17)
    noise = random.normal(size=(200, 20))
    assert sum(len(one) for one in movers(x, noise)) <= 3


def test_only_the_product_is_identified() -> None:
    """Two factors of one product are one direction; neither is known alone."""
    random = rng(2)
    x = random.random((400, 3))
    y = (np.log(0.5 + x[:, 0]) + np.log(0.5 + x[:, 1]))[:, None] + 0.01 * random.normal(size=(400, 1))
    known = identify(x, y, np.array([0.02]), [(0, 1)])
    [(information, weights)] = known.directions
    assert information > 5.0
    assert set(weights) == {0, 1}
    assert np.sign(weights[0]) == np.sign(weights[1])
    assert 0.2 < known.narrowing[0] < 0.4
    assert known.narrowing[2] == pytest.approx(0.0)


def test_a_polynomial_tells_its_error_on_what_it_has_not_seen() -> None:
    """Its variance is that of new data within a quarter (400 new points: false alarm under 1%)."""
    random = rng(3)
    x = random.random((600, 6))
    y = 1.0 + x[:, 0] ** 2 + x[:, 0] * x[:, 1] + 0.2 * random.normal(size=600)
    one = fit(x[:200], y[:200], (0, 1))
    new = np.mean((y[200:] - one.mean(x[200:])) ** 2)
    assert one.variance == pytest.approx(new, rel=0.25)
    assert one.explained > 0.7


def test_errors_that_go_together_keep_going_together() -> None:
    random = rng(4)
    common = random.normal(size=(300, 1))
    errors = common + 0.5 * random.normal(size=(300, 8))
    covariance = shrunk(errors)
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert 0.6 < correlation < 0.9
    alone = shrunk(random.normal(size=(300, 8)))
    assert np.abs(alone - np.diag(np.diag(alone))).max() < 0.1
    assert np.linalg.eigvalsh(covariance).min() > 0.0


def test_history_matching_forgives_two_targets_and_not_three() -> None:
    apart = np.array([[9.0, 9.0, 0.0, 0.0], [9.0, 9.0, 3.1, 0.0], [2.9, 2.9, 2.9, 2.9]])
    np.testing.assert_array_equal(ruled_out(apart), [False, True, False])


def test_systematic_choice_follows_the_weights() -> None:
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    np.testing.assert_array_equal(np.bincount(choose(weights, 10, 0.5), minlength=4), [5, 0, 3, 2])


CHANCE, ERROR = 0.6, 0.4


def linear_gaussian(n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return positions, and what they show: 40 series of three parameters, normal if positions are scored."""
    random = rng(seed)
    slopes = random.normal(size=(3, 40)) * np.array([[0.5], [0.3], [0.05]])
    x = random.random((n, 3))
    return x, stats.norm.ppf(x) @ slopes + CHANCE * random.normal(size=(n, 40)), slopes


@pytest.mark.parametrize("bias", [0.0, 0.3], ids=["good emulator", "poor emulator"])
def test_simulations_give_the_exact_posterior_however_good_the_emulator(bias: float) -> None:
    """A linear normal problem of 40 series, on which plain weights leave next to nothing.

    Means lie within three standard errors, widths within a fifth (false alarm under 1% in all).
    """
    x, y, slopes = linear_gaussian(800, 5)
    data = Data(np.array([0.5, -0.5, 0.0]) @ slopes, np.full(40, ERROR), np.ones(40))
    active = [(0, 1, 2)] * 40
    known = identify(x[:300], y[:300], data.deviation, active)
    emulator = emulate(x[:300], y[:300] + bias * (x[:300, :1] - 0.5), active)
    pool = rng(6).random((20_000, 3))
    likely = emulated(emulator, emulator.mean(pool), data, 1.0)
    chosen = pool[choose(likely, 500, 0.5)]
    more = stats.norm.ppf(chosen) @ slopes + CHANCE * rng(7).normal(size=(500, 40))
    x, y = np.concatenate([x[:300], chosen]), np.concatenate([y[:300], more])
    stages = (Stage(300, None, 1.0, 1.0), Stage(500, emulator, 1.0, float(likely.mean())))
    weights = of_prior(x, stages, data)
    plain = weights * np.exp(data.log_density(y) - data.log_density(y).max())
    near = nearest(x, y, weights, known, data, 1)
    precision = np.eye(3) + slopes @ slopes.T / (ERROR**2 + CHANCE**2)
    exact = np.linalg.solve(precision, slopes @ data.value / (ERROR**2 + CHANCE**2))
    width = np.sqrt(np.diag(np.linalg.inv(precision)))
    score = stats.norm.ppf(near.x)
    mean = near.of_made @ score
    spread = np.sqrt(near.of_made @ (score - mean) ** 2)
    assert near.effective > 100.0
    assert effective(plain) < 20.0
    assert width[0] < 0.5
    assert width[2] > 0.9
    np.testing.assert_array_less(np.abs(mean - exact), 3.0 * width * near.error)
    np.testing.assert_allclose(spread, width, rtol=0.2)


def test_weights_turn_all_populations_into_a_sample_of_the_prior() -> None:
    """Their mean is the prior's, within three standard errors (false alarm 0.3%)."""
    data = Data(np.array([0.8]), np.array([0.1]), np.array([1.0]))
    uniform = rng(5).random((1000, 1))
    emulator = emulate(uniform, uniform, [(0,)])
    pool = rng(6).random((20_000, 1))
    likely = emulated(emulator, emulator.mean(pool), data, 1.0)
    x = np.concatenate([uniform, pool[choose(likely, 1000, 0.5)]])
    stages = (Stage(1000, None, 1.0, 1.0), Stage(1000, emulator, 1.0, float(likely.mean())))
    weights = of_prior(x, stages, data)
    assert x.mean() > 0.6
    assert abs(weights @ x[:, 0] - 0.5) < 3.0 * 0.289 / np.sqrt(effective(weights))


def test_too_few_simulations_are_told() -> None:
    x, y, slopes = linear_gaussian(5, 9)
    data = Data(np.zeros(40), np.full(40, ERROR), np.ones(40))
    known = identify(*linear_gaussian(200, 5)[:2], data.deviation, [(0, 1, 2)] * 40)
    with pytest.raises(ValueError, match="too few"):
        nearest(x, y, np.ones(5), known, data, 1)
    assert slopes.shape == (3, 40)


def toy(n: int, seed: int) -> tuple[Floats, Floats, list[tuple[int, ...]], Data]:
    """Four series of three parameters, one of which hardly matters, and errors as large as the signal."""
    random = rng(seed)
    x = random.random((n, 3))
    y = np.stack([x[:, 0], x[:, 0] + x[:, 1], x[:, 1] ** 2, x[:, 0] - x[:, 1] + 0.1 * x[:, 2]], axis=1)
    y += 0.05 * random.normal(size=y.shape)
    return x, y, [(0,), (0, 1), (1,), (0, 1, 2)], Data(np.zeros(4), np.full(4, 0.15), np.ones(4))


def test_known_parameters_are_found_at_the_nominal_rate() -> None:
    """120 data sets: coverage of 90% lies between 80% and 98%, of 50% between 36% and 64% (three errors)."""
    x, y, active, data = toy(120, 7)
    found = recover(x, y, active, data, rng(8).random((4000, 3)))
    assert found.ranks.shape == (120, 3)
    assert np.all((found.coverage(0.9) >= 0.80) & (found.coverage(0.9) <= 0.98))
    assert np.all((found.coverage(0.5) >= 0.36) & (found.coverage(0.5) <= 0.64))
    assert np.all(found.uniformity() > 0.001)
    held = found.coverage(0.9, emulated=True)
    assert np.all((held >= 0.80) & (held <= 0.98))
    assert found.deviation[:, 0].mean() < 0.15 < found.deviation[:, 2].mean()


def test_ranks_betray_a_method_that_is_too_sure() -> None:
    x, y, active, data = toy(120, 7)
    sure = Data(data.value, data.deviation / 4.0, data.weight)
    emulator = emulate(x, y, active)
    pool = rng(8).random((4000, 3))
    ranks = []
    for i in range(120):
        noise = data.deviation * rng(100 + i).normal(size=4)
        log = Data(y[i] + noise, sure.deviation, sure.weight).log_density(emulator.mean(pool), 1.0)
        weights = np.exp(log - log.max())
        ranks.append(float(weights @ (pool[:, 0] < x[i, 0]) / weights.sum()))
    counts = np.bincount((np.array(ranks) * 9.999).astype(int), minlength=10)
    assert stats.chisquare(counts).pvalue < 1e-4


def test_effective_number() -> None:
    assert effective(np.ones(10)) == pytest.approx(10.0)
    assert effective(np.array([1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert effective(np.zeros(3)) == 0.0
