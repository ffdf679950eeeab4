"""The reduced rule set that every engine runs: entry, escape, identification, care and return, in 26 territories.

Monthly rates; a girl's entry is twice a boy's, a poor child's three times another's; three children in ten are
poor. Nobody is born, ages or dies, so that the three engines do the same work.
"""

from __future__ import annotations

from typing import Final

N_TERRITORIES: Final = 26
ENTRY_BOY: Final = 1.0e-4
GIRL_RATIO: Final = 2.0
POOR_RATIO: Final = 3.0
POOR_SHARE: Final = 0.3
ESCAPE: Final = 0.04
IDENTIFY: Final = 0.02
LEAVE_CARE: Final = 1.0 / 11.0
RETURN: Final = 0.015

HOME, EXPLOITED, CARE, LEFT = range(4)
"""States; ``LEFT`` is after exploitation and can return to it."""


def expected_entries(children: int, months: int) -> float:
    """Return first entries to expect while nearly all children are still at home."""
    rate = ENTRY_BOY * (1.0 + GIRL_RATIO) / 2.0 * (1.0 + POOR_SHARE * (POOR_RATIO - 1.0))
    return children * months * rate
