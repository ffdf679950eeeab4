"""Files for planners: spreadsheets, differences, beginnings, the schema for editors, overlays."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openpyxl import Workbook, load_workbook

from scenarios import Scenario, levers, library, load_scenario
from scenarios.difference import differences
from scenarios.editor import beginning, json_schema
from scenarios.files import overlays
from scenarios.schema import from_document, own_data, yaml_text
from scenarios.shape import FIELDS
from scenarios.spreadsheet import HEAD, SHEETS, read, write
from simulator.cli import main
from simulator.documents import read as read_yaml
from simulator.evidence import load_ledger
from simulator.faults import FaultyInput
from simulator.texts import LANGUAGES, set_language

LABEL = {"es": "Prueba", "en": "Test"}
LINES = tuple(load_ledger().lines)


def back(data: dict[str, Any], folder: Path) -> tuple[dict[str, Any], Scenario]:
    path = folder / "plan.xlsx"
    path.unlink(missing_ok=True)
    write(data, path)
    document = read(path)
    return document.data, from_document(document, "plan", folder)


@pytest.mark.parametrize("name", [name for name in library() if name != "baseline"])
def test_a_spreadsheet_keeps_every_scenario(name: str, tmp_path: Path) -> None:
    _, scenario = back(own_data(name), tmp_path)
    expected = load_scenario(name)
    assert scenario.hash == expected.hash
    assert scenario.to_mapping() == expected.to_mapping()


shares = st.lists(st.sampled_from(LINES), min_size=1, max_size=3, unique=True)
wheres = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"territory": st.just(["05", "08"]), "area": st.sampled_from(["urban", "rural"])}),
)
grants = st.fixed_dictionaries(
    {"names": shares, "where": wheres, "split": st.sampled_from(["need", "people", "equal"])},
    optional={"amounts": st.dictionaries(st.integers(2027, 2029), st.floats(0, 1e9), min_size=1)},
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(grants, min_size=1, max_size=4), amount=st.floats(0, 1e9), text=st.text(max_size=20))
def test_a_spreadsheet_keeps_any_plan(
    rows: list[dict[str, Any]], amount: float, text: str, tmp_path: Path
) -> None:
    budget = []
    for row in rows:
        names = row["names"]
        grant: dict[str, Any] = {"lines": {name: 1 / len(names) for name in names}, "split": row["split"]}
        if row["where"]:
            grant["where"] = row["where"]
        if "amounts" in row:
            grant["amounts"] = {str(year): value for year, value in row["amounts"].items()}
        else:
            grant["amount"] = amount
        budget.append(grant)
    words = "".join(c for c in text if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF).strip() or "x"
    data = {
        "schema": 1,
        "base": "baseline",
        "label": {"es": f"a{words}", "en": "b"},
        "programmes": [
            {
                "name": "one",
                "label": LABEL,
                "start": "2027-01",
                "end": "2029-12",
                "payers": [{"from": 2027, "shares": {"us": 0.25, "national": 0.75}}],
                "budget": budget,
                "adapt": {"every_months": 12, "share": 0.25, "lag_months": 3, "signal": "upe_opened"},
                "transition": {"share": 0.5, "months": 12, "payer": "regional"},
            }
        ],
    }
    _, scenario = back(data, tmp_path)
    assert scenario.hash == Scenario.from_mapping(data, name="plan").hash
    again = tmp_path / "again.yaml"
    again.write_text(yaml_text(data), encoding="utf-8")
    assert load_scenario(again).hash == scenario.hash


def sheet_of(tmp_path: Path, cells: dict[tuple[str, str], object], base: str = "adaptive_learning") -> Path:
    path = tmp_path / "plan.xlsx"
    write(own_data(base), path)
    book = load_workbook(path)
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    book.save(path)
    return path


def column(sheet: str, key: str) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[SHEETS[sheet].index(key)]


MISTAKES: dict[str, tuple[str, str, object, str]] = {
    "amount as words": ("budget", "amount", "mucho", "mucho"),
    "unknown line": ("budget", "lines", "upe_post: 1", "upe_posts"),
    "shares that do not add up": ("budget", "lines", "upe_posts: 0.5, training: 0.1", "0.6"),
    "unknown territory": ("budget", "where.territory", "05, 88", "88"),
    "unknown delivery": ("programmes", "delivery", "estado", "state"),
    "no month": ("programmes", "start", "enero", "enero"),
    "money of no programme": ("budget", "programme", "learn", "learning"),
    "share above one": ("outcomes", "share", 1.5, "1.5"),
    "unknown signal": ("outcomes", "signal", "victims", "upe_opened"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_fault_names_its_sheet_and_cell(tmp_path: Path, name: str, lang: str) -> None:
    sheet, key, value, told = MISTAKES[name]
    cell = f"{column(sheet, key)}{HEAD + 1}"
    path = sheet_of(tmp_path, {(sheet, cell): value})
    set_language(lang)
    with pytest.raises(FaultyInput) as caught:
        from_document(read(path), "plan", tmp_path)
    text = "\n".join(map(str, caught.value.faults))
    assert f"plan.xlsx  {sheet}!{cell}" in text
    assert told in text


THREE: dict[tuple[str, str], object] = {
    ("programmes", "name"): "police",
    ("programmes", "start"): "2027-01",
    ("programmes", "end"): "2030-12",
    ("budget", "programme"): "police",
    ("budget", "lines"): "police_posts",
    ("budget", "2027"): 1_000_000,
    ("payers", "programme"): "police",
    ("payers", "from"): 2027,
    ("payers", "shares"): "national: 0.5, us: 0.5",
}
"""A row of each of three sheets: what is enough."""


def plan_of(tmp_path: Path, changes: dict[tuple[str, str], object]) -> Scenario:
    """Return the scenario of a workbook in which only the first row of some sheets is filled in."""
    cells = {
        # The second year of a template stands behind its first one and the six columns of money.
        (sheet, f"{'H' if key.isdigit() else column(sheet, key)}3"): value
        for (sheet, key), value in (THREE | changes).items()
    }
    return from_document(read(sheet_of(tmp_path, cells, "baseline")), "plan", tmp_path)


@pytest.mark.parametrize(
    ("titles", "label"),
    [
        ({}, ("police", "police")),
        ({"label.es": "Más policías"}, ("Más policías", "Más policías")),
        ({"label.en": "More police"}, ("More police", "More police")),
        ({"label.es": "Más policías", "label.en": "More police"}, ("Más policías", "More police")),
    ],
)
def test_three_sheets_are_enough_and_a_title_in_one_language(
    tmp_path: Path, titles: dict[str, str], label: tuple[str, str]
) -> None:
    texts: dict[tuple[str, str], object] = {("programmes", key): text for key, text in titles.items()}
    (programme,) = plan_of(tmp_path, texts).programmes
    assert (programme.label.es, programme.label.en) == label
    assert programme.budget[0].amounts == ((2027, 1e6),)
    assert programme.payers[0].shares == (("national", 0.5), ("us", 0.5))


def test_a_fault_of_an_empty_cell_names_that_cell(tmp_path: Path) -> None:
    with pytest.raises(FaultyInput) as caught:
        plan_of(tmp_path, {("programmes", "start"): None})
    (fault,) = caught.value.faults
    assert fault.where == f"plan.xlsx  programmes!{column('programmes', 'start')}3  programmes[0].start"


def test_a_row_of_an_unknown_programme_is_checked_whole(tmp_path: Path) -> None:
    row: dict[tuple[str, str], object] = {
        ("budget", "programme"): "otro",
        ("budget", "lines"): "no_existe",
        ("budget", "where.territory"): 99,
        ("budget", "amount"): "mucho",
        ("budget", "2027"): None,
    }
    set_language("es")
    with pytest.raises(FaultyInput) as caught:
        plan_of(tmp_path, row)
    told = {fault.where.split("  ")[1]: fault.found for fault in caught.value.faults}
    assert told == {
        "budget!A3": "otro",
        "budget!B3": "la clave desconocida no_existe",
        "budget!C3": "99 (un número)",
        "budget!F3": "mucho (texto)",
    }
    assert len(caught.value.faults) == 4


def test_dates_and_whole_numbers_of_a_spreadsheet_are_understood(tmp_path: Path) -> None:
    cells: dict[tuple[str, str], object] = {
        ("programmes", f"{column('programmes', 'start')}3"): datetime.date(2027, 1, 1),
        ("programmes", f"{column('programmes', 'price_year')}3"): 2025.0,
        ("budget", f"{column('budget', 'lines')}3"): "mobile_upe",
    }
    scenario = from_document(read(sheet_of(tmp_path, cells)), "plan", tmp_path)
    assert scenario.programmes[0].start_ti == 180
    assert scenario.programmes[0].budget[0].lines == (("mobile_upe", 1.0),)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"a;b;c\n"])
def test_what_is_no_spreadsheet_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    set_language("es")
    with pytest.raises(FaultyInput) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.found == "un archivo que no se puede leer como libro de cálculo"
    assert fault.allowed == "un libro de cálculo guardado como .xlsx"
    assert main(["budget", "import", str(path), "--out", str(tmp_path / "a.yaml")]) == 2
    assert not (tmp_path / "a.yaml").exists()


def test_a_workbook_without_our_sheets_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    Workbook().save(path)
    with pytest.raises(FaultyInput) as caught:
        from_document(read(path), "plan", tmp_path)
    assert "scenario" in str(caught.value.faults[0])


def test_the_commands_of_a_planner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["budget", "template", "--from", "regional_policies", "--out", "a.xlsx", "--lang", "en"]) == 0
    assert main(["budget", "import", "a.xlsx", "--out", "a.yaml", "--lang", "en"]) == 0
    assert main(["validate", "a.yaml", "--lang", "en"]) == 0
    capsys.readouterr()
    assert main(["diff", "regional_policies", "a.yaml", "--quiet"]) == 0
    assert capsys.readouterr().out.strip() == "0"
    assert main(["diff", "baseline", "a.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]
    assert main(["new", "mine", "--from", "regional_policies"]) == 0
    assert main(["new", "mine"]) == 2
    assert main(["new", "../mine"]) == 2
    assert main(["new", "other", "--from", "nothing"]) == 2
    assert main(["schema", "--out", "s.json", "--quiet"]) == 0
    assert main(["schema", "--out", "s.json"]) == 2
    assert main(["budget", "template", "--out", "a.xlsx"]) == 2
    assert main(["budget", "template", "--out", "b.csv"]) == 2
    assert main(["budget", "template"]) == 2
    assert main(["budget", "templat", "--out", "c.xlsx"]) == 2
    assert main(["diff", "baseline"]) == 2
    assert load_scenario("mine.yaml").hash == load_scenario("regional_policies").hash
    assert main(["new", "next", "--from", "mine.yaml"]) == 0
    assert load_scenario("next.yaml").hash == load_scenario("mine.yaml").hash


# -- editors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*library().values(), *overlays().values()], ids=lambda path: path.stem)
def test_the_schema_takes_what_we_take(path: Path) -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(read_yaml(path, path.name).data)) == []


PAGE = Path(__file__).parents[2] / "docs" / "scenario-files.md"


def test_the_page_of_the_format_is_a_valid_file_with_every_key(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "example.yaml"
    path.write_text(example.replace("...", "text"), encoding="utf-8")
    told = load_scenario(path)
    assert [one.name for one in told.programmes] == ["compact2", "south"]
    data = read_yaml(path, path.name).data
    assert list(Draft202012Validator(json_schema()).iter_errors(data)) == []
    # Keys that exclude one another stand in it too, and what an adjustment may name stands beside it.
    written = set(re.findall(r"[a-z_]+", example))
    for group, keys in FIELDS.items():
        assert set(keys) <= written, (group, set(keys) - written)
    beside = example.split("adjust:")[1].split("unit_costs:")[0]
    assert set(FIELDS["adjust"]) <= set(re.findall(r"[a-z_]+", beside))
    for name in levers():
        assert f"| `{name}` |" in page, name


NO_LINE = {"lines": {"x": 1}, "amount": 1}
NOWHERE = {"use": "upe_reach", "start": "2027-01", "amount": 1, "where": {"territory": ["88"]}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("label",), {"es": "a"}),
        (("until",), "2030-13"),
        (("unknown",), 1),
        (("interventions",), [{"use": "upe", "start": "2027-01", "amount": 1}]),
        (("interventions",), [{"use": "upe_reach", "start": "2027-01"}]),
        (("interventions",), [NOWHERE]),
        (("programmes",), [{"name": "a", "label": LABEL, "start": "2027-01", "budget": [NO_LINE]}]),
        (("parameters",), {"upe.priority": 99}),
        (("parameters",), {"upe.priorty": 1}),
        (("unit_costs",), [{"line": "upe_posts", "kind": "current", "value": -1, "price_year": 2025}]),
    ],
)
def test_the_schema_refuses_what_we_refuse(path: tuple[str, ...], value: object) -> None:
    data = {"schema": 1, "base": "baseline", "label": LABEL, path[0]: value}
    assert list(Draft202012Validator(json_schema()).iter_errors(data))
    with pytest.raises(FaultyInput):
        Scenario.from_mapping(data, name="x")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_beginning_is_valid_and_so_is_what_it_suggests(lang: str, tmp_path: Path) -> None:
    set_language(lang)
    text = beginning("mi_plan", "baseline", load_scenario("baseline"))
    path = tmp_path / "mi_plan.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_scenario(path).hash == load_scenario("baseline").hash
    # With every suggestion taken up, it still is.
    keys = tuple(f"# {key}:" for key in FIELDS[""])
    kept = [line[2:] if line.startswith((*keys, "#  ")) else line for line in text.splitlines()]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.programmes
    assert scenario.interventions
    assert scenario.shocks
    assert scenario.unit_costs


# -- differences and overlays -----------------------------------------------------------------------------


def test_differences_are_told_in_words_and_units() -> None:
    set_language("en")
    data: dict[str, Any] = {"schema": 1, "base": "baseline", "label": LABEL}
    grant = {"lines": {"training": 1}, "amount": 1e6}
    programme = {"name": "p", "label": LABEL, "start": "2027-01", "budget": [grant]}
    row = {"use": "upe_reach", "start": "2027-01", "amount": 0.5}
    own = {"programmes": [programme], "interventions": [row], "parameters": {"upe.priority": 0.4}}
    one = Scenario.from_mapping({**data, **own}, name="a")
    two = Scenario.from_mapping(
        {
            **data,
            "until": "2035-12",
            "programmes": [{**programme, "delivery": "local_partner", "budget": [{**grant, "amount": 2e6}]}],
            "interventions": [{**row, "amount": 0.25}],
            "shocks": [{"use": "pandemic", "from": "2028-01", "level": 1.0}],
        },
        name="b",
    )
    assert differences(one, one) == []
    found = {(d.group, d.what): (d.first, d.second, d.unit) for d in differences(one, two)}
    assert found["until", "last month"] == ("2030-12", "2035-12", "")
    assert found["programmes", "p: delivered by"][:2] == ("State", "local partner")
    assert found["programmes", "p: Training, whole country (by need), each year"] == (1e6, 2e6, "PEN")
    reach = "UPE reach (upe_reach), whole country, from 2027-01"
    assert found["interventions", reach] == (0.5, 0.25, "share")
    assert any("(pandemic), whole country, from 2028-01" in what for _, what in found)
    priority = [value for (group, what), value in found.items() if group == "parameters"]
    assert priority[0][0] == 0.4
    assert "central" in str(priority[0][1])


def test_an_overlay_is_laid_over_any_scenario() -> None:
    plain, over = load_scenario("stable_workforce"), load_scenario("stable_workforce+pandemic+poverty_rise")
    assert over.name == "stable_workforce+pandemic+poverty_rise"
    assert over.programmes == plain.programmes
    assert [shock.use for shock in over.shocks] == ["pandemic"]
    assert [part.use for part in over.context] == ["poverty"]
    assert over.hash != plain.hash
    assert Scenario.from_mapping(over.to_mapping(), name="x").hash == over.hash
    assert "pandemic" in over.label.en


@pytest.mark.parametrize("asked", ["baseline+pandemia", "baselin+pandemic", "baseline+", "+pandemic", "+"])
def test_overlays_that_are_not_there_are_told(asked: str) -> None:
    with pytest.raises(FaultyInput):
        load_scenario(asked)


def test_an_overlay_has_no_base(tmp_path: Path) -> None:
    path = tmp_path / "over.yaml"
    path.write_text("schema: 1\nbase: baseline\nlabel: {es: a, en: b}\n", encoding="utf-8")
    with pytest.raises(FaultyInput, match=r"over\.yaml"):
        load_scenario(f"baseline+{path}")
