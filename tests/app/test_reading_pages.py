"""Regions, targets, horizon, laboratory, model: what each promises to whoever reads it."""

from __future__ import annotations

import io
import json
import re
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from app import background, links, parts, results
from app.engine import Engine
from app.jobs import OUTPUT, jobs
from app.results import Comparison
from app.views import analyses, horizon, lab, regions
from simulator import load_ledger, load_scenario
from simulator.experiments.sweep.checking import load_experiment
from simulator.exports.vega import Spec
from simulator.policy.national import indicators
from simulator.texts import catalogue, set_language
from tests.app.conftest import SMALL
from tests.app.pages import open_page

LANGUAGES = ("es", "en")
PLAN = {"schema": 1, "base": "policy_2030_funded", "label": {"es": "Financiada", "en": "Funded"}}


@pytest.fixture(autouse=True)
def runs_are_there(server: Engine) -> None:
    """Wait for trend and plan, so that pages draw at once."""
    for one in (load_scenario("baseline"), load_scenario("policy_2030_funded")):
        answer = server.ask(one, 227)
        assert server.wait(answer, SMALL.draws, 300.0)


def with_plan(name: str, lang: str) -> AppTest:
    # Options of widgets are told by functions that also run here.
    set_language(lang)
    at = open_page(name, lang, s=links.pack(links.Held(PLAN, "2030-12")))
    assert not at.exception
    assert [error.value for error in at.error] == []
    return at


def words_of(at: AppTest) -> str:
    kinds = ("markdown", "caption", "header", "info", "title")
    return "\n".join(element.value for kind in kinds for element in at.get(kind))


