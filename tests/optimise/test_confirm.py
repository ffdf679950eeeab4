"""The confirmation: how many samples it takes, and what it promises."""

from __future__ import annotations

import numpy as np

from simulator.experiments.optimise.answer import SURE, paired
from simulator.experiments.optimise.confirm import looks
from simulator.experiments.optimise.run import answer
from tests.optimise.planted import EFFORT, Floats, Planted, question


def test_samples_are_looked_at_three_times_at_most() -> None:
    assert looks(8, 8) == [8]
    assert looks(8, 5) == [8]
    assert looks(8, 12) == [8, 12]
    assert looks(8, 50) == [8, 20, 50]
    # With two structures samples come in pairs.
    assert looks(8, 51, 2) == [8, 20, 50]


def uneven(money: Floats, strength: float) -> dict[str, float]:
    """Return what two lines gain: the first more on average, but under few draws by much."""
    return {"completed": float(money[0] * (1.0 + 5.0 * (strength - 1.0)) + 0.8 * money[1])}


def test_what_few_draws_leave_open_more_of_them_decide() -> None:
    asked = question("ab")
    found = answer(asked, Planted(asked, uneven, attributed={"none": 1.0}))
    few = found.dataset["value"].isel(sample=slice(EFFORT.fresh_draws))
    first = paired((few.sel(plan="best") - few.sel(plan="equal")).values, SURE)
    assert not first.told_apart
    assert found.beside("equal").told_apart
    assert found.samples("best") == found.samples("present") > EFFORT.fresh_draws
    assert found.dataset.attrs["looks"] == 3
    np.testing.assert_allclose(found.dataset["confidence"].sel(plan="equal"), 1.0 - 0.05 / 3.0)


def test_a_difference_that_is_plain_takes_no_further_draws() -> None:
    asked = question("ab")
    plain = Planted(asked, lambda money, strength: {"completed": strength * float(money[0])})
    found = answer(asked, plain)
    assert found.samples("best") == EFFORT.fresh_draws
    assert plain.asked <= EFFORT.simulations


def test_no_more_runs_are_asked_for_than_there_are() -> None:
    asked = question("ab")
    # The lines differ by draw alone: the confirmation goes on to its end.
    planted = Planted(
        asked, lambda money, s: {"completed": float(money[0] * s + money[1] * (2.0 - s))}, noise=50.0
    )
    found = answer(asked, planted)
    assert found.samples("best") > 3 * EFFORT.fresh_draws
    assert planted.asked <= EFFORT.simulations
    rivals = [one.name for one in found.named if one.name.startswith("rival")]
    assert rivals
    assert all(found.samples(name) in (EFFORT.fresh_draws, found.samples("best")) for name in rivals)


def test_looking_again_raises_no_false_alarms() -> None:
    # 2,000 sequences without a difference; a mean of at most 100 alarms, and 145 is more than four
    # deviations above that.
    steps = looks(8, 50)
    sure = 1.0 - (1.0 - SURE) / len(steps)
    draws = np.random.default_rng(3).normal(size=(2000, 50))
    alarms = sum(any(paired(row[:n], sure).told_apart for n in steps) for row in draws)
    assert 20 <= alarms <= 145
