"""Anything can end at any time: what is missing is run again, and the store holds the same values."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr.storage._local as disk
from distributed import LocalCluster

from simulator.experiments.ensemble import Comparator
from simulator.experiments.sweep import lease as leases
from simulator.experiments.sweep.execute import State
from simulator.experiments.sweep.lease import lease
from simulator.experiments.sweep.store import Store
from tests.experiments.conftest import SCALE, same, small

Run = Callable[..., xr.Dataset]

SWEEP = f"""
import json, sys
import simulator
simulator.sweep(json.loads(sys.argv[1]), sys.argv[2], workers=1, scale={SCALE}, resume=True)
"""

COMMAND = f"""
import sys
from functools import partial
from simulator.experiments.sweep import execute
execute.sweep = partial(execute.sweep, scale={SCALE})
from simulator.cli import main
sys.exit(main(sys.argv[1:]))
"""


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "SINTRATA_LANG": "en"},
    )


def wait_for_a_run(store: Path, program: subprocess.Popen[str]) -> None:
    """Return as soon as the journal of the program holds a run."""
    for _ in range(1200):
        if any(path.stat().st_size for path in store.glob(".sweep/*.journal")):
            return
        assert program.poll() is None, program.communicate()
        time.sleep(0.05)
    pytest.fail("no run within a minute")


@pytest.fixture
def pairs_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gather the draws whose history is run."""
    run: list[int] = []
    real = Comparator.__init__

    def counted(self: Comparator, *words: Any, **more: Any) -> None:
        run.append(1)
        real(self, *words, **more)

    monkeypatch.setattr(Comparator, "__init__", counted)
    return run


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_killed_at_work_and_resumed(
    run: Run, undisturbed: xr.Dataset, pairs_run: list[int], tmp_path: Path
) -> None:
    store = tmp_path / "own.zarr"
    experiment = small(batch=6)
    program = started(SWEEP, json.dumps(experiment), str(store))
    wait_for_a_run(store, program)
    program.kill()
    program.communicate()
    assert list(store.glob(".sweep/*.lease")), "the killed process leaves its lease"
    with pytest.raises(Exception, match="already"):
        run(experiment=experiment)
    same(run(experiment=experiment, resume=True), undisturbed)
    assert 0 < len(pairs_run) < 3, "what was in the journal is not run again"
    assert sorted(path.suffix for path in store.glob(".sweep/*")) == [".done", ".json", ".json"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_a_signal_to_end_leaves_a_store_that_can_be_resumed(
    run: Run, undisturbed: xr.Dataset, tmp_path: Path
) -> None:
    store, file = tmp_path / "own.zarr", tmp_path / "small.yaml"
    # JSON is YAML.
    file.write_text(json.dumps(small(batch=6)), encoding="utf-8")
    program = started(COMMAND, "sweep", str(file), "--out", str(store), "--workers", "1")
    wait_for_a_run(store, program)
    program.send_signal(signal.SIGTERM)
    _, told = program.communicate(timeout=60)
    assert program.returncode == 143, told
    assert "go on with --resume" in told
    assert "Traceback" not in told
    assert not list(store.glob(".sweep/*.lease"))
    same(run(resume=True), undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_a_worker_that_is_killed_is_replaced(run: Run, undisturbed: xr.Dataset) -> None:
    killed: list[int] = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:

        def kill_one(_: State) -> None:
            if not killed:
                killed.append(cluster.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        same(run(workers=None, scheduler=cluster.scheduler_address, progress=kill_one), undisturbed)
        assert cluster.workers[0].pid != killed[0]


def test_two_clients_on_one_store(run: Run, undisturbed: xr.Dataset, tmp_path: Path) -> None:
    store = tmp_path / "own.zarr"
    program = started(SWEEP, json.dumps(small()), str(store))
    same(run(resume=True), undisturbed)
    _, told = program.communicate(timeout=120)
    assert program.returncode == 0, told
    same(xr.open_zarr(store), undisturbed)


def test_a_full_disk_is_told_and_resumed(
    run: Run, undisturbed: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = disk._put, [0]

    def full(path: Path, value: Any, exclusive: bool = False) -> int:
        if ".c." in f".{path.name}" and "spent" in str(path):
            left[0] += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, value, exclusive)

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_put", full)
        with pytest.raises(OSError, match="No space left"):
            run()
    assert left[0] == 1
    same(run(resume=True), undisturbed)


def test_what_a_disk_has_damaged_is_run_again(run: Run, undisturbed: xr.Dataset, tmp_path: Path) -> None:
    store = tmp_path / "own.zarr"
    run()
    chunk = next(store.glob("identified/c.0.1.*"))
    chunk.write_bytes(chunk.read_bytes()[:-7])
    (store / ".sweep" / "000002.done").unlink()
    (store / ".sweep" / "000002.0.journal").write_bytes(b"run\nhalf a record")
    missing = [batch.number for batch in Store(store).missing()]
    assert missing == [1, 2]
    same(run(resume=True), undisturbed)
    assert Store(store).missing() == []


def test_a_lease_is_one_owners_and_a_dead_owners_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "000001.lease"
    with lease(path) as mine:
        assert mine is not None
        with lease(path) as other:
            assert other is None
        told = json.loads(path.read_text(encoding="utf-8"))
    assert not path.exists()
    # A process of this machine that is gone; its number may be another process by now.
    path.write_text(json.dumps({**told, "born": told["born"] - 5.0}), encoding="utf-8")
    with lease(path) as mine:
        assert mine is not None
    # Of another machine nothing is known but when it last touched its lease.
    path.write_text(json.dumps({**told, "host": "elsewhere"}), encoding="utf-8")
    with lease(path) as mine:
        assert mine is None
    long_ago = time.time() - leases.LAPSE - 60.0
    os.utime(path, (long_ago, long_ago))
    with lease(path) as mine:
        assert mine is not None
    assert list(tmp_path.iterdir()) == []


def test_a_lease_is_touched_while_its_owner_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT", 0.01)
    path = tmp_path / "000001.lease"
    with lease(path):
        os.utime(path, (1.0, 1.0))
        for _ in range(500):
            if path.stat().st_mtime > 1.0:
                break
            time.sleep(0.01)
        assert path.stat().st_mtime > 1.0


def test_a_store_of_another_experiment_is_refused(run: Run) -> None:
    run(part=(1, 3))
    with pytest.raises(Exception, match="it differs in: the experiment"):
        run(experiment=small(seed=4), resume=True)
    assert np.isfinite(np.asarray(run(resume=True)["first_entries"])).all()
