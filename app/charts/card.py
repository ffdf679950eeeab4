"""The scorecard as a table, and likelihood in words: always with its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from simulator.policy.national import HORIZON
from simulator.texts import language, t

if TYPE_CHECKING:
    import pandas as pd

    from simulator.outcomes.counted import Counted
    from simulator.outcomes.scorecard import Score
    from simulator.policy.national import Indicator

LEVELS: Final = (
    (0.90, "very_likely"),
    (0.66, "likely"),
    (0.33, "even"),
    (0.10, "unlikely"),
    (0.0, "very_unlikely"),
)
"""Least probability of each word."""


def likelihood(count: Counted | None) -> str:
    """Return a probability in words, its number behind; few runs are counted; a dash where there is none."""
    if count is None:
        return t("cli.nothing")
    probability = count.probability
    if probability is None:
        return t("likelihood.few", hits=count.hits, runs=count.runs)
    word = next(name for least, name in LEVELS if probability >= least)
    return t("likelihood.with_number", word=t(f"likelihood.{word}"), share=f"{probability:.0%}")


def card_table(
    scores: Sequence[Score], shown: Mapping[str, str], number: Callable[[float, str], str]
) -> pd.DataFrame:
    """Return the scorecard of a few scenarios as text, for ``st.table``: how likely, and the estimate.

    An indicator and its target share a cell: two scenarios beside it are what a phone has room for.

    Parameters
    ----------
    shown : heading by name of the scenario, in the order of the columns
    number : writes a number; its second word is ``%`` for shares and ``n`` for counts
    """
    import pandas as pd  # noqa: PLC0415

    heading = t("card.column.indicator")
    rows: dict[str, dict[str, str]] = {}
    for one in scores:
        code = one.indicator.code
        row = rows.setdefault(code, {heading: _named(one, number), **dict.fromkeys(shown.values(), "")})
        if one.scenario in shown:
            row[shown[one.scenario]] = _told(one, number)
    return pd.DataFrame(list(rows.values())).set_index(heading)


def form_of(indicator: Indicator) -> str:
    """Return how the values of an indicator are written on pages."""
    return "%" if indicator.unit == "share" else "n"


def _named(one: Score, number: Callable[[float, str], str]) -> str:
    """Return an indicator with its target, and where that comes from."""
    name = f"{one.indicator.code}. {one.indicator.label[language()]}"
    goal = one.targets.get(HORIZON)
    if goal is None:
        return f"{name}  \n{t('card.no_target')}"
    mark = "" if goal.mark == "official" else f" ({t(f'score.mark.{goal.mark}')})"
    return (
        f"{name}  \n{t('card.target', year=HORIZON, value=number(goal.value, form_of(one.indicator)))}{mark}"
    )


def _told(one: Score, number: Callable[[float, str], str]) -> str:
    """Return how likely a target is, and what the model estimates."""
    at = one.path.get(HORIZON)
    if at is None or not at.runs:
        return t("card.no_value")
    # An asterisk of its own, not one of Markdown.
    mark = " \\*" if one.is_level_off else ""
    form = form_of(one.indicator)
    median, low, high = (number(value, form) for value in (at.median, at.low, at.high))
    said = median if at.runs < 2 else t("report.interval", median=median, low=low, high=high)
    return f"**{likelihood(one.at_horizon)}**{mark}  \n{said}"
