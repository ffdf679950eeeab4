"""The scorecard as a table, and likelihood in words: always with the runs that it is counted from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from simulator import report_policy
from simulator.policy.national import HORIZON
from simulator.tables import shown
from simulator.texts import language, t

if TYPE_CHECKING:
    import pandas as pd

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


def likelihood(score: Score) -> str:
    """Return in how many runs the target of 2030 is reached, with a word; a dash where there is no value.

    Where the interval of that share holds several words, the outermost two; of few runs none, and neither
    where the level of the model is far from what was reported.
    """
    count = score.at_horizon
    if count is None:
        return t("cli.nothing")
    if count.probability is None or score.is_level_off:
        return t("likelihood.counted", hits=count.hits, runs=count.runs)
    low, high = count.bounds
    least, most = _word(low), _word(high)
    if least == most:
        return t("likelihood.one", word=least, hits=count.hits, runs=count.runs)
    return t(
        "likelihood.several",
        least=least,
        most=most,
        hits=count.hits,
        runs=count.runs,
        low=f"{low:.0%}",
        high=f"{high:.0%}",
    )


def _word(probability: float) -> str:
    return t(f"likelihood.{next(name for least, name in LEVELS if probability >= least)}")


def card_table(
    scores: Sequence[Score],
    headings: Mapping[str, str],
    changes: Mapping[tuple[str, str], str],
    number: Callable[[float, str], str],
) -> pd.DataFrame:
    """Return the scorecard of a few scenarios as text, for ``st.table``: how likely, estimate and change.

    An indicator and its target share a cell: two scenarios beside it are what a phone has room for.

    Parameters
    ----------
    headings : by name of the scenario, in the order of the columns
    changes : what stands below an estimate, by scenario and measure: its paired difference in words
    number : writes a number; its second word is ``%`` for shares and ``n`` for counts
    """
    import pandas as pd  # noqa: PLC0415

    heading = t("card.column.indicator")
    rows: dict[str, dict[str, str]] = {}
    for one in scores:
        code = one.indicator.code
        row = rows.setdefault(code, {heading: _named(one), **dict.fromkeys(headings.values(), "")})
        if one.scenario in headings:
            lines = [_told(one, number), changes.get((one.scenario, one.indicator.measure), "")]
            row[headings[one.scenario]] = "  \n".join(filter(None, lines))
    return pd.DataFrame(list(rows.values())).set_index(heading)


def form_of(indicator: Indicator) -> str:
    """Return how the values of an indicator are written on pages."""
    return "%" if indicator.unit == "share" else "n"


def exact(value: float, indicator: Indicator) -> str:
    """Return a target as it is fixed, not rounded as an estimate is."""
    return shown(value, report_policy.form_of(indicator))


def _named(one: Score) -> str:
    """Return an indicator with its target, and where that comes from."""
    name = f"{one.indicator.code}. {one.indicator.label[language()]}"
    goal = one.targets.get(HORIZON)
    if goal is None:
        return f"{name}  \n{t('card.no_target')}"
    mark = "" if goal.mark == "official" else f" ({t(f'score.mark.{goal.mark}')})"
    return f"{name}  \n{t('card.target', year=HORIZON, value=exact(goal.value, one.indicator))}{mark}"


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
    return f"**{likelihood(one)}**{mark}  \n{said}"
