"""What logic says of extreme conditions, and hazards against their formula."""

from __future__ import annotations

import math
from collections.abc import Callable

import mesa
import numpy as np
import pytest

from simulator.engine.population import Population
from simulator.engine.states import (
    ADULT,
    CHANNELS,
    DEAD,
    EXPLOITED,
    GENERAL_SHELTER,
    HOME,
    IDENTIFIED,
    LEFT_UNASSISTED,
    PROTECTED,
    REINTEGRATED,
    SPECIALISED_SHELTER,
)
from simulator.evidence import Ledger
from simulator.inputs import CORE
from simulator.outcomes.record import SERIES
from simulator.rules import recruitment
from simulator.world import World
from tests.world.conftest import Arrays
from tests.world.test_promises import scenario_of

Build = Callable[..., World]
Finish = Callable[[World], Arrays]


def total(arrays: Arrays, source: int, target: int) -> int:
    return int(arrays["flow"][:, :, source, target].sum())


def test_no_recruitment_no_exploitation(world_of: Build, arrays_of: Finish) -> None:
    arrays = arrays_of(world_of(values={"recruitment.incidence": 0.0}))
    assert arrays["stock"][:, :, EXPLOITED : REINTEGRATED + 2].sum() == 0
    assert arrays["stock"][:, :, HOME].sum() > 0


def test_without_identification_nobody_is_protected(world_of: Build, arrays_of: Finish) -> None:
    arrays = arrays_of(world_of(values={"identification.known_per_year": 0.0}))
    assert total(arrays, EXPLOITED, IDENTIFIED) == 0
    assert arrays["stock"][:, :, IDENTIFIED : REINTEGRATED + 1].sum() == 0
    assert total(arrays, HOME, EXPLOITED) > 0


def test_zero_police_leaves_reports(world_of: Build, arrays_of: Finish) -> None:
    none = scenario_of({"use": "police_capacity", "start": "2017-01", "amount": -1.0})
    others = {f"identification.share_{name}": 0.0 for name in CHANNELS[1:]}
    alone = {"identification.known_per_year": 4000.0, **others, "identification.share_police": 1.0}
    arrays = arrays_of(world_of(none, values=alone))
    assert arrays["flow"][60:, :, EXPLOITED, IDENTIFIED].sum() == 0
    both = arrays_of(world_of(none, values={**alone, "identification.share_community": 0.5}))
    assert both["flow"][60:, :, EXPLOITED, IDENTIFIED].sum() > 0


def test_unlimited_places_nobody_waits(world_of: Build) -> None:
    willing = {
        "care.refusal_near": 0.0,
        "care.refusal_far": 0.0,
        "identification.known_per_year": 6000.0,
    }
    inputs = world_of(values=willing, until=80).inputs
    inputs.places[:] = 1000
    world = world_of(values=willing, until=80, inputs=inputs).run()
    waiting = world.record.series[SERIES.index("waiting_for_place")]
    assert waiting.sum() == 0
    assert world.record.stocks[:, :, SPECIALISED_SHELTER].sum() > 0


def test_no_places_nobody_is_sheltered(world_of: Build, arrays_of: Finish) -> None:
    none = {"care.specialised_places": 0.0, "homes.places": 0.0, "identification.known_per_year": 3000.0}
    arrays = arrays_of(world_of(values=none))
    assert arrays["stock"][:, :, [SPECIALISED_SHELTER, GENERAL_SHELTER]].sum() == 0
    assert total(arrays, IDENTIFIED, PROTECTED) > 0


def test_more_places_never_shelter_fewer(world_of: Build, arrays_of: Finish) -> None:
    sheltered = []
    for amount in (0, 100, 300, 500):
        more = scenario_of(
            {
                "use": "specialised_places",
                "start": "2017-01",
                "amount": amount,
                "admits": "girls",
                "forms": "sexual",
            }
        )
        arrays = arrays_of(world_of(more, values={"identification.known_per_year": 5000.0}))
        sheltered.append(int(arrays["flow"][60:, :, PROTECTED, SPECIALISED_SHELTER].sum()))
    assert sheltered == sorted(sheltered)
    assert sheltered[-1] > sheltered[0]


def within(observed: float, expected: float, variance: float) -> bool:
    """Five standard errors: a false alarm in 1.7 million comparisons."""
    return abs(observed - expected) < 5.0 * math.sqrt(variance)


def test_exits_and_identification_follow_their_rates(world_of: Build, arrays_of: Finish) -> None:
    values = {
        "recruitment.incidence": 6.0,
        "exits.mortality": 0.0046,
        "identification.known_per_year": 2000.0,
        "police.effort_elasticity": 0.0,
    }
    world = world_of(values=values)
    rates = world.inputs.identification.sum(axis=0)
    arrays = arrays_of(world)
    months = {1: 24.0, 2: 30.0}
    for form, spell in months.items():
        # At risk: exploited at the end of the month before, and not turning 18 in the month.
        before = arrays["stock_by_form"][:-1, EXPLOITED, form].astype(float)
        grown = arrays["flow_by_form"][1:, EXPLOITED, ADULT, form]
        at_risk = float((before - grown).sum())
        chance = 1.0 - math.exp(-1.0 / spell)
        left = arrays["flow_by_form"][1:, EXPLOITED, LEFT_UNASSISTED, form].sum()
        assert within(float(left), at_risk * chance, at_risk * chance)
        died = arrays["flow_by_form"][1:, EXPLOITED, DEAD, form].sum()
        death = (1.0 - chance) * (1.0 - math.exp(-0.0046 / 12.0))
        assert within(float(died), at_risk * death, max(at_risk * death, 1.0))
    stock = arrays["stock"][:-1, :, EXPLOITED].sum(axis=0)
    found = arrays["flow"][1:, :, EXPLOITED, IDENTIFIED].sum()
    bounds = [(stock * (1.0 - np.exp(-rates[form]))).sum() for form in (1, 2)]
    assert min(bounds) * 0.9 < found < max(bounds)


