"""A lease: who works on a batch, so that two do not do the same work; a dead owner's is taken over.

Doing the same batch twice would do no harm, since both write the same bytes: a lease only saves work. It is a
file made by one process alone (``O_EXCL``), touched while its owner lives, and taken away by renaming.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BEAT: Final = 10.0
"""Seconds between two touches of a lease."""

LAPSE: Final = 120.0
"""Seconds after which an owner that no longer touches its lease counts as dead."""


@contextmanager
def lease(path: Path) -> Iterator[str | None]:
    """Take a lease and give its token; give ``None`` if somebody who is alive holds it.

    Parameters
    ----------
    path : file of the lease; its folder exists
    """
    token = uuid.uuid4().hex[:12]
    if not _take(path, token) and not (_lapsed(path) and _clear(path) and _take(path, token)):
        yield None
        return
    stop = threading.Event()
    beat = threading.Thread(target=_touch, args=(path, stop), daemon=True)
    beat.start()
    try:
        yield token
    finally:
        stop.set()
        beat.join()
        if _owner(path).get("token") == token:
            path.unlink(missing_ok=True)


def _take(path: Path, token: str) -> bool:
    about = {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid()), "token": token}
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(about, file)
    except FileExistsError:
        return False
    return True


def _touch(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(path)


def _owner(path: Path) -> dict[str, object]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _lapsed(path: Path) -> bool:
    """Return whether the owner is known to be dead, or has not touched its lease for long."""
    owner = _owner(path)
    pid = owner.get("pid")
    if owner.get("host") == socket.gethostname() and isinstance(pid, int):
        return _born(pid) != owner.get("born")
    return _age(path) > LAPSE


def _age(path: Path) -> float:
    """Return seconds since a lease was touched, by the clock of the disk it is on."""
    probe = path.with_name(f".{uuid.uuid4().hex}")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)


def _clear(path: Path) -> bool:
    """Take a lapsed lease away; of several who try, one succeeds."""
    aside = path.with_name(f".{uuid.uuid4().hex}")
    try:
        os.rename(path, aside)
    except OSError:
        return False
    aside.unlink(missing_ok=True)
    return True


def _born(pid: int) -> float | None:
    """Return when a process of this machine began, ``None`` if there is none: its number comes back."""
    import psutil  # noqa: PLC0415  (slow to import, and not always needed)

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
