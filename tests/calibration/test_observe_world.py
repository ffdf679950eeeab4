"""A small world, read as official series would show it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from calibration.observe import VARIABLES, observe
from calibration.targets import Target, load_targets


@pytest.fixture(scope="module")
def targets() -> tuple[Target, ...]:
    return load_targets()


def test_only_what_is_asked_for_is_kept(small_result: xr.Dataset) -> None:
    assert set(small_result.data_vars) == set(VARIABLES)
    assert small_result.sizes["month"] == 156


def test_targets_are_what_labelled_sums_say(small_result: xr.Dataset, targets: tuple[Target, ...]) -> None:
    shown = observe(small_result, targets)
    assert shown.shape == (1, 2, 1, len(targets))

    def told(name: str, year: int, region: str = "PE") -> np.ndarray:
        at = next(
            i
            for i, t in enumerate(targets)
            if t.indicator.name == name and t.year == year and t.region == region
        )
        return shown[0, :, 0, at]

    one = small_result.isel(scenario=0, replicate=0)
    both = one["registered_police_children"] + one["registered_police_adults"]
    victims = both.sel(month="2018").sum(("month", "territory"))
    assert told("police_victims_identified", 2018).tolist() == victims.values.tolist()
    assert told("police_complaints", 2018) == pytest.approx(0.52 * victims.values)
    pooled = both.sel(month=slice("2017-01", "2023-06")).sum("month")
    lima = pooled.sel(territory=["15", "26"]).sum("territory") / pooled.sum("territory")
    assert told("police_complaints_pooled_2017_2023", 2023, "PE-LIM") == pytest.approx(3822 * lima.values)
    entries = one["flow"].sel(from_state="PROTECTED", to_state="SPECIALISED_SHELTER", month="2019")
    assert (
        told("girls_referred_to_specialised_shelters", 2019).tolist()
        == entries.sum(("month", "territory", "area")).values.tolist()
    )
    known = one["flow_by_sex"].sel(from_state="EXPLOITED", to_state="IDENTIFIED", month="2020").sum("month")
    boys = known.sel(sex="boy") / known.sum("sex")
    assert told("boys_share_police", 2020) == pytest.approx(boys.values)
    money = one["specific_budget"].sel(year=2022, budget_stage="executed")
    total = money.sum(("government_level", "territory")).values
    assert told("budget_trafficking_executed", 2022) == pytest.approx(total)


def test_what_the_run_does_not_cover_is_missing(
    small_result: xr.Dataset, targets: tuple[Target, ...]
) -> None:
    short = small_result.sel(month=slice("2013", "2023"), year=slice(2013, 2023))
    missing = np.isnan(observe(short, targets)).all(axis=(0, 1, 2))
    early = {t.name for t in targets if t.first < 12}
    late = {t.name for t in targets if t.year == 2024}
    assert {t.name for t, gone in zip(targets, missing, strict=True) if gone} == early | late
    # What is covered does not depend on where the run begins.
    whole = observe(small_result, targets)
    given = [t.use == "input" for t in targets]
    same = ~missing & ~np.array(given)
    assert observe(short, targets)[..., same].tolist() == whole[..., same].tolist()
