"""A sweep holds the same values whoever runs what, in which order, and however often it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
import pytest
import xarray as xr

from simulator.experiments.ensemble import Comparator, Study, compare
from simulator.experiments.sweep import work
from simulator.experiments.sweep.execute import State, finish
from simulator.experiments.sweep.journal import Pair
from simulator.experiments.sweep.store import DONE, FAILED, Store
from simulator.faults import FaultyInput
from simulator.outcomes.indicators import yearly
from tests.experiments.conftest import SCALE, same, small

Run = Callable[..., xr.Dataset]


@pytest.mark.parametrize("use", ["posterior", "prior"])
def test_a_sweep_of_drawn_sets_is_what_compare_gives(run: Run, use: Literal["posterior", "prior"]) -> None:
    names = ["baseline", "detection_without_places"]
    sampler = {"use": use, "draws": 2}
    keep = ["first_entries", "identified", "completed_share"]
    experiment = small(scenarios=names, sampler=sampler, outputs={"keep": keep}, replicates=2, batch=4)
    del experiment["parameters"], experiment["levers"]
    swept = run(experiment=experiment)
    whole = compare(
        names, seed=3, draws=2, replicates=2, until="2018-12", scale=SCALE, threads=1, draws_from=use
    )
    table = yearly(whole)
    for name in keep:
        np.testing.assert_array_equal(swept[name], table[name].transpose(*swept[name].dims), err_msg=name)


def test_parts_equal_one_process_in_any_order(run: Run, undisturbed: xr.Dataset, tmp_path: Path) -> None:
    for part in ((3, 3), (1, 3)):
        run(part=part)
    with pytest.raises(FaultyInput, match=r"missing batches \(1\): 1"):
        finish(tmp_path / "own.zarr")
    run(part=(2, 3))
    told = finish(tmp_path / "own.zarr")
    assert told["counts"]["done"] == 6
    same(xr.open_zarr(tmp_path / "own.zarr"), undisturbed)


def test_workers_do_not_matter(run: Run, undisturbed: xr.Dataset) -> None:
    states: list[State] = []
    same(run(experiment=small(batch=4), workers=2, progress=states.append), undisturbed)
    # Told whenever a draw is done, not only when its batch of two draws is.
    assert [state.done for state in states] == [0, 2, 4, 6]
    assert (states[-1].total, states[-1].failed) == (6, 0)


def test_a_run_that_breaks_is_told_and_stops_nothing(
    run: Run, undisturbed: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Comparator.run

    def breaks(self: Comparator, scenario: Any, **more: Any) -> Any:
        if any(item.use == "police_capacity" and item.amount > 2 / 3 for item in scenario.interventions):
            raise ZeroDivisionError("no such thing")
        return real(self, scenario, **more)

    monkeypatch.setattr(Comparator, "run", breaks)
    broken = run()
    status = np.asarray(broken["status"])
    assert (status == FAILED).sum() == 1
    assert (status[1] == FAILED).sum() == 1
    failed = status == FAILED
    assert np.isnan(np.asarray(broken["first_entries"])[failed]).all()
    kept = np.asarray(undisturbed["first_entries"])[~failed]
    np.testing.assert_array_equal(np.asarray(broken["first_entries"])[~failed], kept)
    [[scenario, _, _, reason]] = broken.attrs["reasons"]
    assert (scenario, reason) == ("policy_2030_funded", "ZeroDivisionError: no such thing")


def test_many_runs_make_few_files_and_memory_stays(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulation itself is left out: what is written, kept and remembered is that of a real sweep."""

    def at_once(store: Store, study: Study, draw: int, replicate: int, *_: object) -> Pair:
        n = len(study.scenarios)
        outputs = {
            name: np.full((n, *store.shape_of(name)), draw + 0.25) for name in store.plan.experiment.keep
        }
        return Pair(draw, replicate, (DONE,) * n, {}, ("",) * n, 0.0, outputs)

    monkeypatch.setattr(work, "_run", at_once)
    sampler = {"use": "latin_hypercube", "draws": 200}
    experiment = small(sampler=sampler, until="2030-12", outputs={"by": "place"})
    del experiment["batch"]
    memory: list[float] = []
    process = psutil.Process()

    def measure(state: State) -> None:
        if state.done in (100, 400):
            memory.append(process.memory_full_info().uss / 2**20)

    store = run(experiment=experiment, progress=measure)
    highest = store["identified"].max(("scenario", "replicate", "territory", "area", "year"))
    np.testing.assert_array_equal(highest, np.arange(200) + 0.25)
    files = [path for path in (tmp_path / "own.zarr").rglob("*") if path.is_file()]
    # A hundred batches: one file for each output and batch, a marker; beside them what describes the store.
    outputs = len(store.data_vars) - 2
    assert 100 * (outputs + 1) < len(files) < 100 * (outputs + 1) + 100 < 4_000
    # What those 300 runs have written would be 30 MB.
    assert memory[1] - memory[0] < 12.0
