"""The states of a child, and the other small vocabularies that kernels and results share.

Plain integers, since compiled kernels read them; the names are the coordinate labels of the dataset.
"""

from __future__ import annotations

from typing import Final

HOME: Final = 0
EXPLOITED: Final = 1
IDENTIFIED: Final = 2
PROTECTED: Final = 3
SPECIALISED_SHELTER: Final = 4
GENERAL_SHELTER: Final = 5
FAMILY_CARE: Final = 6
FOLLOW_UP: Final = 7
REINTEGRATED: Final = 8
LEFT_UNASSISTED: Final = 9
ADULT: Final = 10
DEAD: Final = 11
OUTSIDE: Final = 12

STATES: Final = (
    "HOME",
    "EXPLOITED",
    "IDENTIFIED",
    "PROTECTED",
    "SPECIALISED_SHELTER",
    "GENERAL_SHELTER",
    "FAMILY_CARE",
    "FOLLOW_UP",
    "REINTEGRATED",
    "LEFT_UNASSISTED",
    "ADULT",
    "DEAD",
    "OUTSIDE",
)
"""Coordinate labels in the order of the numbers; ``OUTSIDE`` is where births and arrivals come from."""

N_STATES: Final = 13
N_STOCKS: Final = 12
"""States that hold a stock: all but ``OUTSIDE``."""

GIRL: Final = 0
BOY: Final = 1
SEXES: Final = ("girl", "boy")

URBAN: Final = 0
RURAL: Final = 1
AREAS: Final = ("urban", "rural")

NO_FORM: Final = 0
SEXUAL: Final = 1
LABOUR: Final = 2
FORMS: Final = ("none", "sexual", "labour")

NETWORK_PATH: Final = 0
FAMILY_PATH: Final = 1
PATHS: Final = ("network", "in_family")

LANGUAGES: Final = ("spanish", "quechua", "aymara", "amazonian")
MIGRANT: Final = ("resident", "venezuelan")
AGE_BANDS: Final = ("0-5", "6-11", "12-14", "15-17", "18-20")
AGE_BAND_STARTS: Final = (0, 6, 12, 15, 18, 21)
"""First year of age of each band; the last number closes the last band."""

INSTITUTIONS: Final = (
    "police",
    "prosecutor",
    "judge",
    "defence",
    "upe",
    "demuna",
    "cem",
    "shelter",
    "mental_health",
    "commission",
    "programme",
)
"""Kinds of institution whose posts are filled and lost, in the order of the workforce tables."""

POLICE, PROSECUTOR, JUDGE, DEFENCE, UPE, DEMUNA, CEM, SHELTER, MENTAL_HEALTH, COMMISSION, PROGRAMME = range(
    11
)

CHANNELS: Final = ("police", "community", "self", "inspection", "health")
"""How an exploited child becomes known: proactive police, reports of communities and schools, the child
itself, labour inspection, health services."""

BY_POLICE, BY_COMMUNITY, BY_SELF, BY_INSPECTION, BY_HEALTH = range(5)

N_TERRITORIES: Final = 26
N_PLACES: Final = 52
"""Territory x area: place = 2 * territory + area."""

START_YEAR: Final = 2012
REPORT_FROM: Final = 60
"""Months are counted from January 2012; results are reported from January 2017."""

LAST_MONTH: Final = 12 * (2050 - START_YEAR) + 11
ADULTHOOD: Final = 216
"""Months from birth to the eighteenth birthday."""


def month_index(text: str) -> int:
    """Return months since January 2012 of ``"YYYY-MM"``.

    Raises
    ------
    ValueError
        If the text is no month of the calendar.
    """
    year, month = text.split("-")
    if len(year) != 4 or len(month) != 2 or not 1 <= int(month) <= 12:
        raise ValueError(f"not a month: {text!r}")
    return 12 * (int(year) - START_YEAR) + int(month) - 1


def month_name(ti: int) -> str:
    """Return ``"YYYY-MM"`` of a month index."""
    return f"{START_YEAR + ti // 12:04d}-{ti % 12 + 1:02d}"
