"""Every fault of a programme is told, with its line, in both languages; none ends in a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios import load_scenario
from simulator.faults import FaultyInput
from simulator.texts import LANGUAGES, set_language

HEAD = "schema: 1\nbase: baseline\nlabel: {es: a, en: b}\n"
ONE = """programmes:
  - name: one
    label: {es: a, en: b}
    start: 2027-01
    budget:
      - lines: {training: 1}
        amount: 5
"""

MONEY = "budget:\n      - lines: {training: 1}\n        amount: 5\n"
COST = "price_year: 2025, source: a, entity: b}]\nprogrammes:"

# What is put in place of what, and the end of the place that the fault names.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "name": ("name: one", "name: Uno Dos", "programmes[0].name"),
    "no name": ("name: one", "ramp_months: 1", "programmes[0].name"),
    "no label": ("    label: {es: a, en: b}\n", "", "programmes[0].label"),
    "no budget": (
        "budget:\n      - lines: {training: 1}\n        amount: 5\n",
        "co_design: 1\n",
        "[0].budget",
    ),
    "empty budget": (
        "budget:\n      - lines: {training: 1}\n        amount: 5\n",
        "budget: []\n",
        "[0].budget",
    ),
    "unknown line": ("{training: 1}", "{trainin: 1}", "budget[0].lines.trainin"),
    "shares": ("{training: 1}", "{training: 0.5, upe_posts: 0.4}", "budget[0].lines"),
    "no shares": ("{training: 1}", "{}", "budget[0].lines"),
    "share of words": ("{training: 1}", "{training: all}", "budget[0].lines.training"),
    "negative": ("amount: 5", "amount: -5", "budget[0].amount"),
    "more than there is": ("amount: 5", "amount: 1.0e+12", "budget[0].amount"),
    "infinite": ("amount: 5", "amount: .inf", "budget[0].amount"),
    "no amount": ("        amount: 5\n", "", "programmes[0].budget[0]"),
    "two amounts": ("amount: 5", "amount: 5\n        amounts: {2027: 1}", "programmes[0].budget[0]"),
    "year of nothing": ("amount: 5", "amounts: {1999: 1}", "budget[0].amounts"),
    "year before": ("amount: 5", "amounts: {2026: 1}", "budget[0].amounts.2026"),
    "area": ("amount: 5", "amount: 5\n        where: {area: sea}", "where.area"),
    "split": ("amount: 5", "amount: 5\n        split: fair", "budget[0].split"),
    "end before start": ("start: 2027-01", "start: 2027-01\n    end: 2026-01", "programmes[0].end"),
    "delivery": ("start: 2027-01", "start: 2027-01\n    delivery: estado", "programmes[0].delivery"),
    "funding": ("start: 2027-01", "start: 2027-01\n    funding: free", "programmes[0].funding"),
    "no milestone": ("start: 2027-01", "start: 2027-01\n    funding: milestones", "[0].outcomes"),
    "currency": ("start: 2027-01", "start: 2027-01\n    currency: EUR", "programmes[0].currency"),
    "price year": ("start: 2027-01", "start: 2027-01\n    price_year: 1999", "programmes[0].price_year"),
    "fiscal year": ("start: 2027-01", "start: 2027-01\n    fiscal_year: uk", "programmes[0].fiscal_year"),
    "co-design": ("start: 2027-01", "start: 2027-01\n    co_design: 2", "programmes[0].co_design"),
    "kind": ("start: 2027-01", "start: 2027-01\n    kind: plan", "programmes[0].kind"),
    "no expiry": ("start: 2027-01", "start: 2027-01\n    kind: regional_policy", "programmes[0].end"),
    "payer": (
        "start: 2027-01",
        "start: 2027-01\n    payers: [{from: 2027, shares: {peru: 1}}]",
        "payers[0].shares.peru",
    ),
    "payers of no year": (
        "start: 2027-01",
        "start: 2027-01\n    payers: [{from: 2028, shares: {us: 1}}]",
        "programmes[0].payers",
    ),
    "payers twice": (
        "start: 2027-01",
        "start: 2027-01\n    payers: [{from: 2027, shares: {us: 1}}, {from: 2027, shares: {us: 1}}]",
        "payers[1].from",
    ),
    "signal": (
        "start: 2027-01",
        "start: 2027-01\n    outcomes: [{signal: victims, at_least: 1, by: 2028-01}]",
        "outcomes[0].signal",
    ),
    "outcome too early": (
        "start: 2027-01",
        "start: 2027-01\n    outcomes: [{signal: upe_opened, at_least: 1, by: 2026-01}]",
        "outcomes[0].by",
    ),
    "share of nothing": (
        "start: 2027-01",
        "start: 2027-01\n    outcomes: [{signal: upe_opened, at_least: 1, by: 2028-01, share: 0.1}]",
        "outcomes[0].share",
    ),
    "adapts never": (
        "start: 2027-01",
        "start: 2027-01\n    adapt: {every_months: 0, share: 1, lag_months: 1, signal: upe_opened}",
        "adapt.every_months",
    ),
    "transition of nothing": (
        "start: 2027-01",
        "start: 2027-01\n    transition: {share: 0.5, months: 12, payer: us}",
        "programmes[0].transition",
    ),
    "unknown key": ("start: 2027-01", "start: 2027-01\n    begin: 2027-01", "programmes[0].begin"),
    "unit cost of nothing": (
        "programmes:",
        "unit_costs: [{line: upe, kind: current, value: 1, " + COST,
        "unit_costs[0].line",
    ),
    "unit cost without source": (
        "programmes:",
        "unit_costs: [{line: upe_posts, kind: current, value: 1, " + COST.replace("source: a, ", ""),
        "unit_costs[0].source",
    ),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told_with_its_line(name: str, lang: str, tmp_path: Path) -> None:
    old, new, place = MISTAKES[name]
    assert old in ONE
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + ONE.replace(old, new, 1), encoding="utf-8")
    set_language(lang)
    with pytest.raises(FaultyInput) as caught:
        load_scenario(path)
    places = [fault.where for fault in caught.value.faults]
    assert any(where.endswith(place) for where in places), places
    for fault in caught.value.faults:
        assert re.search(r"plan\.yaml:\d+  ", fault.where), fault.where
        assert fault.found.strip()
        assert fault.allowed.strip()
        assert fault.do.strip()


def test_names_and_costs_given_twice(tmp_path: Path) -> None:
    cost = "  - {line: upe_posts, kind: current, value: 1, price_year: 2025, source: a, entity: b}\n"
    path = tmp_path / "plan.yaml"
    again = ONE.removeprefix("programmes:\n")
    path.write_text(HEAD + ONE + again + "unit_costs:\n" + 2 * cost, encoding="utf-8")
    with pytest.raises(FaultyInput) as caught:
        load_scenario(path)
    places = [fault.where.split("  ")[1] for fault in caught.value.faults]
    assert places == ["programmes[1].name", "unit_costs[1].line"]


def test_a_programme_of_the_same_name_replaces_that_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(HEAD + ONE, encoding="utf-8")
    own = HEAD.replace("baseline", "base.yaml") + ONE.replace("amount: 5", "amount: 7")
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    scenario = load_scenario(tmp_path / "own.yaml")
    assert [programme.budget[0].amount for programme in scenario.programmes] == [7.0]
