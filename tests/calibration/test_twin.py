"""The stock-and-flow twin: it agrees with the agents where both must, balances, and converges."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from scenarios import load_scenario
from simulator.engine.draws import make_key
from simulator.engine.population import Population, build
from simulator.engine.states import ADULT, EXPLOITED, HOME, IDENTIFIED, STATES
from simulator.evidence import Ledger, load_ledger
from simulator.inputs import Inputs, prepare
from simulator.outcomes.dataset import DIMS
from simulator.outcomes.tally import tally
from simulator.rules import networks
from simulator.system import System
from simulator.twin.chances import Search
from simulator.twin.compartments import (
    COARSE,
    FINE,
    GROUPS,
    INDEX,
    IS_LAST,
    NAMES,
    OF_ROW,
    PROGRESS,
    STATE_OF,
    _phase_chances,
    pooled,
)
from simulator.twin.months import SERIES, solve
from simulator.world import World

STOP = 96
"""December 2019 is the last month."""

FROM = 60
ALIKE = ("recruitment.rr_", "identification.rr_", "returns.rr_extreme")
"""Rate ratios by which children and places differ."""

NO_FEEDBACK = {
    "police.effort_elasticity": 0.0,
    "programmes.crowding_out": 0.0,
    "coordination.budget_follows_cases": 0.0,
    "communities.cases_on_visibility": 1.0,
    "care.occupancy_elasticity": 0.0,
    "networks.disruption_per_year": 1e-9,
    "upe.priority": 1.0,
}
PLENTY = {
    "recruitment.incidence": 40.0,
    "identification.known_per_year": 90_000.0,
    "care.specialised_places": 400_000.0,
    "homes.places": 1_200_000.0,
    "care.refusal_near": 0.0,
    "care.refusal_far": 0.0,
    "upe.reach_urban": 0.7,
    "upe.reach_rural": 0.7,
    "upe.response_ratio_regions": 1.0,
}


@cache
def quiet() -> Ledger:
    """The ledger without shocks, programmes, and openings of police and prosecution."""
    ledger = load_ledger()
    kept = tuple(row for row in ledger.institutions if row.kind in ("upe", "specialised_shelter"))
    return replace(ledger, shocks=(), programmes=(), institutions=kept)


@cache
def population() -> Population:
    return build(load_ledger(), scale=0.02)


def values(**more: float) -> dict[str, float]:
    return {name: p.central for name, p in quiet().parameters.items()} | more


@cache
def homogeneous() -> Inputs:
    """Children alike, places alike, room for all, and nothing that answers to anything."""
    named = values()
    alike = {name: 1.0 for name in named if name.startswith(ALIKE)}
    links = {name: 1.0 for name in named if name.startswith("m") and name.endswith(".ratio")}
    p = {**named, **links, **alike, **NO_FEEDBACK, **PLENTY}
    inputs = prepare(load_scenario("baseline"), p, quiet(), population(), STOP)
    one = np.ones_like(inputs.upe_units)
    load = np.full_like(inputs.upe_reference_load, inputs.upe_reference_load.max())
    return replace(inputs, upe_units=one, upe_reference_units=one[0], upe_reference_load=load)


@cache
def baseline() -> Inputs:
    return prepare(load_scenario("baseline"), values(), load_ledger(), population(), STOP)


@cache
def twin(steps: int | None, *, alike: bool = True, first: int = 0) -> xr.Dataset:
    ledger = quiet() if alike else load_ledger()
    inputs = homogeneous() if alike else baseline()
    more: dict[str, Any] = {"ledger": ledger, "population": population(), "inputs": inputs}
    return solve(until=STOP - 1, first=first, steps=steps, **more)


@cache
def agents() -> dict[str, NDArray[Any]]:
    inputs = homogeneous()
    given: dict[str, Any] = {"ledger": quiet(), "population": population(), "inputs": inputs}
    with World("baseline", 5, until=STOP - 1, **given) as world:
        world.run()
        return tally(population(), world.record, 0, STOP)


def deviations(steps: int | None) -> dict[str, float]:
    """Return by stock or flow how many standard errors the agents are from the twin.

    With nothing that children share, a count of children is a Poisson number whose mean is the twin's: its
    variance is its mean. Stocks of two Decembers, flows of three years; counts that expect fewer than 20 are
    left out.
    """
    solved, run = twin(steps), agents()
    out = {}
    for month in (71, 95):
        expected = solved["stock_by_form"].sum("form").isel(month=month)
        counted = run["stock_by_form"][month].sum(axis=-1)
        for state in range(EXPLOITED, ADULT):
            mean = float(expected.sel(state=STATES[state]))
            if mean >= 20.0:
                out[f"{STATES[state]} {month}"] = (counted[state] - mean) / np.sqrt(mean)
    expected = solved["flow_by_form"].sum("form").isel(month=slice(FROM, STOP)).sum("month")
    counted = run["flow_by_form"][FROM:STOP].sum(axis=(0, -1))
    for a in solved["from_state"].values:
        for b in solved["to_state"].values:
            mean = float(expected.sel(from_state=a, to_state=b))
            if mean >= 20.0:
                out[f"{a} to {b}"] = (counted[STATES.index(a), STATES.index(b)] - mean) / np.sqrt(mean)
    return out


@pytest.mark.parametrize("steps", [1, None])
def test_the_twin_agrees_with_the_agents(steps: int | None) -> None:
    """Within 4.5 standard errors each, and 1.7 in mean square.

    False alarms: below 0.0004 for the 50 or so counts (two-sided 7e-6 each); the counts are correlated, and a
    mean square above 1.7 is rarer than 0.002 if a third of them were independent. The seed is fixed.
    """
    found = deviations(steps)
    assert len(found) > 45
    worst = max(found, key=lambda name: abs(found[name]))
    assert abs(found[worst]) < 4.5, (worst, found[worst])
    assert np.mean(np.square(list(found.values()))) < 1.7


def test_the_agreement_would_fail_for_a_wrong_rule() -> None:
    """One parameter 30% off is seen: the comparison has the power to fail."""
    p = homogeneous().values
    longer = {**p, "exits.spell_labour_months": 1.3 * p["exits.spell_labour_months"]}
    wrong = replace(homogeneous(), values=longer)
    solved = solve(until=STOP - 1, first=0, steps=1, ledger=quiet(), population=population(), inputs=wrong)
    mean = float(solved["stock_by_form"].sel(state="EXPLOITED").sum("form").isel(month=95))
    counted = agents()["stock_by_form"][95, EXPLOITED].sum()
    assert abs(counted - mean) / np.sqrt(mean) > 4.5


def test_steps_converge_to_the_solution() -> None:
    """Halving the step halves the error, and the solver's own tolerance is far below it."""
    given: dict[str, Any] = {"ledger": load_ledger(), "population": population(), "inputs": baseline()}

    def stocks(**more: Any) -> NDArray[np.float64]:
        solved = solve(until=12, first=12, **given, **more)
        return np.asarray(solved["stock_by_sex"].sum("sex").values[0, EXPLOITED:])

    exact = stocks()
    error = {steps: float(np.abs(stocks(steps=steps) - exact).sum()) for steps in (1, 2, 4)}
    assert 1.6 < error[1] / error[2] < 2.4
    assert 1.6 < error[2] / error[4] < 2.4
    assert float(np.abs(stocks(rtol=1e-7, atol=1e-8) - exact).sum()) < 0.01 * error[4]


