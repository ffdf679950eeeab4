"""What people take away is opened again: the numbers are those of the dataset, in both languages."""

from __future__ import annotations

import datetime
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import docx
import numpy as np
import openpyxl
import pypdf
import pytest
import xarray as xr

from scenarios import Scenario, load_scenario
from simulator.cli import main
from simulator.experiments.ensemble import compare
from simulator.exports import KINDS, write
from simulator.exports.brief import Brief, Section, brief
from simulator.exports.charts import averted_chart, changes_chart
from simulator.exports.documents import html
from simulator.exports.monitoring import READ, fiscal
from simulator.exports.naming import file_name
from simulator.exports.vega import svg
from simulator.exports.workbook import HEAD
from simulator.faults import FaultyInput
from simulator.outcomes.effects import cost_of_effect
from simulator.outcomes.export import save
from simulator.outcomes.indicators import summarise, yearly
from simulator.outcomes.scorecard import scorecard
from simulator.policy.crosswalk import crosswalk
from simulator.policy.need import SERVES
from simulator.report import count_in_words
from simulator.report_policy import spread
from simulator.texts import LANGUAGES, set_language, t

DAY = datetime.date(2026, 11, 24)
LINES = {"community_groups": 0.4, "upe_posts": 0.2, "places_girls": 0.2, "training": 0.2}
LABEL = {"es": "Dinero para niñas", "en": "Money for girls"}


@pytest.fixture(scope="module")
def results() -> xr.Dataset:
    money = Scenario.from_mapping(
        {
            "schema": 1,
            "base": "baseline",
            "label": LABEL,
            "description": {"es": "Una descripción.", "en": "A description."},
            "assumptions": {"es": "Un supuesto.", "en": "An assumption."},
            "evidence": ["F2", "F18", "Rec1", "CHS2025B"],
            "programmes": [
                {
                    "name": "one",
                    "label": LABEL,
                    "start": "2018-01",
                    "delivery": "international_partner",
                    "currency": "USD",
                    "payers": [{"from": 2018, "shares": {"us": 1}}],
                    "budget": [{"lines": LINES, "where": {"territory": ["08", "15"]}, "amount": 9000000}],
                }
            ],
        },
        name="money",
    )
    return compare(["baseline", money], scale=0.02, threads=1, draws=3, until="2021-06")


@pytest.fixture(scope="module", params=LANGUAGES)
def files(request: pytest.FixtureRequest, results: xr.Dataset, tmp_path_factory: Any) -> dict[str, Path]:
    """Write every kind of export in one language."""
    set_language(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    out = {}
    for kind, forms in (
        ("brief", ["html", "pdf", "docx"]),
        ("workbook", ["xlsx"]),
        ("monitoring", ["xlsx"]),
        ("data", ["zarr", "netcdf", "csv"]),
    ):
        for form, path in zip(forms, write(kind, results, folder, forms, day=DAY), strict=True):
            out[kind if form == "xlsx" else form] = path
    out["lang"] = Path(request.param)
    return out


def change_of(results: xr.Dataset, key: str) -> xr.DataArray:
    table = yearly(results)[key]
    return table.sel(scenario="money") - table.sel(scenario="baseline")


def rows_of(path: Path, sheet: str, *, values: bool = True) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, data_only=values)
    return list(book[sheet].iter_rows(min_row=HEAD + 1, values_only=True))


def test_names_are_plain_with_scenarios_and_date(files: dict[str, Path]) -> None:
    # Papers have the titles of scenarios, data their names.
    titles = {"es": "escenario-tendencial_dinero-para-ninas", "en": "trend-scenario_money-for-girls"}[
        str(files["lang"])
    ]
    for key, path in files.items():
        if key != "lang":
            names = "baseline_money" if key in {"zarr", "netcdf", "csv"} else titles
            assert re.fullmatch(rf"sintrata_[a-z]+_{names}_2026-11-24(\.[a-z]+)?", path.name), path.name
    assert file_name("Año", ["niño", "B_c"], DAY, ".csv") == "sintrata_ano_nino_b-c_2026-11-24.csv"
    set_language("en")
    many = [f"a_scenario_with_a_long_name_{k}" for k in range(9)]
    told = file_name("brief", many, DAY, ".pdf")
    whole = [name.replace("_", "-") for name in many[:2]]
    assert told == f"sintrata_brief_{'_'.join(whole)}_and-7-more_2026-11-24.pdf"


