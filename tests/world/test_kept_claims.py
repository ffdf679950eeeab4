"""Claims that were run are kept in a table, which says when it no longer tells of today's library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scenarios import Scenario, load_scenario
from simulator.cli import main
from simulator.experiments.claims import Checked, check_claims
from simulator.experiments.kept_claims import Kept, hashes, kept_of, read_kept, stale, write_kept

NAME = "flexible_funding"


@pytest.fixture(scope="module")
def kept() -> list[Kept]:
    """Return rows of one scenario of the library, as if two draws had shown its claims."""
    scenario = load_scenario(NAME)
    shown = [Checked(NAME, claim, (1.5, -0.25), (True, False)) for claim in scenario.claims]
    return kept_of(shown, [scenario], seed=0, draws=2, draws_from="posterior", replicates=1)


def test_what_has_changed_is_told(kept: list[Kept]) -> None:
    *rest, mine = kept
    assert mine.checked.claim.under == "pandemic"
    assert stale(kept, [NAME]) == {}
    assert stale(rest, [NAME]) == {NAME: "claim"}
    plain = mine.checked.claim
    changed = replace(mine, checked=replace(mine.checked, claim=replace(plain, to_year=plain.to_year + 1)))
    assert stale([*rest, changed], [NAME]) == {NAME: "claim"}
    assert stale([*rest, replace(mine, drawn_hash="0")], [NAME]) == {NAME: "drawn_hash"}
    # The overlay counts: without it the scenarios are others.
    without = hashes(load_scenario(NAME), replace(plain, under=None))
    assert without != (mine.scenario_hash, mine.than_hash)
    first, second = without
    assert stale([*rest, replace(mine, scenario_hash=first)], [NAME]) == {NAME: "scenario_hash"}
    assert stale([*rest, replace(mine, than_hash=second)], [NAME]) == {NAME: "scenario_hash"}


def test_rows_go_through_the_table_and_others_stay(kept: list[Kept], tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    write_kept(kept, path)
    assert read_kept(path) == kept
    others = [replace(one, checked=replace(one.checked, scenario="balanced")) for one in kept]
    write_kept(others, path)
    # In the order of the library.
    assert read_kept(path) == [*others, *kept]
    fresh = [replace(one, seed=one.seed + 1) for one in kept]
    write_kept(fresh, path)
    assert read_kept(path) == [*others, *fresh]


def test_the_share_has_the_interval_of_its_runs(kept: list[Kept]) -> None:
    claim = kept[0].checked.claim
    told = Checked("one", claim, (1.0,) * 10, (True,) * 9 + (False,))
    assert told.share == 0.9
    assert told.holds
    # Exact binomial limits of 9 of 10 and of 10 of 10 at 90% (Clopper and Pearson 1934).
    assert told.bounds == pytest.approx((0.60584, 0.99488), abs=1e-5)
    assert replace(told, true=(True,) * 10).bounds == pytest.approx((0.05**0.1, 1.0))
    assert replace(told, true=(False,) * 10).bounds == pytest.approx((0.0, 1.0 - 0.05**0.1))
    assert not replace(told, true=(True,) * 8 + (False,) * 2).holds


LINES = {"places_girls": 0.9, "campaigns": 0.1}


def money(**claim: object) -> Scenario:
    return Scenario.from_mapping(
        {
            "schema": 1,
            "base": "baseline",
            "label": {"es": "Uno", "en": "One"},
            "until": "2019-12",
            "claims": [
                {"measure": "specialised_entries", "than": "baseline", "from": 2019, "to": 2019, **claim}
            ],
            "programmes": [
                {
                    "name": "one",
                    "label": {"es": "Uno", "en": "One"},
                    "start": "2017-01",
                    "budget": [{"lines": LINES, "amount": 60000000}],
                }
            ],
        },
        name="one",
    )


@pytest.mark.parametrize(("line", "holds"), [("places_girls", True), ("campaigns", False)])
def test_a_change_is_mostly_by_a_line_if_it_goes_with_it(line: str, holds: bool) -> None:
    (told,) = check_claims([money(direction="higher", mostly_by=line)], draws=2, scale=0.05, threads=1)
    assert min(told.changes) > 0.0
    assert told.holds == holds
    (plain,) = check_claims([money(direction="higher")], draws=2, scale=0.05, threads=1)
    assert plain.changes == told.changes
    assert plain.holds


def test_the_command_keeps_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "one.yaml"
    folder.write_text(money(direction="lower").to_yaml(), encoding="utf-8")
    out = tmp_path / "claims.csv"
    words = ["claims", str(folder), "--draws", "1", "--out", str(out), "--lang", "en"]
    assert main(words) == 2
    assert str(out) in capsys.readouterr().out
    (row,) = read_kept(out)
    assert (row.checked.scenario, row.draws, row.checked.holds) == ("one", 1, False)
    assert main([*words[:-3], str(tmp_path), "--lang", "en"]) == 2
    assert str(tmp_path) in capsys.readouterr().err
