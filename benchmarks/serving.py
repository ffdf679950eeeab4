"""A server of the pages for those who measure or test them, on a free port of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from app.engine import Settings

SERVER: Final = """
import json, sys
from app.engine import Settings
from app.server import serve
serve(Settings(**json.loads(sys.argv[1])), port=int(sys.argv[2]), address="127.0.0.1")
"""
PATIENCE_S: Final = 240.0
"""Seconds in which a server must answer."""

GLANCE_S: Final = 0.05
END_S: Final = 20.0


@dataclass(frozen=True)
class Served:
    """A server that answers.

    Attributes
    ----------
    host : address and port; pid : of its process
    """

    host: str
    pid: int

    @property
    def url(self) -> str:
        """Return the address that a browser opens."""
        return f"http://{self.host}"


@contextmanager
def serving(
    settings: Settings, program: str = SERVER, words: Sequence[str] = (), stderr: int | None = None
) -> Iterator[Served]:
    """Start a server, wait until it answers, and end it.

    Parameters
    ----------
    program : what the process runs, with settings (JSON) and port as its first words; words : further ones
    stderr : of the process, as ``subprocess.Popen`` takes it

    Raises
    ------
    TimeoutError
        If it does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(asdict(settings)), str(port), *words],
        env={**os.environ, "SINTRATA_LANG": "es"},
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    served = Served(f"127.0.0.1:{port}", process.pid)
    try:
        _wait_for(served.url)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(url: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2.0):
                return
        except OSError:
            time.sleep(GLANCE_S)
    raise TimeoutError