def charts(at: AppTest) -> int:
    return len(at.get("vega_lite_chart"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_regions_show_changes_with_the_word_simulated_and_never_a_rank(lang: str) -> None:
    at = with_plan("regions", lang)
    assert charts(at) == 2
    texts = catalogue(lang)
    assert texts["regions.note.change"] in words_of(at)
    assert ("simulado" if lang == "es" else "simulated") in at.header[0].value
    assert "2027" in at.header[0].value
    assert "2030" in at.header[0].value
    names = at.selectbox(key="regions_territory").options
    assert names == sorted(names, key=lambda name: name.replace("Á", "A"))
    assert len(names) == 26


def test_a_region_without_ten_complaints_tells_no_number() -> None:
    ledger = load_ledger().territories
    few = next(k for k in range(26) if ledger.complaints_2007_2014[k] < 10)
    at = with_plan("regions", "es")
    at.selectbox(key="regions_territory").set_value(ledger.codes[few]).run()
    assert not at.exception
    assert "<10" in words_of(at)


@pytest.mark.parametrize("view", ["outlines", "small", "table"])
def test_other_views_of_the_regions(view: str) -> None:
    at = with_plan("regions", "es")
    at.button_group(key="regions_view").set_value(view).run()
    assert not at.exception
    # Beside the path of the chosen territory: one map, or a path of each of 26 territories, or none.
    assert charts(at) == 1 + {"outlines": 1, "small": 26, "table": 0}[view]
    if view == "table":
        assert any(len(table.value) == 26 for table in at.table)
    if view == "outlines":
        # The scale of colours: from one end over zero to the other, and what is counted.
        (scale,) = [one.value for one in at.get("html") if "linear-gradient" in one.value]
        assert re.search(r"<span>-[\d.,]+</span><span>0</span><span>\+[\d.,]+</span>", scale)
        assert "Color: Reintegraciones completadas, " in scale
    # Each view is told by its own words, can be taken away, and opens the parameters behind it.
    said = words_of(at)
    assert ("Azul" in said) == (view == "outlines")
    assert ("año por año" in at.header[0].value) == (view == "small")
    opened = {"outlines": "regions_outlines", "small": "regions_small", "table": "regions_rows"}[view]
    keys = [one.key for one in at.get("download_button")]
    assert {f"{opened}_csv", "regions_path_csv", "regions_services_csv"} <= set(keys)
    assert {f"{opened}_parameter", "regions_services_parameter"} <= {one.key for one in at.selectbox}


def test_small_paths_are_on_one_scale_or_each_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, pd.DataFrame] = {}
    draw = regions.base.draw

    def kept(spec: Spec, frame: pd.DataFrame, *, key: str, **more: Any) -> Any:
        drawn[key] = frame
        return draw(spec, frame, key=key, **more)

    monkeypatch.setattr(regions.base, "draw", kept)
    at = with_plan("regions", "es")
    at.button_group(key="regions_view").set_value("small").run()

    def tops() -> set[float]:
        return {one["ceiling"].iloc[0] for key, one in drawn.items() if key.startswith("regions_small_")}

    assert len(tops()) == 1
    at.button_group(key="regions_scale").set_value("own").run()
    assert not at.exception
    assert len(tops()) > 1
    for one in drawn.values():
        if "ceiling" in one:
            assert one["ceiling"].iloc[0] == max(1.0, one["high"].max())


def test_without_a_plan_the_regions_say_why_they_show_something_else() -> None:
    at = open_page("regions", "es")
    assert at.selectbox(key="regions_indicator").value == "completed"
    (why,) = [one.value for one in at.warning]
    assert "«Reintegraciones completadas» solo se muestra el cambio" in why
    assert at.header[0].value.startswith("Cupos en CAR especializado: nivel")
    at.selectbox(key="regions_indicator").set_value("general_places").run()
    assert at.warning.len == 0
    assert at.header[0].value.startswith("Cupos en CAR general: nivel")


def test_a_tile_and_the_detail_beside_it_write_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    # At halves two roundings would part.
    found, draw = regions._period, parts.draw
    drawn: dict[str, pd.DataFrame] = {}

    def halves(told: Comparison, indicator: str) -> xr.DataArray:
        values = 0.0 * found(told, indicator)
        return values + xr.where(values["scenario"] == results.PLAN, 0.5, 0.0)

    def kept(spec: Spec, frame: pd.DataFrame, *, key: str, **more: Any) -> Any:
        drawn[key] = frame
        return draw(spec, frame, key=key, **more)

    monkeypatch.setattr(regions, "_period", halves)
    monkeypatch.setattr(parts, "draw", kept)
    at = with_plan("regions", "es")
    (card,) = at.metric
    assert card.label == "Cambio: Reintegraciones completadas"
    tile = drawn["regions_tiles"].set_index("code").loc[at.selectbox(key="regions_territory").value]
    assert card.value == tile["text"] == "0"


def test_services_of_a_territory_have_intervals_in_both_columns() -> None:
    at = with_plan("regions", "es")
    services = next(one.value for one in at.table if "Cupos en CAR general" in set(one.value.iloc[:, 0]))
    assert services.shape == (5, 3)
    assert all("(" in cell for cell in services.iloc[:, 1:].to_numpy().ravel())


def test_registered_cases_come_with_the_notice_and_exploitation_has_no_level() -> None:
    at = with_plan("regions", "es")
    assert "regions_kind" not in [one.key for one in at.button_group]
    at.selectbox(key="regions_indicator").set_value("registered_police_children").run()
    assert catalogue("es")["app.registered"] in [info.value for info in at.info]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["regions", "targets"])
def test_without_a_plan_the_page_says_what_to_do(name: str, lang: str) -> None:
    set_language(lang)
    at = open_page(name, lang)
    assert catalogue(lang)["parts.empty"] in [info.value for info in at.info]
    at.button(key=f"{name}_first").click().run()
    assert not at.exception
    assert catalogue(lang)["parts.empty"] not in [info.value for info in at.info]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_scorecard_tells_every_indicator_and_every_silence(lang: str) -> None:
    at = with_plan("targets", lang)
    spoken = [one for one in indicators().values() if one.measure]
    card = at.table[0].value
    assert len(card) == len(spoken)
    # A phone has room for an indicator with its target, and two scenarios.
    assert card.shape[1] == 2
    assert all("2030" in name for name in card.columns)
    assert any(catalogue(lang)["score.mark.assumed"] in name for name in card.index)
    # Three runs are too few for a likelihood: they are counted.
    assert all(" 3 " in cell for cell in card.iloc[:, 0] if cell != catalogue(lang)["card.no_value"])
    silent = at.table[-1].value
    assert len(silent) == len(indicators()) - len(spoken)
    assert all(silent.iloc[:, 0].str.len() > 10)


