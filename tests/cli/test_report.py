"""Tables of results, on a small made-up dataset whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from simulator import report
from simulator.engine.states import STATES
from simulator.outcomes.indicators import Interval
from simulator.outcomes.levels import Level, bands
from simulator.texts import catalogue, set_language

MONTHS = np.arange("2025-01", "2030-07", dtype="datetime64[M]").astype("datetime64[ns]")


def made(scenarios: int = 2, draws: int = 1, replicates: int = 1) -> xr.Dataset:
    """Return 10 entries a month and place, less 1 in each further scenario; run k has k entries more."""
    runs = draws * replicates
    shape = (scenarios, draws, replicates, MONTHS.size, 2, 2)
    stock = np.full((*shape, len(STATES)), 100)
    flow = np.zeros((*shape, len(STATES), len(STATES)))
    more = np.arange(runs).reshape(1, draws, replicates, 1, 1, 1)
    fewer = np.arange(scenarios).reshape(-1, 1, 1, 1, 1, 1)
    flow[..., STATES.index("HOME"), STATES.index("EXPLOITED")] = 10 + more - fewer
    dims = ("scenario", "draw", "replicate", "month", "territory", "area")
    return xr.Dataset(
        {
            "stock": ((*dims, "state"), stock),
            "flow": ((*dims, "from_state", "to_state"), flow),
            "reintegration_started": (dims[:4], np.full(shape[:4], 5)),
        },
        coords={
            "scenario": [f"s{k}" for k in range(scenarios)],
            "month": MONTHS,
            "state": list(STATES),
            "from_state": list(STATES),
            "to_state": list(STATES),
        },
    )


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def test_a_single_run_has_no_interval_and_says_so() -> None:
    table = report.yearly_table(made(1))
    assert [row["year"] for row in table.rows] == ["2025", "2026", "2027", "2028", "2029"]
    assert table.rows[0]["first_entries"] == 10 * 12 * 4
    assert table.rows[0]["exploited"] == 400
    assert "no interval" in table.notes[0]
    assert "(simulated)" in table.title


def test_several_runs_show_what_lies_between() -> None:
    table = report.yearly_table(made(1, replicates=3))
    assert table.rows[0]["first_entries"] == "528 (485-571)"
    assert "chance alone" in table.notes[0]
    assert "parameters (2 sets) and chance (3" in report.yearly_table(made(1, 2, 3)).notes[0]


def test_effects_are_paired_and_over_the_last_full_years() -> None:
    table = report.effects_table(made(3, replicates=5))
    rows = {(row["scenario"], row["indicator"]): row for row in table.rows}
    for k in (1, 2):
        row = rows[f"s{k}", "first_entries"]
        # Every pair of runs differs by the same amount, whatever the runs themselves do.
        assert row["difference"] == row["low"] == row["high"] == -k * 4 * 12 * 4
        assert row["error"] == 0.0
    assert rows["s1", "first_entries"]["comparator"] == 12 * 4 * 12 * 4
    assert rows["s1", "exploited"]["difference"] == 0.0
    assert "2026 to 2029" in table.title


def test_a_long_run_is_told_at_the_horizon_and_at_its_end() -> None:
    month = np.arange("2024-01", "2041-01", dtype="datetime64[M]").astype("datetime64[ns]")
    long = made(2, replicates=2).isel(month=[0] * month.size).assign_coords(month=month)
    assert report.periods(long) == [[2027, 2028, 2029, 2030], [2037, 2038, 2039, 2040]]
    assert report.periods(long.sel(month=slice("2024", "2032"))) == [[2029, 2030, 2031, 2032]]
    early = report.effects_table(long, report.periods(long)[0])
    assert "2027 to 2030" in early.title
    assert {(row["start"], row["end"]) for row in early.rows} == {(2027, 2030)}


def test_records_hold_every_indicator_of_every_year() -> None:
    records = report.yearly_records(made(2, replicates=2))
    assert len(records) == 2 * 5 * 19
    assert set(records[0]) == {"scenario", "year", "indicator", "median", "low", "high", "error"}
    assert report.yearly_records(made(1))[0]["low"] is None


def test_fewer_replicates_are_needed_for_a_wider_interval() -> None:
    dataset = made(1, replicates=10)
    needed = []
    for width in (0.01, 0.1, 1.0):
        rows = {row["indicator"]: row for row in report.precision_table(dataset, width).rows}
        needed.append(rows["first_entries"]["replicates"])
        assert rows["exploited"]["replicates"] == 1
        assert rows["completed"]["replicates"] is None
    assert needed == sorted(needed, reverse=True)
    assert needed[0] > 100 * needed[2]


def test_levels_stand_beside_their_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    spread = Interval(16.0, 12.5, 19.0, 1.0, 3)
    inside = Level("spell_all", 17.0, spread, 14.0, 20.0, "months", "L50")
    outside = Level("completions", 30.0, spread, 8.0, 22.0, "children per year", "L01")
    monkeypatch.setattr(report, "levels", lambda _: [inside, outside])
    table = report.levels_table(made(1))
    assert [row["holds"] for row in table.rows] == [True, False]
    assert any(line.startswith("Reintegrations completed") and " no " in line for line in table.lines(120))
    assert not any("median" in line for line in table.lines(120))
    # Over several draws each level has its interval, and the note says of what.
    several = report.levels_table(made(1, draws=3))
    assert any("median" in line for line in several.lines(140))
    assert any("12.5" in line and "19" in line for line in several.lines(140))
    assert "3 parameter sets" in several.notes[1]


@pytest.mark.parametrize("lang", ["es", "en"])
def test_every_indicator_and_level_has_a_label(lang: str) -> None:
    told = catalogue(lang)
    for name in report.yearly(made(1)).data_vars:
        assert told[f"indicator.{name}"]
    for row in bands():
        assert told[f"level.{row['name']}"]


def test_tables_keep_to_the_width_and_their_words_whole() -> None:
    table = report.effects_table(made(2, replicates=2))
    for width in (100, 120, 200):
        lines = table.lines(width)
        assert max(len(line) for line in lines) <= width
    assert "specialised" in "\n".join(table.lines(100))
