"""What is wrong with a file a person wrote: where, what was found, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from simulator.texts import t


@dataclass(frozen=True)
class Fault:
    """One fault of one place in a file, in the user's language."""

    where: str
    found: str
    allowed: str
    do: str

    def __str__(self) -> str:
        lines = [self.where]
        for name, text in (("found", self.found), ("allowed", self.allowed), ("do", self.do)):
            label = t(f"fault.{name}")
            lines.append(f"  {label:<9} {text}")
        return "\n".join(lines)


class FaultyInput(Exception):  # noqa: N818  (it names the input, as people see it)
    """Input that cannot be used; carries every fault found, not only the first.

    Attributes
    ----------
    faults : tuple of Fault
        At least one, in the order of the file.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n\n".join(str(fault) for fault in self.faults))


MOST_NAMES: Final = 16
"""Names that a message lists; of more, it lists the first and says where the others stand."""


def listed(names: Sequence[str], elsewhere: str) -> str:
    """Return allowed names in one line; ``elsewhere`` is where all of them are, if they are too many."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    rest = len(names) - MOST_NAMES
    return t("fault.listed", names=", ".join(names[:MOST_NAMES]), rest=rest, elsewhere=elsewhere)


def did_you_mean(name: str, allowed: Sequence[str]) -> str:
    """Return a sentence that suggests the nearest allowed name, or lists what is allowed."""
    near = get_close_matches(str(name), allowed, n=1, cutoff=0.6)
    return t("fault.did_you_mean", name=near[0]) if near else t("fault.choose_allowed")