@pytest.mark.parametrize("steps", [1, None])
def test_children_of_the_twin_are_conserved(steps: int | None) -> None:
    """In every month and state, the stock changes by what flows in less what flows out."""
    solved = twin(steps, alike=steps is None)
    stock = solved["stock_by_form"].sum("form").values
    flow = solved["flow_by_form"].sum("form").values
    for state in range(EXPLOITED, ADULT):
        came = flow[1:, :, state - EXPLOITED].sum(axis=1)
        went = flow[1:, state].sum(axis=1)
        np.testing.assert_allclose(np.diff(stock[:, state]), came - went, atol=1e-6)
    assert stock[:, HOME:].min() >= 0.0
    assert flow.min() >= -1e-9


def test_the_twin_speaks_as_the_model() -> None:
    """Names, dimensions and labels are those of the model's dataset."""
    solved = twin(1, alike=False)
    assert set(SERIES) < set(solved.data_vars)
    for name, variable in solved.data_vars.items():
        assert variable.dims == DIMS[str(name)]
        assert variable.attrs["units"]
    by_sex = solved["stock_by_sex"].sum("sex")
    xr.testing.assert_allclose(by_sex, solved["stock_by_form"].sum("form"))
    xr.testing.assert_allclose(by_sex, solved["stock_by_age_band"].sum("age_band"))
    channels = sum(solved[f"identified_by_{name}"] for name in ("police", "community", "self"))
    found = solved["flow_by_form"].sel(from_state="EXPLOITED", to_state="IDENTIFIED").sum("form")
    share = (channels.sum("territory") / found).values
    assert np.all((share > 0.5) & (share < 1.0))
    opened = (solved["upe_opened"] + solved["judge_opened"]).sum("territory")
    protected = solved["flow_by_form"].sel(from_state="IDENTIFIED", to_state="PROTECTED").sum("form")
    np.testing.assert_allclose(opened, protected, rtol=1e-6)


