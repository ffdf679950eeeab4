"""Rival structures: answers between which the evidence does not decide, as narrower ranges of the ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import simulator.evidence
from simulator.documents import Document, read
from simulator.evidence import Ledger, Parameter, load_ledger
from simulator.evidence.reading import Faults
from simulator.faults import did_you_mean
from simulator.texts import LANGUAGES, t

FILE: Final = Path(simulator.evidence.__file__).with_name("structures.yaml")
KEYS: Final = ("label", "parameters", "source", "note")
GROUP_KEYS: Final = ("label", "structures")


@dataclass(frozen=True)
class Structure:
    """One answer to a question that the evidence leaves open.

    Attributes
    ----------
    name : ``"deterrence.weak"``; group : ``"deterrence"``, of which one structure holds at a time
    label, question : by language; the question is that of the group
    ranges : (low, central, high) by parameter, inside the ledger's range
    source, note : why it is defended
    """

    name: str
    group: str
    label: Mapping[str, str]
    question: Mapping[str, str]
    ranges: Mapping[str, tuple[float, float, float]]
    source: tuple[str, ...]
    note: str


def load_structures(path: Path | None = None, ledger: Ledger | None = None) -> dict[str, Structure]:
    """Return the structures of a file by name, by default those of the package in the order of their file.

    Raises
    ------
    FaultyInput
        With every fault of the file: an unknown parameter, a range outside the ledger's, an unknown source.
    """
    if path is None and ledger is None:
        return dict(_default())
    return _load(path or FILE, ledger or load_ledger())


@cache
def _default() -> Mapping[str, Structure]:
    return _load(FILE, load_ledger())


def structure_groups() -> dict[str, tuple[str, ...]]:
    """Return the names of the structures by group, ``{"deterrence": ("deterrence.weak", ...), ...}``."""
    out: dict[str, tuple[str, ...]] = {}
    for one in load_structures().values():
        out[one.group] = (*out.get(one.group, ()), one.name)
    return out


def under(ledger: Ledger, structures: Sequence[Structure]) -> Ledger:
    """Return the ledger with the ranges that structures narrow; its central values move with them.

    Raises
    ------
    ValueError
        If two structures answer the same question.
    """
    groups = [one.group for one in structures]
    if len(set(groups)) < len(groups):
        raise ValueError(f"one structure of a group at a time, not {[one.name for one in structures]}")
    narrowed = {name: limits for one in structures for name, limits in one.ranges.items()}
    return replace(
        ledger,
        parameters={
            name: narrow(parameter, narrowed[name]) if name in narrowed else parameter
            for name, parameter in ledger.parameters.items()
        },
    )


def narrow(parameter: Parameter, limits: tuple[float, float, float]) -> Parameter:
    """Return a parameter with another (low, central, high)."""
    low, central, high = limits
    return replace(parameter, low=low, central=central, high=high)


def _load(path: Path, ledger: Ledger) -> dict[str, Structure]:
    document = read(path, path.name)
    faults = Faults()
    faults.found.extend(document.faults)
    found = _Reader(document, ledger, faults)
    out: dict[str, Structure] = {}
    for group, entry in document.data.items():
        for one in found.group(group, entry):
            out[one.name] = one
    faults.tell()
    return out


@dataclass(frozen=True)
class _Reader:
    """Checks the groups of one file and notes their faults."""

    document: Document
    ledger: Ledger
    faults: Faults

    def _wrong(self, path: tuple[str, ...], value: object, allowed: str, do: str) -> None:
        self.faults.add(self.document.where(path), self.document.found(path, value), allowed, do)

    def group(self, name: str, entry: Any) -> list[Structure]:
        """Return the structures of one group."""
        question = self._label((name,), entry)
        if not self._keys((name,), entry, GROUP_KEYS, GROUP_KEYS):
            return []
        out = []
        for short, body in entry["structures"].items():
            path = (name, "structures", short)
            before = len(self.faults.found)
            label = self._label(path, body)
            if not self._keys(path, body, KEYS, KEYS[:3]):
                continue
            ranges = {
                one: self._range((*path, "parameters"), one, v) for one, v in body["parameters"].items()
            }
            for source in body["source"]:
                if source not in self.ledger.sources:
                    known = tuple(self.ledger.sources)
                    allowed, do = t("ledger.allowed.source"), did_you_mean(str(source), known)
                    self._wrong((*path, "source"), source, allowed, do)
            if len(self.faults.found) == before:
                source, note = tuple(body["source"]), str(body.get("note", ""))
                out.append(Structure(f"{name}.{short}", name, label, question, ranges, source, note))
        return out

    def _keys(
        self, path: tuple[str, ...], entry: Any, allowed: Sequence[str], required: Sequence[str]
    ) -> bool:
        """Return whether an entry is a mapping with the keys it needs, each of the kind it must be."""
        if not isinstance(entry, dict):
            self._wrong(path, entry, ", ".join(allowed), t("ledger.do.parameter"))
            return False
        before = len(self.faults.found)
        for key in entry:
            if key not in allowed:
                self._wrong((*path, key), key, ", ".join(allowed), did_you_mean(key, allowed))
        for key in required:
            kind = list if key == "source" else dict
            if not isinstance(entry.get(key), kind) or not entry[key]:
                self._wrong(
                    (*path, key), entry.get(key), ", ".join(required), t("ledger.do.filled", name=key)
                )
        return len(self.faults.found) == before

    def _label(self, path: tuple[str, ...], entry: Any) -> dict[str, str]:
        label = entry.get("label") if isinstance(entry, dict) else None
        if not isinstance(label, dict) or set(label) != set(LANGUAGES) or not all(label.values()):
            self._wrong((*path, "label"), label, t("ledger.allowed.label"), t("ledger.do.label"))
            return dict.fromkeys(LANGUAGES, "")
        return {lang: str(label[lang]) for lang in LANGUAGES}

    def _range(self, path: tuple[str, ...], name: str, value: Any) -> tuple[float, float, float]:
        """Return (low, central, high) of a parameter, which must lie inside the ledger's range."""
        nothing = (0.0, 0.0, 0.0)
        path = (*path, name)
        parameter = self.ledger.parameters.get(name)
        if parameter is None:
            near = did_you_mean(name, tuple(self.ledger.parameters))
            self._wrong(path, name, t("ledger.allowed.known_parameter"), near)
            return nothing
        bounds = t("ledger.allowed.between", low=f"{parameter.low:g}", high=f"{parameter.high:g}")
        numbers = value if isinstance(value, list) else [value]
        plain = all(
            isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in numbers
        )
        if len(numbers) != 3 or not plain:
            self._wrong(path, value, f"[low, central, high], {bounds}", t("ledger.do.number"))
            return nothing
        low, central, high = (float(x) for x in numbers)
        if not parameter.low <= low <= central <= high <= parameter.high:
            found = f"[{low:g}, {central:g}, {high:g}]"
            self.faults.add(self.document.where(path), found, bounds, t("ledger.do.range"))
            return nothing
        return low, central, high
