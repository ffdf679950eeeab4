"""A fit in a folder: nothing finished is run twice, a kill loses nothing, the outcome has the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from calibration.calibrate import Calibrated
from calibration.fitting import Fit, Scale, Shown, fit, within_reach
from calibration.observe import log_likelihood
from calibration.outcome import identified_table, posterior_of, structures_table, write
from calibration.priors import Drawn, Prior, position
from calibration.simulations import Recipe, Simulations
from calibration.store import Store, key_of
from calibration.targets import load_targets
from simulator.evidence import load_ledger
from simulator.experiments.posterior import load_posterior
from simulator.experiments.prior import quantile
from simulator.experiments.workers import country, open_workers

TARGETS = load_targets(use=("fit",))[:30]
UNTIL = 155
MOVERS = ("identification.known_per_year", "registers.adults_police_per_year")


def prior_of(only: tuple[str, ...] = ()) -> Prior:
    ledger, population = country(UNTIL, 0.01)
    return Prior(ledger, population, 3, only)


def toy(store: Store, pause: float = 0.0) -> Callable[[Sequence[Drawn], int], Shown]:
    """Return a stand-in for the model that two parameters move, kept in a store as runs are."""

    def simulate(sets: Sequence[Drawn], first: int) -> Shown:
        rows = []
        for i, one in enumerate(sets):
            key = key_of("toy", one.values, first + i)
            if key not in store:
                time.sleep(pause)
                known, adults = (one.values[name] for name in MOVERS)
                level = np.log(known / 500.0) * 0.4 + np.log(adults / 850.0) * 0.6
                chance = 0.05 * np.sin(1000.0 * known + np.arange(len(TARGETS)))
                values = np.array([t.value for t in TARGETS])
                store.add(key, {"shown": values * np.exp(level + chance)})
            rows.append(store.read(key)["shown"])
        return Shown(np.array(rows), np.full(len(sets), 3.4))

    return simulate


def fitted(folder: Path, pause: float = 0.0, only: tuple[str, ...] = ()) -> Calibrated:
    prior = prior_of(only)
    done: Fit = fit(
        prior, TARGETS, toy(Store(folder), pause), lambda shown: log_likelihood(TARGETS, shown), 60, 80
    )
    return Calibrated(done, prior, Recipe(3, UNTIL, 0.01), TARGETS)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    return fitted(tmp_path_factory.mktemp("fit") / "simulations")


def test_position_inverts_quantile() -> None:
    u = np.linspace(0.001, 0.999, 50)
    ledger = load_ledger()
    for name in ("recruitment.incidence", "identification.share_police", "networks.demand_mining"):
        one = ledger.parameters[name]
        np.testing.assert_allclose(position(one, quantile(one, u)), u, atol=1e-9)


def test_a_prior_set_stands_for_one_structure_of_each_group_and_stays_inside_it() -> None:
    prior = prior_of(("turnover.pay",))
    known = {one.name: one for members in prior.groups for one in members}
    for index in range(8):
        drawn = prior.draw(index)
        assert len(drawn.structures) == 4
        assert "turnover.pay" in drawn.structures
        for name in drawn.structures:
            for parameter, (low, _, high) in known[name].ranges.items():
                assert low <= drawn.values[parameter] <= high
    assert prior.draw(5) == prior.draw(5)


def test_the_fit_finds_what_moves_the_targets_and_narrows_it(done: Calibrated) -> None:
    assert set(MOVERS) <= set(done.fit.names)
    assert len(done.fit.names) <= 4
    rows = {str(row["parameter"]): row for row in identified_table(done).rows}
    assert float(str(rows["registers.adults_police_per_year"]["narrowing"])) > 0.1
    truth = [0.4 * np.log(v[0] / 500.0) + 0.6 * np.log(v[1] / 850.0) for v in _both(done)]
    assert abs(float(np.mean(truth))) < 0.1
    assert float(np.std(truth)) < 0.12


def _both(done: Calibrated) -> list[list[float]]:
    columns = [done.fit.names.index(name) for name in MOVERS]
    return done.fit.sets.values[done.fit.chosen][:, columns].tolist()  # type: ignore[no-any-return]


def test_emulator_and_simulations_agree(done: Calibrated) -> None:
    """Posterior means by the emulator and by simulations: within three standard errors."""
    near = done.fit.near
    assert near.effective > 10.0
    for i in range(len(done.fit.names)):
        x = near.x[:, i]
        found = near.of_made @ x
        spread = np.sqrt(near.of_made @ (x - found) ** 2)
        assert abs(found - done.fit.likely @ done.fit.pool.x[:, i]) < 3.0 * spread * near.error


def test_structures_that_move_nothing_keep_their_share(done: Calibrated) -> None:
    rows = structures_table(done).rows
    assert len(rows) == 9
    for row in rows:
        assert float(str(row["after"])) == pytest.approx(float(str(row["before"])), abs=0.1)
        assert row["excluded"] is False


def test_what_is_written_can_be_read_again(done: Calibrated, tmp_path: Path) -> None:
    write(done, tmp_path)
    read = load_posterior(tmp_path)
    told = posterior_of(done)
    assert read.names == told.names
    assert read.structures == told.structures
    np.testing.assert_allclose(read.values, told.values, rtol=1e-5)
    np.testing.assert_allclose(read.weights, told.weights, atol=1e-5)
    assert read.manifest["simulations"] == 60
    assert read.manifest["targets_out_of_reach"] == []


def test_a_structure_can_be_held(tmp_path: Path) -> None:
    held = fitted(tmp_path / "simulations", only=("deterrence.weak",))
    assert all("deterrence.weak" in one for one in posterior_of(held).structures)


def test_targets_that_no_set_comes_near_are_out_of_reach() -> None:
    data = Scale(TARGETS).data()
    y = np.tile(data.value, (40, 1))
    y[:, 2] += 10.0 * data.deviation[2]
    expected = np.ones(len(TARGETS), bool)
    expected[2] = False
    np.testing.assert_array_equal(within_reach(data, y), expected)


KILLED = """
import sys
from pathlib import Path
from tests.calibration.test_calibrate import fitted, write
write(fitted(Path(sys.argv[1]) / "simulations", float(sys.argv[2])), Path(sys.argv[1]))
"""


def test_a_killed_fit_goes_on_where_it_was_and_gives_the_same_bytes(done: Calibrated, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    write(done, whole)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(killed), "0.05"])
    store = killed / "simulations"
    deadline = time.monotonic() + 120.0
    while len(list(store.glob("*.npz"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in store.glob("*.npz")}
    assert 5 <= len(finished) < 60
    assert not (killed / "posterior.csv").exists()
    write(fitted(store), killed)
    assert len(list(store.glob("*.npz"))) == 60
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())
    for name in ("posterior.csv", "posterior.json", "told.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def test_half_written_simulations_do_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "abc.123.half").write_bytes(b"PK")
    assert "abc" not in store
    store.add("abc", {"shown": np.arange(3.0)})
    assert "abc" in store
    np.testing.assert_array_equal(store.read("abc")["shown"], np.arange(3.0))


def test_runs_of_the_model_are_kept_and_read_back(tmp_path: Path) -> None:
    """Two runs of a hundredth of the country on a worker; the second time no worker is asked."""
    prior, recipe = prior_of(), Recipe(3, UNTIL, 0.01)
    sets = [prior.draw(i) for i in range(2)]
    seen: list[tuple[int, int]] = []
    with open_workers(1) as client:
        runs = Simulations(recipe, Store(tmp_path), client, 2, TARGETS, lambda d, n, _: seen.append((d, n)))
        first = runs.run(sets, 0)
    assert seen == [(0, 2), (1, 2), (2, 2)]
    nobody = Simulations(recipe, Store(tmp_path), None, 2, TARGETS)  # type: ignore[arg-type]
    again = nobody.run(sets, 0)
    np.testing.assert_array_equal(first.predicted, again.predicted)
    assert first.predicted.shape == (2, len(TARGETS))
    assert np.all(first.predicted[:, 0] > 100.0), "counts are told for the whole country"
    assert np.all((first.stock > 1.4) & (first.stock < 9.4))
