"""Every causal statement, switched on and off: its effect moves, with its sign, after its delay.

The stress world has no history (no shocks, no programmes), much exploitation and much identification, so
that effects can be counted. From a kept state the cause is forced at one month, with the link at its strong
end and with the link off; nothing else differs, chance is the same. What the link does is the difference
between the two differences forced less not forced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenarios import Scenario
from simulator.engine.active import FORM_SHIFT, FROM_SHIFT, MONTH_BITS, TO_SHIFT
from simulator.engine.population import NORMS, POOR, Population, build
from simulator.engine.states import (
    ADULT,
    EXPLOITED,
    FOLLOW_UP,
    GENERAL_SHELTER,
    HOME,
    IDENTIFIED,
    LABOUR,
    LEFT_UNASSISTED,
    PROTECTED,
    REINTEGRATED,
    SPECIALISED_SHELTER,
)
from simulator.evidence import Ledger, load_ledger
from simulator.evidence.mechanisms import links
from simulator.inputs import ALL_GROUPS, Inputs, prepare
from simulator.outcomes.record import SERIES
from simulator.world import Kept, World
from tests.world.test_promises import LABEL

START = 66
"""July 2017: the cause is forced."""

FORCED = "2017-07"
REPLICATES = 3

STRESS = {
    "recruitment.incidence": 12.0,
    "identification.known_per_year": 60000.0,
    "workforce.trained_per_year": 1.6,
    "coordination.budget_follows_cases": 0.0,
    "communities.cases_on_visibility": 1.0,
    "programmes.crowding_out": 0.0,
    "justice.adult_complaints_per_year": 60000.0,
}

type Series = NDArray[np.float64]


@cache
def quiet_ledger() -> Ledger:
    """The ledger without what happened: no shocks, no programmes, no openings of police and prosecution."""
    ledger = load_ledger()
    kept = tuple(row for row in ledger.institutions if row.kind in ("upe", "specialised_shelter"))
    return replace(ledger, shocks=(), programmes=(), institutions=kept)


@cache
def stress_population() -> Population:
    return build(load_ledger(), scale=0.02, last_year=2050)


@cache
def stress_values() -> dict[str, float]:
    ledger = quiet_ledger()
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    return {**central, **STRESS}


def stress_scenario(*interventions: dict[str, Any], **more: Any) -> Scenario:
    always = {"use": "training", "start": "2017-01", "amount": 0.5}
    return Scenario.from_mapping(
        {"schema": 1, "base": "baseline", "label": LABEL, "interventions": [always, *interventions], **more},
        name="stress",
    )


@cache
def prepared(scenario: Scenario, months: int) -> Inputs:
    return prepare(scenario, stress_values(), quiet_ledger(), stress_population(), months)


@cache
def kept_state(replicate: int) -> Kept:
    inputs = prepared(stress_scenario(), START + 2)
    with world_of(stress_scenario(), inputs, replicate, None) as world:
        world.run(until=START)
        return world.keep()


def world_of(scenario: Scenario, inputs: Inputs, replicate: int, kept: Kept | None) -> World:
    return World(
        scenario,
        7,
        replicate=replicate,
        until=inputs.n_months - 1,
        ledger=quiet_ledger(),
        population=stress_population(),
        inputs=inputs,
        kept=kept,
    )


def factor(name: str) -> Callable[[World], Series]:
    """Probe: the mean of a factor over territories (and kinds of institution) by month."""

    def probe(world: World) -> Series:
        series = world.system.factors.series(name)
        return series.reshape(series.shape[0], -1).mean(axis=1)

    return probe


def events(source: int | None, target: int | None, form: int | None = None) -> Callable[[World], Series]:
    """Probe: how many children pass from one state to another by month."""

    def probe(world: World) -> Series:
        word = np.concatenate(world.record.events)
        a = (word >> np.uint64(FROM_SHIFT)) & np.uint64(15)
        b = (word >> np.uint64(TO_SHIFT)) & np.uint64(15)
        chosen = a != b
        if source is not None:
            chosen &= a == source
        else:
            chosen &= (a > EXPLOITED) & (a < ADULT)
        if target is not None:
            chosen &= b == target
        if form is not None:
            chosen &= (word >> np.uint64(FORM_SHIFT)) & np.uint64(3) == form
        month = word[chosen] & np.uint64((1 << MONTH_BITS) - 1)
        return np.bincount(month.astype(np.int64), minlength=world.last_month + 1).astype(float)

    return probe


def series(name: str) -> Callable[[World], Series]:
    """Probe: a recorded series of institutions, summed over territories."""
    return lambda world: world.record.series[SERIES.index(name)].sum(axis=1)


entries = events(HOME, EXPLOITED)
labour_entries = events(HOME, EXPLOITED, LABOUR)
identified = events(EXPLOITED, IDENTIFIED)
returned = events(None, EXPLOITED)
protected = events(IDENTIFIED, PROTECTED)
"""Children first exploited, found, exploited again, protected, by month."""


@dataclass(frozen=True)
class Force:
    """How the cause of a statement is made to rise from one month on.

    ``up`` tells whether the factor that stands for the cause rises or falls.
    """

    interventions: tuple[dict[str, Any], ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    funded: tuple[int, ...] = ()
    up: bool = True


def lever(use: str) -> Force:
    return Force(({"use": use, "start": FORCED, "amount": 1.0},))


def factor_times(use: str, multiply: float) -> Force:
    return Force(more={"context": [{"use": use, "from": FORCED, "multiply": multiply}]}, up=multiply > 1.0)


def shock(use: str, level: float = 1.0) -> Force:
    return Force(more={"shocks": [{"use": use, "from": FORCED, "level": level}]})


UPSTREAM = {
    "disruption": shock("pandemic"),
    "income_crisis": shock("pandemic"),
    "turbulence": shock("political_crisis"),
    "arrivals": shock("arrivals"),
    "network_disruption": shock("enforcement", 3.0),
    "police_unit": lever("police_units"),
    "regional_police_unit": lever("police_units"),
    "prosecutor_office": lever("specialised_prosecutors"),
    "trained_justice": lever("training"),
    "trained_judges": lever("judge_training"),
    "demonstrated_success": lever("community_groups"),
    "continuity": Force(funded=(15, 16)),
    "concentration": Force(funded=(15, 16)),
}
"""How causes are forced that no lever or assumption sets directly."""

COUNTED: dict[str, Callable[[World], Series]] = {
    "M025": identified,
    "M030": entries,
    "M034": identified,
    "M048": protected,
    "M050": entries,
    "M061": identified,
    "M063": identified,
    "M068": identified,
    "M070": entries,
    "M071": returned,
    "M075": identified,
    "M085": returned,
    "M087": identified,
    "M091": identified,
    "M092": labour_entries,
    "M093": entries,
    "M100": entries,
    "M103": entries,
    "M104": entries,
    "M109": entries,
    "M113": entries,
}
"""Statements whose named effect is counted in children, beside the factor that carries it."""

SPECIAL = (*("M007", "M039", "M043", "M054", "M055", "M072", "M081", "M083", "M084", "M088", "M090"),)
"""Statements carried by the structure of a rule: each has a test of its own below."""

SWITCH = {
    "M004": {"workforce.trained_per_year": 0.0},
    "M008": {"workforce.turnover": 1e-6, "workforce.turnover_shelter": 1e-6},
    "M058": {"workforce.half_life_refreshed": 9.0},
    "M065": {"workforce.toolkit_retention": 0.0},
}
"""Parameter values that switch off what is no rate ratio."""


def force_of(mechanism: Any) -> Force:
    reads = mechanism.reads
    if reads in UPSTREAM:
        return UPSTREAM[reads]
    known = quiet_ledger().factors
    if known[reads].kind == "lever":
        return lever(reads)
    # Room is left below the bound beyond which links are not read.
    return factor_times(reads, 0.5 if reads in ("field_presence", "service_presence") else 2.0)


def forced_inputs(force: Force, months: int) -> tuple[Scenario, Inputs]:
    scenario = stress_scenario(*force.interventions, **force.more)
    inputs = prepared(scenario, months)
    if force.funded:
        funded = inputs.history.funded.copy()
        funded[START:, :, list(force.funded)] = 0.3
        outside = inputs.history.outside.copy()
        outside[START:, list(force.funded)] = 1.0
        inputs = replace(inputs, history=replace(inputs.history, funded=funded, outside=outside))
    return scenario, inputs


def switched(inputs: Inputs, values: dict[str, float]) -> Inputs:
    """Return inputs with some parameter values replaced, links included; what was solved before stays."""
    changed = {**inputs.values, **values}
    ledger = quiet_ledger()
    return replace(inputs, values=changed, links=links(ledger.mechanisms, ledger.factors, changed))


def what_the_link_does(
    mechanism_id: str, probe: Callable[[World], Series], replicate: int, months: int
) -> Series:
    """Return [month] (forced - not forced) with the link less the same without it."""
    mechanism = quiet_ledger().mechanisms[mechanism_id]
    force = force_of(mechanism)
    name = mechanism.parameters[0]
    parameter = quiet_ledger().parameters[name]
    if mechanism_id in SWITCH:
        off, on = SWITCH[mechanism_id], {}
    else:
        strong = parameter.high if parameter.central >= 1.0 else parameter.low
        off, on = {name: 1.0}, {name: strong}
    total = np.zeros(months)
    for forced, sign in ((True, 1.0), (False, -1.0)):
        scenario, inputs = forced_inputs(force if forced else Force(), months)
        for values, way in ((on, 1.0), (off, -1.0)):
            with world_of(scenario, switched(inputs, values), replicate, kept_state(replicate)) as world:
                world.run()
                total += sign * way * probe(world)
    return total


def expected_sign(mechanism_id: str) -> int:
    """Return the sign with which the probe moves when the forced cause moves as it was forced."""
    mechanism = quiet_ledger().mechanisms[mechanism_id]
    sign = -1 if mechanism.sign in ("-", "-/+") else 1
    if mechanism.turned in ("cause", "effect"):
        sign = -sign
    return sign if force_of(mechanism).up else -sign


LINKS = [m for m in quiet_ledger().mechanisms if m not in SPECIAL]


@pytest.mark.parametrize("mechanism_id", LINKS)
def test_a_link_moves_its_effect_after_its_delay(mechanism_id: str) -> None:
    mechanism = quiet_ledger().mechanisms[mechanism_id]
    delay = mechanism.delay
    last = START + max(2 * delay, delay + 1)
    probe = factor(mechanism.moves)
    done = np.stack([what_the_link_does(mechanism_id, probe, r, last + 1) for r in range(REPLICATES)])
    check(done, delay, last, expected_sign(mechanism_id))


@pytest.mark.parametrize("mechanism_id", COUNTED)
def test_a_link_reaches_children(mechanism_id: str) -> None:
    mechanism = quiet_ledger().mechanisms[mechanism_id]
    delay = mechanism.delay
    last = START + max(2 * delay, delay + 12)
    done = np.stack(
        [what_the_link_does(mechanism_id, COUNTED[mechanism_id], r, last + 1) for r in range(REPLICATES)]
    )
    check(np.cumsum(done, axis=1), delay, last, expected_sign(mechanism_id))


def check(done: Series, delay: int, last: int, sign: int) -> None:
    """Hold what a link does against its statement: nothing early, its sign in time, beyond three errors."""
    final = done[:, last]
    mean = float(final.mean())
    error = float(final.std(ddof=1)) / np.sqrt(final.size)
    assert sign * mean > 3.0 * error, (mean, error, sign)
    assert sign * mean > 1e-6
    early = done[:, START : START + delay]
    if early.size:
        assert np.abs(early.mean(axis=0)).max() <= 0.05 * abs(mean), (early.mean(axis=0), mean)


# -- statements carried by the structure of a rule -----------------------------------------------------


def run_of(inputs: Inputs, replicate: int, kept: Kept | None = None) -> World:
    kept = kept or kept_state(replicate)
    with world_of(stress_scenario(), inputs, replicate, kept) as world:
        return world.run()


def difference(
    probe: Callable[[World], Series], one: Inputs, other: Inputs, *, cumulate: bool = True
) -> Series:
    """Return [replicate, month] the probe of the first less that of the second, counted up."""
    rows = np.stack([probe(run_of(one, r)) - probe(run_of(other, r)) for r in range(REPLICATES)])
    return np.cumsum(rows, axis=1) if cumulate else rows


def base(months: int) -> Inputs:
    return prepared(stress_scenario(), months)


to_specialised = events(PROTECTED, SPECIALISED_SHELTER)
to_general = events(PROTECTED, GENERAL_SHELTER)


def more_places(months: int, amount: float = 60.0) -> Inputs:
    use = {"use": "specialised_places", "start": FORCED, "amount": amount, "admits": "all", "forms": "all"}
    return prepared(stress_scenario(use), months)


def test_m007_identification_and_places_complement_each_other() -> None:
    months = START + 25
    gain = []
    for replicate in range(REPLICATES):
        few, many = [], []
        for places, out in ((base(months), few), (more_places(months), many)):
            for times in (0.02, 1.0):
                found = replace(places, identification=places.identification * times)
                # The places added are facilities of their own, so that the state is lived through anew.
                with world_of(stress_scenario(), found, replicate, None) as world:
                    out.append(to_specialised(world.run())[START + 6 :].sum())
        gain.append((many[1] - many[0]) - (few[1] - few[0]))
    values = np.array(gain)
    assert values.mean() > 3.0 * values.std(ddof=1) / np.sqrt(values.size)


def test_m039_new_places_shelter_after_their_lead_time() -> None:
    delay = quiet_ledger().mechanisms["M039"].delay
    last = START + 2 * delay
    rows = []
    for replicate in range(REPLICATES):
        with_places, without = more_places(last + 1), more_places(last + 1, 0.0)
        worlds = [
            world_of(stress_scenario(), inputs, replicate, None).run() for inputs in (with_places, without)
        ]
        rows.append(np.cumsum(to_specialised(worlds[0]) - to_specialised(worlds[1])))
    check(np.stack(rows), delay, last, 1)


def roomy(inputs: Inputs) -> Inputs:
    """Return inputs with places for everybody, so that many live in shelters."""
    full = np.full_like(inputs.places, 400)
    inputs = switched(inputs, {"care.residential_share_other": 1.0, "referral.loss": 0.0})
    return replace(inputs, places=full, background=np.zeros_like(inputs.background))


@cache
def roomy_state(replicate: int, **values: float) -> Kept:
    start = switched(roomy(base(START + 1)), dict(values))
    with world_of(stress_scenario(), start, replicate, None) as world:
        return world.run(until=START).keep()


def test_m043_places_for_girls_alone_send_the_others_elsewhere() -> None:
    last = START + 1
    girls_only = roomy(base(last + 1))
    everyone = replace(girls_only, admits=np.full_like(girls_only.admits, ALL_GROUPS))
    check(difference(to_general, girls_only, everyone), 0, last, 1)


def test_m054_a_premature_discharge_brings_returns_after_its_delay() -> None:
    mechanism = quiet_ledger().mechanisms["M054"]
    last = START + 2 * mechanism.delay
    strong, none = {"m054.ratio": 2.5}, {"m054.ratio": 1.0}
    # Nobody was discharged early before the cause is forced: the state is lived through without it.
    calm, early = {"care.premature_share": 0.0}, {"care.premature_share": 0.8, "care.abscond_share": 0.0}
    rows = []
    for replicate in range(REPLICATES):
        kept = roomy_state(replicate, **calm)
        effect = np.zeros(last + 1)
        for force, sign in ((early, 1.0), (calm, -1.0)):
            for link, way in ((strong, 1.0), (none, -1.0)):
                inputs = switched(roomy(base(last + 1)), {**force, **link})
                inputs = replace(inputs, returns=inputs.returns * 12.0)
                effect += sign * way * returned(run_of(inputs, replicate, kept))
        rows.append(np.cumsum(effect))
    check(np.stack(rows), mechanism.delay, last, 1)


def test_m055_crowding_hastens_discharges_a_month_later() -> None:
    last = START + 2
    leave = events(GENERAL_SHELTER, LEFT_UNASSISTED)
    rows = []
    for replicate in range(REPLICATES):
        effect = np.zeros(last + 1)
        for crowded, sign in ((True, 1.0), (False, -1.0)):
            for elasticity, way in ((4.0, 1.0), (0.0, -1.0)):
                inputs = switched(roomy(base(last + 1)), {"care.occupancy_elasticity": elasticity})
                if crowded:
                    background = inputs.background.copy()
                    background[START:] = inputs.places[START:]
                    inputs = replace(inputs, background=background)
                effect += sign * way * leave(run_of(inputs, replicate, roomy_state(replicate)))
        rows.append(np.cumsum(effect))
    check(np.stack(rows), 1, last, 1)


def test_m072_identified_children_load_the_units() -> None:
    last = START + 1
    inputs = base(last + 1)
    fewer = replace(inputs, identification=inputs.identification * 0.2)
    check(difference(series("upe_waiting"), inputs, fewer, cumulate=False), 0, last, 1)


def test_m081_what_outside_funds_paid_for_ends_after_them() -> None:
    mechanism = quiet_ledger().mechanisms["M081"]
    last = START + 2 * mechanism.delay
    work = quiet_ledger().factors
    rows = []
    for replicate in range(REPLICATES):
        effect = np.zeros(last + 1)
        for ends, sign in ((True, 1.0), (False, -1.0)):
            for ratio, way in ((0.05, 1.0), (1.0, -1.0)):
                inputs = switched(base(last + 1), {"m081.ratio": ratio})
                funded = inputs.history.funded.copy()
                funded[40 : START if ends else None, :, 15] = 0.4
                outside = inputs.history.outside.copy()
                outside[40 : START if ends else None, 15] = 1.0
                inputs = replace(inputs, history=replace(inputs.history, funded=funded, outside=outside))
                with world_of(stress_scenario(), inputs, replicate, None) as world:
                    world.run()
                assert "relationship_building" in work
                effect += sign * way * factor("relationship_building")(world)
        rows.append(effect)
    check(np.stack(rows), mechanism.delay, last, -1)


def test_m083_support_completes_plans_after_its_delay() -> None:
    mechanism = quiet_ledger().mechanisms["M083"]
    last = START + 2 * mechanism.delay
    forced = prepared(
        stress_scenario({"use": "reintegration_support", "start": FORCED, "amount": 1.0}), last + 1
    )
    check(difference(events(FOLLOW_UP, REINTEGRATED), forced, base(last + 1)), mechanism.delay, last, 1)


def test_m084_extreme_poverty_brings_returns_after_its_delay() -> None:
    mechanism = quiet_ledger().mechanisms["M084"]
    last = START + 2 * mechanism.delay
    poorer = {"context": [{"use": "poverty", "from": FORCED, "multiply": 4.0}]}
    rows = []
    for replicate in range(REPLICATES):
        effect = np.zeros(last + 1)
        for scenario, sign in ((stress_scenario(**poorer), 1.0), (stress_scenario(), -1.0)):
            for ratio, way in ((3.0, 1.0), (1.0, -1.0)):
                inputs = switched(prepared(scenario, last + 1), {"returns.rr_extreme_poverty": ratio})
                inputs = replace(inputs, returns=inputs.returns * 4.0)
                effect += sign * way * returned(run_of(inputs, replicate))
        rows.append(np.cumsum(effect))
    check(np.stack(rows), mechanism.delay, last, 1)


@pytest.mark.parametrize(
    ("mechanism_id", "use", "multiplier", "probe"),
    [("M088", "poverty", POOR, entries), ("M090", "tolerance", NORMS, labour_entries)],
)
def test_exposures_bring_entries_after_their_delay(
    mechanism_id: str, use: str, multiplier: int, probe: Callable[[World], Series]
) -> None:
    delay = quiet_ledger().mechanisms[mechanism_id].delay
    last = START + max(2 * delay, 6)
    more = {"context": [{"use": use, "from": FORCED, "multiply": 2.0}]}
    rows = []
    for replicate in range(REPLICATES):
        effect = np.zeros(last + 1)
        for scenario, sign in ((stress_scenario(**more), 1.0), (stress_scenario(), -1.0)):
            for off, way in ((False, 1.0), (True, -1.0)):
                inputs = prepared(scenario, last + 1)
                if off:
                    ones = inputs.entry.multiplier.copy()
                    ones[multiplier] = 1.0
                    inputs = replace(inputs, entry=replace(inputs.entry, multiplier=ones))
                effect += sign * way * probe(run_of(inputs, replicate))
        rows.append(np.cumsum(effect))
    check(np.stack(rows), delay, last, 1)


def test_every_statement_has_a_test() -> None:
    tested = {*LINKS, *SPECIAL}
    assert tested == set(quiet_ledger().mechanisms)
    named = {
        name[5:9].upper() for name in globals() if name.startswith("test_m0") or name.startswith("test_m1")
    }
    assert named | {"M088", "M090"} == set(SPECIAL)


def test_training_of_judges_counts_in_whom_it_holds() -> None:
    """A year of courses does not hold in all whom it reaches: some forget, some leave; it fades."""
    scenario = stress_scenario(
        {"use": "judge_training", "start": "2017-07", "end": "2022-06", "amount": 0.45}
    )
    with world_of(scenario, prepared(scenario, 156), 0, None) as world:
        now = world.run(until=155).system.factors
    told = now.series("trained_judges").mean(axis=1)
    asked = now.series("judge_training")[START + 59].mean()
    rate = stress_values()["workforce.trained_per_year"] * asked
    most = rate / (rate + 12.0 * np.log(2.0) / stress_values()["workforce.half_life"])
    assert told[START - 1] == 0.0
    assert 0.5 * most < told[START + 59] < most < asked * stress_values()["workforce.trained_per_year"]
    assert told[START + 59] > told[START + 11] > 0.0
    assert 0.0 < told[START + 83] < 0.2 * told[START + 59]
