"""Read a YAML file as plain data with the line of every value, and refuse all that is not plain data.

The tree is built from the parser's events, one by one: no recursion to exhaust, no tag that builds an
object, no alias that multiplies. A place code such as ``08`` keeps its text, so that a message can show it
as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from simulator.faults import Fault, FaultyInput
from simulator.texts import t

LARGEST_FILE: Final = 1 << 20
DEEPEST: Final = 12
"""Levels of nesting: a scenario needs five; a file with more is not one."""

MOST_VALUES: Final = 20_000
"""Keys and values together; a scenario of a thousand interventions has as many."""

type Place = tuple[str | int, ...]

_INTEGER: Final = re.compile(r"[-+]?[0-9](?:_?[0-9])*")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_DECIMAL: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9](?:_?[0-9])*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, object]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass
class Document:
    """Plain data and where each value stands.

    Attributes
    ----------
    name : str
        How the file is called in messages.
    data : dict
        Mappings, lists, text, numbers, booleans and ``None`` only.
    text : str
        The file as written; empty for data that came from no file.
    lines : dict
        Line of each value by its path, ``("interventions", 0, "use")``; in a mapping, that of its key.
    written : dict
        Unquoted scalars as they stand in the file.
    faults : list of Fault
        What was wrong with the form and did not keep the rest from being read.
    loose : dict
        Groups of which nobody can tell what they belong to, by the path that stands for them in messages;
        they are checked by themselves.
    """

    name: str
    data: dict[str, Any]
    text: str = ""
    lines: dict[Place, int] = field(default_factory=dict)
    written: dict[Place, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    loose: dict[Place, Any] = field(default_factory=dict)

    def line(self, path: Place) -> int | None:
        """Return the line of a value, or of the nearest group around it that has one."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def where(self, path: Place) -> str:
        """Return file, line and dotted path: ``my.yaml:6  interventions[0].where``."""
        line = self.line(path)
        place = self.name if line is None else f"{self.name}:{line}"
        return f"{place}  {dotted(path)}" if path else place

    def found(self, path: Place, value: object) -> str:
        """Return what stands at a path, with its kind in words."""
        return describe(value, self.written.get(path))


