"""The server ends as it is told to, and says nothing of its inner parts."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil
import pytest

from app.engine import Settings
from benchmarks.serving import serving

ALONE = Settings(draws=1, workers=1, scale=0.02, trends=1)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not ended by signals there")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_without_a_traceback(tmp_path: Path, told: signal.Signals) -> None:
    said = tmp_path / "said.txt"
    with said.open("wb") as file, serving(ALONE, stderr=file.fileno()) as server:
        process = psutil.Process(server.pid)
        workers = process.children(recursive=True)
        assert workers
        # A terminal interrupts all that it has started; a service manager ends the server alone.
        for one in (process, *(workers if told == signal.SIGINT else ())):
            one.send_signal(told)
        _, alive = psutil.wait_procs(workers, timeout=20.0)
        assert alive == []
    words = said.read_text(encoding="utf-8")
    assert "Traceback" not in words
    assert "Exception in thread" not in words
