"""An experiment file is read whole: all its faults at once, each with its line and its remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios import load_scenario
from simulator.engine.population import Population
from simulator.evidence import load_ledger
from simulator.experiments.structures import load_structures
from simulator.experiments.sweep.checking import load_experiment
from simulator.experiments.sweep.experiment import Distribution, Experiment, Factor
from simulator.experiments.sweep.plan import Plan
from simulator.experiments.sweep.samplers import design
from simulator.faults import FaultyInput
from tests.experiments.conftest import small

GOOD = """\
schema: 1
label: {es: Prueba, en: Test}
scenarios: [baseline, policy_2030_funded]
until: 2018-12
sampler: {use: latin_hypercube, draws: 4}
parameters:
  recruitment.rr_poverty: ledger
  police.effort_elasticity: {triangular: [0.2, 0.3, 0.4]}
levers:
  - name: police
    use: police_capacity
    where: {territory: ["08"], area: rural}
    start: 2018-01
    amount: {uniform: [0, 1]}
money:
  - {line: upe_posts, multiply: {values: [0, 1, 2]}}
groups: {security: [police, police.effort_elasticity]}
outputs: {keep: [identified], by: place}
"""

FAULTS = [
    ("schema: 1", "schema: true", "1  schema", "true (a yes/no value)", "1"),
    ("schema: 1\n", "", "1  schema", "missing", "the key schema"),
    ("label: {es: Prueba, en: Test}", "lable: 1", "2  lable", "unknown key lable", "label"),
    ("en: Test", 'en: ""', "2  label.en", "an empty text", "a text"),
    ("baseline, p", "baselin, p", "3  scenarios[0]", "baselin, which is neither", "mean: baseline"),
    ("baseline, p", "../baseline, p", "3  scenarios[0]", "../baseline", "of the library"),
    (
        "[baseline, policy_2030_funded]",
        "[baseline, baseline]",
        "3  scenarios[1]",
        "baseline",
        "each scenario once",
    ),
    ("[baseline, policy_2030_funded]", "baseline", "3  scenarios", "baseline (text)", "a list of scenarios"),
    (
        "[baseline, policy_2030_funded]",
        "[baseline+flood]",
        "3  scenarios[0]: flood",
        "no scenario",
        "pandemic",
    ),
    ("2018-12", "2018-13", "4  until", "2018-13", "2017-01 to 2050-12"),
    ("draws: 4", "draws: 0", "5  sampler.draws", "0 (a number)", "1 to 1,000,000"),
    ("draws: 4", "draws: 4.5", "5  sampler.draws", "4.5", "whole number"),
    ("draws: 4", "draws: 4, base: 4", "5  sampler.base", "unknown key base", "use, draws"),
    ("latin_hypercube", "sobal", "5  sampler.use", "sobal", "mean: sobol"),
    ("latin_hypercube, draws: 4", "sobol, draws: 100", "5  sampler.draws", "100", "write 128"),
    ("latin_hypercube, draws: 4", "saltelli, base: 3", "5  sampler.base", "3", "a power of two"),
    ("latin_hypercube, draws: 4", "morris, trajectories: 4, levels: 5", "5  sampler.levels", "5", "even"),
    ("latin_hypercube, draws: 4", "grid", "5  sampler", "continuous factors without steps", "steps"),
    ("latin_hypercube, draws: 4", "grid, steps: 1000", "5  sampler", "6,000,000,000 runs", "smaller"),
    ("latin_hypercube, draws: 4", "prior, draws: 4", "6  parameters", "keys", "draws whole sets"),
    ("latin_hypercube, draws: 4", "posterior, file: no.csv", "no.csv", "cannot be read", "file"),
    (
        "latin_hypercube, draws: 4",
        "posterior, file: ../no.csv",
        "5  sampler.file",
        "../no.csv",
        "neighbouring",
    ),
    (
        "rr_poverty: l",
        "rr_povert: l",
        "7  parameters.recruitment.rr_povert",
        "unknown parameter",
        "rr_poverty",
    ),
    ("recruitment.rr_poverty", "population.stock_min", "7  parameters.population", "ledger", "built once"),
    ("[0.2, 0.3, 0.4]", "[0.2, 0.4, 0.3]", "8  parameters.police", "a list of 3", "in order"),
    ("[0.2, 0.3, 0.4]", "[0.2, 0.4]", "8  parameters.police", "a list of 2", "three numbers"),
    ("[0.2, 0.3, 0.4]", "[0.2, 0.3, 9]", "triangular[2]", "9 (a number)", "a number from"),
    ("[0.2, 0.3, 0.4]", "[0.2, .nan, 0.4]", "triangular[1]", ".nan", "a number from"),
    ("triangular", "normal", "8  parameters.police", "normal", "uniform, loguniform"),
    ("{security:", "{Security:", "17  groups.Security", "Security", "small letters"),
    ("use: police_capacity", "use: police_capcity", "11  levers[0].use", "police_capcity", "police_capacity"),
    ('"08"', "08", "12  levers[0].where.territory[0]", "08 (a number)", "in quotes"),
    ("area: rural", "area: rurl", "12  levers[0].where.area", "rurl", "mean: rural"),
    ("    start: 2018-01\n", "", "10  levers[0].start", "missing", "the key start"),
    ("{uniform: [0, 1]}", "0.5", "14  levers[0].amount", "0.5 (a number)", "one distribution"),
    ("{uniform: [0, 1]}", "{uniform: [0, 99]}", "14  levers[0].amount.uniform[1]", "99", "from -1 to 5"),
    ("{uniform: [0, 1]}", "ledger", "14  levers[0].amount", "ledger (text)", "one distribution"),
    ("{uniform: [0, 1]}", "{loguniform: [0, 1]}", "14  levers[0].amount.loguniform[0]", "0", "above zero"),
    ("line: upe_posts", "line: upe_pots", "16  money[0].line", "upe_pots", "mean: upe_posts"),
    ("[0, 1, 2]", "[0, 1, 1]", "16  money[0].multiply.values", "a list of 3", "each once"),
    ("[0, 1, 2]", "[]", "16  money[0].multiply.values", "a list of 0", "square brackets"),
    ("- {line", "- 3 #", "16  money[0]", "3 (a number)", "a group with the keys"),
    ("[police, ", "[polic, ", "17  groups.security[0]", "polic", "mean: police"),
    ("identified", "spent", "18  outputs.keep[0]", "spent", "by: country"),
    ("identified", "identifed", "18  outputs.keep[0]", "identifed", "mean: identified"),
    ("by: place", "by: district", "18  outputs.by", "district", "country, territory, place"),
]


def faults_of(text: str, folder: Path) -> str:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultyInput) as caught:
        load_experiment(path)
    return str(caught.value)


@pytest.mark.parametrize(("there", "instead", "where", "found", "remedy"), FAULTS)
def test_one_mistake_one_message(
    there: str, instead: str, where: str, found: str, remedy: str, tmp_path: Path
) -> None:
    assert GOOD.count(there) >= 1
    told = faults_of(GOOD.replace(there, instead, 1), tmp_path)
    assert where in told.splitlines()[0]
    assert found in told.splitlines()[1]
    assert remedy in told
    assert "\n\n" not in told, "one mistake, one fault"


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("schema: 1", "schema: 2").replace("2018-12", "x").replace("by: place", "by: x")
    assert [line.split("  ")[1] for line in faults_of(text, tmp_path).splitlines() if "yaml:" in line] == [
        "schema",
        "until",
        "outputs.by",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "a: &x 1",
        "{",
        "\t- x",
        "schema: 1\nschema: 1\n",
        "scenarios: {a: {b: {c: [[[[[[[[[[[1]]]]]]]]]]]}}}",
    ],
)
def test_what_is_no_experiment_is_refused(text: str, tmp_path: Path) -> None:
    assert "found" in faults_of(text, tmp_path)


@pytest.mark.parametrize(
    "key", ["scenarios", "sampler", "structures", "parameters", "levers", "money", "groups", "outputs"]
)
@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [None], [[1]], {"x": None}, True, float("nan")])
def test_anything_in_any_place_is_told_and_never_breaks(key: str, value: Any) -> None:
    if key == "outputs" and value == {}:
        assert load_experiment(small(outputs={})).by == "country"
        return
    with pytest.raises(FaultyInput):
        load_experiment(small(**{key: value}))


def test_a_file_becomes_the_experiment_that_it_says(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    experiment = load_experiment(path)
    assert [(f.name, f.kind, f.group, f.scenarios) for f in experiment.factors] == [
        ("recruitment.rr_poverty", "parameter", "recruitment.rr_poverty", ("baseline", "policy_2030_funded")),
        ("police.effort_elasticity", "parameter", "security", ("baseline", "policy_2030_funded")),
        ("police", "lever", "security", ("policy_2030_funded",)),
        ("money.upe_posts", "money", "money.upe_posts", ("policy_2030_funded",)),
    ]
    assert (experiment.name, experiment.until, experiment.by) == ("good", 83, "place")
    again = Experiment.from_mapping(json.loads(json.dumps(experiment.to_mapping())))
    assert again.hash == experiment.hash
    assert again.factors == experiment.factors
    assert again.hash != load_experiment(small()).hash


def test_money_of_one_line_is_multiplied_and_that_of_others_stays() -> None:
    scenario = load_scenario("policy_2030_funded")
    lines = [name for p in scenario.programmes for g in p.budget for name, _ in g.lines]
    factor = Factor(
        "m", "money", Distribution("uniform", (0.0, 2.0)), (scenario.name,), "m", None, "upe_posts"
    )

    def soles(of: Any) -> dict[str, float]:
        out: dict[str, float] = {}
        for programme in of.programmes:
            for grant in programme.budget:
                amounts = [grant.amount] if grant.amount is not None else [a for _, a in grant.amounts]
                for name, share in grant.lines:
                    out[name] = out.get(name, 0.0) + share * sum(amounts)
        return out

    before, after = soles(scenario), soles(factor.applied(scenario, 1.7))
    assert set(before) == set(lines)
    for name in before:
        assert after[name] == pytest.approx((1.7 if name == "upe_posts" else 1.0) * before[name], rel=1e-12)
    assert soles(factor.applied(scenario, 0.0))["upe_posts"] == 0.0
    other = load_scenario("baseline")
    assert factor.applied(other, 1.7) is other


@pytest.mark.parametrize(
    ("sampler", "rows"),
    [
        ({"use": "latin_hypercube", "draws": 5}, 5),
        ({"use": "sobol", "draws": 8}, 8),
        ({"use": "saltelli", "base": 4}, 4 * (2 + 2)),
        ({"use": "morris", "trajectories": 3}, 3 * (2 + 1)),
        ({"use": "grid", "steps": 3}, 9),
        ({"use": "prior", "draws": 3}, 3),
    ],
)
def test_every_sampler_gives_its_rows_in_range_and_the_same_again(
    sampler: dict[str, Any], rows: int, population: Any
) -> None:
    data = small(sampler=sampler)
    if sampler["use"] == "prior":
        del data["parameters"]
    experiment, ledger = load_experiment(data), load_ledger()
    values, unit, _ = design(experiment, ledger, population)
    assert values.shape == unit.shape == (rows, len(experiment.factors))
    again, _, _ = design(experiment, ledger, population)
    np.testing.assert_array_equal(values, again)
    if sampler["use"] != "prior":
        assert ((unit >= 0.0) & (unit <= 1.0)).all()
        poverty = ledger.parameters["recruitment.rr_poverty"]
        assert ((values[:, 0] >= poverty.low - 1e-12) & (values[:, 0] <= poverty.high + 1e-12)).all()
    if sampler["use"] == "grid":
        assert sorted(set(values[:, 1])) == [0.0, 0.5, 1.0]
    plan = Plan.of(experiment, ledger, population)
    assert plan.draws == rows
    covered = [pair for batch in plan.batches for pair in batch.pairs]
    assert covered == [(draw, 0) for draw in range(rows)]


def test_a_structure_narrows_what_varies_and_sets_what_does_not(population: Population) -> None:
    """Both answers to the question of awareness narrow m005.ratio, which varies, and m044.ratio."""
    data = small(
        structures=["awareness"],
        parameters={"m005.ratio": "ledger"},
        sampler={"use": "latin_hypercube", "draws": 40},
    )
    experiment, ledger = load_experiment(data), load_ledger()
    again = Experiment.from_mapping(json.loads(json.dumps(experiment.to_mapping())))
    assert (again.hash, again.factors) == (experiment.hash, experiment.factors)
    factor = experiment.factors[0]
    assert (factor.name, factor.kind) == ("awareness", "structure")
    rivals = [load_structures()[reading.name] for reading in factor.readings]
    assert [one.name for one in rivals] == ["awareness.null", "awareness.positive"]
    plan = Plan.of(experiment, ledger, population)
    which = plan.values[:, 0].astype(int)
    assert sorted(which) == [0] * 20 + [1] * 20
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    for draw in range(plan.draws):
        held = plan.study(draw, central).values[0]
        ranges = rivals[which[draw]].ranges
        low, _, high = ranges["m005.ratio"]
        assert low < held["m005.ratio"] < high
        assert held["m044.ratio"] == ranges["m044.ratio"][1]
        assert held["m070.ratio"] == central["m070.ratio"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"structures": ["awarenes"]}, "mean: awareness"),
        ({"structures": ["awareness", "awareness"]}, "a second factor called awareness"),
        ({"structures": "awareness"}, "deterrence, awareness, placement, turnover"),
        ({"structures": ["awareness"], "parameters": {"m005.ratio": {"uniform": [1.1, 1.4]}}}, "m005.ratio"),
    ],
)
def test_structures_that_cannot_be_meant_are_told(more: dict[str, Any], told: str) -> None:
    with pytest.raises(FaultyInput, match=told):
        load_experiment(small(**more))


def test_whole_sets_bring_structures_of_their_own() -> None:
    data = small(structures=["awareness"], sampler={"use": "posterior", "draws": 4})
    del data["parameters"]
    with pytest.raises(FaultyInput, match="no key structures: posterior draws whole sets"):
        load_experiment(data)


def test_ten_thousand_runs_make_few_files() -> None:
    ledger = load_ledger()
    for replicates, draws in ((1, 5000), (50, 100), (5000, 1)):
        sampler = {"use": "latin_hypercube", "draws": draws}
        data = small(sampler=sampler, replicates=replicates)
        del data["batch"], data["outputs"]
        experiment = load_experiment(data)
        plan = Plan(experiment, np.zeros((draws, 2)), np.zeros((draws, 2)), 0.0, ledger.hash, "", "", "", 1.0)
        assert plan.runs == 10_000
        files_a_batch = len(experiment.keep) + 2
        assert len(plan.batches) * files_a_batch < 4_500
        assert sum(len(batch.pairs) for batch in plan.batches) == 5_000
