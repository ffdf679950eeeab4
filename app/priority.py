"""Who goes first on the processors of a server: pages, then the runs behind them, then jobs."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import IntEnum

import psutil


class Standing(IntEnum):
    """By how much a process stands back behind the server (the niceness of Unix)."""

    RUN = 5
    JOB = 15


def stand_back(pid: int, standing: Standing) -> None:
    """Let a process, and those that it starts from now on, stand back; one that has ended is let be."""
    with suppress(psutil.Error):
        if sys.platform == "win32":
            lower = psutil.BELOW_NORMAL_PRIORITY_CLASS, psutil.IDLE_PRIORITY_CLASS
            psutil.Process(pid).nice(lower[standing is Standing.JOB])
        else:
            psutil.Process(pid).nice(standing)