def test_nothing_is_replaced(results: xr.Dataset, tmp_path: Path) -> None:
    first, second = (write("brief", results, tmp_path, ["html"], day=DAY)[0] for _ in range(2))
    assert first != second
    assert first.read_bytes() == second.read_bytes()


def test_the_brief_has_two_pages_and_the_same_words_in_each_form(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    told = brief(results, DAY)
    reader = pypdf.PdfReader(files["pdf"])
    assert len(reader.pages) <= 2
    paper = docx.Document(str(files["docx"]))
    texts = {
        "pdf": " ".join(page.extract_text() for page in reader.pages),
        "html": files["html"].read_text(encoding="utf-8"),
        "docx": " ".join(
            [p.text for p in paper.paragraphs]
            + [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
        ),
    }
    numbers = []
    for section in told.sections:
        for row in section.table.rows if section.table else ():
            numbers += [str(v) for k, v in row.items() if k not in ("what", "code")]
    assert len(numbers) > 20
    for form, text in texts.items():
        plain = re.sub(r"\s+", "", text.replace("&#39;", "'").replace("&amp;", "&").replace("&gt;", ">"))
        for heading in (told.title, *(section.heading for section in told.sections)):
            assert re.sub(r"\s+", "", heading) in plain, (form, heading)
        if form != "pdf":
            missing = [n for n in numbers if re.sub(r"\s+", "", n) not in plain]
            assert missing == [], form
    assert len(paper.inline_shapes) == 2
    assert "http" not in re.sub(r'http://www\.w3\.org/[^"]*', "", texts["html"])
    assert texts["html"].count("<svg") == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_prose_of_the_brief_has_names_and_no_codes(
    results: xr.Dataset, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_language(lang)
    # A target that no run of these reaches, so that the range of the model is told.
    module = sys.modules[brief.__module__]
    monkeypatch.setattr(module, "out_of_range", lambda _: ["3.1b: capacity_ceiling"])
    told = brief(results, DAY)
    prose = " ".join(sentence for section in told.sections for sentence in section.sentences)
    cited = {
        "es": "los hallazgos 2 y 18 y la recomendación 1 de la evaluación",
        "en": "findings 2 and 18 and recommendation 1 of the final evaluation",
    }
    assert cited[lang] in prose
    assert "CHS Alternativo advierte sobre escaso presupuesto" in prose
    assert str(load_scenario("capacity_ceiling").label) in prose
    assert not re.findall(r"\b(?:F\d+|Rec\d+|[A-Z]{2,}\d{3,}\w*|[a-z]+_[a-z_]+)\b", prose)


def test_every_export_says_that_it_is_of_a_part_of_the_country(
    files: dict[str, Path], results: xr.Dataset, tmp_path: Path
) -> None:
    set_language(str(files["lang"]))
    note = t("report.note.part", share="2")
    for key in ("workbook", "monitoring"):
        book = openpyxl.load_workbook(files[key])
        assert all(str(page["A2"].value).startswith(note) for page in book), key
    assert note in files["html"].read_text(encoding="utf-8")
    pages = pypdf.PdfReader(files["pdf"]).pages
    assert re.sub(r"\s", "", note) in re.sub(r"\s", "", pages[0].extract_text())
    assert note in " ".join(p.text for p in docx.Document(str(files["docx"])).paragraphs)
    about = [
        json.loads((files["csv"] / "about.json").read_text(encoding="utf-8")),
        xr.open_dataset(files["netcdf"], engine="h5netcdf").attrs,
        xr.open_dataset(files["zarr"], engine="zarr", consolidated=False).attrs,
    ]
    for told in about:
        assert {told[f"part_of_country_{lang}"] for lang in LANGUAGES} == {
            t("report.note.part", lang, share="2") for lang in LANGUAGES
        }
    beside = json.loads((files["csv"] / "variables.json").read_text(encoding="utf-8"))["note"]
    assert beside[str(files["lang"])].startswith(note)
    whole = results.assign_attrs(scale=1.0)
    assert note not in brief(whole, DAY).subtitle
    path = save(whole, tmp_path / "whole.nc", "netcdf")
    assert not [key for key in xr.open_dataset(path, engine="h5netcdf").attrs if "part_of_country" in key]


def test_the_sentences_and_tables_of_the_brief_are_the_dataset(results: xr.Dataset) -> None:
    set_language("en")
    told = brief(results, DAY)
    card = scorecard(results)
    table = told.sections[3].table
    assert table is not None
    assert [row["code"] for row in table.rows] == list(
        dict.fromkeys(one.indicator.code for one in card.scores)
    )
    averted = -(
        yearly(results)["child_months"].sel(scenario="money")
        - yearly(results)["child_months"].sel(scenario="baseline")
    )
    money = told.sections[4].table
    assert money is not None
    weight = 1.03 ** (2025 - averted["year"])
    summary = summarise((averted * weight).sum("year"))
    executed = results["incremental_budget"].sel(budget_stage="executed").sum(("line", "payer", "territory"))
    real = (executed / results["price_level"]).sel(scenario="money").sum("year") / 1e6
    # Each run counts once: prices have scenarios too.
    assert summarise(real).runs == 3
    assert money.rows[0]["executed"] == spread(summarise(real), ",.1f")
    assert str(money.rows[0]["averted"]).split(" ")[0] == (
        f"{summary.median:,.0f}" if abs(summary.median) >= 100 else f"{summary.median:,.3g}"
    )


def test_the_brief_tells_when_in_words_and_folds_what_does_not_change(results: xr.Dataset) -> None:
    set_language("es")
    told = brief(results, DAY)
    # The run begins in 2017, the programme a year later.
    assert told.sections[4].heading == "Dinero adicional y lo que se gana, 2018-2020"
    module = sys.modules[brief.__module__]
    assert module._span("2027-01", None) == "desde enero de 2027, sin fecha de fin"
    assert module._span("2027-01", "2030-12") == "de enero de 2027 a diciembre de 2030"
    # So little money for so few children changes nothing that can be told of any group.
    folded = next(one for one in told.sections if one.heading.startswith("Para quién"))
    assert folded.table is None
    (sentence,) = folded.sentences
    assert sentence.startswith("Sin ningún cambio: ")


def test_charts_of_counts_have_whole_ticks_and_no_negative_zero(results: xr.Dataset) -> None:
    for chart in (averted_chart(results, "child_months"), changes_chart(results)):
        ticks = re.findall(r">([+−-]?[\d.,]+)</text>", svg(chart))
        assert "0" in ticks
        assert not {"+0", "-0", "−0"} & {*ticks}
        assert not [text for text in ticks if "." in text]


def test_charts_hold_the_numbers_and_fetch_nothing(results: xr.Dataset) -> None:
    chart = averted_chart(results, "child_months")
    change = yearly(results)["child_months"].sel(scenario="money") - yearly(results)["child_months"].sel(
        scenario="baseline"
    )
    for row in chart["data"]["values"]:
        told = summarise(change.sel(year=row["year"]))
        assert (row["median"], row["low"], row["high"]) == (told.median, told.low, told.high)
    single = changes_chart(results.isel(draw=[0]))
    assert len(changes_chart(results)["spec"]["layer"]) == 1 + len(single["spec"]["layer"])
    for one in (chart, changes_chart(results)):
        drawn = svg(one)
        assert drawn.startswith("<svg")
        assert "href" not in drawn


def test_yearly_results_of_the_workbook_are_the_dataset(files: dict[str, Path], results: xr.Dataset) -> None:
    set_language(str(files["lang"]))
    table = yearly(results)
    rows = rows_of(files["workbook"], t("book.sheet.yearly"))
    assert len(rows) == 2 * 4 * len(table.data_vars)
    for scenario, year, key, label, *told in rows:
        cell = summarise(table[key].sel(scenario=scenario, year=year))
        if not cell.runs:
            assert told == [None, None, None]
            continue
        assert told == pytest.approx([cell.median, cell.low, cell.high])
        assert label == t(f"indicator.{key}")


def test_the_scorecard_of_the_workbook_is_that_of_the_program(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    scores = {(one.indicator.code, one.scenario): one for one in scorecard(results).scores}
    rows = rows_of(files["workbook"], t("book.sheet.scorecard"))
    assert {(row[0], row[2]) for row in rows} == {key for key, one in scores.items() if one.path}
    for code, _, scenario, year, median, low, high, *_ in rows:
        cell = scores[code, scenario].path[year]
        # What only one run can tell has no interval.
        expected = [cell.median, cell.low, cell.high] if cell.runs > 1 else [cell.median, None, None]
        assert [median, low, high] == pytest.approx(expected)
    for row in rows:
        one = scores[row[0], row[2]]
        assert list(row[11:12]) == [one.reached]
        assert list(row[13:15]) == [one.indicator.baseline, one.indicator.reported_2023]
    book = openpyxl.load_workbook(files["workbook"])
    shares = book[t("book.sheet.scorecard")]
    for line in shares.iter_rows(min_row=HEAD + 1):
        if scores[line[0].value, line[2].value].indicator.unit == "share":
            assert line[4].number_format == "0.0%"
    for code in {one.indicator.code for one in scores.values()}:
        assert f"{t('book.sheet.technical')} {code}" in book.sheetnames
    silent = rows_of(files["workbook"], t("book.sheet.silent"))
    assert len(silent) == len(scorecard(results).silent)
    assert all(row[2] for row in silent)


def test_programming_has_a_block_with_live_formulas_for_each_scenario(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    name = t("book.sheet.programming")
    values, formulas = (rows_of(files["workbook"], name, values=v) for v in (True, False))
    assert [row[0] for row in values if row[0] and not any(row[1:])] == [t("book.block", name="money")]
    items = [(HEAD + 1 + k, row) for k, row in enumerate(values) if isinstance(row[0], int)]
    assert len(items) == 4 * 3
    mine = results.sel(scenario="money")
    lines = {crosswalk()[line].product[str(files["lang"])]: line for line in LINES}
    over = ("draw", "replicate")
    for number, row in items:
        line, year = lines[row[4]], row[0]
        assert formulas[number - HEAD - 1][11] == f"=I{number}*J{number}+K{number}"
        assert row[11] == pytest.approx(row[8] * row[9] + row[10])
        # Whole units, each at what the ledger says that one in use costs, also while capacity is built up.
        assert row[8] == round(row[8]) >= 0
        at = {"line": line, "year": year}
        assert row[9] == pytest.approx(float(mine["line_unit_cost"].sel(at).median(over)))
        spent = mine["incremental_budget"].sel(at | {"budget_stage": "executed"}).sum(("payer", "territory"))
        told = summarise(spent)
        assert list(row[14:17]) == pytest.approx([told.median, told.low, told.high])
        assert row[6] == "Cusco, Lima Metropolitana"
        assert row[1]
        assert ";" not in row[1]
    costs = {(row[4], row[0]): row[9] for _, row in items}
    for product in lines:
        assert costs[product, 2020] / costs[product, 2018] == pytest.approx(
            float((mine["price_level"].sel(year=2020) / mine["price_level"].sel(year=2018)).median()),
            rel=1e-3,
        )
    totals = [row for row in values if isinstance(row[0], str) and row[11] is not None]
    assert len(totals) == 4
    executed = mine["incremental_budget"].sel(budget_stage="executed").sum(("line", "payer", "territory"))
    for year, row in zip((2018, 2019, 2020), totals, strict=False):
        assert row[11] == pytest.approx(sum(r[11] for _, r in items if r[0] == year))
        assert row[14] == pytest.approx(summarise(executed.sel(year=year)).median)
    assert totals[-1][11] == pytest.approx(sum(row[11] for row in totals[:-1]))
    assert totals[-1][14] == pytest.approx(
        summarise(executed.sel(year=[2018, 2019, 2020]).sum("year")).median
    )
    assert all("SUM" in f[11] for f in formulas if isinstance(f[0], str) and f[11] is not None)


def test_the_population_is_of_people_and_never_served_beyond_the_target(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    rows = rows_of(files["workbook"], t("book.sheet.people"))
    assert {row[2] for row in rows} == {"Cusco", "Lima Metropolitana"}
    posts = {t(f"need.{kind.replace(':', '_')}") for kind in SERVES}
    for row in rows:
        assert row[4] not in posts
        potential, target, served = row[5:8], row[8:11], row[11:14]
        for most, more, less in zip(potential, target, served, strict=True):
            assert 0.0 <= less <= more + 1e-9
            assert more <= most * (1.0 + 1e-9) + 1e-9
    mine = results.sel(scenario="money", territory=["08", "15"]).median(("draw", "replicate"))
    for column, key in ((11, "line_served"), (8, "line_target")):
        told = sum(row[column] for row in rows if row[3] == 2020)
        assert told == pytest.approx(float(mine[key].sel(year=2020).sum()), rel=1e-6)
        assert told > 0.0
    # A sum of places in use serves as many children as there are places.
    places = [row for row in rows if row[15] in ("cupos", "places") and row[3] == 2020]
    assert places
    for row in places:
        assert row[11] == pytest.approx(row[14], rel=1e-6)


def test_what_is_worth_a_price_is_a_live_formula_over_the_runs(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    points = rows_of(files["workbook"], t("book.sheet.points"))
    assert len(points) == 3 * 3
    told = cost_of_effect(results, "money", "baseline", "completed", until=2020, rate=0.03)
    mine = [row[4:6] for row in points if row[1] == t("effect.completed")]
    assert np.array(mine, float) == pytest.approx(told.points)
    (row,) = (r for r in rows_of(files["workbook"], t("book.sheet.costs")) if r[1] == t("effect.completed"))
    # Three runs are counted: a share of them would be no probability.
    assert list(row[13:17]) == [count_in_words(count) for count in told.plane().values()]
    assert row[18] == count_in_words(told.worth(0.0)) == t("score.counted", hits=told.worth(0.0).hits, runs=3)
    formulas = rows_of(files["workbook"], t("book.sheet.costs"), values=False)
    assert all("SUMPRODUCT(" in f[18] and f"$R{HEAD + 1 + k}" in f[18] for k, f in enumerate(formulas))


def test_a_workbook_of_enough_runs_tells_probabilities(results: xr.Dataset, tmp_path: Path) -> None:
    set_language("es")
    many = results.isel(draw=[0, 1, 2] * 4)
    (path,) = write("workbook", many, tmp_path, ["xlsx"], day=DAY)
    told = cost_of_effect(many, "money", "baseline", "completed", until=2020, rate=0.03)
    (row,) = (r for r in rows_of(path, t("book.sheet.costs")) if r[1] == t("effect.completed"))
    assert sum(row[13:17]) == pytest.approx(1.0)
    assert row[18] == told.worth(0.0).probability
    formulas = rows_of(path, t("book.sheet.costs"), values=False)
    assert all(f[18].startswith("=SUMPRODUCT(") for f in formulas)


def test_monitoring_is_by_fiscal_year_of_the_united_states(
    files: dict[str, Path], results: xr.Dataset
) -> None:
    set_language(str(files["lang"]))
    path = files["monitoring"]
    targets = rows_of(path, t("monitoring.sheet.targets"))
    name = t("monitoring.name.identified")
    mine = {row[3]: row[4:7] for row in targets if row[1] == name and row[2] == t("monitoring.total")}
    assert sorted(mine) == [2018, 2019, 2020]
    flow = results["flow"].sum(("territory", "area")).sel(from_state="EXPLOITED", to_state="IDENTIFIED")
    for year, told in mine.items():
        months = flow.sel(scenario="money", month=slice(f"{year - 1}-10", f"{year}-09"))
        assert months.sizes["month"] == 12
        cell = summarise(months.sum("month"))
        assert list(told) == pytest.approx([cell.median, cell.low, cell.high])
    cell = next(
        row for row in targets if row[1] == name and row[2] == t("monitoring.total") and row[3] == 2020
    )
    months = flow.sel(month=slice("2019-10", "2020-09")).sum("month")
    change = summarise(months.sel(scenario="money") - months.sel(scenario="baseline"))
    assert list(cell[7:10]) == pytest.approx([change.median, change.low, change.high])
    forms = {row[2] for row in targets if str(row[2]).startswith(t("score.group.form"))}
    assert forms == {f"{t('score.group.form')}: {t(f'form.{one}')}" for one in ("sexual", "labour")}
    place = str(results["territory_name"].values[7])
    (there,) = (row for row in targets if row[1] == name and row[2] == place)
    assert there[3] == "2018-2020"
    here = results["flow"].sum("area").isel(territory=7).sel(from_state="EXPLOITED", to_state="IDENTIFIED")
    few = summarise(here.sel(scenario="money", month=slice("2017-10", "2020-09")).sum("month"))
    assert list(there[5:7]) == pytest.approx([few.low, few.high])
    assert there[4] is None if few.median < 10 else there[4] == pytest.approx(few.median)
    # Three runs do not tell what nine of ten would do, and a sum of soles has no hundredths.
    about = " ".join(str(row[1]) for row in rows_of(path, t("book.sheet.about")))
    assert t("report.note.span") in about
    assert t("report.note.nine") not in about
    assert "90" not in t("monitoring.title_targets")
    amounts = openpyxl.load_workbook(path)[t("monitoring.sheet.logic")]["D"][HEAD:]
    assert {cell.number_format for cell in amounts if cell.value and cell.value >= 100} == {"#,##0"}
    logic = rows_of(path, t("monitoring.sheet.logic"))
    assert {row[1] for row in logic} == {
        t(f"monitoring.objective.{o}") for o in ("prosecution", "protection", "prevention")
    }
    spent = results["incremental_budget"].sel(scenario="money", budget_stage="executed")
    # The run ends within a fiscal year: the logic model tells all the money of the run.
    lines = spent.sum(("payer", "territory", "year")).median(("draw", "replicate"))
    assert sum(row[3] for row in logic) == pytest.approx(float(lines.sum()), abs=1.0)
    yearly_dollars = spent.sum(("payer", "territory")) / results["soles_per_dollar"].sel(scenario="money")
    paid = yearly_dollars.sum("year").median(("draw", "replicate"))
    assert sum(row[6] for row in logic) == pytest.approx(float(paid.sum()), rel=1e-9)
    money = rows_of(path, t("monitoring.sheet.money"))
    quarters = results["incremental_by_quarter"].sel(scenario="money", budget_stage="executed").sum("payer")
    some = quarters.sel(quarter=slice("2018-10", "2019-07"), line="training").sum("quarter")
    (told,) = (row for row in money if row[3] == 2019 and row[4] == pytest.approx(summarise(some).median))
    assert told[1] == t("monitoring.objective.prosecution")
    assert told[11] == pytest.approx(
        float(
            results["line_capacity"]
            .sel(scenario="money", line="training", year=2019)
            .sum("territory")
            .median()
        )
    )
    indicators = rows_of(path, t("monitoring.sheet.indicators"))
    assert len({row[3] for row in indicators}) == 5
    assert {row[6] for row in indicators} == {"FY2017"}
    assert all(row[2] and row[3] and row[4] for row in indicators)


def test_monitoring_reads_nothing_but_what_is_kept_for_it(
    files: dict[str, Path], results: xr.Dataset, tmp_path: Path
) -> None:
    set_language(str(files["lang"]))
    (path,) = write("monitoring", results[list(READ)], tmp_path, ["xlsx"], day=DAY)
    assert path.read_bytes() == files["monitoring"].read_bytes()


def test_fiscal_years_that_are_cut_are_left_out() -> None:
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[ns]")
    told = fiscal(xr.DataArray(np.ones(24), coords={"month": months}, dims="month"))
    assert told["us_fiscal_year"].values.tolist() == [2021]
    assert told.values.tolist() == [12.0]


def test_data_are_the_dataset(files: dict[str, Path], results: xr.Dataset) -> None:
    for form, engine in (("zarr", "zarr"), ("netcdf", "h5netcdf")):
        again = xr.open_dataset(
            files[form], engine=engine, **({"consolidated": False} if form == "zarr" else {})
        )  # type: ignore[arg-type]
        for name in ("flow", "stock", "incremental_budget", "line_need", "programme_end"):
            np.testing.assert_array_equal(again[name].values, results[name].values)
    about = json.loads((files["csv"] / "variables.json").read_text(encoding="utf-8"))
    assert all(about["note"].values())
    assert about["variables"]["line_served"]["units"]
    text = (files["csv"] / "reintegration_started.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    total = sum(float(line.split(",")[-1]) for line in text.decode("utf-8-sig").splitlines()[1:])
    assert total == float(results["reintegration_started"].sum())


def test_what_does_not_fit_is_told(results: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(FaultyInput):
        write("brief", results.sel(scenario=["baseline"]), tmp_path, ["html"])
    alone = results.sel(scenario=["baseline"])
    alone.attrs = {**results.attrs, "scenarios": json.dumps(json.loads(results.attrs["scenarios"])[:1])}
    with pytest.raises(FaultyInput):
        write("monitoring", alone, tmp_path, ["xlsx"])
    assert list(tmp_path.iterdir()) == []


# -- the command line -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(results: xr.Dataset, tmp_path_factory: Any) -> Path:
    return save(results, tmp_path_factory.mktemp("kept") / "result.zarr", "zarr")


def test_a_kept_result_is_scored_and_exported(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "--from", str(kept), "--json", "--lang", "en", "--target", "3.1b=0.2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"scorecard", "silent", "costs", "tradeoffs_2020", "lasting", "by_sex", "by_area"} <= set(told)
    assert (
        main(["score", "money", "--from", str(kept), "--by", "sex", "--price", "5000", "--lang", "es"]) == 0
    )
    assert "Cuadro de logros esperados" in capsys.readouterr().out
    for kind in KINDS:
        words = ["export", kind, "--from", str(kept), "--out", str(tmp_path / kind), "--json", "--lang", "es"]
        assert main(words) == 0
        (path,) = json.loads(capsys.readouterr().out)["files"]
        assert Path(path).exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export"], "brief, workbook, monitoring, data"),
        (["export", "brieff"], "did you mean: brief"),
        (["export", "brief", "--format", "odt", "--from", "x.zarr"], "html, pdf, docx"),
        (["export", "workbook", "--year", "1999", "--from", "x.zarr"], "2017"),
        (["export", "brief", "--from", "nothing.zarr"], "nothing at that place"),
        (["score"], "one or more files"),
        (["score", "--from", "nothing.zarr"], "nothing at that place"),
        (["score", "baseline", "--by", "region"], "sex, area, language, migrant"),
        (["score", "baseline", "--target", "3.1b"], "CODE=NUMBER"),
        (["score", "baseline", "--price", "free"], "a number above 0"),
        (["equal", "balanced"], "a number above 0"),
        (["equal", "baseline", "--total", "100"], "a scenario with programmes"),
        (["equal", "balanced", "--total", "100", "--stage", "pia"], "executed, pim"),
        (["contributions", "baseline"], "programmes or interventions"),
        (["claims", "nothing_like_it"], "no scenario"),
    ],
)
def test_faulty_words_are_told(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--lang", "en"]) == 2
    assert told in capsys.readouterr().err


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.nc").write_bytes(io.BytesIO(b"not a result").getvalue())
    xr.Dataset({"x": 1}).to_zarr(tmp_path / "other.zarr", consolidated=False)
    for name in ("other.nc", "other.zarr"):
        assert main(["score", "--from", str(tmp_path / name), "--lang", "en"]) == 2
        assert "sintrata compare A B" in capsys.readouterr().err


def test_words_of_an_author_are_no_markup_in_a_page() -> None:
    evil = "<img src='https://evil.example/x.png'>"
    page = html(Brief(evil, evil, "es", (Section(evil, (evil,), described=evil),)))
    assert page.count("&lt;img src=&#39;https://evil.example/x.png&#39;&gt;") == 5
    assert "<img" not in page
