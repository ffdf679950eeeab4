"""Planted problems whose best splits are known; samples are fixed, so that nothing here is left to chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import minimize

from simulator.experiments.optimise.answer import paired
from simulator.experiments.optimise.judge import LIMA
from simulator.experiments.optimise.measures import BY_SEX, MEASURES
from simulator.experiments.optimise.plan import Plan
from simulator.experiments.optimise.question import Bound, Effort, Target
from simulator.experiments.optimise.response import Limits, Sample
from simulator.experiments.optimise.run import answer
from simulator.faults import FaultyInput
from tests.optimise.planted import EFFORT, YEARS, Floats, Planted, question

SIZE = np.array([5.0, 3.0, 1.0, 0.0, 2.0, 0.2])
PACE = np.array([0.05, 0.03, 0.1, 1.0, 0.01, 0.02])


def saturating(money: Floats, strength: float) -> dict[str, float]:
    """Return a gain that every line adds to, less and less; the fourth is a placebo."""
    return {"completed": strength * float(SIZE @ (1.0 - np.exp(-PACE * money)))}


def best_by_hand(total: float) -> Floats:
    done = minimize(
        lambda money: -saturating(money, 1.0)["completed"],
        np.full(SIZE.size, total / SIZE.size),
        bounds=[(0.0, total)] * SIZE.size,
        constraints={"type": "ineq", "fun": lambda money: total - money.sum()},
        method="SLSQP",
    )
    return np.asarray(done.x)


def test_a_known_optimum_is_found_and_confirmed() -> None:
    asked = question("abcdef")
    found = answer(asked, Planted(asked, saturating))
    wanted = best_by_hand(100.0)
    np.testing.assert_allclose(found.best.money, wanted, atol=1.5)
    reached = saturating(np.array(found.best.money), 1.0)["completed"]
    assert reached >= 0.999 * saturating(wanted, 1.0)["completed"]
    for other in ("equal", "present"):
        assert found.beside(other).low > 0.0
        assert found.beside(other).better == 1.0
    first, largest, *_ = repr(found).splitlines()
    assert first == "<Answer to planted"
    assert largest.startswith(f"  {asked.lines[int(np.argmax(found.best.money))]}: ")
    assert "more than equal shares: +" in repr(found)
    assert len(repr(found).splitlines()) <= 1 + len(asked.lines) + 2


def test_a_placebo_gets_nothing_beyond_its_floor() -> None:
    asked = question("abcdef", bounds=(Bound(lines=("d",), at_least=7.0),))
    found = answer(asked, Planted(asked, saturating))
    assert found.best.money[3] == 7.0
    assert found.dataset["funded_share"].values[3] == 0.0
    without = question("abcdef")
    assert answer(without, Planted(without, saturating)).best.money[3] == 0.0


def test_a_placebo_gets_nothing_when_chance_is_in_every_run() -> None:
    # The chance of every run is keyed by plan and sample: the test does the same everywhere.
    asked = question("abcdef")
    found = answer(asked, Planted(asked, saturating, noise=0.05))
    assert found.best.money[3] == 0.0
    assert saturating(np.array(found.best.money), 1.0)["completed"] > 7.2


def test_a_free_line_is_used_fully() -> None:
    def free(money: Floats, strength: float) -> dict[str, float]:
        return {"completed": strength * float(4.0 * min(money[0] / 0.5, 1.0) + np.sqrt(money[1:]).sum())}

    asked = question("abc")
    found = answer(asked, Planted(asked, free, most=[0.5, 200.0, 200.0]))
    assert found.best.money[0] == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(found.best.money[1:], 49.75, atol=3.0)


def test_doubled_unit_costs_with_doubled_money_change_nothing() -> None:
    def dearer(money: Floats, strength: float) -> dict[str, float]:
        return saturating(money / 2.0, strength)

    once, twice = question("abcdef"), question("abcdef", total=200.0)
    found = answer(once, Planted(once, saturating, most=[80.0] * 6))
    doubled = answer(twice, Planted(twice, dearer, most=[160.0] * 6))
    np.testing.assert_array_equal(2.0 * np.array(found.best.money), doubled.best.money)


def test_the_same_seed_gives_the_same_answer_and_another_agrees() -> None:
    asked = question("abcdef")
    first, second = (answer(asked, Planted(asked, saturating, noise=0.0)) for _ in range(2))
    assert first.named == second.named
    assert first.dataset.identical(second.dataset)
    other = replace(asked, effort=replace(EFFORT, seed=5))
    np.testing.assert_allclose(
        answer(other, Planted(other, saturating)).best.money, first.best.money, atol=2.0
    )


def test_money_that_no_line_can_use_is_left() -> None:
    asked = question("abc", total=1000.0)
    function = lambda money, s: {"completed": s * float(np.minimum(money, 50.0).sum())}  # noqa: E731
    found = answer(asked, Planted(asked, function, most=[50.0, 50.0, 50.0]))
    assert found.best.total == pytest.approx(150.0, rel=0.01)


def test_two_valleys_are_both_reported() -> None:
    def either(money: Floats, strength: float) -> dict[str, float]:
        a, b, c = money / 100.0
        return {"completed": strength * float(10.0 * a + 9.0 * b - 18.0 * a * b + 0.1 * c)}

    asked = question("abc")
    found = answer(asked, Planted(asked, either))
    assert found.best.money[0] > 95.0
    rivals = [one.plan.money for one in found.named if one.name.startswith("rival")]
    assert any(money[1] > 95.0 for money in rivals)
    assert not any(name.startswith("rival") and found.plan(name).money[1] > 95.0 for name in found.alike)


def test_lines_that_cannot_be_told_apart_are_named() -> None:
    def twins(money: Floats, strength: float) -> dict[str, float]:
        # The same on average; each draw prefers one of them.
        lean = 0.3 * np.sign(strength - 1.0)
        return {"completed": float((1.0 + lean) * money[0] + (1.0 - lean) * money[1] + 0.2 * money[2])}

    asked = question("abc")
    found = answer(asked, Planted(asked, twins))
    rivals = [name for name in found.alike if name.startswith("rival")]
    assert rivals
    spread = np.ptp([found.plan(name).money[0] for name in (*rivals, "best")])
    assert spread > 5.0
    assert found.dataset["funded_share"].values[2] == 0.0


def test_bounds_and_floors_hold() -> None:
    asked = question(
        "abcdef",
        bounds=(
            Bound(lines=("a", "b"), at_most=30.0),
            Bound(lines=("f",), at_least=11.0),
            Bound(lines=("c",), at_most=4.0),
            Bound(lines=("e",), keep=True),
        ),
    )
    planted = Planted(asked, saturating, attributed={"upe": 1.0})
    found = answer(asked, planted)
    money = dict(zip("abcdef", found.best.money, strict=True))
    assert money["a"] + money["b"] <= 30.0 + 0.01
    assert money["f"] >= 11.0
    assert money["c"] <= 4.0
    assert sum(money.values()) <= 100.0 + 1e-6
    # Nobody's work is line e: the present split is shared by all, a sixth of the money each.
    assert money["e"] >= 100.0 / 6.0 - 1e-9


def first_is_twice_the_second(money: Floats, strength: float) -> dict[str, float]:
    return {"completed": strength * float(2.0 * money[0] + money[1])}


def test_the_least_money_is_found_or_the_search_says_that_none_is_enough() -> None:
    # 1000 a year without money; strengths differ by draw, and the weakest of four must reach it.
    weakest = min(1.0 + 0.2 * np.sin(1.0 + 3 * draw) for draw in range(4))
    target = Target("completed", 2029, 1000.0 + 15.0, 1.0)
    asked = question("abc", answers=("least",), targets=(target,))
    found = answer(asked, Planted(asked, first_is_twice_the_second, most=[100.0, 100.0, 100.0]))
    # What completes a year is a quarter of the gain of four years.
    assert found.plan("least").total == pytest.approx(4.0 * 15.0 / 2.0 / weakest, rel=0.1)
    assert found.notes["least"]["not_enough"] < found.plan("least").total
    beyond = question("abc", answers=("least",), targets=(replace(target, value=1500.0),))
    none = answer(beyond, Planted(beyond, first_is_twice_the_second, most=[100.0, 100.0, 100.0]))
    assert "money" not in none.notes["least"]
    assert none.notes["least"]["tried_up_to"] == pytest.approx(300.0)
    assert none.notes["least"]["probability"] == [0.0]
    assert not none.feasible


def test_a_front_has_the_ends_and_nothing_that_is_worse_in_everything() -> None:
    def two(money: Floats, _strength: float) -> dict[str, float]:
        a, b, c = np.sqrt(money / 100.0)
        return {"completed": float(a + 0.3 * c), "child_months": float(b + 0.3 * c)}

    asked = question("abc", answers=("front",), front=("completed", "child_months"))
    found = answer(asked, Planted(asked, two))
    plans = [one.plan for one in found.named if one.name.startswith("front")]
    gains = np.array([[two(np.array(p.money), 1.0)[name] for name in asked.front] for p in plans])
    assert len(plans) >= 4
    for k, gain in enumerate(gains):
        assert not any(
            (other >= gain).all() and (other > gain).any() for other in np.delete(gains, k, axis=0)
        )
    assert gains[:, 0].max() > 1.0
    assert gains[:, 1].max() > 1.0


def test_the_path_grows_and_new_lines_come_in() -> None:
    asked = question("abcdef", answers=("path",), path=(0.25, 1.0, 4.0))
    found = answer(asked, Planted(asked, saturating))
    for share in asked.path:
        plan = found.plan(f"path {share:g}")
        wanted = saturating(best_by_hand(100.0 * share), 1.0)["completed"]
        assert saturating(np.array(plan.money), 1.0)["completed"] >= 0.98 * wanted
    assert found.plan("path 0.25").lines <= found.plan("path 4").lines


def test_a_cautious_planner_is_given_what_holds_under_every_structure() -> None:
    asked = question(
        "abc",
        risk="worst_structure",
        structures=("one", "other"),
        effort=replace(EFFORT, draws=4),
    )

    def opposite(money: Floats, structure: float) -> dict[str, float]:
        # Under one structure the first line does it, under the other the second.
        return {"completed": float(money[0] * (2.0 - structure) + money[1] * structure + 0.8 * money[2])}

    names = ("one", "other")
    strength = {"one": 2.0, "other": 0.0}
    planted = Planted(asked, opposite, structures=names, strength=lambda sample: strength[sample.structure])
    found = answer(asked, planted)
    a, b, _ = found.best.money
    assert a == pytest.approx(50.0, abs=3.0)
    assert b == pytest.approx(50.0, abs=3.0)
    assert set(found.notes["regret"]) == {"one", "other"}
    assert all(missed > 50.0 for missed in found.notes["regret"].values())


def test_too_few_simulations_are_refused_with_the_number_needed() -> None:
    asked = question("abc", effort=Effort(simulations=60, draws=4, fresh_draws=8))
    with pytest.raises(FaultyInput) as raised:
        answer(asked, Planted(asked, saturating))
    (fault,) = raised.value.faults
    assert fault.found == "60"
    assert "120" in fault.allowed


def test_the_answer_improves_while_it_runs() -> None:
    asked = question("abcdef")
    seen: list[float] = []
    phases: list[str] = []

    def report(status) -> None:  # type: ignore[no-untyped-def]
        phases.append(status.phase)
        if status.gain is not None:
            seen.append(status.gain)

    answer(asked, Planted(asked, saturating), report)
    assert seen[-1] > seen[0]
    assert list(dict.fromkeys(phases)) == ["explore", "improve", "confirm", "done"]


def test_a_paired_interval_covers_what_it_should() -> None:
    # 2,000 samples of 10: a 95% interval misses zero in 100 of them; 60 to 145 is five deviations around it.
    draws = np.random.default_rng(1).normal(size=(2000, 10))
    missed = sum(paired(row).told_apart for row in draws)
    assert 60 <= missed <= 145


def by_place(plan: Plan, _sample: Sample) -> Floats:
    """Return [territory] gains: the first territories gain most from a sol, and less and less everywhere."""
    worth = np.linspace(2.0, 0.5, 26)
    share = np.array(plan.places or np.ones(26)) / 26.0
    share = share / share.sum()
    return np.asarray(worth * (1.0 - np.exp(-0.02 * 26.0 * plan.total * share)))


def test_money_moves_to_territories_where_a_sol_gains_more() -> None:
    asked = question("ab", answers=("territory",))
    found = answer(asked, Planted(asked, lambda _m, _s: {}, placed=by_place))
    places = np.array(found.plan("by territory").places)
    assert places[:5].mean() > 1.1
    assert places[-5:].mean() < 0.9
    assert found.told("by territory").mean > found.told("best").mean
    kept = question("ab", answers=("territory",), bounds=(Bound((), (0,), 0.0, 100.0 / 26.0),))
    held = answer(kept, Planted(kept, lambda _m, _s: {}, placed=by_place))
    # The first territory may not have more than by need, and the shape of the rest leaves no room for that.
    assert held.plan("by territory").places == ()


def test_lines_that_are_worth_more_early_come_early() -> None:
    def timed(plan: Plan, _sample: Sample) -> Floats:
        early = np.array(plan.early or (0.0, 0.0))
        gain = np.array(plan.money) @ np.array([1.0, 1.0]) + np.array(plan.money) @ (early * [0.3, 0.0])
        return np.full(26, gain / 26.0)

    asked = question(
        "ab", answers=("year",), bounds=(Bound(("a",), at_least=40.0), Bound(("b",), at_least=40.0))
    )
    found = answer(asked, Planted(asked, lambda _m, _s: {}, placed=timed))
    first, second = found.plan("by year").early
    assert first > 0.3 > second


def test_where_no_split_keeps_the_conditions_the_nearest_is_shown() -> None:
    # All the money together completes at most 7.35 of four years: 1.84 a year more than the thousand.
    target = Target("completed", 2030, 1002.5, 0.9)
    asked = question("abcdef", targets=(target,))
    found = answer(asked, Planted(asked, saturating))
    assert not found.feasible
    np.testing.assert_allclose(found.best.money, best_by_hand(100.0), atol=4.0)
    assert float(found.dataset["reached"].sel(plan="best")[0]) < 0.9


@dataclass
class BySex(Planted):
    """A planted problem whose first line serves girls and whose second serves boys."""

    def tell(self, plans: Sequence[Plan], samples: Sequence[Sample], done: Callable[[int], None]) -> Floats:
        """Return what plans tell, with gains of each sex."""
        told = super().tell(plans, samples, done)
        row = list(MEASURES).index("completed")
        for i, plan in enumerate(plans):
            for j, sample in enumerate(samples):
                each = np.array([2.0, 1.0]) * plan.money[:2] * self.strength(sample) / YEARS
                told[i, j, row, :, BY_SEX] = 500.0 + each
        return told


def test_girls_and_boys_both_gain_where_that_is_asked() -> None:
    free = question("ab")
    assert answer(free, BySex(free, first_is_twice_the_second)).best.money == (100.0, 0.0)
    asked = question("ab", both_sexes=0.4)
    found = answer(asked, BySex(asked, first_is_twice_the_second))
    assert found.feasible
    # Boys get 0.4 of the gain where b = 0.4 (2 a + b), a + b = 100: b = 800 / 14.
    np.testing.assert_allclose(found.best.money, (100.0 - 800.0 / 14.0, 800.0 / 14.0), atol=1.0)


@dataclass
class Placed(Planted):
    """A planted problem whose first line is spent in Lima Metropolitana alone, others everywhere alike."""

    def limits(self) -> Limits:
        """Return limits with the places of money."""
        known = super().limits()
        shares = known.shares.copy()
        shares[0] = np.arange(26) == LIMA
        return replace(known, shares=shares)


def test_the_share_outside_lima_is_kept() -> None:
    free = question("ab")
    assert answer(free, Placed(free, first_is_twice_the_second)).best.money == (100.0, 0.0)
    asked = question("ab", outside_lima=0.6)
    found = answer(asked, Placed(asked, first_is_twice_the_second))
    # 25 parts in 26 of the second line are spent outside Lima.
    np.testing.assert_allclose(found.best.money[1], 60.0 * 26.0 / 25.0, atol=0.5)
    assert found.best.money[1] * 25.0 / 26.0 >= 60.0 - 0.02
    assert found.best.total == pytest.approx(100.0, abs=0.1)
