"""The page of fit tells every official figure that the posterior was held against, and hides small counts."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.views import fit
from calibration.targets import load_targets
from calibration.validation import SMALLEST_CELL
from simulator.texts import catalogue, set_language

LANGUAGES = ("es", "en")


def test_the_record_holds_the_figures_of_the_targets_and_comes_from_the_posterior() -> None:
    told = fit.record()
    assert told["draws_from"] == "posterior"
    rows = {(row["indicator"], row["region"], row["year"], row["source"]) for row in told["rows"]}
    sources = {row[3] for row in rows}
    targets = [one for one in load_targets() if one.use in fit.USES and one.source in sources]
    assert {one.source for one in targets} == sources
    assert {(one.indicator.name, one.region, one.year, one.source) for one in targets} <= rows
    for row in told["rows"]:
        assert row["low_90"] <= row["low_50"] <= row["median"] <= row["high_50"] <= row["high_90"]
        assert row["region"] == "PE" or row["value"] is None or row["value"] >= SMALLEST_CELL


def test_coverage_is_counted_from_the_rows() -> None:
    told = fit.record()
    for use in fit.USES:
        mine = [row["inside_90"] for row in told["rows"] if row["use"] == use]
        assert told["coverage"][use]["all"]["rows"] == len(mine)
        assert told["coverage"][use]["all"]["coverage_90"] == pytest.approx(sum(mine) / len(mine))


def test_half_of_the_figures_inside_the_half_interval_is_no_reproach() -> None:
    assert fit._is_too_narrow(13 / 40, 40)
    assert not fit._is_too_narrow(0.49, 118)
    assert not fit._is_too_narrow(3 / 10, 10)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_fitted_and_held_back_figures_stand_apart(lang: str) -> None:
    set_language(lang)
    at = AppTest.from_string("from app import screen\nfrom app.views import fit\nscreen.speak()\nfit.show()")
    at.session_state["lang"] = {"es": "Español", "en": "English"}[lang]
    at.run(timeout=60.0)
    assert not at.exception
    # The intervals of figures held back are too narrow in the middle: 13 of 40 where 20 are due.
    assert ["32%" in warning.value for warning in at.warning] == [True]
    outside, *uses = (text.value for text in at.header)
    assert uses == [catalogue(lang)[f"fit.of.{use}"] for use in fit.USES]
    assert len(at.table[0].value) == 4
    missed = [row for row in fit.record()["rows"] if not row["inside_90"]]
    assert str(len(missed)) in outside
    named = at.table[1].value
    assert len(named) == len(missed)
    assert named.shape[1] == 4
    # Sources in words, on the charts by a number that is told below, and nowhere by their code.
    codes = "|".join(re.escape(code) for code in {row["source"] for row in fit.record()["rows"]})
    shown = [*(caption.value for caption in at.caption)]
    assert [text for text in shown if re.search(rf"(?<![\w-])(?:{codes})(?![\w-])", text)] == []
    assert any(text.startswith("[1] ") for text in shown)
    assert len(at.get("vega_lite_chart")) == 2
