"""Every figure is valid, constant, complete, and not blank; its colours can be told apart."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import combinations, pairwise
from typing import Any

import jsonschema
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import screen
from app.charts import card, places, route
from app.charts.base import figure, picture, static, wrapped
from simulator.exports.vega import INKS, config, svg
from simulator.outcomes.counted import Counted
from simulator.outcomes.indicators import Interval
from simulator.outcomes.scorecard import Score
from simulator.policy.national import Target, indicators
from simulator.texts import LANGUAGES, set_language
from tests.app.samples import FIGURES, LEDGER, bands, small, territories

SCHEMA = json.loads(files("altair").joinpath("vegalite/v6/schema/vega-lite-schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def spec_of(name: str, lang: str = "es", theme: str = "light") -> dict[str, Any]:
    make, forms, choices, _ = FIGURES[name]
    return make(lang, theme, *forms, **choices)


def fields(part: Any) -> set[str]:
    """Return the columns that encodings ask for."""
    if isinstance(part, list):
        return set().union(*map(fields, part))
    if not isinstance(part, dict):
        return set()
    own = {part["field"]} if isinstance(part.get("field"), str) else set()
    return own.union(*(fields(value) for key, value in part.items() if key not in {"data", "from"}))


def computed(part: Any) -> set[str]:
    """Return the columns that transforms make."""
    if isinstance(part, list):
        return set().union(*map(computed, part))
    if not isinstance(part, dict):
        return set()
    own = {part["as"]} if isinstance(part.get("as"), str) else set()
    return own.union(*(computed(value) for key, value in part.items() if key not in {"data", "from"}))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid(name: str) -> None:
    VALIDATOR.validate({**spec_of(name), "data": {"name": "source"}})


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_does_not_depend_on_its_data_and_holds_none(name: str) -> None:
    data = FIGURES[name][3]
    first = spec_of(name)
    before = json.dumps(first)
    for seed in (1, 2):
        static(first, data(seed), "light")
    assert spec_of(name) is first
    assert json.dumps(first) == before
    assert "data" not in first
    assert spec_of(name, "en") != first
    assert spec_of(name, "es", "dark") != first


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_asks_for_columns_that_are_there(name: str) -> None:
    spec = spec_of(name)
    assert fields(spec) - computed(spec) <= set(FIGURES[name][3](1).columns)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_not_blank_and_changes_with_its_data(name: str) -> None:
    spec, data = spec_of(name), FIGURES[name][3]
    drawn = [picture(spec, data(seed), "light", "svg").decode() for seed in (1, 4)]
    assert drawn[0].count("<path") + drawn[0].count("<rect") > 5
    assert drawn[0] != drawn[1]


def test_months_and_numbers_are_those_of_peru() -> None:
    rows = [{"when": f"2026-{m:02}-01T12:00:00", "n": 1234.5 * m} for m in (1, 9)]
    x = {"field": "when", "type": "ordinal", "timeUnit": "month", "axis": {"format": "%b"}}
    y = {"field": "n", "type": "quantitative", "axis": {"format": "$,.1f", "values": [1234.5]}}
    body = {"data": {"values": rows}, "mark": "bar", "encoding": {"x": x, "y": y}}
    told = {lang: svg(figure(lang, "light", body)) for lang in LANGUAGES}
    assert ">ene<" in told["es"]
    assert ">set<" in told["es"]
    assert ">Jan<" in told["en"]
    assert all("S/ 1,234.5" in drawn for drawn in told.values())


def luminance(colour: str) -> float:
    part = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    line = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(line @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", INKS)
def test_colours_stand_out_and_text_is_readable(theme: str) -> None:
    inks = INKS[theme]
    marks = (*inks.series, inks.better, inks.worse, inks.registered)
    assert {c: contrast(c, inks.background) for c in marks if contrast(c, inks.background) < 3.0} == {}
    assert contrast(inks.muted, inks.background) > 4.5
    assert all(contrast(inks.text, shade) > 4.5 for shade in (*inks.worst_to_best, *inks.none_to_most))


SEEN = {
    # Machado, Oliveira and Fernandes (2009), severity 1.
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
}


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize("theme", INKS)
def test_the_scenarios_of_a_screen_are_told_apart_by_all_eyes(theme: str, kind: str) -> None:
    def seen(colour: str) -> np.ndarray:
        part = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        line = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        line = np.clip(np.array(SEEN[kind]) @ line, 0, 1)
        matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        xyz = np.array(matrix) @ line / [0.9505, 1.0, 1.089]
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    shown = INKS[theme].series[:5]
    near = {(a, b): d for a, b in combinations(shown, 2) if (d := np.linalg.norm(seen(a) - seen(b))) < 10.0}
    assert near == {}


def test_tiles_are_where_the_ledger_says_and_touch_their_neighbours() -> None:
    frame = territories(0)
    at = {(row, col): short for row, col, short in frame[["row", "col", "short"]].itertuples(index=False)}
    assert len(at) == len(frame) == 26
    assert [" ".join(at.get((row, col), "...") for col in range(7)) for row in range(8)] == [
        "... TUM ... ... ... ... ...",
        "... PIU CAJ AMA LOR ... ...",
        "... LAM LAL SAM ... ... ...",
        "... ... ANC HUC UCA ... ...",
        "CAL LMA LIM PAS JUN ... ...",
        "... ... ICA HUV AYA CUS MDD",
        "... ... ... ... APU ARE PUN",
        "... ... ... ... ... MOQ TAC",
    ]
    place = {short: np.array(tile) for tile, short in at.items()}
    for pair in ("TUM PIU", "PIU LAM", "AMA LOR", "ANC LIM", "CAL LMA", "ICA HUV", "CUS MDD", "PUN TAC"):
        one, other = pair.split()
        assert abs(place[one] - place[other]).sum() == 1, pair
    tile = spec_of("tiles")["layer"][0]
    assert [tile["encoding"][axis]["field"] for axis in "xy"] == ["col", "row"]
    assert tile["params"][0]["select"]["fields"] == ["code"]


def test_data_are_there_when_a_browser_first_draws() -> None:
    def script() -> None:
        from app.charts.base import draw  # noqa: PLC0415
        from tests.app.samples import FIGURES  # noqa: PLC0415

        make, forms, choices, data = FIGURES["fan"]
        draw(make("es", "light", *forms, **choices), data(1), key="fan", alt="x")

    (chart,) = AppTest.from_function(script).run().get("vega_lite_chart")
    told = chart.proto
    assert json.loads(told.spec)["data"] == {"name": "table"}
    assert [one.name for one in told.datasets] == ["table"]
    assert len(told.datasets[0].data.data) > 100
    assert not told.data.data


@pytest.mark.parametrize("kind", ["change", "level"])
def test_small_paths_say_what_their_lines_and_band_are(kind: str) -> None:
    set_language("es")
    drawn = picture(places.small_paths("es", "light", ",.0f", kind), small(1), "light", "svg").decode()
    beside = places.small_legend("light", kind)
    lines = {"change": ["cambio frente al tendencial"], "level": ["escenario", "escenario tendencial"]}[kind]
    for words in (*lines, "intervalo de las corridas"):
        assert f">{words}<" in drawn
        assert f">{words}<" in beside


def test_outlines_are_of_every_territory_small_and_say_where_they_come_from() -> None:
    read = places.outlines()
    codes = [one["properties"]["code"] for one in read["features"]]
    assert codes == sorted(line.partition(",")[0] for line in LEDGER.read_text("utf-8").splitlines()[1:])
    assert "Natural Earth" in read["source"]
    assert places.OUTLINES.stat().st_size < 60_000
    for one in read["features"]:
        for polygon in one["geometry"]["coordinates"] if one["geometry"]["type"] != "Point" else ():
            # Clockwise: to Vega the other way round is the rest of the world.
            assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(polygon[0])) < 0
            assert all(-82 < x < -68 and -19 < y < 1 for x, y in polygon[0])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_diagram_tells_each_stock_and_flow(lang: str) -> None:
    set_language(lang)
    stock = {key: route.Told(f"stock-{key}", f"span-{key}") for key in route.BOXES}
    flow = {number: route.Told(f"flow-{number}", f"reach-{number}") for number in range(len(route.ARROWS))}
    aged = {key: f"aged-{key}" for key in route.BOXES}
    drawn = route.stocks("dark", stock, flow, aged, "<2026>")
    for told in (*stock.values(), *flow.values()):
        assert f">{told.number}<" in drawn
        assert f">{told.interval}<" in drawn
    assert all(text in drawn for text in aged.values())
    assert "&lt;2026&gt;" in drawn
    ends = {end for arrow in route.ARROWS for end in (arrow.source, arrow.target)}
    assert ends == {*route.BOXES, *route.FRAMES, route.OUTSIDE}


def test_an_arrow_starts_at_what_it_sums_and_ends_at_its_box() -> None:
    places = {key: (box.x, box.y, box.width, box.height) for key, box in route.BOXES.items()}
    places |= {key: place for key, (_, place) in route.FRAMES.items()}
    for key, (boxes, (x, y, width, height)) in route.FRAMES.items():
        for box in boxes:
            left, top, wide, high = places[box]
            assert x < left, key
            assert y < top, key
            assert left + wide < x + width, key
            assert top + high < y + height, key

    def off(at: tuple[float, float], name: str) -> float:
        """Return how far a point is from the edge of a box or a frame."""
        x, y, width, height = places[name]
        beyond = max(x - at[0], at[0] - x - width), max(y - at[1], at[1] - y - height)
        return abs(max(beyond))

    for arrow in route.ARROWS:
        numbers = [float(one) for one in re.findall(r"-?\d+", arrow.path)]
        first, last = (numbers[0], numbers[1]), (numbers[-2], numbers[-1])
        if "H" in arrow.path:
            last = (numbers[-1], numbers[1])
        elif "V" in arrow.path:
            last = (numbers[0], numbers[-1])
        if arrow.source != route.OUTSIDE:
            assert off(first, arrow.source) <= 1.0, arrow
        assert off(last, arrow.target) <= 5.0, arrow


def test_the_number_of_the_long_return_stands_above_its_line() -> None:
    (arrow,) = [one for one in route.ARROWS if (one.source, one.target) == ("reintegrated", "exploited")]
    ends = np.array([float(text) for text in re.findall(r"[\d.]+", arrow.path)[:8]]).reshape(4, 2)
    along = np.linspace(0.0, 1.0, 400)[:, None]
    parts = [b * along**k * (1 - along) ** (3 - k) * ends[k] for k, b in enumerate([1, 3, 3, 1])]
    line = np.sum(parts, axis=0)
    # The interval stands 14 pixels below the number, and its letters go a little further down.
    near = line[np.abs(line[:, 0] - arrow.x) < 40.0, 1]
    assert arrow.y + 14 + 4 < near.min()


def test_the_protection_route_begins_with_those_identified_and_leaves_out_what_is_empty() -> None:
    flows = {
        ("found", "opened"): 80.0,
        ("found", "lost"): 20.0,
        ("opened", "general"): 80.0,
        ("opened", "family"): 0.0,
    }
    option = route.route(
        "en", "light", flows, {"found": "100", "opened": "80", "lost": "20", "general": "80"}
    )
    assert option["animation"] is False
    series = option["series"][0]
    names = {node["name"] for node in series["data"]}
    assert names == {"Identified\n100", "Protection open\n80", "Lost before\n20", "General shelter\n80"}
    assert sum(link["value"] for link in series["links"] if link["source"] == "Identified\n100") == 100.0
    assert {key for key in route.ROUTE if key not in {n for to in route.ROUTE.values() for n in to}} == {
        "found"
    }


def scored(count: Counted | None) -> Score:
    """Return a score of a target of 2030 that some runs reach."""
    one = next(i for i in indicators().values() if i.measure)
    return Score("plan", one, {}, {}, {} if count is None else {2030: count}, None)


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (Counted(40, 40), "muy probable (40 de 40 corridas)"),
        (Counted(300, 400), "probable (300 de 400 corridas)"),
        (Counted(10, 10), "de probable a muy probable (10 de 10 corridas; 74% a 100%)"),
        (Counted(8, 12), "de incierto a probable (8 de 12 corridas; 39% a 88%)"),
        (Counted(0, 24), "de muy improbable a improbable (0 de 24 corridas; 0% a 12%)"),
        (Counted(0, 40), "muy improbable (0 de 40 corridas)"),
        (None, "-"),
    ],
)
def test_likelihood_is_told_with_all_words_that_the_runs_leave_open(count: Counted | None, word: str) -> None:
    set_language("es")
    assert card.likelihood(scored(count)) == word


def test_a_few_runs_are_counted_and_not_put_into_words() -> None:
    set_language("es")
    assert card.likelihood(scored(Counted(1, 1))) == "en 1 de 1 corridas"
    assert card.likelihood(scored(Counted(7, 9))) == "en 7 de 9 corridas"


def test_a_level_far_from_the_reported_one_gets_no_word() -> None:
    set_language("es")
    one = next(i for i in indicators().values() if i.measure and i.unit == "count" and i.reported_2023)
    far = 4.0 * one.reported_2023
    path = {2023: Interval(far, far, far, 0.0, 40)}
    off = Score("plan", one, {}, path, {2030: Counted(40, 40)}, None)
    assert card.likelihood(off) == "en 40 de 40 corridas"


def test_the_scorecard_fits_a_phone_and_says_what_is_assumed_how_likely_and_where_the_level_is_off() -> None:
    set_language("en")
    one = next(i for i in indicators().values() if i.measure and i.unit == "count" and i.reported_2023)
    goals = {2030: Target(1576.0, "assumed")}
    far = 4.0 * one.reported_2023
    paths = {2023: Interval(far, far, far, 0.0, 40), 2030: Interval(1518.0, 1296.0, 1721.0, 0.01, 40)}
    plan = Score("plan", one, goals, paths, {2030: Counted(10, 40)}, None)
    trend = Score("baseline", one, goals, {}, {}, None)
    headings = {"plan": "Plan, 2030", "baseline": "Trend, 2030"}
    beside = {("plan", one.measure): "-6 (-9 to -3)"}
    table = card.card_table([trend, plan], headings, beside, screen.number)
    assert list(table.columns) == ["Plan, 2030", "Trend, 2030"]
    assert table.index.tolist() == [f"{one.code}. {one.label['en']}  \nfor 2030: 1,576 (assumed)"]
    assert table.iloc[0].tolist() == [
        *("**in 10 of 40 runs** \\*  \n1,500 (1,300 to 1,700)  \n-6 (-9 to -3)", "no value")
    ]


@pytest.mark.parametrize(("first", "last"), [(2017, 2030), (2026, 2035), (2017, 2050), (2026, 2030)])
def test_an_axis_of_years_names_the_last_one(first: int, last: int) -> None:
    frame = bands(last - first + 1, 1).assign(year=range(first, last + 1))
    for width in (280, 640):
        drawn = svg(static(spec_of("effect"), frame, "light", width=width))
        assert f">{last}<" in drawn
        assert drawn.count(">20") > 3


@pytest.mark.parametrize(("name", "one"), [("fan_alone", "1"), ("effect", "+1")])
def test_where_there_is_nothing_an_axis_goes_from_zero_to_one(name: str, one: str) -> None:
    frame = FIGURES[name][3](1)
    nothing = frame.assign(**{column: 0.0 for column in frame if column != "year"})
    drawn = svg(static(spec_of(name), nothing, "light"))
    assert re.findall(r">([+-]?\d)</text>", drawn) == ["0", one]


def test_long_names_are_broken_into_lines() -> None:
    assert wrapped("Grupos focalizados de adolescentes en riesgo", 20).splitlines() == [
        *("Grupos focalizados", "de adolescentes en", "riesgo")
    ]


def test_charts_of_files_and_of_screens_share_one_look() -> None:
    assert config("es", "light")["locale"] == spec_of("fan")["config"]["locale"]


def test_nobody_is_on_two_stretches_of_the_protection_route() -> None:
    for source, targets in route.ROUTE.items():
        arrives = [state for target in targets for state in route.states_next(source, target)]
        assert len(arrives) == len(set(arrives)), source
        assert "LEFT_UNASSISTED" in arrives
    assert route.states_next("found", "later") == ["ADULT", "DEAD", "EXPLOITED", "OUTSIDE"]
