"""Work too long for a page: a subprocess of the command line, its folder, how far it is, how it ended.

Jobs are few at a time and of limited length; their folders go away when they are old, too many or too large.
A session knows its own jobs by a number that nobody can guess, and sees no others.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from app.priority import Standing, stand_back
from simulator.texts import t

MOST_RUNNING: Final = 1
MOST_WAITING: Final = 20
MOST_KEPT: Final = 60
LARGEST_KEPT_MB: Final = 2000.0
"""What finished jobs may hold on the disk, together; the oldest make room."""

LONGEST_KEPT_S: Final = 24 * 3600.0
LONGEST_S: Final = 1800.0
LARGEST_MB: Final = 4000.0
"""Memory that a job and its processes have for themselves at which it is ended; what they share with others,
the population above all, does not count."""

GLANCE_S: Final = 1.0
OUTPUT: Final = "out"
LOG: Final = "log.txt"
LONGEST_MESSAGE: Final = 600
PROGRAM: Final = (sys.executable, "-m", "simulator.cli")
"""What a job starts; the words follow."""


class TooManyJobsError(RuntimeError):
    """The queue is full."""


@dataclass
class Job:
    """One job.

    Attributes
    ----------
    number : by which its session asks for it
    words : of the command, without the program; ``{out}`` stands for the folder of results
    folder : where its inputs lie, and its results under ``out``; lang : of what it writes
    state : ``waiting``, ``running``, ``done``, ``failed``, ``late`` (it ran too long) or ``cancelled``
    size_mb : of its folder when it had ended
    """

    number: str
    words: tuple[str, ...]
    folder: Path
    lang: str
    state: str = "waiting"
    begun: float = 0.0
    ended: float = 0.0
    size_mb: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def files(self) -> list[Path]:
        """Return what it has written, once it is done."""
        out = self.folder / OUTPUT
        return sorted(path for path in out.rglob("*") if path.is_file()) if self.state == "done" else []

    @property
    def said(self) -> str:
        """Return all that it has said."""
        log = self.folder / LOG
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    @property
    def message(self) -> str:
        """Return the end of what it has said."""
        return self.said.strip()[-LONGEST_MESSAGE:]


class Jobs:
    """The queue of this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._root = Path(tempfile.mkdtemp(prefix="sintrata-app-"))
        self._closed = False
        threading.Thread(target=self._watch, daemon=True).start()
        atexit.register(self.close)

    def start(self, words: Sequence[str], inputs: Mapping[str, str], lang: str) -> Job:
        """Put a command into the queue; it runs in a folder of its own that holds the inputs.

        Parameters
        ----------
        words : of the command; ``{out}`` stands for the folder of results
        inputs : texts by plain name of file
        lang : language of what is written

        Raises
        ------
        TooManyJobsError
            If the queue is full.
        """
        with self._lock:
            if len(self._queue) >= MOST_WAITING:
                raise TooManyJobsError
            number = secrets.token_urlsafe(12)
            folder = self._root / number
            (folder / OUTPUT).mkdir(parents=True)
            for name, text in inputs.items():
                (folder / Path(name).name).write_text(text, encoding="utf-8")
            command = tuple(word.replace("{out}", OUTPUT) for word in words)
            job = Job(number, (*command, "--lang", lang), folder, lang)
            self._jobs[number] = job
            self._queue.append(job)
        self._go_on()
        return job

    def go_on(self, number: str, flag: str) -> None:
        """Put a job that ended before it was done into the queue again, in its folder.

        Parameters
        ----------
        flag : that tells its command to go on with what is there

        Raises
        ------
        TooManyJobsError
            If the queue is full.
        """
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.state not in {"failed", "late", "cancelled"}:
                return
            if len(self._queue) >= MOST_WAITING:
                raise TooManyJobsError
            job.words = tuple(dict.fromkeys((*job.words, flag)))
            job.state, job.process = "waiting", None
            self._queue.append(job)
        self._go_on()

    def get(self, number: str) -> Job | None:
        """Return a job, brought up to date."""
        self._go_on()
        return self._jobs.get(number)

    def cancel(self, number: str) -> None:
        """End a job."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.state not in {"waiting", "running"}:
                return
            self._end(job, "cancelled")
        self._go_on()

    def waiting_before(self, job: Job) -> int:
        """Return how many jobs run or wait before one."""
        with self._lock:
            ahead = [one for one in self._queue if one.number != job.number]
            return sum(1 for one in ahead if one.state == "running" or self._is_before(one, job))

    def _is_before(self, one: Job, other: Job) -> bool:
        numbers = [job.number for job in self._queue]
        return other.number in numbers and numbers.index(one.number) < numbers.index(other.number)

    def close(self) -> None:
        """End everything and take the folders away."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                if job.state in {"waiting", "running"}:
                    self._end(job, "cancelled")
            shutil.rmtree(self._root, ignore_errors=True)

    def _end(self, job: Job, state: str) -> None:
        if job.process is not None and job.process.poll() is None:
            for one in _family(job):
                with suppress(psutil.Error):
                    one.kill()
            job.process.wait()
        job.state, job.ended, job.size_mb = state, time.monotonic(), _folder_mb(job.folder)

    def _go_on(self) -> None:
        """See what has ended and start what can start."""
        with self._lock:
            for job in list(self._queue):
                if job.state == "running" and job.process is not None:
                    code = job.process.poll()
                    if code is not None:
                        self._end(job, "done" if code == 0 else "failed")
                    elif time.monotonic() - job.begun > LONGEST_S:
                        self._end(job, "late")
                if job.state not in {"waiting", "running"}:
                    self._queue.remove(job)
            self._forget()
            running = sum(job.state == "running" for job in self._queue)
            for job in self._queue:
                if running >= MOST_RUNNING:
                    break
                if job.state == "waiting":
                    self._launch(job)
                    running += job.state == "running"

    def _watch(self) -> None:
        """Bound time and memory of jobs, whether or not anybody looks at them."""
        while not self._closed:
            time.sleep(GLANCE_S)
            self._go_on()
            with self._lock:
                for job in self._queue:
                    if job.state == "running" and _memory_mb(job) > LARGEST_MB:
                        self._end(job, "failed")
                        with suppress(OSError), (job.folder / LOG).open("a", encoding="utf-8") as log:
                            log.write(f"\n{t('parts.job.large', job.lang, mb=f'{LARGEST_MB:,.0f}')}\n")

    def _launch(self, job: Job) -> None:
        try:
            with (job.folder / LOG).open("wb") as log:
                job.process = subprocess.Popen(
                    [*PROGRAM, *job.words],
                    cwd=job.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        except OSError:
            # No memory, no folder: a misfortune of this job, not of those that wait behind it.
            logging.getLogger("sintrata").exception("job %s does not start", job.words[:1])
            self._end(job, "failed")
            return
        stand_back(job.process.pid, Standing.JOB)
        job.state, job.begun = "running", time.monotonic()

    def _forget(self) -> None:
        """Take away finished jobs that are old; and the oldest, where they are too many or too large."""
        ended = sorted(
            (job for job in self._jobs.values() if job.state not in {"waiting", "running"}),
            key=lambda job: job.ended,
        )
        many, large = len(ended) - MOST_KEPT, sum(job.size_mb for job in ended) - LARGEST_KEPT_MB
        for job in ended:
            if many <= 0 and large <= 0.0 and time.monotonic() - job.ended < LONGEST_KEPT_S:
                break
            shutil.rmtree(job.folder, ignore_errors=True)
            del self._jobs[job.number]
            many, large = many - 1, large - job.size_mb


def _family(job: Job) -> list[psutil.Process]:
    """Return the process of a job and those that it has started; none once it has ended."""
    if job.process is None:
        return []
    try:
        first = psutil.Process(job.process.pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def _folder_mb(folder: Path) -> float:
    with suppress(OSError):
        return sum(path.stat().st_size for path in folder.rglob("*")) / 2**20
    return 0.0


def _memory_mb(job: Job) -> float:
    total = 0.0
    for one in _family(job):
        with suppress(psutil.Error):
            total += one.memory_full_info().uss / 2**20
    return total


_JOBS: list[Jobs] = []
_ONE: Final = threading.Lock()


def jobs() -> Jobs:
    """Return the queue of this server."""
    with _ONE:
        if not _JOBS:
            _JOBS.append(Jobs())
        return _JOBS[0]
