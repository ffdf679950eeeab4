"""The feedback loops of the evaluation, each switched on and off, and the signature it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.engine.factors import lever_order
from simulator.engine.states import (
    CHANNELS,
    EXPLOITED,
    IDENTIFIED,
    INSTITUTIONS,
    LEFT_UNASSISTED,
    PROTECTED,
    SPECIALISED_SHELTER,
)
from simulator.inputs import LIMA, Inputs
from simulator.outcomes.record import SERIES
from simulator.rules import workforce
from simulator.world import World
from tests.world.test_mechanisms import (
    FORCED,
    START,
    base,
    events,
    factor,
    identified,
    prepared,
    quiet_ledger,
    returned,
    roomy,
    roomy_state,
    run_of,
    series,
    stress_scenario,
    stress_values,
    switched,
    world_of,
)

REPLICATES = 3
LORETO = 15
CODES = quiet_ledger().territories.codes
ZONES = tuple("lima" if k in LIMA else zone for k, zone in enumerate(quiet_ledger().territories.zones))


def mean_and_error(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def from_start(world: World, name: str) -> NDArray[np.float64]:
    return factor(name)(world)[START:]


def test_revolving_door() -> None:
    """Crowded homes bring early discharges, and these bring returns (R5 under B4)."""
    months = START + 30
    leave = events(SPECIALISED_SHELTER, LEFT_UNASSISTED)
    early, again = [], []
    for replicate in range(REPLICATES):
        out = {}
        for loop in (True, False):
            values = {
                "care.occupancy_elasticity": 4.0 if loop else 0.0,
                "m054.ratio": 2.5 if loop else 1.0,
            }
            for crowded in (True, False):
                inputs = switched(roomy(base(months)), values)
                inputs = replace(inputs, returns=inputs.returns * 6.0)
                if crowded:
                    taken = inputs.background.copy()
                    taken[START:] = inputs.places[START:] - 5
                    inputs = replace(inputs, background=taken)
                world = run_of(inputs, replicate, roomy_state(replicate))
                out[loop, crowded] = (leave(world)[START:].sum(), returned(world)[START:].sum())
        early.append(out[True, True][0] - out[True, False][0] - (out[False, True][0] - out[False, False][0]))
        again.append(out[True, True][1] - out[True, False][1] - (out[False, True][1] - out[False, False][1]))
    for values_seen in (early, again):
        mean, error = mean_and_error(values_seen)
        assert mean > 3.0 * error > 0.0


def test_capacity_limit() -> None:
    """Finding more children without more staff of the units lowers the share whose case is opened (B4)."""
    months = START + 12
    opened = []
    for more in (1.0, 4.0):
        inputs = base(months)
        priority = switched(
            replace(inputs, identification=inputs.identification * 0.1 * more), {"upe.priority": 0.0}
        )
        load = priority.upe_load.copy()
        load[START:] *= 1.5
        world = run_of(replace(priority, upe_load=load), 0)
        found = identified(world)[START:].sum()
        opened.append(series("upe_opened")(world)[START:].sum() / found)
    assert opened[1] < 0.9 * opened[0]


def test_turnover_trap() -> None:
    """A crisis that empties posts raises the load of those who stay, and they leave too (R4)."""
    months = START + 48
    crisis = {"use": "political_crisis", "from": FORCED, "to": "2018-06", "level": 3.0}
    lasting = {}
    for ratio in (1.0, 1.8):
        vacant = []
        for shocks in ([crisis], []):
            scenario = stress_scenario(shocks=shocks)
            inputs = switched(prepared(scenario, months), {"m011.ratio": ratio, "m098.ratio": 1.6})
            vacant.append(from_start(run_of(inputs, 0), "vacancy"))
        extra = vacant[0] - vacant[1]
        assert extra[6:18].mean() > 0.0
        lasting[ratio] = extra[30:42].mean()
    assert lasting[1.8] > 1.5 * max(lasting[1.0], 0.0)
    assert lasting[1.8] > 0.0


def test_invisible_region() -> None:
    """Where few cases are recorded, budgets and presence fall, and fewer still are recorded (R7)."""
    months = START + 72
    hidden = {"use": "recorded_cases", "where": {"territory": ["16"]}, "from": FORCED, "to": "2019-06"}
    scenario = stress_scenario(context=[{**hidden, "multiply": 0.3}])
    floor = stress_scenario(
        {"use": "regional_allocation", "start": FORCED, "amount": 1.0}, context=[{**hidden, "multiply": 0.3}]
    )
    presence, seen = {}, {}
    for name, asked, follows in (("off", scenario, 0.0), ("on", scenario, 0.6), ("floor", floor, 0.6)):
        values = {"coordination.budget_follows_cases": follows, "m063.ratio": 2.0}
        inputs = switched(prepared(asked, months), values)
        world = run_of(inputs, 0)
        presence[name] = world.system.factors.series("service_presence")[START:, LORETO]
        found = [SERIES.index(f"identified_by_{channel}") for channel in CHANNELS]
        worlds = [world, *(run_of(inputs, replicate) for replicate in range(1, REPLICATES))]
        seen[name] = sum(w.record.series[found, START + 12 : START + 60, LORETO].sum() for w in worlds)
    assert np.all(presence["off"] == 1.0)
    assert presence["on"][24] < 0.8
    # Two years after the records are right again, presence is still below what it was.
    assert presence["on"][48] < 0.95
    assert seen["on"] < 0.95 * seen["off"]
    assert presence["floor"][24] > presence["on"][24] + 0.1
    assert seen["floor"] > seen["on"]


def test_deterrence_against_displacement() -> None:
    """Disruption suppresses networks where it strikes; part comes back there, part elsewhere (B1, B5)."""
    months = START + 36
    amazon = [c for c, zone in zip(CODES, ZONES, strict=True) if zone == "amazon"]
    strike = {"use": "enforcement", "where": {"territory": amazon}, "from": FORCED, "level": 3.0}
    here, there = {}, {}
    for kind, back, moved in (("none", 0.0, 0.0), ("usual", 0.6, 0.3)):
        capacity = []
        for shocks in ([strike], []):
            inputs = prepared(stress_scenario(shocks=shocks), months)
            values = {"networks.replacement_share": back, "networks.displacement_share": moved}
            world = run_of(switched(inputs, values), 0)
            capacity.append(world.system.factors.series("network_capacity")[START + 12 :])
        lost = (capacity[0] - capacity[1]).mean(axis=0)
        inside = np.array([zone == "amazon" for zone in ZONES])
        here[kind], there[kind] = lost[inside].mean(), lost[~inside].mean()
    assert here["none"] < here["usual"] < 0.0
    assert there["none"] == 0.0
    assert there["usual"] > 0.0


def test_deterrence() -> None:
    """Convictions that are perceived lower recruitment, after both delays (B1)."""
    months = START + 30
    certain = {"use": "convictions", "from": FORCED, "multiply": 2.0}
    fewer = []
    entries = events(0, EXPLOITED)
    for replicate in range(REPLICATES):
        totals = {}
        for ratio in (0.6, 1.0):
            for context in ([certain], []):
                inputs = prepared(stress_scenario(context=context), months)
                inputs = switched(inputs, {"m070.ratio": ratio, "m069.ratio": 2.0})
                totals[ratio, bool(context)] = entries(run_of(inputs, replicate))[START + 18 :].sum()
        fewer.append(totals[1.0, True] - totals[1.0, False] - (totals[0.6, True] - totals[0.6, False]))
    mean, error = mean_and_error(fewer)
    assert mean > 3.0 * error > 0.0


def test_visibility() -> None:
    """Cases that are seen raise priority, money and reach, and so what is found (R6)."""
    months = START + 60
    campaign = stress_scenario({"use": "awareness_campaigns", "start": FORCED, "amount": 0.6})
    reach = {}
    for loop in (True, False):
        seen = {"m005.ratio": 1.8, "m044.ratio": 2.0}
        strong = {**seen, "m045.ratio": 1.5, "m013.ratio": 1.6, "communities.cases_on_visibility": 1.4}
        none = {**seen, "m045.ratio": 1.0, "m013.ratio": 1.0, "communities.cases_on_visibility": 1.0}
        world = run_of(switched(prepared(campaign, months), strong if loop else none), 0)
        without = run_of(switched(base(months), strong if loop else none), 0)
        reach[loop] = from_start(world, "reached") - from_start(without, "reached")
    assert np.abs(reach[False]).max() < 0.01
    # Six months to be seen, a year to move priority, a year to move money.
    assert np.abs(reach[True][:24]).max() < 0.02
    assert reach[True][40:].mean() > 0.02


def test_crowding_out() -> None:
    """A surge of protection cases takes money from prevention, and entries follow (B6)."""
    months = START + 36
    surge = {"use": "protection_demand", "from": FORCED, "multiply": 3.0}
    work = {"use": "community_groups", "start": "2017-01", "amount": 0.8}
    left = {}
    for elasticity in (0.0, 1.0):
        scenario = stress_scenario(work, context=[surge])
        inputs = switched(prepared(scenario, months), {"programmes.crowding_out": elasticity})
        left[elasticity] = from_start(run_of(inputs, 0), "community_groups")
    assert left[1.0][12:].mean() < 0.8 * left[0.0][12:].mean()


def test_skill_decay() -> None:
    """Skill fades after training stops: half in nine months if nobody leaves, slower with refreshers (B7)."""
    values = stress_values()
    months = START + 24
    skill = {}
    for name, turnover, more in (
        ("alone", 0.0, ()),
        ("leaving", values["workforce.turnover"], ()),
        ("refreshed", 0.0, ({"use": "refreshers", "start": "2017-01", "amount": 1.0},)),
    ):
        inputs = prepared(stress_scenario(*more), months)
        asked = inputs.history.delivered.copy()
        training = lever_order(inputs.factors)[0].index("training")
        asked[START:, training] = 0.0
        inputs = replace(inputs, history=replace(inputs.history, delivered=asked))
        rates = {"workforce.turnover": turnover, "workforce.turnover_shelter": turnover}
        now = run_of(switched(inputs, rates), 0).system.factors
        people = now.series("newcomers") + now.series("proficient")
        skilled = (now.series("skill") * people).sum(axis=(1, 2))[START:]
        skill[name] = skilled[1:] / skilled[1]
    at = round(values["workforce.half_life"])
    assert skill["alone"][at] == pytest.approx(0.5, abs=0.03)
    assert skill["leaving"][at] < 0.45
    # Refreshers act after nine months of their own.
    assert skill["refreshed"][2 * at] > 1.4 * skill["alone"][2 * at]


def test_sustainability_cliff() -> None:
    """When outside funds end, what they paid for falls off; local ownership keeps part of it."""
    months = START + 36
    kept = {}
    for name, owned in (("imposed", 0.0), ("owned", 1.0)):
        inputs = prepared(stress_scenario(), months)
        funded = inputs.history.funded.copy()
        funded[30:START, :, 15] = 0.4
        outside = inputs.history.outside.copy()
        outside[30:START, 15] = 1.0
        granted = inputs.history.granted.copy()
        granted[:, lever_order(inputs.factors)[1].index("co_design")] = owned
        told = replace(inputs.history, funded=funded, outside=outside, granted=granted)
        inputs = replace(inputs, history=told)
        inputs = switched(inputs, {"m080.ratio": 2.5, "m082.ratio": 3.0})
        with world_of(stress_scenario(), inputs, 0, None) as world:
            world.run()
        kept[name] = world.system.factors.series("relationship_building")[START - 1 :, 15]
    before = kept["imposed"][0]
    assert before > 0.2
    assert kept["imposed"][3] > 0.7 * before
    assert kept["imposed"][12] < 0.3 * before
    assert kept["owned"][12] > 2.0 * kept["imposed"][12]


# -- extreme conditions of every institution ------------------------------------------------------------


def without_staff(kind: int, months: int) -> Inputs:
    inputs = base(months)
    posts = inputs.history.posts.copy()
    posts[START:, kind] = 0.0
    return replace(inputs, history=replace(inputs.history, posts=posts))


NOBODY: dict[str, tuple[Callable[[World], Any], float]] = {
    "police": (series("identified_by_police"), 0.0),
    "prosecutor": (series("cases_to_trial"), 0.0),
    "judge": (series("judge_opened"), 0.0),
    "defence": (factor("cooperation"), 0.0),
    "upe": (series("upe_opened"), 0.0),
    "demuna": (series("identified_by_community"), 0.0),
    "cem": (series("identified_by_health"), 0.6),
    "shelter": (lambda world: -events(SPECIALISED_SHELTER, LEFT_UNASSISTED)(world), -1.5),
    "mental_health": (series("identified_by_health"), 0.85),
    "commission": (factor("coordination"), 0.0),
    "programme": (factor("delivery"), 0.9),
}
"""What is left of an institution's work without anybody in it, at most as a share of what it usually is."""


