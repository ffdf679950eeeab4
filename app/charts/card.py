"""The scorecard as a table, and likelihood in words: always with its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simulator.policy.national import HORIZON
from simulator.report_policy import form_of, spread
from simulator.tables import shown
from simulator.texts import language, t

if TYPE_CHECKING:
    import pandas as pd

    from simulator.outcomes.counted import Counted
    from simulator.outcomes.scorecard import Score

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


def card_table(scores: Sequence[Score]) -> pd.DataFrame:
    """Return the scorecard of one scenario, four columns of text, for ``st.table``."""
    import pandas as pd  # noqa: PLC0415

    rows = []
    for one in scores:
        form = form_of(one.indicator)
        goal = one.targets.get(HORIZON)
        rows.append(
            {
                t("card.column.indicator"): f"{one.indicator.code}. {one.indicator.label[language()]}",
                t("card.column.target"): shown(None if goal is None else goal.value, form),
                t("card.column.median"): spread(one.path.get(HORIZON), form),
                t("card.column.likelihood"): likelihood(one.at_horizon),
            }
        )
    return pd.DataFrame(rows).set_index(t("card.column.indicator"))
