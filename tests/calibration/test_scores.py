"""Scores against closed forms, forecasts against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calibration.forecasts import naive
from calibration.scores import covered, crps, interval, rank_correlation, share_interval
from calibration.targets import Target
from tests.calibration.targets_for_tests import target


def quantiles_of(distribution: stats.rv_continuous, n: int = 20_000) -> np.ndarray:
    """A sample without chance: evenly spaced quantiles."""
    return np.asarray(distribution.ppf((np.arange(n) + 0.5) / n))[:, None]


@pytest.mark.parametrize("value", [-2.0, 0.0, 0.3, 4.0])
def test_the_score_of_a_normal_forecast_is_its_closed_form(value: float) -> None:
    mean, sd = 0.5, 1.5
    z = (value - mean) / sd
    # Gneiting and Raftery 2007, equation 5.
    expected = sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    sample = quantiles_of(stats.norm(mean, sd))
    assert crps(sample, np.array([value]))[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_the_score_of_a_uniform_forecast_is_its_closed_form(value: float) -> None:
    expected = value**2 - value + 1 / 3
    sample = quantiles_of(stats.uniform())
    assert crps(sample, np.array([value]))[0] == pytest.approx(expected, rel=1e-3)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_score_of_one_number_is_the_absolute_error(forecast: float, value: float) -> None:
    assert crps(np.array([[forecast]]), np.array([value]))[0] == pytest.approx(abs(forecast - value))


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.floats(-100, 100))
def test_the_score_is_the_double_sum(sample: list[float], value: float) -> None:
    x = np.array(sample)
    expected = np.abs(x - value).mean() - np.abs(x[:, None] - x[None]).mean() / 2
    assert crps(x[:, None], np.array([value]))[0] == pytest.approx(expected, abs=1e-9)


def test_intervals_of_a_uniform_sample() -> None:
    sample = quantiles_of(stats.uniform())
    low, high = interval(sample, 0.9)
    assert (low[0], high[0]) == (pytest.approx(0.05, abs=1e-3), pytest.approx(0.95, abs=1e-3))
    values = np.array([0.01, 0.06, 0.5, 0.94, 0.96])
    inside = covered(np.repeat(sample, values.size, axis=1), values, 0.9)
    assert inside.tolist() == [False, True, True, True, False]


def test_nominal_coverage_of_a_true_forecast() -> None:
    """Values are quantiles of the forecast itself: each level holds exactly its share."""
    values = quantiles_of(stats.norm(), 1000)[:, 0]
    sample = np.repeat(quantiles_of(stats.norm()), values.size, axis=1)
    for level in (0.1, 0.5, 0.9):
        assert covered(sample, values, level).mean() == pytest.approx(level, abs=2e-3)


@pytest.mark.parametrize("hits", [0, 1, 12, 19, 20])
def test_exact_intervals_leave_their_tails(hits: int) -> None:
    low, high = share_interval(hits, 20)
    assert low <= hits / 20 <= high
    if hits:
        assert stats.binom.sf(hits - 1, 20, low) == pytest.approx(0.025)
    if hits < 20:
        assert stats.binom.cdf(hits, 20, high) == pytest.approx(0.025)
    assert share_interval(0, 0) == (0.0, 1.0)


def test_rank_correlation_is_spearman() -> None:
    a, b = np.array([1.0, 5.0, 2.0, 9.0, 9.0]), np.array([2.0, 3.0, 1.0, 8.0, 4.0])
    assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert rank_correlation(a, -a) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(a, np.ones(5)))
    assert np.isnan(rank_correlation(a[:2], b[:2]))


def _year(year: int, value: float, **changes: object) -> Target:
    months = {"first": 12 * (year - 2012), "stop": 12 * (year - 2011)}
    return target("police_victims_identified", year=year, value=value, **(months | changes))


CHILDREN = np.ones(26)


def test_forecasts_without_a_model() -> None:
    known = [_year(2015, 100), _year(2016, 200), _year(2017, 300)]
    half = {"first": 84, "stop": 90}
    told = naive([_year(2019, 999), _year(2019, 999, **half), known[1]], known, CHILDREN)
    # Last value 300; a line of 100 a year; mean level 200. Half a year has half of each.
    assert told["last"].tolist() == [300.0, 150.0, 100.0]
    assert told["trend"][:2] == pytest.approx([500.0, 250.0])
    assert np.isnan(told["trend"][2])
    # A fitted figure never sees itself: the level of the other two.
    assert told["level"].tolist() == [200.0, 100.0, 200.0]


def test_forecasts_of_a_falling_line_stay_above_nothing() -> None:
    known = [_year(2015, 300), _year(2016, 200), _year(2017, 100)]
    assert naive([_year(2022, 50)], known, CHILDREN)["trend"][0] == 0.5


def test_what_was_not_known_is_not_looked_at() -> None:
    told = naive([_year(2016, 999)], [_year(2017, 300)], CHILDREN)
    assert np.isnan(told["last"][0])
    assert told["level"].tolist() == [300.0]


def test_territories_by_their_children_and_by_their_last_share() -> None:
    children = np.ones(26)
    children[7] = 3.0
    place = {"region": "PE-CUS", "territories": (7,)}
    early = target("prosecution_complaints", year=2016, value=10.0, total=100.0, **place)
    late = target("police_complaints_pooled_2017_2023", year=2023, value=50.0, total=1000.0, **place)
    told = naive([late], [early], children)
    assert told["last"].tolist() == [100.0]
    assert told["level"] == pytest.approx([1000 * 3 / 28])
    assert np.isnan(told["trend"]).all()


def test_no_change_is_the_forecast_of_a_change() -> None:
    told = naive([target("police_victims_over_year_before", year=2020, value=0.6)], [], CHILDREN)
    assert (told["last"][0], told["level"][0]) == (1.0, 1.0)