@pytest.mark.parametrize("name", INSTITUTIONS)
def test_an_institution_without_people(name: str) -> None:
    months = START + 13
    probe, most = NOBODY[name]
    everybody, nobody = base(months), without_staff(INSTITUTIONS.index(name), months)
    kept = None
    if name == "shelter":
        everybody, nobody, kept = roomy(everybody), roomy(nobody), roomy_state(0)
    empty, usual = run_of(nobody, 0, kept), run_of(everybody, 0, kept)
    here, there = (float(probe(world)[START + 2 :].sum()) for world in (empty, usual))
    assert there != 0.0
    assert here <= most * abs(there) + 1e-12
    present = empty.system.staff.present[INSTITUTIONS.index(name)]
    assert float(present.sum()) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("levers", [{}, {"police_capacity": 2.0, "upe_capacity": -0.5, "retention_pay": 1.0}])
def test_posts_are_filled_or_vacant(levers: dict[str, float]) -> None:
    """Posts = vacancies + newcomers + proficient, in every month, institution and territory."""
    rows = [{"use": use, "start": FORCED, "amount": amount} for use, amount in levers.items()]
    inputs = prepared(stress_scenario(*rows), START + 30)
    world = run_of(inputs, 0)
    staff = world.system.staff
    np.testing.assert_allclose(staff.posts, staff.vacant + staff.newcomers + staff.proficient, rtol=1e-12)
    now = world.system.factors
    vacant = now.series("vacancy") * now.series("posts")
    total = vacant + now.series("newcomers") + now.series("proficient")
    chosen = slice(START, START + 30)
    np.testing.assert_allclose(total[chosen], now.series("posts")[chosen], rtol=1e-9)
    for table in (staff.newcomers, staff.proficient, staff.skilled):
        assert table.min() >= 0.0
    assert np.all(staff.skilled <= staff.present + 1e-12)


