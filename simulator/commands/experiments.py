"""Commands of experiments: sweeps of many runs into one store."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from simulator.terminal import (
    OK,
    TERMINATED,
    bad_option,
    check_writable,
    count_fault,
    flag,
    names_of,
    one_name,
    option,
    print_json,
    unwritable,
    whole,
)
from simulator.texts import t

if TYPE_CHECKING:
    from simulator.experiments.sweep.execute import State

ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables by which libraries of linear algebra take threads: runs beside each other would take them all."""

EVERY: Final = 30.0
"""Seconds between two lines of progress where nobody looks at a screen."""

MOST_WORKERS: Final = 4096


class TerminatedError(KeyboardInterrupt):
    """The program was asked to end by a signal."""


def sweep(
    names: Annotated[list[str] | None, names_of("experiment")] = None,
    *,
    out: Annotated[str | None, option("--out", "store")] = None,
    workers: Annotated[str | None, option("--workers", "workers")] = None,
    scheduler: Annotated[str | None, option("--scheduler", "scheduler")] = None,
    threads: Annotated[str, option("--threads", "worker_threads")] = "1",
    resume: Annotated[bool, flag("--resume", "resume")] = False,
    part: Annotated[str | None, option("--part", "part")] = None,
    finish: Annotated[str | None, option("--finish", "finish")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> int:
    """Run an experiment into a store; exit code 143 after a signal to end, and the store can be resumed."""
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")
    if finish is not None:
        if names:
            raise count_fault("sweep --finish", names, t("sweep.allowed.no_file"))
        return _finish(finish, quiet=quiet, as_json=as_json)
    file = one_name(names or (), "sweep", t("sweep.allowed.experiment"))
    if out is None:
        raise bad_option(
            "--out", "", t("sweep.allowed.new_store"), t("cli.do.help", command="sintrata sweep")
        )
    options: dict[str, Any] = {
        "workers": None if workers is None else whole("--workers", workers, 1, MOST_WORKERS),
        "scheduler": _address(scheduler),
        "threads": whole("--threads", threads, 1, 1024),
        "resume": resume,
        "part": None if part is None else _part(part),
    }
    if workers is not None and scheduler is not None:
        raise bad_option("--scheduler", str(scheduler), t("sweep.allowed.one_kind"))
    path = Path(out)
    check_writable(path)

    from simulator.experiments.sweep.checking import load_experiment
    from simulator.experiments.sweep.execute import sweep as run

    experiment = load_experiment(file)
    try:
        with _signals(), _progress(quiet=quiet or as_json) as progress:
            dataset = run(experiment, path, progress=progress, **options)
    except TerminatedError:
        print(t("sweep.terminated", path=path), file=sys.stderr)
        return TERMINATED
    except ConnectionError as error:
        found = t("sweep.found.lost", reason=str(error))
        raise bad_option("--scheduler", found, t("sweep.allowed.workers"), t("sweep.do.workers")) from None
    except OSError as error:
        raise unwritable(path, error) from None
    about = {"store": str(path), "complete": bool(dataset.attrs["complete"]), **_counts(dataset)}
    _tell(about, dataset.attrs.get("reasons", []), quiet=quiet, as_json=as_json)
    return OK


def _finish(store: str, *, quiet: bool, as_json: bool) -> int:
    from simulator.experiments.sweep.execute import finish

    told = finish(store)
    about = {"store": store, "complete": True, **told["counts"]}
    _tell(about, told["reasons"], quiet=quiet, as_json=as_json)
    return OK


def _counts(dataset: Any) -> dict[str, int]:
    """Return how many runs of a store came to what."""
    import numpy as np

    from simulator.experiments.sweep.store import STATUS

    status = np.asarray(dataset["status"])
    return {name: int((status == k).sum()) for k, name in enumerate(STATUS)}


def _tell(about: dict[str, Any], reasons: list[Any], *, quiet: bool, as_json: bool) -> None:
    if as_json:
        print_json({**about, "reasons": reasons})
    elif quiet:
        print(about["store"])
    else:
        done = about["done"] + about["done_implausible"]
        print(t("sweep.done", done=f"{done:,}", failed=f"{about['failed']:,}", out=f"{about['left_out']:,}"))
        for scenario, draw, replicate, reason in [r for r in reasons if r[3] != "implausible"][:10]:
            print(t("sweep.reason", scenario=scenario, draw=draw, replicate=replicate, reason=reason))
        if not about["complete"]:
            print(t("sweep.open", count=f"{about['not_run']:,}"))
        print(t("cli.saved", path=about["store"]))


def _part(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise bad_option("--part", text, t("sweep.allowed.part_words"))
    return int(match[1]), int(match[2])


def _address(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[a-z]+://[^\s/]+", text):
        raise bad_option("--scheduler", text, t("sweep.allowed.address"))
    return text


@contextmanager
def _signals() -> Iterator[None]:
    """Let a signal to end stop the work in hand, as an interrupt from the keyboard does."""

    def stop(_number: int, _frame: object) -> None:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[State], None] | None]:
    """Give the function that is called as runs are done: a bar on a screen, lines in a file."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda state: bar.update(
                task, completed=state.done, total=state.total, description=_words(state)
            )
    else:
        yield _Lines().tell


class _Lines:
    """Prints a line of progress now and then, and at the end."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def tell(self, state: State) -> None:
        now = time.monotonic()
        if now - self.last >= EVERY or (state.new and state.done == state.total):
            self.last = now
            print(_words(state), file=sys.stderr, flush=True)


def _words(state: State) -> str:
    left = state.seconds_left
    return t(
        "sweep.progress",
        done=f"{state.done:,}",
        total=f"{state.total:,}",
        rate=f"{state.per_hour:,.0f}",
        left="?" if left is None else f"{int(left) // 3600}:{int(left) // 60 % 60:02d}:{int(left) % 60:02d}",
        failed=f"{state.failed:,}",
    )