def dotted(path: Place) -> str:
    """Return ``interventions[0].where`` of ``("interventions", 0, "where")``."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(("." if parts else "") + shown(step))
    return "".join(parts)


def describe(value: object, written: str | None = None) -> str:
    """Return a value with its kind in words, short enough for one line."""
    match value:
        case None:
            text = t("scenario.found.nothing")
        case bool():
            text = t("scenario.found.boolean", value=shown(written or str(value).lower()))
        case int() | float():
            text = t("scenario.found.number", value=shown(written or _number_text(value)))
        case str() if not value.strip():
            text = t("scenario.found.blank")
        case str():
            text = t("scenario.found.text", value=shown(value))
        case dict() if value:
            keys = ", ".join([shown(str(key)) for key in value][:6]) + (", ..." if len(value) > 6 else "")
            text = t("scenario.found.mapping", keys=keys)
        case dict():
            text = t("scenario.found.empty_mapping")
        case list() | tuple():
            text = t("scenario.found.list", count=len(value))
        case _:
            text = t("scenario.found.other", kind=type(value).__name__)
    return text


def _number_text(value: float) -> str:
    # Python refuses to print integers of more than 4300 digits.
    return repr(value) if isinstance(value, float) or abs(value) < 10**60 else "10^60..."


def shown(text: str, longest: int = 60) -> str:
    """Return text fit for one line of any terminal: no control characters, not too long."""
    short = text if len(text) <= longest else text[: longest - 3] + "..."
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in short)


def read(path: Path, name: str) -> Document:
    """Read one file.

    Raises
    ------
    FaultyInput
        If the file cannot be read, is no UTF-8, too large or no YAML mapping.
    """
    return parse(text_of(path, name), name)


def text_of(path: Path, name: str) -> str:
    """Return the text of a file.

    Raises
    ------
    FaultyInput
        If the file cannot be read, is too large or no UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            found = t("scenario.found.folder") if path.is_dir() else t("scenario.found.device")
            raise _refusal(name, found, t("scenario.allowed.file"), t("scenario.do.file"))
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise _refusal(
            name,
            t("scenario.found.unreadable", reason=reason),
            t("scenario.allowed.file"),
            t("scenario.do.readable"),
        ) from None
    if len(content) > LARGEST_FILE:
        raise _refusal(name, t("scenario.found.large"), t("scenario.allowed.size"), t("scenario.do.size"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(
            f"{name}:{line}",
            t("scenario.found.bytes", value=content[error.start : error.start + 4].hex(" ")),
            t("scenario.allowed.utf8"),
            t("scenario.do.utf8"),
        ) from None


def _refusal(where: str, found: str, allowed: str, do: str) -> FaultyInput:
    return FaultyInput([Fault(where=where, found=found, allowed=allowed, do=do)])


def parse(text: str, name: str) -> Document:
    """Turn the text of a file into plain data.

    Raises
    ------
    FaultyInput
        If the text is no YAML or its top level is no mapping.
    """
    document = Document(name=name, data={}, text=text)
    builder = _Builder(document)
    for event in _events(text, name):
        builder.take(event)
        if builder.hopeless:
            raise FaultyInput(document.faults)
    if builder.root is None:
        found = t("scenario.found.nothing")
    elif not isinstance(builder.root, dict):
        found = document.found((), builder.root)
    else:
        document.data = builder.root
        return document
    top = Fault(where=f"{name}:1", found=found, allowed=t("scenario.allowed.top"), do=t("scenario.do.top"))
    raise FaultyInput([top, *document.faults])


def _events(text: str, name: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (YAMLError, ValueError, OverflowError) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        position = getattr(error, "position", None)
        if mark is not None:
            number = int(mark.line) + 1
        else:
            number = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        lines = text.splitlines() or [""]
        line = lines[min(number, len(lines)) - 1]
        has_tab = "\t" in line[: len(line) - len(line.lstrip())]
        raise _refusal(
            f"{name}:{number}",
            t("scenario.found.tab") if has_tab else t("scenario.found.line", value=shown(line.strip())),
            t("scenario.allowed.yaml"),
            t("scenario.do.tab") if has_tab else t("scenario.do.yaml"),
        ) from None


@dataclass
class _Open:
    """A mapping or list being filled; a mapping remembers the key that waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Place
    key: str = ""
    waiting: bool = False
    keep: bool = True


class _Builder:
    """Takes events in the order of the file and fills the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root: Any = None
        self.open: list[_Open] = []
        self.documents = 0
        self.values = 0
        self.hopeless = False

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._start(event)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.open.pop()
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent, ScalarEvent, AliasEvent)):
            self._value(event)

    def _start(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            self.hopeless = True
            self._fault(event, (), t("scenario.found.second"), "one", "one")
        elif event.version or event.tags:
            self._fault(event, (), t("scenario.found.directive"), "plain", "directive")

    def _value(self, event: Event) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            self.hopeless = True
            self._fault(event, (), t("scenario.found.many"), "many", "size")
            return
        above = self.open[-1] if self.open else None
        is_key = above is not None and isinstance(above.value, dict) and not above.waiting
        line = event.start_mark.line + 1
        path: Place = ()
        if above is not None:
            path = above.path if is_key else (*above.path, self._step(above))
        if not isinstance(event, AliasEvent) and getattr(event, "anchor", None) is not None:
            self._fault(event, path, t("scenario.found.anchor"), "plain", "anchor")
        if getattr(event, "tag", None) is not None:
            self._fault(event, path, t("scenario.found.tag"), "plain", "tag")
        if is_key and above is not None:
            self._key(event, above, line)
            return
        value: Any
        if isinstance(event, MappingStartEvent):
            value = {}
        elif isinstance(event, SequenceStartEvent):
            value = []
        elif isinstance(event, ScalarEvent):
            value = _scalar(event)
            if event.implicit[0]:
                self.document.written.setdefault(path, event.value)
        else:
            value = None
            self._fault(event, path, t("scenario.found.alias"), "plain", "anchor")
        self._place(above, value, path, line)
        if isinstance(value, (dict, list)):
            self._descend(event, _Open(value, path))

    def _step(self, above: _Open) -> str | int:
        return len(above.value) if isinstance(above.value, list) else above.key

    def _place(self, above: _Open | None, value: Any, path: Place, line: int) -> None:
        self.document.lines.setdefault(path, line)
        if above is None:
            self.root = value
        elif isinstance(above.value, list):
            above.value.append(value)
        else:
            above.waiting = False
            if above.keep:
                above.value[above.key] = value

    def _descend(self, event: Event, group: _Open) -> None:
        self.open.append(group)
        if len(self.open) > DEEPEST:
            self.hopeless = True
            self._fault(event, (), t("scenario.found.deep"), "deep", "deep")

    def _key(self, event: Event, above: _Open, line: int) -> None:
        above.waiting = True
        above.keep = False
        above.key = "?"
        if not isinstance(event, ScalarEvent):
            self._fault(event, above.path, t("scenario.found.key_group"), "key", "key")
            # Its content is read into a group that belongs to nothing.
            if isinstance(event, MappingStartEvent):
                self._descend(event, _Open({}, (*above.path, "?")))
            elif isinstance(event, SequenceStartEvent):
                self._descend(event, _Open([], (*above.path, "?")))
            return
        # A year is a key that nobody quotes; any other number may be a code that lost its zeros.
        value = event.value if _YEAR.fullmatch(str(event.value)) else _scalar(event)
        above.key = str(event.value)
        path = (*above.path, above.key)
        if not isinstance(value, str):
            self._fault(event, above.path, describe(value, event.value), "key", "key")
        elif isinstance(above.value, dict) and value in above.value:
            first = self.document.lines[path]
            found = t("scenario.found.twice", key=shown(value), line=first)
            self._fault(event, path, found, "twice", "twice")
        else:
            above.keep = True
            self.document.lines[path] = line

    def _fault(self, event: Event, path: Place, found: str, allowed: str, do: str) -> None:
        place = f"{self.document.name}:{event.start_mark.line + 1}"
        self.document.faults.append(
            Fault(
                where=f"{place}  {dotted(path)}" if path else place,
                found=found,
                allowed=t(f"scenario.allowed.{allowed}"),
                do=t(f"scenario.do.{do}"),
            )
        )


def _scalar(event: ScalarEvent) -> object:
    """Return the value of a scalar by the rules of YAML 1.2: quoted is text, ``yes`` and ``no`` are text."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", "")) if len(text) < 16 else float(text.replace("_", ""))
    if _DECIMAL.fullmatch(text):
        return float(text.replace("_", ""))
    return text