def test_reference_conditions_are_stationary() -> None:
    """With nothing happening, the staff to which posts settle stays as it is."""
    p = stress_values()
    posts = np.full((len(INSTITUTIONS), 26), 10.0)
    staff = workforce.settled(p, posts)
    start = staff.copy()
    leave = 1.0 - np.exp(-workforce.base_turnover(p) / 12.0)
    for _ in range(24):
        staff.newcomers *= 1.0 - leave
        staff.proficient *= 1.0 - leave
        staff.newcomers += staff.vacant * (1.0 - np.exp(-1.0 / p["workforce.vacancy_months"]))
        learnt = staff.newcomers * (1.0 - np.exp(-1.0 / p["workforce.months_to_proficiency"]))
        staff.newcomers -= learnt
        staff.proficient += learnt
    np.testing.assert_allclose(staff.newcomers, start.newcomers, rtol=1e-9)
    np.testing.assert_allclose(staff.proficient, start.proficient, rtol=1e-9)


def test_cases_balance() -> None:
    """Cases opened are open, archived, or ended by conviction or acquittal."""
    world = run_of(base(START + 40), 0)
    counts = {
        stage: series(f"cases_to_{stage}")(world)[START:].sum()
        for stage in ("investigation", "archived", "convicted", "acquitted")
    }
    stock = series("open_cases")(world)
    ended = counts["archived"] + counts["convicted"] + counts["acquitted"]
    assert stock[-1] - stock[START - 1] == counts["investigation"] - ended
    assert counts["convicted"] > 0


