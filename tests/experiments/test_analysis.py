"""Analyses of sweeps against functions whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from SALib.sample import morris, sobol
from scipy import stats

from simulator.experiments.analysis import discovery
from simulator.experiments.analysis.choices import information, robustness, utility
from simulator.experiments.analysis.discovery import discover
from simulator.experiments.analysis.sensitivity import leading, sensitivity
from simulator.experiments.sweep.outputs import attributes_of, names_of
from simulator.faults import FaultyInput
from simulator.report_analysis import UNITS, information_table
from simulator.texts import set_language, t

Floats = NDArray[np.float64]


def store_of(
    unit: Floats,
    results: dict[str, Floats],
    *,
    use: str = "latin_hypercube",
    groups: list[str] | None = None,
    output: str = "first_entries",
    replicates: int = 1,
    **more: Floats,
) -> xr.Dataset:
    """Return what a sweep would keep: results [draw] by scenario, the same in 2029 and twice that in 2030."""
    names = [f"x{k}" for k in range(unit.shape[1])]
    problem: dict[str, Any] = {
        "num_vars": unit.shape[1],
        "names": names,
        "bounds": [[0.0, 1.0]] * unit.shape[1],
    }
    if groups:
        problem["groups"] = groups
    block = np.stack(list(results.values()))[:, :, None, None] * np.array([1.0, 2.0])
    dims = ("scenario", "draw", "replicate", "year")
    return xr.Dataset(
        {
            output: (dims, np.repeat(block, replicates, axis=2), {"units": "children per year"}),
            **{name: (dims, np.stack([a, a])[:, :, None, None] * np.ones(2)) for name, a in more.items()},
            "design": (("draw", "factor"), unit),
            "design_unit": (("draw", "factor"), unit),
        },
        coords={
            "scenario": list(results),
            "draw": np.arange(unit.shape[0]),
            "replicate": np.arange(replicates),
            "year": [2029, 2030],
            "factor": names,
            "factor_es": ("factor", names),
            "factor_en": ("factor", names),
        },
        attrs={
            "sampler": json.dumps({"use": use, "size": unit.shape[0], "levels": 4}),
            "problem": json.dumps(problem),
            "experiment": "planted",
        },
    )


def uniform(n: int, k: int, seed: int = 0) -> Floats:
    return np.random.Generator(np.random.Philox(seed)).random((n, k))


def cube(names: int, groups: list[str] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "num_vars": names,
        "names": [f"x{k}" for k in range(names)],
        "bounds": [[0.0, 1.0]] * names,
    }
    return told | ({"groups": groups} if groups else {})


def ishigami(unit: Floats) -> Floats:
    x = np.pi * (2.0 * unit - 1.0)
    return np.asarray(np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


ISHIGAMI_FIRST = (0.3139, 0.4424, 0.0)
ISHIGAMI_TOTAL = (0.5576, 0.4424, 0.2437)


def test_sobol_indices_of_a_function_that_is_known() -> None:
    unit = sobol.sample(cube(3), 1024, calc_second_order=False, seed=1)
    y = ishigami(unit)
    store = store_of(unit, {"base": np.zeros(y.size), "policy": y}, use="saltelli")
    found = sensitivity(store, kinds=("level", "effect"))
    assert leading(found) == "st"
    here = found.sel(scenario="policy", output="first_entries", year=2030)
    for kind in ("level", "effect"):
        np.testing.assert_allclose(here["s1"].sel(kind=kind), ISHIGAMI_FIRST, atol=0.05)
        np.testing.assert_allclose(here["st"].sel(kind=kind), ISHIGAMI_TOTAL, atol=0.05)
    # The interval of each index holds its true value: nine times in ten each, and with this seed.
    assert (
        abs(here["st"].sel(kind="level") - ISHIGAMI_TOTAL) <= 2.0 * here["st_conf"].sel(kind="level")
    ).all()
    settled = here["settling"].sel(kind="level")
    assert float(abs(settled.sel(share=1.0) - ISHIGAMI_TOTAL).max()) < 0.05
    assert np.isfinite(settled).all()
    # What never varies has no indices, and the comparator has no effect.
    assert np.isnan(found["st"].sel(scenario="base")).all()


def test_morris_screens_and_a_gap_takes_its_whole_trajectory() -> None:
    unit = morris.sample(cube(4), 40, num_levels=4, seed=1)
    y = unit @ np.array([5.0, 1.0, 0.0, -3.0])
    whole = store_of(unit, {"base": y}, use="morris")
    found = sensitivity(whole, years=[2029, 2030], kinds=("level",)).sel(
        kind="level", scenario="base", year=2029
    )
    np.testing.assert_allclose(found["mu_star"].squeeze(), [5.0, 1.0, 0.0, 3.0], atol=1e-9)
    np.testing.assert_allclose(found["mu"].squeeze(), [5.0, 1.0, 0.0, -3.0], atol=1e-9)
    y[7] = np.nan
    holey = sensitivity(store_of(unit, {"base": y}, use="morris"), kinds=("level",))
    assert int(holey["n_draws"].max()) == unit.shape[0] - 5
    np.testing.assert_allclose(
        holey["mu_star"].sel(kind="level", scenario="base", year=2030).squeeze(),
        [10.0, 2.0, 0.0, 6.0],
        atol=1e-9,
    )


def test_groups_are_told_together() -> None:
    groups = ["money", "money", "people"]
    unit = sobol.sample(cube(3, groups), 512, calc_second_order=False, seed=1)
    store = store_of(unit, {"base": unit @ np.array([3.0, 4.0, 1.0])}, use="saltelli", groups=groups)
    found = sensitivity(store, kinds=("level",))
    shares = found["st"].sel(kind="level", scenario="base", year=2030, output="first_entries")
    assert list(found["group"].values) == ["money", "people"]
    np.testing.assert_allclose(shares, [25 / 26, 1 / 26], atol=0.05)
    assert found["pawn"].dims[-1] == "factor"


def test_any_draws_tell_what_matters_and_which_way() -> None:
    unit = uniform(500, 3)
    store = store_of(unit, {"base": np.exp(2.0 * unit[:, 0]) - 0.3 * unit[:, 1]})
    found = sensitivity(store, kinds=("level",)).sel(kind="level", scenario="base", year=2030).squeeze()
    assert leading(found) == "pawn"
    assert float(found["pawn"][0]) > 2.0 * float(found["pawn_dummy"][0])
    # An input that does nothing stays near the bar; the bar is the most conspicuous of ten of its kind.
    assert float(found["pawn"][2]) < 1.3 * float(found["pawn_dummy"][2])
    assert float(found["direction"][0]) > 0.9
    assert -0.5 < float(found["direction"][1]) < 0.0
    assert ((found["pawn_low"] <= found["pawn"]) & (found["pawn"] <= found["pawn_high"])).all()


def test_chance_is_told_apart_from_inputs() -> None:
    unit = uniform(400, 1)
    store = store_of(unit, {"base": unit[:, 0]}, replicates=2)
    noise = np.random.Generator(np.random.Philox(5)).normal(0.0, np.sqrt(1 / 12), (1, 400, 2, 1))
    store["first_entries"] = store["first_entries"] + xr.DataArray(
        noise * [1.0, 2.0], dims=store["first_entries"].dims
    )
    found = sensitivity(store, kinds=("level",))
    # Inputs and chance have the same variance; 400 pairs give a standard error of about 0.03.
    assert float(found["chance"].squeeze()) == pytest.approx(0.5, abs=0.1)


def planted(n: int = 600, seed: int = 3) -> tuple[Floats, NDArray[np.bool_]]:
    unit = uniform(n, 4, seed)
    return unit, (unit[:, 0] > 0.6) & (unit[:, 2] < 0.4)


def test_a_planted_box_is_found_and_nothing_else() -> None:
    unit, inside = planted()
    store = store_of(unit, {"base": np.zeros(unit.shape[0]), "plan": np.where(inside, 0.1, 0.9)})
    fresh_unit, fresh_inside = planted(seed=4)
    fresh = store_of(fresh_unit, {"base": np.zeros(600), "plan": np.where(fresh_inside, 0.1, 0.9)})
    found = discover(store, "first_entries", below=0.7, year=2029, fresh=fresh)
    limited = np.isfinite(found["low"]) | np.isfinite(found["high"])
    assert list(found["factor"].values[limited]) == ["x0", "x2"]
    assert float(found["low"].sel(factor="x0")) == pytest.approx(0.6, abs=0.04)
    assert float(found["high"].sel(factor="x2")) == pytest.approx(0.4, abs=0.04)
    for where in ("found", "held out", "fresh"):
        assert float(found["coverage"].sel(on=where)) > 0.85
        assert float(found["density"].sel(on=where)) > 0.85
    assert (found["quasi_p"][limited] < 1e-6).all()
    assert (found["reproduced"][limited] > 0.9).all()
    assert (found["reproduced"][~limited] < 0.5).all()


def test_where_nothing_decides_no_box_is_told() -> None:
    """Cases at random: with this seed no limit survives the test of being there by accident."""
    unit = uniform(400, 3)
    cases = uniform(400, 1, seed=9)[:, 0]
    found = discover(store_of(unit, {"a": cases}), "first_entries", below=0.3, year=2029)
    held_out = float(found["density"].sel(on="held out"))
    assert abs(held_out - found.attrs["density_of_all"]) < 0.1
    assert float(found["reproduced"].max()) < 0.9


def test_an_input_of_few_values_loses_a_whole_one() -> None:
    unit = np.column_stack([np.repeat([0.0, 1.0, 2.0], 100), uniform(300, 1)[:, 0]])
    found = discover(store_of(unit, {"a": unit[:, 0]}), "first_entries", above=1.5, year=2029)
    assert float(found["low"].sel(factor="x0")) == 2.0
    assert float(found["coverage"].sel(on="found")) == float(found["density"].sel(on="found")) == 1.0


def test_boxes_agree_with_those_of_the_ema_workbench() -> None:
    prim = pytest.importorskip("ema_workbench.analysis.prim", exc_type=ImportError)
    pd = pytest.importorskip("pandas")
    unit, cases = planted(n=800)
    theirs = prim.Prim(pd.DataFrame(unit, columns=list("abcd")), cases, mass_min=0.05).find_box()
    _, mine = discovery.choose(unit, cases)
    covered, dense = discovery.coverage_and_density(unit, cases, mine)
    best = theirs.peeling_trajectory
    score = 2.0 * best["coverage"] * best["density"] / (best["coverage"] + best["density"])
    assert 2.0 * covered * dense / (covered + dense) >= float(score.max()) - 0.03


def test_regret_and_robustness_of_a_table_worked_by_hand() -> None:
    # 20 futures; A is steady at 10, B is 4 in half of them and 14 in the others. Fewer entries are better.
    unit = uniform(20, 1)
    b = np.where(np.arange(20) < 10, 4.0, 14.0)
    store = store_of(unit, {"a": np.full(20, 10.0), "b": b}, spent=np.zeros(20))
    table = robustness(store, "first_entries", 2029, threshold=10.0)
    np.testing.assert_allclose(table["mean"], [10.0, 9.0])
    np.testing.assert_allclose(table["worst"], [10.0, 14.0])
    np.testing.assert_allclose(table["worst_tenth"], [10.0, 14.0])
    np.testing.assert_allclose(table["regret_mean"], [3.0, 2.0])
    np.testing.assert_allclose(table["regret_most"], [6.0, 4.0])
    np.testing.assert_allclose(table["best"], [0.5, 0.5])
    np.testing.assert_allclose(table["enough"], [1.0, 0.5])
    # All years together; and turned round.
    np.testing.assert_allclose(robustness(store, "first_entries")["mean"], [30.0, 27.0])
    np.testing.assert_allclose(
        robustness(store, "first_entries", 2029, better="higher")["worst"], [10.0, 4.0]
    )


def test_a_price_turns_results_into_net_benefit() -> None:
    unit = uniform(30, 1)
    store = store_of(unit, {"a": np.full(30, 10.0), "b": np.full(30, 8.0)})
    store["spent"] = xr.zeros_like(store["first_entries"])
    store["spent"].loc[{"scenario": "b"}] = 3.0
    u = utility(store, "first_entries", 2029, price=2.0)
    np.testing.assert_allclose(u.sel(scenario="b") - u.sel(scenario="a"), 2.0 * 2.0 - 3.0)


def test_value_of_information_of_a_linear_normal_choice() -> None:
    """Two options: nothing, or m + s x0 + e with x0 and e normal: what x0 is worth has a closed form."""
    n, m, s, e = 4000, 0.5, 1.0, 1.0
    unit = uniform(n, 2, seed=2)
    rng = np.random.Generator(np.random.Philox(8))
    gain = m + s * stats.norm.ppf(unit[:, 0]) + e * rng.normal(size=n)
    store = store_of(unit, {"nothing": np.zeros(n), "act": gain}, output="completed")
    found = information(store, "completed", 2029)

    def value(spread: float) -> float:
        return float(spread * stats.norm.pdf(m / spread) + m * stats.norm.cdf(m / spread) - max(m, 0.0))

    assert found.attrs["choice"] == "act"
    # Standard errors are about 0.01.
    assert float(found["evpi"]) == pytest.approx(value(np.hypot(s, e)), abs=0.04)
    assert float(found["evppi"].sel(factor="x0")) == pytest.approx(value(s), abs=0.04)
    assert float(found["evppi"].sel(factor="x1")) <= float(found["floor"].sel(factor="x1")) + 0.01
    assert float(found["evppi"].sel(factor="x0")) > 5.0 * float(found["floor"].sel(factor="x0"))


def test_an_input_of_few_values_is_worth_its_cases() -> None:
    x = np.tile([0.0, 1.0], 100)
    store = store_of(x[:, None], {"a": np.where(x == 0.0, 1.0, -1.0), "b": np.zeros(200)}, output="completed")
    found = information(store, "completed", 2029)
    assert float(found["evpi"]) == pytest.approx(0.5)
    assert float(found["evppi"][0]) == pytest.approx(0.5)


def test_scenarios_that_cannot_be_told_apart_are_no_choice() -> None:
    unit = uniform(200, 1, seed=4)
    rng = np.random.Generator(np.random.Philox(5))
    results = {"same": np.full(200, 8.0), "twin": np.full(200, 8.0), "worse": np.full(200, 9.0)}
    found = information(store_of(unit, results), "first_entries", 2029)
    assert (found.attrs["choice"], found.attrs["tied"]) == ("same", ["twin"])
    assert float(found["evpi"]) == 0.0
    # As noisy as they differ: the mean difference of 0.01 has a standard error of 0.07.
    noise = rng.normal(size=200)
    results = {"one": 8.0 + noise, "other": 8.01 - noise, "worse": 9.0 + noise}
    assert len(information(store_of(unit, results), "first_entries", 2029).attrs["tied"]) == 1


@pytest.mark.parametrize(
    ("lang", "tied", "unit", "never", "alone"),
    [
        ("en", "cannot be told apart", "children per year", "no datum would change", "no factor by itself"),
        (
            "es",
            "no se distinguen",
            "adolescentes al año",
            "ningún dato cambiaría",
            "ningún factor, por sí solo",
        ),
    ],
)
def test_an_empty_table_and_a_tie_are_explained(
    lang: str, tied: str, unit: str, never: str, alone: str
) -> None:
    set_language(lang)
    x = uniform(200, 1, seed=4)
    noise = np.random.Generator(np.random.Philox(5)).normal(size=200)

    def notes(**results: Floats) -> str:
        store = store_of(x, results)
        table = information_table(information(store, "first_entries", 2029), store)
        assert table.rows == ()
        return " ".join(table.notes)

    equal = notes(one=np.full(200, 8.0), twin=np.full(200, 8.0))
    assert tied in equal
    assert unit in equal
    assert never in equal
    surer = notes(one=np.full(200, 8.0), worse=np.full(200, 9.0))
    assert tied not in surer
    assert never in surer
    # What decides is chance, not the factor; one such factor in twenty would be shown.
    assert alone in notes(one=8.0 + noise, other=8.0 - noise)


def test_every_unit_of_a_result_has_words_in_both_languages() -> None:
    names = {(by, name) for by in ("country", "territory", "place") for name in names_of(by)}
    for unit in {attributes_of(name)["units"] for _, name in names} | {"soles of 2025"}:
        for lang in ("es", "en"):
            assert t(f"analysis.unit.{UNITS[unit]}", lang)


FAULTS: dict[str, Callable[[xr.Dataset], Any]] = {
    "first_entries": lambda d: sensitivity(d, ["first_entry"]),
    "2029-2030": lambda d: sensitivity(d, years=[2031]),
    "level, effect": lambda d: discover(d, "first_entries", below=0.5, kind="lvel"),
    "a, b": lambda d: discover(d, "first_entries", "c", below=0.5),
    "higher, lower": lambda d: robustness(d.rename(first_entries="protected"), "protected"),
    "spent": lambda d: robustness(d, "first_entries", price=1.0),
    "20": lambda d: information(d.isel(draw=slice(5)), "first_entries"),
}


@pytest.mark.parametrize("allowed", FAULTS)
def test_what_a_store_cannot_answer_is_told(allowed: str) -> None:
    unit = uniform(60, 2)
    store = store_of(unit, {"a": unit[:, 0], "b": unit[:, 1]})
    with pytest.raises(FaultyInput) as caught:
        FAULTS[allowed](store)
    (fault,) = caught.value.faults
    assert allowed in fault.allowed
    assert fault.do


def test_all_or_no_draws_of_interest_is_a_message() -> None:
    unit = uniform(60, 2)
    store = store_of(unit, {"a": unit[:, 0], "b": unit[:, 1]})
    for below in (-1.0, 9.0):
        with pytest.raises(FaultyInput):
            discover(store, "first_entries", below=below)
    with pytest.raises(FaultyInput):
        discover(store, "first_entries", below=0.5, above=0.6)
    constant = store.assign(design=xr.zeros_like(store["design"]))
    with pytest.raises(FaultyInput):
        sensitivity(constant)
