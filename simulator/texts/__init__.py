"""Everything the program says, in Spanish and English, from one catalogue per language.

A catalogue is a folder of TOML files beside this module, a file for each area: tables of keys, the same keys
and the same ``{placeholders}`` in every language (a test holds them together).
"""

from __future__ import annotations

import locale
import os
import tomllib
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("es", "en")

_chosen: ContextVar[str | None] = ContextVar("sintrata_language", default=None)


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return every text of one language as a flat mapping, ``{"run.done": "..."}``."""
    texts: dict[str, str] = {}
    for file in sorted(files(__package__).joinpath(lang).iterdir(), key=lambda file: file.name):
        texts.update(_flatten(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    return texts


def _flatten(tree: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            rows.extend(_flatten(value, f"{prefix}{key}."))
        else:
            rows.append((prefix + key, str(value)))
    return rows


def language() -> str:
    """Return the language in force: the one set, else ``SINTRATA_LANG``, else the user's locale."""
    chosen = _chosen.get() or os.environ.get("SINTRATA_LANG")
    if chosen in LANGUAGES:
        return str(chosen)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return "es" if os.environ[variable].lower().startswith("es") else "en"
    return "es" if (locale.getlocale()[0] or "").lower().startswith(("es", "spanish")) else "en"


def set_language(lang: str | None) -> None:
    """Set the language of all further texts; ``None`` returns to the user's locale."""
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}; allowed: {', '.join(LANGUAGES)}")
    _chosen.set(lang)


def t(key: str, /, lang: str | None = None, **values: object) -> str:
    """Return the text under ``key`` with its placeholders filled.

    Raises
    ------
    KeyError
        If the catalogue has no such key: a missing text is a defect, never an empty label.
    """
    return catalogue(lang or language())[key].format(**values)