def test_returns_are_front_loaded_as_stated(central: dict[str, float]) -> None:
    monthly = recruitment.return_rates(central)
    for row, share in ((0, 0.25), (1, 0.20)):
        by_month = 1.0 - np.exp(-np.cumsum(monthly[row]))
        assert by_month[24] == pytest.approx(share, abs=1e-6)
        half = -math.log1p(-share) / 2.0
        assert np.cumsum(monthly[row])[6] == pytest.approx(half, rel=1e-6)
    assert np.all(np.diff(monthly[:, 1:], axis=1) < 0.0)


def test_marginal_ratios_come_out_and_incidence_is_met(
    population: Population, central: dict[str, float]
) -> None:
    for values in (central, {**central, "recruitment.rr_low_schooling": 12.0, "recruitment.rr_poverty": 1.5}):
        solved = recruitment.solve(values, population.margins)
        for name, factor, _ in recruitment.MARGINAL:
            assert solved.marginal[factor] == pytest.approx(values[name], rel=1e-6)
        children = population.margins.sum()
        assert solved.entries.sum() / children * 1000.0 == pytest.approx(2.1, rel=1e-9)
        labour = solved.entries[2].sum() / solved.entries.sum()
        assert labour == pytest.approx(0.5, rel=1e-9)


def test_mesa_runs_batches(monkeypatch: pytest.MonkeyPatch, population: Population) -> None:
    monkeypatch.setattr("simulator.world.load_population", lambda *_a, **_k: population)
    rows = mesa.batch_run(
        World,
        {"scenario": ["baseline", "policy_2030_funded"], "until": 61},
        rng=[1, 2],
        number_processes=1,
        data_collection_period=1,
        display_progress=False,
    )
    assert {(row["scenario"], row["rng"]) for row in rows} == {
        (name, seed) for name in ("baseline", "policy_2030_funded") for seed in (1, 2)
    }
    last = [row for row in rows if row["Step"] == 62]
    assert len(last) == 4
    assert all(row["exploited"] > 0 for row in last)


def test_frozen_levels_stay_level(world_of: Build) -> None:
    """With drivers and institutions frozen at January 2012 nothing ramps up: the start is stationary."""
    world = world_of(until=119, values={"recruitment.incidence": 6.0})
    inputs = world.inputs
    for name in ("poverty", "extreme", "upe_load", "upe_units", "places", "background"):
        getattr(inputs, name)[:] = getattr(inputs, name)[0]
    frozen = world_of(until=119, values={"recruitment.incidence": 6.0}, inputs=inputs)
    start = float(frozen.record.at_start[:, EXPLOITED].sum())
    frozen.run()
    # The children grow older on the whole between 2012 and 2021, so that each month is held against what the
    # rates of January 2012 make of the children of that month.
    stock = frozen.record.stocks[:, :, EXPLOITED].sum(axis=1).astype(float)
    entries = np.array([part.size for part in frozen.record.entered], float)
    per_entry = stock[6:] / np.convolve(entries, np.ones(24) / 24.0, mode="full")[6 : stock.size]
    early, late = per_entry[18:42].mean(), per_entry[-24:].mean()
    assert late == pytest.approx(early, rel=0.08)
    assert stock[:12].mean() == pytest.approx(start, rel=0.08)


def test_adults_are_recorded_where_exploitation_is(
    world_of: Build, arrays_of: Finish, ledger: Ledger
) -> None:
    """What draws exploitation to a territory draws the records of adults there, too: lists of all ages."""
    core = ledger.territories.mining_marker == CORE
    part = []
    for pull in (1.0, 15.0):
        values = {"movement.share_away": 0.9, "movement.pull_mining_core": pull}
        arrays = arrays_of(world_of(values={**values, "registers.adults_police_per_year": 1e5}))
        adults = arrays["registered_police_adults"].sum(axis=0)
        part.append(float(adults[core].sum() / adults.sum()))
    assert part[1] > 2.0 * part[0]


def test_a_pandemic_hides_adults_and_not_children(world_of: Build, arrays_of: Finish) -> None:
    adults, children = [], []
    strike = slice(12 * 8 + 2, 12 * 8 + 6)
    many = {"registers.adults_police_per_year": 1e5, "identification.known_per_year": 2e4}
    for hidden in (0.0, 0.8):
        values = {"registers.adults_hidden_in_pandemic": hidden, **many}
        arrays = arrays_of(world_of(until=strike.stop - 1, values=values))
        adults.append(float(arrays["registered_police_adults"][strike].sum()))
        children.append(int(arrays["registered_police_children"][strike].sum()))
    assert adults[1] / adults[0] == pytest.approx(0.2, rel=0.15)
    assert children[0] == children[1] > 0