def test_an_own_target_moves_the_probability() -> None:
    at = with_plan("targets", "es")
    at.number_input(key="target_2.1").set_value(0.0).run()
    assert not at.exception
    row = at.table[0].value.iloc[0]
    assert "en 3 de 3 corridas" in row.iloc[0]
    assert catalogue("es")["score.mark.user"] in row.name
    # Plan and trend both reach it, but three runs are too few to say that it tells nothing.
    told = catalogue("es")["score.note.met"].format(codes="2.1", mark=catalogue("es")["score.mark.user"])
    assert told not in [caption.value for caption in at.caption]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_programmes_of_three_lengths_side_by_side(lang: str, server: Engine) -> None:
    for one in horizon._scenarios("yearly", horizon.CALM):
        assert server.wait(server.ask(one, horizon.UNTIL), SMALL.draws, 300.0)
    at = with_plan("horizon", lang)
    programmes, totals, left = (table.value for table in at.table[:3])
    assert [name.split()[0] for name in programmes.columns] == ["5", "10", "15"]
    # What they are: USD 2 million a year, of which the United States pay all.
    assert programmes.iloc[0].tolist() == ["2027-2031", "2027-2036", "2027-2041"]
    assert [cell.split()[1] for cell in programmes.iloc[1]] == ["2.0"] * 3
    assert [cell.split()[1] for cell in programmes.iloc[2]] == ["10", "20", "30"]
    assert programmes.iloc[3].tolist() == [catalogue(lang)["payer.us"]] * 3
    assert list(left.columns) == list(totals.columns) == list(programmes.columns)
    assert charts(at) == 1
    keys = [one.key for one in at.selectbox]
    assert {"horizon_paths_parameter", "horizon_totals_parameter", "horizon_left_parameter"} <= {*keys}


def test_an_address_holds_what_is_chosen_and_nonsense_in_it_is_left_out() -> None:
    at = open_page("horizon", "en", money="total", effect="completed", shock="../x")
    assert not at.exception
    assert at.button_group(key="horizon_money").value == "total"
    assert at.selectbox(key="horizon_effect").value == "completed"
    assert at.selectbox(key="horizon_shock").value == horizon.CALM
    at.selectbox(key="horizon_effect").set_value("returns").run()
    assert at.query_params["effect"] == "returns"
    link = next(one.value for one in at.code if "effect=" in one.value)
    assert link.endswith("?lang=en&money=total&shock=calm&effect=returns")


def test_the_same_total_is_the_same_money() -> None:
    lengths = [horizon._end(one) for one in horizon._scenarios("total", horizon.CALM)[1:]]
    assert lengths == [2031, 2036, 2041]
    under = horizon._scenarios("yearly", "pandemic")
    # Calm and shock stand in one comparison: names differ.
    assert under[0].name == "baseline+pandemic"
    assert all(one.shocks for one in under)


