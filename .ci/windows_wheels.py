"""Resolve every pinned dependency for Windows from wheels alone, for each supported Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.12", "3.13")


def main() -> int:
    """Return 0 if every dependency has a wheel for 64-bit Windows, else the resolver's own code."""
    for version in PYTHONS:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header"),
                *("--python-platform", "x86_64-pc-windows-msvc", "--python-version", version),
                *("--only-binary", ":all:", "--no-binary", "sintrata"),
                *("--output-file", str(Path(folder) / "pins.txt"), str(ROOT / "pyproject.toml")),
            ]
            done = subprocess.run(command, cwd=ROOT, check=False)
            if done.returncode:
                return done.returncode
            pins = (Path(folder) / "pins.txt").read_text(encoding="utf-8")
            count = sum("==" in line for line in pins.splitlines())
            print(f"Python {version} on Windows: {count} dependencies, all with wheels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
