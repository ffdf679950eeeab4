"""The live engine: a few worker processes, shared by all sessions, and what they have told.

A page looks at scenarios; the first answer is one run of the whole country, further draws arrive by
themselves as long as somebody still looks. What a session has turned away from, and nobody else looks at, is
given up at once. Answers are kept by scenario hash, for everybody.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import psutil
import xarray as xr

from app.live import frames
from app.priority import Standing, stand_back
from simulator import Scenario, load_scenario
from simulator.processes import deaf_children

PATIENCE_S: Final = 6.0
"""Seconds after which a scenario that nobody has looked at again is no longer worked on."""

LONGEST_RUN_S: Final = 180.0
"""Seconds after which a worker that does not answer is replaced."""

LOG: Final = logging.getLogger("sintrata")

FIRST_THREADS: Final = 2
"""Threads of a run that somebody waits for without any figure yet."""

GLANCE_AT_MEMORY_S: Final = 1.0
"""Seconds between two looks at the memory of the workers."""

MOST_FAILURES: Final = 3
"""Times that runs of one scenario may fail, or a worker end without an answer, before readers are told."""

PROGRAM: Final = (sys.executable, "-m", "app.live")
"""What a worker runs; how it is set up follows."""

LONGEST_PAUSE_S: Final = 30.0
"""Longest pause before a worker that does not come up is started again."""


@dataclass(frozen=True)
class Settings:
    """How the engine is set up; the command line says it.

    Attributes
    ----------
    draws : the full set; seed : of chance and draws; workers : processes
    scale : share of the country, anything but 1 is for tests
    most : scenarios whose answers are kept though nobody looks at them; kept_mb : what all answers may take
    trends : runs of the trend that each worker keeps, about 80 MB each
    until : last month of the trend runs that are made before anybody asks, counted from January 2012
    memory_mb : resident memory at which a worker is replaced
    """

    draws: int = 24
    seed: int = 0
    workers: int = 2
    scale: float = 1.0
    most: int = 48
    kept_mb: int = 1000
    trends: int = 24
    until: int = 227
    memory_mb: int = 4000


Key = tuple[str, int]
"""Scenario hash and last month: within one engine, what an answer depends on."""

NOBODY: Final = ""
"""Who asks without a session."""


@dataclass
class Answer:
    """What the workers have told of one scenario, by draw; shared, so never changed by a page.

    Attributes
    ----------
    failed : ``run`` if its runs fail, ``worker`` if the processes that make them do not come up
    wanted : when each session has last looked at it, in seconds of the monotonic clock
    since : when the first of those who look at it now has begun to
    """

    scenario: Scenario
    until: int
    total: int
    tables: dict[int, xr.Dataset] = field(default_factory=dict)
    failed: str = ""
    wanted: dict[str, float] = field(default_factory=dict)
    since: float = 0.0
    failures: int = 0
    nbytes: int = 0

    @property
    def asked(self) -> float:
        """Return when anybody has last looked at it."""
        return max(self.wanted.values(), default=-np.inf)

    @property
    def is_wanted(self) -> bool:
        """Return whether anybody still looks at it."""
        return time.monotonic() - self.asked < PATIENCE_S

    @property
    def is_complete(self) -> bool:
        """Return whether every draw of the full set is there."""
        return len(self.tables) >= self.total


@dataclass
class _Process:
    """A worker process and the one run that it is busy with."""

    number: int
    process: subprocess.Popen[bytes]
    busy: tuple[int, Key, int] | None = None
    threads: int = 0
    since: float = 0.0
    stopped: bool = False
    warming: tuple[int, int] | None = None
    ready: set[tuple[int, int]] = field(default_factory=set)


class Engine:
    """Hands out runs to workers and keeps what they tell; safe to use from many threads.

    Parameters
    ----------
    settings : how many draws, workers, and so on
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._lock = threading.Condition()
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._looks: dict[str, set[Key]] = {}
        self._next = 0
        self._closed = False
        self._ended_mute = [0] * self.settings.workers
        self._trend = load_scenario("baseline").hash
        self._typical: dict[int, list[int]] = {}
        self._workers = [self._start(number) for number in range(self.settings.workers)]
        threading.Thread(target=self._watch, daemon=True).start()
        atexit.register(self.close)

    def look(self, session: str, scenarios: Sequence[Scenario], until: int) -> list[Answer]:
        """Return what is known of all that a session looks at now, and keep working on it; never waits.

        What the same session looked at before is given up at once, unless somebody else looks at it.

        Parameters
        ----------
        until : last month counted from January 2012
        """
        keys = {(one.hash, until) for one in scenarios}
        with self._lock:
            for key in self._looks.get(session, set()) - keys:
                self._give_up(session, key)
            self._looks[session] = keys
            return [self.ask(one, until, session) for one in scenarios]

    def ask(self, scenario: Scenario, until: int | None = None, session: str = NOBODY) -> Answer:
        """Return what is known of a scenario, and keep working on it; never waits.

        Parameters
        ----------
        until : last month counted from January 2012, by default the scenario's own
        """
        last = scenario.until_ti if until is None else until
        key = (scenario.hash, last)
        with self._lock:
            answer = self._answers.setdefault(key, Answer(scenario, last, self.settings.draws))
            self._answers.move_to_end(key)
            now = time.monotonic()
            if not answer.is_wanted:
                answer.since = now
            answer.wanted[session] = now
            self._make_room()
            self._hand_out()
            if not answer.tables and not answer.failed:
                self._make_way(key, answer)
        return answer

    def _make_room(self) -> None:
        """Forget answers, those used longest ago first; what somebody looks at only for its bytes."""
        idle = [key for key, answer in self._answers.items() if not answer.is_wanted]
        while idle and (len(self._answers) > self.settings.most or self._is_full):
            del self._answers[idle.pop(0)]
        while self._is_full and len(self._answers) > 1:
            self._answers.popitem(last=False)

    @property
    def _is_full(self) -> bool:
        return sum(answer.nbytes for answer in self._answers.values()) > self.settings.kept_mb * 2**20

    def _give_up(self, session: str, key: Key) -> None:
        """Stop what a session no longer looks at, if nobody else does."""
        answer = self._answers.get(key)
        if answer is None:
            return
        answer.wanted.pop(session, None)
        if answer.is_wanted:
            return
        for worker in self._workers:
            if worker.busy is not None and worker.busy[1] == key:
                self._stop(worker, worker.busy[0])

    def _stop(self, worker: _Process, number: int) -> None:
        if not worker.stopped:
            worker.stopped = True
            self._send(worker, {"do": "cancel", "id": number})

    def retry(self, scenario: Scenario, until: int | None = None) -> None:
        """Forget that a scenario failed, so that it is tried again; what has not failed stays."""
        key = (scenario.hash, scenario.until_ti if until is None else until)
        with self._lock:
            if key in self._answers and self._answers[key].failed:
                del self._answers[key]

    def wait(self, answer: Answer, runs: int, seconds: float, session: str = NOBODY) -> bool:
        """Wait until an answer holds some runs or has failed; return whether it holds them."""
        end = time.monotonic() + seconds
        with self._lock:
            while len(answer.tables) < min(runs, answer.total) and not answer.failed:
                left = end - time.monotonic()
                if left <= 0.0 or self._closed:
                    return False
                answer.wanted[session] = time.monotonic()
                self._lock.wait(min(left, 1.0))
        return not answer.failed

    def pause(self, seconds: float) -> None:
        """Wait until a worker has told something, at most some seconds."""
        with self._lock:
            self._lock.wait(seconds)

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._lock.notify_all()
        for worker in self._workers:
            if worker.process.stdin is not None:
                worker.process.stdin.close()
        for worker in self._workers:
            try:
                worker.process.wait(2.0)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()

    # -- workers -------------------------------------------------------------------------------------------

    def _start(self, number: int) -> _Process:
        s = self.settings
        words = {
            "--draws": s.draws,
            "--seed": s.seed,
            "--scale": s.scale,
            "--number": number,
            "--of": s.workers,
            "--until": s.until,
            "--most": s.trends,
        }
        # What a terminal sends to interrupt the server is not for its workers: they end with their input.
        with deaf_children():
            process = subprocess.Popen(
                [*PROGRAM, *(str(word) for pair in words.items() for word in pair)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        # Whoever draws pages goes first: what a worker has told must not wait for what it works on next.
        stand_back(process.pid, Standing.RUN)
        worker = _Process(number, process)
        threading.Thread(target=self._read, args=(worker,), daemon=True).start()
        return worker

    def _read(self, worker: _Process) -> None:
        """Take in the frames of one worker until it ends; then start another in its place."""
        out = worker.process.stdout
        assert out is not None
        for head, tables in frames(out):
            with self._lock:
                worker.ready = {(until, draw) for until, draw in head["ready"]}
                if head["is"] in {"ready", "unready"}:
                    worker.warming = None
                    if head["is"] == "unready":
                        self._lament(head)
                    self._hand_out()
                    continue
                self._ended_mute[worker.number] = 0
                busy, worker.busy = worker.busy, None
                if busy is not None and busy[0] == head["id"]:
                    self._take(busy[1], busy[2], head, tables)
                self._hand_out()
                self._lock.notify_all()
        out.close()
        worker.process.wait()
        with self._lock:
            self._follow(worker)

    def _follow(self, ended: _Process) -> None:
        """Start a worker in the place of one that has ended; if none comes up, tell who waits, and pause."""
        self._ended_mute[ended.number] += 1
        mute = self._ended_mute[ended.number]
        if ended.busy is not None and (answer := self._answers.get(ended.busy[1])) is not None:
            self._fail(answer, "worker")
        ended.busy = None
        if mute >= MOST_FAILURES:
            for answer in self._answers.values():
                if answer.is_wanted and not answer.is_complete:
                    answer.failed = "worker"
        self._lock.notify_all()
        pause = min(LONGEST_PAUSE_S, 2.0 ** (mute - 2)) if mute > 1 else 0.0
        if self._lock.wait_for(lambda: self._closed, pause):
            return
        try:
            self._workers[ended.number] = self._start(ended.number)
        except RuntimeError:
            # The interpreter is ending, and starts nothing any more.
            self._closed = True
            return
        self._hand_out()
        self._lock.notify_all()

    def _take(self, key: Key, draw: int, head: dict[str, Any], tables: xr.Dataset | None) -> None:
        answer = self._answers.get(key)
        if answer is None:
            return
        if tables is not None:
            answer.tables[draw] = tables
            answer.nbytes += tables.nbytes
            if key[0] == self._trend and answer.is_complete:
                self._typical[answer.until] = typical_first(answer.tables)
        elif head["is"] == "failed":
            LOG.error("run of %s, draw %s: %s", key[0][:10], draw, head["message"])
            self._fail(answer, "run")

    def _lament(self, head: dict[str, Any]) -> None:
        """Take in that a trend run failed: whoever needs it cannot be answered."""
        LOG.error("trend run to month %s: %s", head["until"], head["message"])
        for answer in self._answers.values():
            if answer.until == head["until"] and not answer.is_complete:
                self._fail(answer, "run")
        self._lock.notify_all()

    def _fail(self, answer: Answer, how: str) -> None:
        answer.failures += 1
        if answer.failures >= MOST_FAILURES:
            answer.failed = how

    def _hand_out(self) -> None:
        """Give idle workers a run: of the scenario that has the fewest, and has waited longest.

        A first answer takes two threads where they are free; the workers that stand for them wait meanwhile.
        """
        idle = [w for w in self._workers if w.busy is None and w.process.poll() is None]
        if not idle:
            return
        asked = [
            (len(a.tables), a.since, key, a)
            for key, a in self._answers.items()
            if not a.failed and not a.is_complete and a.is_wanted
        ]
        taken = {w.busy[1:] for w in self._workers if w.busy is not None}
        begun = {key for key, _ in taken}
        asked.sort(key=lambda row: row[:2])
        for worker in idle:
            free = len(self._workers) - sum(w.threads for w in self._workers if w.busy is not None)
            for runs, _, key, answer in asked:
                waits = free < 1 if runs else key in begun
                if waits:
                    continue
                draw = self._next_draw(worker, key, answer, taken)
                if draw is not None:
                    self._order(worker, key, answer, draw, 1 if runs else max(1, min(FIRST_THREADS, free)))
                    taken.add((key, draw))
                    begun.add(key)
                    break
            self._warm(worker, [answer for _, _, _, answer in asked])

    def _make_way(self, key: Key, answer: Answer) -> None:
        """Let a first answer go before a run that only narrows an interval, or that nobody wants."""
        if any(worker.busy is not None and worker.busy[1] == key for worker in self._workers):
            return
        for worker in self._workers:
            if worker.busy is None or worker.stopped or self._next_draw(worker, key, answer, set()) is None:
                continue
            number, other, _ = worker.busy
            told = self._answers.get(other)
            if told is None or told.tables or not told.is_wanted:
                self._stop(worker, number)
                return

    def _next_draw(
        self, worker: _Process, key: Key, answer: Answer, taken: set[tuple[Key, int]]
    ) -> int | None:
        """Return the next draw of a scenario whose trend run a worker holds; ``None`` if there is none."""
        return next(
            (
                draw
                for draw in self._own(worker, answer)
                if draw not in answer.tables
                and (key, draw) not in taken
                and (answer.until, draw) in worker.ready
            ),
            None,
        )

    def _own(self, worker: _Process, answer: Answer) -> list[int]:
        """Return the draws of a worker, the typical ones first: a draw always goes to the same one."""
        order = self._typical.get(answer.until, range(answer.total))
        return [draw for draw in order if draw % self.settings.workers == worker.number]

    def _warm(self, worker: _Process, asked: list[Answer]) -> None:
        """Let a worker make the trend run that is missed most, one at a time; it takes orders meanwhile."""
        if worker.warming is not None:
            return
        missed = (
            (answer.until, draw)
            for answer in asked
            for draw in self._own(worker, answer)
            if draw not in answer.tables and (answer.until, draw) not in worker.ready
        )
        worker.warming = next(missed, None)
        if worker.warming is not None:
            until, draw = worker.warming
            worker.since = time.monotonic()
            self._send(worker, {"do": "warm", "draw": draw, "until": until})

    def _order(self, worker: _Process, key: Key, answer: Answer, draw: int, threads: int) -> None:
        self._next += 1
        worker.busy, worker.threads = (self._next, key, draw), threads
        worker.since, worker.stopped = time.monotonic(), False
        self._send(
            worker,
            {
                "do": "run",
                "id": self._next,
                "scenario": answer.scenario.to_mapping(),
                "name": answer.scenario.name,
                "draw": draw,
                "until": answer.until,
                "threads": threads,
            },
        )

    def _send(self, worker: _Process, order: dict[str, Any]) -> None:
        stdin = worker.process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        except (OSError, ValueError):
            # The process has just ended; whoever reads its frames starts another.
            return

    def _watch(self) -> None:
        """Replace workers that hang or have grown too large, and forget sessions that have gone."""
        while not self._closed:
            time.sleep(GLANCE_AT_MEMORY_S)
            with self._lock:
                workers = list(self._workers)
                self._forget()
            for worker in workers:
                at_work = worker.busy is not None or worker.warming is not None
                late = at_work and time.monotonic() - worker.since > LONGEST_RUN_S
                if late or resident_mb(worker.process.pid) > self.settings.memory_mb:
                    worker.process.kill()

    def _forget(self) -> None:
        oldest = time.monotonic() - PATIENCE_S
        for answer in self._answers.values():
            answer.wanted = {who: when for who, when in answer.wanted.items() if when > oldest}
        here = {who for answer in self._answers.values() for who in answer.wanted}
        self._looks = {who: keys for who, keys in self._looks.items() if who in here}


def typical_first(tables: Mapping[int, xr.Dataset]) -> list[int]:
    """Return draws in the order in which their trends stand in the middle of all.

    The first answer to a lever is one draw: one far from the middle would show levels that the full set
    does not, and what is chance would be taken for the effect of the lever.
    """
    draws = sorted(tables)
    levels = np.stack([tables[draw]["country"].mean("year").values for draw in draws])
    ranks = levels.argsort(axis=0).argsort(axis=0)
    far = np.abs(ranks - (len(draws) - 1) / 2.0).sum(axis=1)
    return [draws[number] for number in np.argsort(far, kind="stable")]


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB; none if there is no such process any more."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


_ENGINE: list[Engine] = []
_ONE: Final = threading.Lock()


def engine() -> Engine:
    """Return the one engine of this server; it starts when it is first asked for."""
    with _ONE:
        if not _ENGINE:
            _ENGINE.append(Engine(settings_from_environment()))
        return _ENGINE[0]


def settings_from_environment() -> Settings:
    """Return the settings that ``sintrata app`` has handed to the server's process, as JSON."""
    return Settings(**json.loads(os.environ.get("SINTRATA_APP", "{}")))
