"""Draws of the posterior: the same however many, under their structures, and only of the ledger it fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator import terminal
from simulator.engine.population import Population, build
from simulator.evidence import Ledger, load_ledger
from simulator.experiments.design import DRAWS_FROM, parameter_draws
from simulator.experiments.posterior import check_posterior, digest, held_by, load_posterior, posterior_draw
from simulator.experiments.prior import plausible
from simulator.experiments.structures import load_structures, structure_groups, under
from simulator.faults import FaultyInput

POSTERIOR = load_posterior()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return load_ledger()


@pytest.fixture(scope="module")
def population(ledger: Ledger) -> Population:
    return build(ledger, scale=0.01)


def test_the_posterior_that_comes_along_fits_the_ledger_that_comes_along(ledger: Ledger) -> None:
    check_posterior(POSTERIOR, ledger)
    assert POSTERIOR.manifest["scale"] == 1.0
    assert POSTERIOR.weights.sum() == pytest.approx(1.0)
    assert len(POSTERIOR.weights) >= 100
    *run, _ = POSTERIOR.manifest["waves"]
    shown = POSTERIOR.manifest["shown_by_waves"]
    assert len(shown) == len(run)
    assert shown[0]["log_likelihood"] < shown[-1]["log_likelihood"]
    assert POSTERIOR.manifest["simulations"] == sum(wave["simulations"] for wave in run)


def test_every_set_stands_for_one_structure_of_each_group_inside_its_ranges(ledger: Ledger) -> None:
    structures, groups = load_structures(), structure_groups()
    for held, values in zip(POSTERIOR.structures, POSTERIOR.values, strict=True):
        assert [structures[name].group for name in held] == list(groups)
        narrowed = under(ledger, [structures[name] for name in held]).parameters
        for name, value in zip(POSTERIOR.names, values, strict=True):
            one = narrowed[name]
            assert one.low * (1 - 1e-5) - 1e-9 <= value <= one.high * (1 + 1e-5) + 1e-9
    for members in groups.values():
        assert sum(POSTERIOR.share(name) for name in members) == pytest.approx(1.0)


def test_more_draws_go_on_with_the_same_ones(ledger: Ledger, population: Population) -> None:
    few, _ = parameter_draws(ledger, population, 4, seed=5)
    more, rejected = parameter_draws(ledger, population, 9, seed=5)
    assert more[:4] == few
    assert few[0] == {name: one.central for name, one in ledger.parameters.items()}
    assert 0.0 <= rejected < 0.6
    assert all(plausible(one, population) for one in more)
    others, _ = parameter_draws(ledger, population, 4, seed=6)
    assert others[0] == few[0]
    assert others[1:] != few[1:]


def test_what_the_data_say_nothing_of_varies_by_its_prior(ledger: Ledger, population: Population) -> None:
    draws, _ = parameter_draws(ledger, population, 25, seed=2)
    for name in ("networks.growth_per_year", "cost.community_groups"):
        one = ledger.parameters[name]
        values = np.array([draw[name] for draw in draws[1:]])
        assert np.unique(values).size == 24
        assert one.low <= values.min() < one.central < values.max() <= one.high


def test_draws_cover_the_weights_evenly(ledger: Ledger, population: Population) -> None:
    """The mean of 24 draws lies within 0.6 standard deviations of the posterior's (0.2 would be usual)."""
    name = POSTERIOR.names[int(np.argmax(POSTERIOR.values.std(axis=0) > 0.0))]
    column = POSTERIOR.names.index(name)
    drawn = [posterior_draw(POSTERIOR, ledger, population, k, 3)[0].values[name] for k in range(1, 25)]
    mean = POSTERIOR.weights @ POSTERIOR.values[:, column]
    spread = np.sqrt(POSTERIOR.weights @ (POSTERIOR.values[:, column] - mean) ** 2)
    assert abs(np.mean(drawn) - mean) < 0.6 * spread


def test_a_ledger_under_a_structure_gives_draws_under_it(ledger: Ledger, population: Population) -> None:
    structure = load_structures()["turnover.pay"]
    narrowed = under(ledger, [structure])
    assert held_by(ledger) == ()
    assert held_by(narrowed) == ("turnover.pay",)
    draws, _ = parameter_draws(narrowed, population, 5, seed=1)
    for draw in draws:
        for name, (low, _, high) in structure.ranges.items():
            assert low <= draw[name] <= high


def test_priors_by_choice(ledger: Ledger, population: Population) -> None:
    draws, rejected = parameter_draws(ledger, population, 5, seed=1, draws_from="prior")
    assert draws[0] == {name: one.central for name, one in ledger.parameters.items()}
    assert draws[1:] != parameter_draws(ledger, population, 5, seed=1)[0][1:]
    assert 0.0 <= rejected < 0.8
    assert terminal.DRAWS_FROM == DRAWS_FROM


def changed(ledger: Ledger, name: str, **more: float) -> Ledger:
    return replace(ledger, parameters={**ledger.parameters, name: replace(ledger.parameters[name], **more)})


def test_another_ledger_is_told_and_never_used_silently(ledger: Ledger, population: Population) -> None:
    narrowed = {name for one in load_structures().values() for name in one.ranges}
    fitted = next(name for name in POSTERIOR.names if name not in narrowed)
    other = changed(ledger, fitted, high=ledger.parameters[fitted].high * 1.1)
    with pytest.raises(FaultyInput, match="--draws-from prior") as caught:
        parameter_draws(other, population, 3, seed=1)
    [fault] = caught.value.faults
    assert fault.where == "posterior.csv"
    assert parameter_draws(other, population, 3, seed=1, draws_from="prior")
    assert parameter_draws(other, population, 1, seed=1), "the central set needs no posterior"


def test_what_a_fit_does_not_hold_fixed_may_change(ledger: Ledger) -> None:
    free = next(name for name in ledger.parameters if name not in POSTERIOR.names)
    assert digest(changed(ledger, free, low=0.0), POSTERIOR.names) == digest(ledger, POSTERIOR.names)


def test_sets_within_structures() -> None:
    within = POSTERIOR.within(["deterrence.weak", "turnover.pay"])
    assert within.weights.sum() == pytest.approx(1.0)
    assert all({"deterrence.weak", "turnover.pay"} <= set(held) for held in within.structures)
    with pytest.raises(ValueError, match="no set"):
        POSTERIOR.within(["deterrence.weak", "deterrence.strong"])
