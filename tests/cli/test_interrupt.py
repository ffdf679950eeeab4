"""An interrupt ends the program soon, with its own exit code, and leaves nothing half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from simulator.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGINT are those of POSIX")
@pytest.mark.parametrize("after", [0.6, 3.0, 8.0])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, after: float) -> None:
    command = [sys.executable, "-c", PROGRAM, "compare", "baseline", "policy_2030_funded", "--lang", "en"]
    program = subprocess.Popen(
        [*command, "--out", str(tmp_path / "results")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    time.sleep(after)
    os.killpg(program.pid, signal.SIGINT)
    _, told = program.communicate(timeout=60)
    assert program.returncode == 130, told
    assert "Traceback" not in told
    left = list((tmp_path / "results").iterdir()) if (tmp_path / "results").exists() else []
    assert left == []