def test_what_is_left_is_counted_from_the_last_year_with_money(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, years = "funding_stop", list(range(2025, 2051))
    programmes = {one.name: one for one in horizon._scenarios("yearly", horizon.CALM)[1:]}
    names = [horizon._named(name, shock) for shock in (horizon.CALM, stop) for name in programmes]
    spent = np.zeros((len(names), 3, 1, 1, len(years)))
    for k in range(len(names)):
        last = [2031, 2036, 2041][k] if k < len(programmes) else 2028
        spent[k, ..., years.index(2027) : years.index(last) + 1] = 1e6
    money = xr.DataArray(
        spent,
        {"scenario": names, "line": ["training"], "budget_stage": ["executed"], "year": years},
        dims=("scenario", "draw", "line", "budget_stage", "year"),
    )
    monkeypatch.setattr(Comparison, "tables", xr.Dataset({"line_money": money}))
    told = Comparison((), (), (0, 1, 2), 3, "", horizon.UNTIL, 0)
    assert [*horizon._ends(told, horizon.CALM, programmes).values()] == [2031, 2036, 2041]
    assert [*horizon._ends(told, stop, programmes).values()] == [2028, 2028, 2028]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_stocks_and_flows_have_intervals_and_balance_in_every_run(lang: str) -> None:
    at = with_plan("model", lang)
    stocks, flows, balance, stations, stretches = (table.value for table in at.table)
    assert stocks.shape == (10, 4)
    # Below the title of the page, headings are of one level.
    assert not at.subheader
    assert all("(" in cell for cell in stocks.iloc[:, 1:].to_numpy().ravel())
    assert len(flows) == 16 + 10
    assert all("(" in cell for cell in flows.iloc[:, 1])
    for _, start, moves, end in balance.itertuples(index=False):
        entered, left = moves.removeprefix("+").split(" - ")
        numbers = [int(text.replace(",", "")) for text in (start, entered, left, end.removeprefix("= "))]
        assert numbers[0] + numbers[1] - numbers[2] == numbers[3]
    assert len(stations) == 9
    assert "(" in stations.iloc[0, 1]
    assert not any(cell.startswith("0 (0 ") and cell.endswith(" 0)") for cell in stretches.iloc[:, 1])
    keys = {one.key for one in at.selectbox}
    assert {"model_diagram_parameter", "model_route_parameter"} <= keys


def test_a_parameter_is_found_without_its_accents() -> None:
    at = with_plan("model", "es")
    at.session_state["model_tab"] = catalogue("es")["model.tab.parameters"]
    at.run()
    at.text_input(key="model_search").set_value("ejecucion").run()
    assert not at.exception
    names = at.selectbox(key="model_parameter").options
    assert any("Ejecución" in name for name in names)
    heads = list(at.dataframe[0].value.columns)
    assert [head for head in heads if not head[0].isupper()] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_registers_name_their_sources_and_what_lies_outside(lang: str) -> None:
    at = with_plan("model", lang)
    at.session_state["model_tab"] = catalogue(lang)["model.tab.data"]
    at.run()
    assert not at.exception
    said = words_of(at)
    assert "Trafficking in Persons Report: Peru" in said
    assert not re.search(r"\b(?:M\d{3}|TIP20\d\d|CHS2023V)\b", said)
    outside = catalogue(lang)["model.outside"].partition("{")[0]
    inside = catalogue(lang)["model.none_outside"]
    assert said.count(outside) + said.count(inside) == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_model_page_tells_what_stands_behind_a_number(lang: str) -> None:
    at = with_plan("model", lang)
    stock = at.table[0].value
    assert len(stock) == 10
    assert len(at.get("echarts_chart")) == 1
    at.session_state["model_tab"] = catalogue(lang)["model.tab.parameters"]
    at.run()
    assert not at.exception
    assert at.selectbox(key="model_parameter").options


def test_a_parameter_is_tried_within_its_range_and_for_the_trend_too() -> None:
    at = with_plan("model", "es")
    at.session_state["model_tab"] = catalogue("es")["model.tab.parameters"]
    at.run()
    name = at.selectbox(key="model_parameter").value
    one = load_ledger().parameters[name]
    at.slider(key=f"model_value_{name}").set_value(one.high).run()
    assert not at.exception
    assert at.session_state["plan"]["parameters"] == {name: float(f"{one.high:.6g}")}


@pytest.mark.parametrize("sampler", lab.SAMPLERS)
def test_the_design_of_the_page_is_an_experiment(sampler: str, tmp_path: Path) -> None:
    chosen = {} if sampler == "prior" else {"police.effort_elasticity": [0.2, 0.4]}
    moved = (
        []
        if sampler == "prior"
        else [{"use": "targeted_groups", "start": "2027-01", "amount": {"uniform": [0, 0.2]}}]
    )
    mapping = lab._mapping(["baseline", "balanced"], ["completed"], sampler, 8, 1, 3, chosen, moved)
    path = tmp_path / "experiment.yaml"
    path.write_text(lab.yaml_of(mapping), encoding="utf-8")
    experiment = load_experiment(path)
    assert experiment.seed == 3
    assert [one.name for one in experiment.scenarios] == ["baseline", "balanced"]
    assert len(experiment.factors) == len(chosen) + len(moved) or sampler == "prior"


def made_up(runs: int) -> xr.Dataset:
    """Return a store in which the first factor decides everything."""
    draw = np.random.default_rng(1).uniform(0, 1, (runs, 3))
    effect = 10 * draw[:, 0] + 0.1 * draw[:, 1]
    values = np.stack([np.zeros(runs), effect])[:, :, None, None] * np.ones((1, 1, 1, 4))
    return xr.Dataset(
        {
            "completed": (("scenario", "draw", "replicate", "year"), values),
            "design": (("draw", "factor"), draw),
        },
        coords={
            "scenario": ["baseline", "balanced"],
            "factor": ["a", "b", "c"],
            "year": [2027, 2028, 2029, 2030],
        },
    )


def test_what_drives_an_effect_is_found_with_its_interval() -> None:
    dataset = made_up(120)
    effect = lab.effects(dataset, "completed", "balanced")
    table = lab.relations(dataset, effect)
    assert table["factor"].iloc[0] == "a"
    assert table["median"].iloc[0] > 0.99
    # With 120 runs and this seed the interval of a factor without any effect includes zero.
    idle = table.set_index("factor").loc["c"]
    assert idle["low"] < 0 < idle["high"]
    settled = lab.settling(effect)
    assert settled["runs"].iloc[-1] == 120
    widths = settled["high"] - settled["low"]
    assert widths.iloc[-1] < widths.iloc[0]


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return out.getvalue()


def files_of(dataset: xr.Dataset, folder: Path) -> dict[str, bytes]:
    """Return the files of a store by their names in an archive."""
    dataset.to_zarr(folder / "store.zarr", zarr_format=3, consolidated=False)
    paths = (path for path in sorted((folder / "store.zarr").rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_packed_store_is_opened_and_what_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    found = lab.unpacked(packed(files_of(made_up(10), tmp_path)), tmp_path / "there")
    assert found.name == "store.zarr"
    for name, content in (("../outside", b"x"), ("readme.txt", b"no store")):
        with pytest.raises(ValueError, match=r"elsewhere|no store"):
            lab.unpacked(packed({name: content}), tmp_path / "other")
    assert not (tmp_path / "outside").exists()


def encrypted(files: dict[str, bytes]) -> bytes:
    """Return an archive that says of its first file that it is encrypted."""
    data = bytearray(packed(files))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


def at_tab(at: AppTest, name: str, lang: str = "es") -> AppTest:
    """Open a part of the laboratory."""
    at.session_state["lab_tabs"] = catalogue(lang)[f"lab.tab.{name}"]
    at.run()
    assert not at.exception
    return at


def test_parts_of_the_laboratory_are_worked_out_when_they_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []
    for name in ("results", "open"):
        monkeypatch.setattr(lab, f"_{name}", lambda name=name: drawn.append(name))
    at = open_page("lab", "es")
    assert drawn == []
    at.number_input(key="lab_seed").set_value(7).run()
    at.select_slider(key="lab_size_latin_hypercube").set_value(200).run()
    at_tab(at, "results")
    assert drawn == ["results"]
    # What has been chosen is still there.
    at_tab(at, "design")
    assert at.number_input(key="lab_seed").value == 7
    assert at.select_slider(key="lab_size_latin_hypercube").value == 200
    assert drawn == ["results"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], AppTest]:
    """Open the laboratory with a file that somebody has sent."""

    def send(content: bytes) -> AppTest:
        monkeypatch.setattr(lab.st, "file_uploader", lambda *_, **__: io.BytesIO(content))
        return at_tab(open_page("lab", "es"), "open")

    return send


def test_a_store_that_somebody_sends_is_told(sent: Callable[[bytes], AppTest], tmp_path: Path) -> None:
    at = sent(packed(files_of(made_up(30), tmp_path)))
    assert not at.error
    assert [metric.label for metric in at.metric] == [
        "Reintegraciones completadas: efecto por año, 2027-2030 (simulado)"
    ]


def huge(files: dict[str, bytes]) -> dict[str, bytes]:
    """Let an array say that it has very many runs, without a chunk of them."""
    name = "store.zarr/completed/zarr.json"
    told = json.loads(files[name])
    told["shape"][2] = 10**11
    told["chunk_grid"]["configuration"]["chunk_shape"][2] = 10**11
    kept = {key: content for key, content in files.items() if "completed/c" not in key}
    return kept | {name: json.dumps(told).encode()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda files: packed(huge(files)),
        encrypted,
        lambda files: packed(files | {"store.zarr/design": b"a folder, too"}),
        lambda files: packed(files | {"n" * 300: b"long"}),
        lambda files: packed({name: c for name, c in files.items() if "/completed/" not in name}),
        lambda files: packed(files | {"store.zarr/completed/zarr.json": b"[]"}),
        lambda files: packed(files)[:-30],
    ],
    ids=["huge", "encrypted", "file and folder", "long name", "no output", "no array", "cut off"],
)
def test_a_file_that_is_no_store_is_told_so_and_is_no_defect_of_ours(
    spoil: Callable[[dict[str, bytes]], bytes], sent: Callable[[bytes], AppTest], tmp_path: Path
) -> None:
    at = sent(spoil(files_of(made_up(30), tmp_path)))
    assert [error.value for error in at.error] == [catalogue("es")["lab.bad_store"]]


def test_a_store_without_a_factor_that_varies_says_so(
    sent: Callable[[bytes], AppTest], tmp_path: Path
) -> None:
    dataset = made_up(30)
    at = sent(packed(files_of(dataset.assign(design=0.0 * dataset["design"]), tmp_path)))
    assert not at.error
    assert [info.value for info in at.info][-1] == catalogue("es")["lab.no_factor"]
    # Whether there are enough runs can still be told.
    assert charts(at) == 1


def test_the_effect_on_a_share_is_told_in_points(sent: Callable[[bytes], AppTest], tmp_path: Path) -> None:
    dataset = made_up(30)
    share = 0.05 + 0.0001 * (dataset["completed"] - dataset["completed"].mean())
    share = xr.where(dataset["scenario"] == "baseline", 0.0, share).transpose(*dataset["completed"].dims)
    at = sent(packed(files_of(dataset.assign(completed_share=share).drop_vars("completed"), tmp_path)))
    (effect,) = at.metric
    assert effect.value == "+5 pp"
    assert effect.help == "entre +5 pp y +5 pp en 9 de cada 10 corridas"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_experiment_that_cannot_run_says_why_and_leaves_no_path(lang: str) -> None:
    words = ["sweep", lab.FILE, "--out", f"{{out}}/{lab.STORE}"]
    job = jobs().start(words, {lab.FILE: "schema: 9\nscenarios: [baseline]\n"}, lang)
    end = time.monotonic() + 120.0
    while not background.is_over(job):
        assert time.monotonic() < end
        time.sleep(0.1)
        jobs().get(job.number)
    at = open_page("lab", lang)
    at.session_state[lab.JOB] = job.number
    at.run()
    assert not at.exception
    assert [error.value for error in at.error] == [catalogue(lang)["parts.job.failed"]]
    said = next(code.value for code in at.code if f"{lab.FILE}:1" in code.value)
    assert str(job.folder) not in said


@pytest.fixture
def done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs end at once: what is asked for is looked at, not done."""
    monkeypatch.setattr("app.jobs.PROGRAM", (sys.executable, "-c", ""))


@pytest.mark.usefixtures("done_at_once")
def test_money_and_shock_are_chosen_and_the_monitoring_is_of_what_is_shown(server: Engine) -> None:
    for money, shock in (("yearly", horizon.CALM), ("total", horizon.CALM), ("total", "pandemic")):
        for one in horizon._scenarios(money, shock):
            assert server.wait(server.ask(one, horizon.UNTIL), SMALL.draws, 300.0)
    at = with_plan("horizon", "es")
    calm = at.table[1].value
    at.button_group(key="horizon_money").set_value("total").run()
    at.selectbox(key="horizon_shock").set_value("pandemic").run()
    assert not at.exception
    # Calm and shock stand side by side, in figures and in tables.
    both = at.table[1].value
    assert len(both) == 2 * len(calm)
    assert charts(at) == 2
    assert both.iloc[2:].to_numpy().tolist() != both.iloc[:2].to_numpy().tolist()
    at.number_input(key="horizon_draws").set_value(7).run()
    at.button(key="horizon_prepare").click().run()
    assert not at.exception
    job = jobs().get(at.session_state[horizon.MONITORED])
    assert job is not None
    names = ["baseline", *horizon.MONEY["total"]]
    words = ["export", "monitoring", *(f"{name}+pandemic" for name in names), "--draws", "7"]
    words += ["--seed", str(server.settings.seed)]
    assert list(job.words[:10]) == words
    assert any(one.value.startswith(" ".join(["sintrata", *words])) for one in at.code)


@pytest.mark.usefixtures("done_at_once")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sweep_begins_with_what_the_page_shows_as_file_command_and_code(lang: str) -> None:
    at = open_page("lab", lang)
    at.multiselect(key="lab_scenarios").set_value(["balanced"]).run()
    at.number_input(key="lab_seed").set_value(7).run()
    assert not at.exception
    text, command, code = (one.value for one in at.code[:3])
    assert "seed: 7" in text
    assert command == f"sintrata sweep {lab.FILE} --out {lab.STORE}"
    assert f'simulator.sweep("{lab.FILE}", "{lab.STORE}")' in code
    at.button(key="lab_start").click().run()
    assert not at.exception
    job = jobs().get(at.session_state[lab.JOB])
    assert job is not None
    assert (job.folder / lab.FILE).read_text(encoding="utf-8").rstrip("\n") == text
    assert job.words[0] == "sweep"


@pytest.mark.usefixtures("done_at_once")
def test_a_finished_sweep_tells_what_drives_it_and_asks_by_command_and_code() -> None:
    job = jobs().start(["sweep", lab.FILE], {lab.FILE: "schema: 1\n"}, "en")
    made_up(120).to_zarr(job.folder / OUTPUT / lab.STORE, zarr_format=3)
    end = time.monotonic() + 60.0
    while not background.is_over(job):
        assert time.monotonic() < end
        time.sleep(0.1)
        jobs().get(job.number)
    at = open_page("lab", "en")
    at.session_state[lab.JOB] = job.number
    at_tab(at, "results", "en")
    assert catalogue("en")["lab.drivers"] in [header.value for header in at.header]
    assert charts(at) == 2
    at.selectbox(key="lab_kind").set_value("discover").run()
    assert not at.exception
    said = [code.value for code in at.code]
    assert any(text.startswith(f"sintrata discover {lab.STORE} --output completed") for text in said)
    assert any('discover(store, "completed", "balanced", below=' in text for text in said)
    at.button(key="lab_analyse").click().run()
    asked = jobs().get(at.session_state[analyses.JOB])
    assert asked is not None
    assert asked.words[0] == "discover"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_lab_takes_the_scenario_in_hand_and_its_assumptions(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[dict[str, str]] = []
    monkeypatch.setattr(lab.background, "begin", lambda _key, _words, files: begun.append(dict(files)))
    plan = {
        "schema": 1,
        "base": "balanced",
        "label": {"es": "Mío", "en": "Mine"},
        "context": [{"use": "poverty", "from": "2027-01", "multiply": 1.2}],
    }
    at = open_page("lab", lang, s=links.pack(links.Held(plan, "2030-12")))
    (chosen,) = [one for one in at.multiselect if one.key == "lab_scenarios"]
    assert chosen.value[0] == "plan"
    assert "Mío" in chosen.options or "Mine" in chosen.options
    (start,) = [one for one in at.button if one.key == "lab_start"]
    start.click().run()
    assert not at.exception
    (files,) = begun
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    experiment = load_experiment(tmp_path / "experiment.yaml")
    assert [one.name for one in experiment.scenarios] == [
        *("baseline_assumed", "plan", "balanced_assumed", "policy_2030_funded_assumed")
    ]
    mine = experiment.scenarios[1]
    # What is assumed about the world is assumed for all of them.
    assert {one.context for one in experiment.scenarios} == {mine.context} != {()}
    assert str(mine.label) == ("Mío" if lang == "es" else "Mine")


def test_the_strongest_of_many_factors_without_effect_seldom_passes_what_is_said_of_chance() -> None:
    random = np.random.default_rng(3)
    runs, factors, times = 40, 50, 200
    passed = 0
    for _ in range(times):
        table = random.normal(size=(runs, factors + 1))
        passed += np.abs(lab._rank_correlation(table)).max() > lab.by_chance(factors, runs)
    # One in twenty: 10 of 200 expected, with a standard deviation of 3; fails by chance once in a million.
    assert 0 < passed < 26
