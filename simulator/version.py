"""The version of the code, written into every result."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

__version__: Final = version("sintrata")
