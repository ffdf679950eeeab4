"""Targets: the split holds, files tell their faults, figures meet the right months and places."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from calibration import targets as module
from calibration.observe import (
    QUANTITIES,
    VARIABLES,
    distances,
    errors,
    figures,
    log_likelihood,
    monthly,
    predict,
)
from calibration.targets import HERE, indicators, load_targets, months_of, read_data, why_unmapped
from simulator.faults import FaultyInput
from tests.calibration.targets_for_tests import target

CHECK_FROM = months_of("", 2022)[0]


def test_a_quarter_of_the_information_is_never_fitted() -> None:
    scored = load_targets(use=("fit", "check"))
    check = [target for target in scored if target.use == "check"]
    assert len(check) >= 0.25 * len(scored)
    assert sum(t.weight for t in check) >= 0.25 * sum(t.weight for t in scored)


def test_whole_territories_and_years_are_held_back() -> None:
    fit, check = load_targets(use=("fit",)), load_targets(use=("check",))
    held = {k for target in check for k in target.territories}
    assert len(held) == 7
    assert not held & {k for target in fit for k in target.territories}
    # Figures of the country: whatever reaches into 2022 or later is held back, and nothing else is.
    assert all(target.stop <= CHECK_FROM for target in fit if not target.territories)
    assert all(target.stop > CHECK_FROM for target in check if not target.territories)
    # Sums over years that reach there are fitted to as shares of the country only.
    late = [target for target in fit if target.stop > CHECK_FROM]
    assert late
    assert all(target.of_country and target.first < CHECK_FROM for target in late)


def test_what_the_model_takes_as_given_is_never_scored() -> None:
    given = load_targets(use=("input",))
    assert given
    assert {t.indicator.quantity for t in given} == {"budget_opening", "budget_modified", "budget_executed"}


def test_sources_that_disagree_stay_and_widen_the_error() -> None:
    both = [t for t in load_targets() if t.indicator.name == "prosecution_victims" and t.year == 2019]
    assert sorted(t.value for t in both) == [476, 1266]
    expected = np.std(np.log([476, 1266]), ddof=1)
    assert all(t.conflict == pytest.approx(expected) for t in both)
    assert all(t.spread == pytest.approx(np.hypot(0.25, expected)) for t in both)
    assert sum(t.weight for t in both) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("period", "year", "first", "stop"),
    [("", 2012, 0, 12), ("01-06", 2013, 12, 18), ("2017-01/2023-06", 2023, 60, 138)],
)
def test_periods_cover_their_months(period: str, year: int, first: int, stop: int) -> None:
    assert months_of(period, year) == (first, stop)


def _series() -> dict[str, np.ndarray]:
    """Two runs of 24 months: one victim a month and territory in 2012, two in 2013; twice that in run 1."""
    one = np.ones((2, 24, 26))
    one[:, 12:] *= 2
    one[1] *= 2
    names = {name for quantity in QUANTITIES.values() for name in (*quantity.of, *quantity.over)}
    return {name: one.copy() for name in names}


def test_predictions_sum_months_and_places() -> None:
    targets = (
        target("police_victims_identified"),
        target("police_complaints"),
        target("police_victims_identified", first=0, stop=12),
        target("police_victims_identified", first=12, stop=18),
        target("police_victims_over_year_before"),
        target("police_complaints_pooled_2017_2023", region="PE-LIM", territories=(14, 25), total=1300.0),
        target("children_in_specialised_shelters_with_plan_jan_jun"),
        target("minor_share_among_female_victims"),
        target("police_victims_identified", first=24, stop=36),
    )
    shown = predict(_series(), targets)
    people = 24 * 26
    assert shown[0, :8].tolist() == [people, 0.52 * people, 312, 312, 2, 100, 52, 1]
    assert shown[1, :8].tolist() == [2 * people, 1.04 * people, 624, 624, 2, 100, 104, 1]
    assert np.isnan(shown[:, 8]).all()
    # A run that starts later: the same months, counted from its own first one.
    late = {name: series[:, 12:] for name, series in _series().items()}
    assert predict(late, targets[:1], first=12).tolist() == [[people], [2 * people]]


def test_monthly_reads_the_labels_of_a_run() -> None:
    labels = {
        "state": ["HOME", "EXPLOITED", "ADULT", "DEAD"],
        "from_state": ["HOME", "EXPLOITED", "IDENTIFIED", "PROTECTED"],
        "to_state": ["EXPLOITED", "IDENTIFIED", "PROTECTED", "SPECIALISED_SHELTER"],
        "area": ["urban", "rural"],
        "sex": ["girl", "boy"],
        "form": ["none", "sexual", "labour"],
        "migrant": ["resident", "venezuelan"],
        "budget_stage": ["pia", "pim", "executed", "saldo"],
    }
    counts = np.arange(12 * 26, dtype=float).reshape(12, 26)
    own = ("stock", "flow", "moved_in", "flow_by_sex", "flow_by_form", "flow_by_migrant", "specific_budget")
    arrays: dict[str, np.ndarray] = dict.fromkeys([v for v in VARIABLES if v not in own], counts)
    arrays["stock"] = np.zeros((12, 26, 2, 4))
    arrays["stock"][:, :, 1] = [70.0, 2.0, 5.0, 9.0]
    arrays["flow"] = np.zeros((12, 26, 2, 4, 4))
    arrays["flow"][:, 3, :, 2, 2] = 4
    arrays["moved_in"] = np.zeros((12, 26, 2, 4))
    for group, size in (("sex", 2), ("form", 3), ("migrant", 2)):
        arrays[f"flow_by_{group}"] = np.zeros((12, 4, 4, size))
    arrays["flow_by_sex"][:, 1, 1] = [6, 3]
    arrays["specific_budget"] = np.full((1, 4, 2, 26), 12.0)
    series = monthly(arrays, labels)
    assert series["protected"].sum() == 4 * 2 * 12
    assert series["protected"][:, 3].tolist() == [8.0] * 12
    assert series["children_rural"][0, 0] == 72
    assert series["exploited_rural"][0, 0] == 2
    assert series["exploited_urban"].sum() == 0
    assert series["identified_boys"][:, 0].tolist() == [3.0] * 12
    assert series["budget_executed"].sum() == 12 * 2 * 26
    share = predict(series, [target("boys_share_police", first=0, stop=12)])
    assert share.tolist() == [pytest.approx(1 / 3)]


def test_errors_follow_their_kind() -> None:
    targets = (target("police_victims_identified"), target("boys_share_police", total=255.0, value=0.5))
    cv = [t.spread for t in targets]
    predicted = np.array([400.0, 0.5])
    told = errors(targets, predicted)
    assert told[0] == pytest.approx(np.sqrt(400 + (cv[0] * 400) ** 2))
    assert told[1] == pytest.approx(0.5 * np.sqrt(1 / 255 + cv[1] ** 2))
    # Quantiles without chance have the mean and the spread of the error.
    drawn = figures(targets, predicted[None], per_run=4000)
    assert drawn.mean(axis=0) == pytest.approx(predicted, rel=0.01)
    assert drawn.std(axis=0) == pytest.approx(told, rel=0.02)


def test_what_fits_is_likelier_and_nearer() -> None:
    one = target("police_victims_identified", value=400.0)
    shown = np.array([[200.0], [400.0], [800.0], [np.nan]])
    likely = log_likelihood([one], shown)[:, 0]
    assert likely.argmax() == 1
    assert likely[3] == -np.inf
    far = distances([one], shown)[:3, 0]
    assert far[1] == pytest.approx(0.0)
    assert far[0] == pytest.approx(-far[2], rel=0.05)


def test_every_series_of_the_review_is_compared_or_explained() -> None:
    for name in ("policy_service_4_target", "means_deception_share_pooled", "modern_slavery_estimate"):
        told = why_unmapped(name)
        assert told is not None
        assert told.reason in module.REASONS
        assert name not in indicators()
    assert why_unmapped("rainfall") is None


HEAD = ",".join(module._TARGETS)
GOOD = "police_complaints,complaints,PE,2018,,734,,1,fit,INEI2023,"


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (GOOD.replace("police_complaints,", "police_complaint,"), "indicator", "police_complaint"),
        (GOOD.replace("complaints,PE", "victims,PE"), "unit", "victims"),
        (GOOD.replace(",PE,", ",PE-CUZ,"), "region", "PE-CUZ"),
        (GOOD.replace("2018", "2009"), "year", "2009"),
        (GOOD.replace("734", "many"), "value", "many"),
        (GOOD.replace("734", "-1"), "value", "-1"),
        (GOOD.replace(",1,fit", ",3,fit"), "weight", "3"),
        (GOOD.replace("fit", "use"), "use", "use"),
        (GOOD.replace("INEI2023", "INEI1999"), "source_id", "INEI1999"),
        (GOOD.replace(",PE,", ",PE-CUS,"), "total", None),
    ],
)
def test_faulty_rows_are_told(tmp_path: Path, row: str, column: str, found: str | None) -> None:
    shutil.copy(HERE / "sources.csv", tmp_path)
    (tmp_path / "targets.csv").write_text(f"{HEAD}\n{GOOD}\n{row}\n", encoding="utf-8")
    with pytest.raises(FaultyInput) as told:
        load_targets(tmp_path)
    fault = told.value.faults[0]
    assert fault.where == f"targets.csv:3  {column}"
    assert found is None or fault.found == found
    assert len(told.value.faults) == 1


def test_a_tidy_table_becomes_targets(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    lines = [
        ",".join(module.TIDY),
        "police_complaints,complaints,PE,2024,700,X,",
        "police_complaints,complaints,PE-CUS,2024,40,X,",
        "police_complaints,complaints,PE-CUS,2023,40,X,no country",
        "prosecution_complaints_sum_2009_2014,complaints,PE,2014,2000,X,",
        "prosecution_complaints_sum_2009_2014,complaints,PE-CUS,2014,100,X,",
        "modern_slavery_estimate,persons,PE,2023,9,X,",
        "rainfall,mm,PE,2023,9,X,",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    found, left = read_data(path)
    assert [(t.region, t.value, t.total, t.use) for t in found] == [
        ("PE", 700.0, 0.0, "data"),
        ("PE-CUS", 40.0, 700.0, "data"),
        ("PE-CUS", 100.0, 2000.0, "data"),
    ]
    assert [(one.indicator, one.reason) for one in left] == [
        ("police_complaints", "no_total"),
        ("prosecution_complaints_sum_2009_2014", "before"),
        ("modern_slavery_estimate", "prevalence"),
        ("rainfall", "unknown"),
    ]
