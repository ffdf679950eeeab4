"""Names of files: plain ASCII, with what is inside, the scenarios and the date."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final
from unicodedata import combining, normalize

from simulator.outcomes.export import free_name
from simulator.texts import t

__all__ = ["file_name", "free_name", "plain"]

LONGEST: Final = 60
"""Of the scenarios' part of a name, in characters: to be read at a glance."""


def plain(text: str) -> str:
    """Return a text as lower-case ASCII letters, digits and hyphens."""
    bare = "".join(c for c in normalize("NFD", text) if not combining(c))
    return re.sub(r"[^a-z0-9]+", "-", bare.lower()).strip("-")


def file_name(kind: str, scenarios: Sequence[str], day: datetime.date, suffix: str) -> str:
    """Return ``sintrata_brief_baseline_balanced_2026-11-24.pdf``; scenarios that do not fit are counted.

    Parameters
    ----------
    kind : of export, in the language of the file
    suffix : with its dot; empty for a folder
    """
    whole = [plain(name.replace("_", "-")) for name in scenarios]
    fits = max((k for k in range(1, len(whole) + 1) if len("_".join(whole[:k])) <= LONGEST), default=1)
    names = "_".join(whole[:fits])[:LONGEST]
    if fits < len(whole):
        names += f"_{plain(t('export.more', number=len(whole) - fits))}"
    return f"sintrata_{plain(kind)}_{names}_{day.isoformat()}{suffix}"
