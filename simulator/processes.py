"""What all who start processes share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deaf_children() -> Iterator[None]:
    """Let processes that are started meanwhile hear no interrupt, at no moment of their start.

    A terminal sends it to all of a group; this one hears it and ends the others. None of it is lost here: one
    that comes meanwhile waits for the end.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