def test_more_places_are_never_fewer_residents() -> None:
    residents = []
    for places in (60.0, 120.0, 480.0):
        p = values(**{"care.specialised_places": places})
        inputs = prepare(load_scenario("baseline"), p, load_ledger(), population(), STOP)
        solved = solve(until=STOP - 1, steps=1, ledger=load_ledger(), population=population(), inputs=inputs)
        stock = solved["stock_by_form"].sel(state="SPECIALISED_SHELTER").sum("form")
        residents.append(float(stock.mean()))
    assert residents[0] <= residents[1] <= residents[2]
    assert residents[0] < residents[2]


def test_nobody_is_found_where_nobody_looks() -> None:
    inputs = replace(baseline(), identification=np.zeros_like(baseline().identification))
    solved = solve(until=20, first=0, steps=1, ledger=load_ledger(), population=population(), inputs=inputs)
    stock = solved["stock_by_form"].sum("form")
    assert float(np.abs(stock.isel(state=slice(IDENTIFIED, ADULT - 1))).sum()) == 0.0
    assert float(stock.sel(state="EXPLOITED").min()) > 0.0


def test_networks_lose_what_disruption_is_expected_to_take() -> None:
    """The mean of networks disrupted by chance, over 40 keys and four months, is the expectation.

    Bound: 4 standard errors; false alarms below 0.0001.
    """

    def capacity(key: NDArray[np.uint32] | None) -> float:
        system = System(baseline(), make_key(0, 0))
        usual = np.ones(26)
        for month in range(4):
            system.factors.begin(month)
            networks.disrupt(
                system.factors, system.networks, baseline().network_group, usual, key, 0.0 * usual
            )
        return float(system.networks.capacity.sum())

    drawn = np.array([capacity(make_key(1, k)) for k in range(40)])
    error = drawn.std(ddof=1) / np.sqrt(drawn.size)
    assert error > 0.0
    assert abs(drawn.mean() - capacity(None)) < 4.0 * error


def test_unequal_places_keep_their_mean_stay_and_their_exits() -> None:
    chances = np.array([[0.1, 0.5], [0.2, 0.1]])
    weights = np.array([3.0, 1.0])
    stay = (3.0 / 0.3 + 1.0 / 0.6) / 4.0
    shares = np.array(
        [3.0 / 4.0 * 0.1 / 0.3 + 1.0 / 4.0 * 0.5 / 0.6, 3.0 / 4.0 * 0.2 / 0.3 + 1.0 / 4.0 * 0.1 / 0.6]
    )
    np.testing.assert_allclose(pooled(weights, chances), shares / stay)


@pytest.mark.parametrize(("name", "starts"), [("left", FINE), ("family", COARSE)])
def test_phases_keep_the_chance_of_returning(name: str, starts: tuple[int, ...]) -> None:
    """Passing through all phases but the last has the chance of not returning in their months."""
    rate = np.tile(0.03 * np.exp(-np.arange(61) / 9.0), (len(NAMES), 1))
    chance = _phase_chances(rate)
    rows = (INDEX[name] == OF_ROW) & ~IS_LAST
    survive, step = 1.0 - chance[rows], PROGRESS[rows]
    passing = (survive * step / (1.0 - survive * (1.0 - step))).prod()
    np.testing.assert_allclose(passing, np.exp(-rate[0, 1 : starts[-1]].sum()))


def test_a_search_ends_one_way() -> None:
    each = np.full(len(GROUPS), 0.2)
    search = Search(each, each, each, each)
    np.testing.assert_allclose(search.moves_in + search.due + search.refused + search.none, 1.0)
    assert STATE_OF[INDEX["exploited"]] == EXPLOITED
