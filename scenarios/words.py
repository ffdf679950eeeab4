"""Parts of a programme in words, from plain data of the shape of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.texts import t


def payers(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return who pays which share from which year on."""
    return "; ".join(
        f"{row['from']}: "
        + ", ".join(f"{t(f'payer.{name}')} {share:g}" for name, share in row["shares"].items())
        for row in rows
    )


def outcomes(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the outcomes watched, and what they release."""
    told = []
    for row in rows:
        text = f"{t(f'signal.{row["signal"]}')} >= {row['at_least']:g} ({row['by']})"
        told.append(f"{text}, {t('explain.releases')} {row['share']:g}" if row["share"] else text)
    return "; ".join(told)


def adapt(row: Mapping[str, Any]) -> str:
    """Return how a programme moves its money."""
    return t(
        "explain.adapts",
        months=row["every_months"],
        share=f"{row['share']:g}",
        lag=row["lag_months"],
        signal=t(f"signal.{row['signal']}"),
    )


def stop_when(row: Mapping[str, Any]) -> str:
    """Return which registered value ends a programme early."""
    what = t(f"signal.{row['signal']}")
    if "per" in row:
        what = f"{what} / {t(f'signal.{row["per"]}')}"
    return t("explain.stops", what=what, value=f"{row['at_least']:g}")


def transition(row: Mapping[str, Any]) -> str:
    """Return what follows the end of a programme."""
    return t(
        "explain.goes_on",
        share=f"{row['share']:g}",
        months=row["months"],
        payer=t(f"payer.{row['payer']}"),
    )