def test_children_found_are_those_of_the_channels() -> None:
    world = run_of(base(START + 24), 0)
    by_channel = sum(series(f"identified_by_{name}")(world) for name in CHANNELS)
    np.testing.assert_array_equal(by_channel, events(EXPLOITED, IDENTIFIED)(world))
    opened = series("upe_opened")(world) + series("judge_opened")(world)
    np.testing.assert_array_equal(opened, events(IDENTIFIED, PROTECTED)(world))
    lists = series("registered_police_children")(world)
    assert np.all(lists <= by_channel)
    assert lists.sum() > 0


@pytest.mark.parametrize(
    ("lever", "name"),
    [
        ("police_capacity", "identified_by_police"),
        ("upe_capacity", "upe_opened"),
        ("prosecutor_staffing", "cases_to_trial"),
    ],
)
def test_more_posts_do_more_once_people_fill_them(lever: str, name: str) -> None:
    """New posts are vacant at first; they never do harm, and do more within a year."""
    months = START + 24
    more = prepared(stress_scenario({"use": lever, "start": FORCED, "amount": 1.0}), months)
    kind = {"police_capacity": "police", "upe_capacity": "upe", "prosecutor_staffing": "prosecutor"}[lever]
    strength = []
    for inputs in (more, base(months)):
        now = run_of(inputs, 0).system.factors
        strength.append(now.series("strength")[START:, INSTITUTIONS.index(kind)].mean(axis=1))
    assert np.all(strength[0] >= strength[1])
    assert strength[0][0] < 1.5 * strength[1][0]
    assert strength[0][-1] > 1.7 * strength[1][-1]
    done = [series(name)(run_of(inputs, 0))[START + 6 :].sum() for inputs in (more, base(months))]
    assert done[0] > 1.02 * done[1]
