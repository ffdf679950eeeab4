"""Pieces that several pages show: cards, figures with their table, the scorecard, groups, parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd
import streamlit as st

from app import period, results, screen, state
from app.charts.base import SHARE, SIGNED, WHOLE, draw, picture
from app.charts.card import card_table, form_of
from app.charts.paths import effect, fan
from app.reduced import PLACES, REGISTERED, UPES
from app.results import PLAN, Comparison
from scenarios import library
from simulator import Scenario, load_ledger
from simulator.evidence import Parameter
from simulator.evidence.notes import note_in
from simulator.exports.citing import named, with_labels
from simulator.exports.vega import Spec
from simulator.outcomes.effects import BREAKDOWNS, EFFECTS, FOLLOW_NEED, GOOD, cost_of_change, verdict
from simulator.outcomes.indicators import Interval
from simulator.outcomes.scorecard import Scorecard, scores
from simulator.policy.national import BASELINE_YEAR, HORIZON, MEASURES, indicators
from simulator.report_policy import GROUP_TEXTS, met_anyway
from simulator.texts import language, set_language, t

TODAY: Final = 2026
LAST_DATA: Final = int(screen.KNOWN_UNTIL[:4])
MAIN: Final = ("first_entries", "identified", "assisted_share", "completed")
"""Figures of the cards: what comes in, is found, is protected, is completed."""

FIGURES: Final = (
    *("first_entries", "exploited", "exploited_per_1000", "incidence", "child_months", "returns", "aged_out"),
    *("identified", "protected", "lost_before_protection", "assisted_share", "specialised_entries"),
    *("general_entries", "family_care_entries", "in_care", "completed", "completed_share"),
)
"""Figures that a reader can choose from."""

RATES: Final = ("incidence", "exploited_per_1000")
BEHIND: Final = {
    "first_entries": ("recruitment.", "networks."),
    "exploited": ("exits.", "recruitment."),
    "child_months": ("exits.", "recruitment."),
    "returns": ("returns.",),
    "identified": ("identification.", "police."),
    "assisted_share": ("referral.", "upe."),
    "protected": ("referral.", "upe."),
    "specialised_entries": ("care.",),
    "completed": ("reintegration.", "care."),
    "completed_share": ("reintegration.",),
    "incidence": ("recruitment.", "networks."),
    "exploited_per_1000": ("exits.", "recruitment."),
    "aged_out": ("exits.", "population."),
    "lost_before_protection": ("referral.", "upe."),
    "general_entries": ("care.",),
    "family_care_entries": ("care.",),
    "in_care": ("care.", "reintegration."),
    **dict.fromkeys(PLACES, ("care.",)),
    **dict.fromkeys(UPES, ("upe.", "workforce.")),
    **dict.fromkeys(REGISTERED, ("registers.", "police.", "justice.")),
    "money": ("cost.", "prices.", "budget."),
}
"""Parameters that stand first behind a figure, by the beginning of their names; every figure has some."""

BEHIND_SCORES: Final = (
    "identification.",
    "police.",
    "referral.",
    "upe.",
    "reintegration.",
    "care.",
    "justice.",
)
"""Parameters behind the scorecard: who is found, registered, protected, and brought to the end of a plan."""

COUNT_OF: Final = {"assisted_share": "protected", "completed_share": "completed"}
"""What a share is a share of: it may fall though its count rises."""

GROUP_ROWS: Final = ("first_entries", "identified", "assisted_share", "completed")


def form(indicator: str) -> str:
    """Return how a figure is written: a count, a share, or a rate."""
    return "%" if indicator.endswith("_share") else ".2" if indicator in RATES else "n"


def axis_form(indicator: str, *, change: bool = False) -> str:
    """Return the same in the spelling of charts."""
    if form(indicator) == "%":
        return SIGNED if change else SHARE
    if form(indicator) == ".2":
        return "+,.2f" if change else ",.2f"
    return SIGNED if change else WHOLE


def unit_of(indicator: str) -> str | None:
    """Return what stands beside the axis of a change: that of a share is in points."""
    return t("app.points_axis") if form(indicator) == "%" else None


def scaled(change: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Return a table of changes in the unit of their axis; see ``unit_of``."""
    if form(indicator) != "%":
        return change
    columns = [name for name in results.BOUNDS if name in change]
    return change.assign(**{name: 100.0 * change[name] for name in columns})


def last_year(told: Comparison) -> int:
    """Return the year that cards speak of: 2030, or the last one before it."""
    return min(HORIZON, told.years[-1])


def cards(told: Comparison, names: Sequence[str] = MAIN, scenario: str = PLAN) -> None:
    """Show the main figures of a scenario, each with its difference from the trend and both intervals."""
    year = last_year(told)
    table = told.tables["country"].sel(year=year, indicator=list(names))
    here = told.frame(table).set_index(["scenario", "indicator"])
    change = told.against(table).set_index(["scenario", "indicator"])
    grid = st.grid(len(names), min_column_width=165)
    for name in names:
        value, more = here.loc[(scenario, name)], change.loc[(scenario, name)]
        sure = verdict_of(more, name) in ("better", "worse")
        colour: Any = "off" if not sure else "normal" if GOOD[name] > 0 else "inverse"
        kind = form(name)
        with grid.container(border=True, height="stretch"):
            st.metric(
                t(f"app.card.{name}"),
                screen.number(value["median"], kind),
                delta=screen.number(more["median"], f"+{kind}"),
                delta_color=colour,
                delta_arrow="off"
                if screen.number(more["median"], kind) == screen.number(0.0, kind)
                else "auto",
                help=t(f"app.about.{name}"),
            )
            said = screen.between(value, kind, brief=True)
            if more["low"] == more["high"] == 0.0:
                st.caption(f"{said}  \n{t('app.card_same')}")
            elif told.draws > 1:
                change_said = screen.between(more, f"+{kind}", brief=True)
                st.caption(f"{said}  \n{t('app.card_change', change=change_said)}")
            else:
                st.caption(said)
    st.caption(t("app.card_note", year=year))
    level = here["median"].loc[scenario] - here["median"].loc[results.TREND]
    of_runs = change["median"].loc[scenario]
    if any(
        screen.number(level[name], f"+{form(name)}") != screen.number(of_runs[name], f"+{form(name)}")
        for name in names
    ):
        st.caption(t("app.card_medians"))
    with st.popover(t("app.figure.behind"), icon=":material/menu_book:", key="cards_behind"):
        figure_of = st.selectbox(
            t("app.who.figure"), names, format_func=lambda name: t(f"app.card.{name}"), key="cards_figure"
        )
        st.caption(t(f"app.about.{figure_of}"))
        parameter_cards(beginning(*BEHIND[figure_of]), "cards_parameter")


def warnings(told: Comparison) -> None:
    """Say by itself what the plan makes worse, and which counts are lower where that is neither."""
    names = [*dict.fromkeys((*GOOD, *COUNT_OF.values()))]
    values = told.tables["country"].sel(indicator=names, year=list(period.YEARS)).mean("year")
    change = told.against(values).set_index(["scenario", "indicator"]).loc[PLAN]
    fewer_in_need = bool((change.loc[["child_months", "identified"], "high"] < 0.0).all())
    for name in GOOD:
        row, kind = change.loc[name], f"+{form(name)}"
        found = verdict_of(row, name)
        is_lower = found == "changed" and row["median"] < 0.0
        said = {
            "what": t(f"indicator.{name}"),
            "value": screen.number(row["median"], kind),
            "between": screen.between(row, kind),
            "years": window(),
        }
        if is_lower or (found == "worse" and fewer_in_need and name in FOLLOW_NEED):
            st.info(t("parts.lower", **said), icon=":material/info:")
        elif found == "worse":
            though = _though(change, COUNT_OF[name]) if name in COUNT_OF else ""
            st.warning(" ".join([t("parts.worse", **said), though]).strip(), icon=":material/warning:")


def _though(change: pd.DataFrame, count: str) -> str:
    """Return that a count rises, where it does: its share falls because what it is a share of rises more."""
    row = change.loc[count]
    if not row["low"] > 0.0:
        return ""
    value, between = screen.number(row["median"], "+n"), screen.between(row, "+n")
    return t("parts.though", what=t(f"indicator.{count}"), value=value, between=between)


def told_by_authors(scenarios: Sequence[Scenario]) -> None:
    """Say what the authors of scenarios say of them: what they are, and what their figures rest on.

    A plan that is one of the library by another name has the words of that one.
    """
    known = {state.prepared(name).hash: state.prepared(name) for name in library()}
    by_author = [one if one.description else known.get(one.hash, one) for one in scenarios]
    for one, author in zip(scenarios, by_author, strict=True):
        if author.description is not None:
            st.caption(f"**{screen.plain(one.label)}**: {screen.plain(author.description)}")
    for assumed in dict.fromkeys(str(one.assumptions) for one in by_author if one.assumptions is not None):
        st.caption(f"**{t('parts.assumed')}**: {screen.plain(assumed)}")


def figure(
    spec: Spec,
    frame: pd.DataFrame,
    *,
    key: str,
    alt: str,
    told: Comparison,
    table: pd.DataFrame | None = None,
    sources: Sequence[str] = (),
    about: str = "",
    footer: bool = True,
    **choice: Any,
) -> Any:
    """Put a chart on the page, with its table, its data and pictures to take away, and its footer.

    Parameters
    ----------
    table : what is shown as a table; by default the data of the chart
    sources : beside the model
    about : figure whose parameters can be opened, of ``BEHIND``
    footer : whether what it rests on is said here; several figures may share one footer
    choice : of ``charts.base.draw``, where the chart can be clicked; what was clicked is returned
    """
    chosen = draw(spec, frame, key=key, alt=alt, **choice)
    if footer:
        screen.footer(told, *sources)
    below(spec, frame, frame if table is None else table, key=key, told=told, about=about)
    return chosen


def below(
    spec: Spec, frame: pd.DataFrame, shown: pd.DataFrame, *, key: str, told: Comparison, about: str = ""
) -> None:
    """Put the buttons of a figure: its table, its data and pictures to take away, its parameters."""
    with st.container(horizontal=True):
        with st.popover(t("app.figure.data"), icon=":material/table:", key=f"{key}_data"):
            _data(spec, frame, shown, key, told)
        if about:
            opener(key, *BEHIND[about])


def _data(spec: Spec, frame: pd.DataFrame, shown: pd.DataFrame, key: str, told: Comparison) -> None:
    """Show a figure as a table, and offer it as data and as a picture."""
    st.dataframe(shown, hide_index=True, key=f"{key}_table")
    name = f"sintrata_{key}_{screen.run_id(told)}"
    theme = screen.theme()
    left, middle, right = st.columns(3)
    with left:
        csv_button(shown, name, key)
    for column, suffix, kind in ((middle, "svg", "image/svg+xml"), (right, "png", "image/png")):
        column.download_button(
            suffix.upper(),
            _picture(spec, frame, theme, suffix),
            f"{name}.{suffix}",
            kind,
            key=f"{key}_{suffix}",
            on_click="ignore",
        )


def verdict_of(row: Any, indicator: str) -> str:
    """Return what a row of changes means for children: of ``effects.VERDICTS``.

    ``little`` where the interval is on one side of zero but the change is written as none.
    """
    change = Interval(row["median"], row["low"], row["high"], None, int(row["runs"]))
    told = verdict(change, GOOD.get(indicator, 0))
    kind = form(indicator)
    is_none = screen.number(row["median"], kind) == screen.number(0.0, kind)
    return "little" if is_none and told not in ("open", "few") else told


def csv_button(shown: pd.DataFrame, name: str, key: str, label: str = "CSV") -> None:
    """Offer a table as a CSV file; ``label`` tells one of several apart."""
    st.download_button(
        label,
        lambda: shown.to_csv(index=False).encode("utf-8-sig"),
        f"{name}.csv",
        "text/csv",
        key=f"{key}_csv",
        on_click="ignore",
    )


def _picture(spec: Spec, frame: pd.DataFrame, theme: str, suffix: str) -> Callable[[], bytes]:
    lang = language()

    def make() -> bytes:
        set_language(lang)
        return picture(spec, frame, theme, suffix)

    return make


def path_figure(told: Comparison, indicator: str, key: str, scenario: str = PLAN) -> None:
    """Show the path of one figure under a scenario, beside the trend."""
    table = told.frame(told.tables["country"].sel(indicator=indicator, drop=True))
    own = table[table["scenario"] == scenario].drop(columns=["scenario", "name"])
    trend = table[table["scenario"] == results.TREND].set_index("year")["median"]
    paths = own.drop(columns="runs").assign(trend=own["year"].map(trend))
    frame = paths.assign(today=None)
    frame.loc[frame["year"] == LAST_DATA, "today"] = LAST_DATA
    last = own[own["year"] == last_year(told)].iloc[0]
    kind = form(indicator)
    name = t(f"indicator.{indicator}")
    alt = t(
        "app.alt.path",
        what=name,
        year=last_year(told),
        value=screen.number(last["median"], kind),
        between=screen.between(last, kind),
        trend=screen.number(trend[last_year(told)], kind),
    )
    shown = _columns(paths, told)
    figure(
        fan(language(), screen.theme(), axis_form(indicator), marks=("today",)),
        frame,
        key=key,
        alt=alt,
        told=told,
        table=shown,
        about=indicator,
    )


def effect_figure(told: Comparison, indicator: str, key: str, scenario: str = PLAN) -> None:
    """Show by how much a scenario changes one figure, year by year, paired run by run."""
    table = told.against(told.tables["country"].sel(indicator=indicator, drop=True))
    own = table[table["scenario"] == scenario].drop(columns=["scenario", "name"])
    last = own[own["year"] == last_year(told)].iloc[0]
    kind = f"+{form(indicator)}"
    alt = t(
        "app.alt.effect",
        what=t(f"indicator.{indicator}"),
        year=last_year(told),
        value=screen.number(last["median"], kind),
        between=screen.between(last, kind),
    )
    figure(
        effect(language(), screen.theme(), axis_form(indicator, change=True), unit=unit_of(indicator)),
        scaled(own.drop(columns="runs"), indicator),
        key=key,
        alt=alt,
        told=told,
        table=_columns(scaled(own.drop(columns="runs"), indicator), told),
        about=indicator,
    )


def _columns(table: pd.DataFrame, told: Comparison) -> pd.DataFrame:
    """Name the columns of a table in the language in force."""
    names = {name: t(f"app.column.{name}") for name in ("year", *results.BOUNDS, "trend") if name in table}
    out = table.rename(columns=names)
    return out.assign(**{t("app.column.runs"): told.draws})


def card_of(told: Comparison, own: dict[str, float] | None = None, scenario: str = PLAN) -> Scorecard:
    """Return the scorecard of the 2030 policy of trend and a scenario, from the first year of its reports."""
    policy = told.tables["policy"].sel(scenario=[results.TREND, scenario], year=slice(BASELINE_YEAR, None))
    return scores({name: policy.sel(measure=name, drop=True) for name in MEASURES}, own)


def mini_scorecard(told: Comparison, scenario: str = PLAN) -> None:
    """Show the scorecard of a scenario beside the trend, with the number of indicators left out."""
    card = card_of(told, scenario=scenario)
    scorecard(told, card, f"scorecard_{scenario}", scenario)
    st.caption(t("parts.silent", count=len(card.silent)))


def scorecard(told: Comparison, card: Scorecard, key: str, scenario: str = PLAN) -> None:
    """Show target, likelihood and estimate of each indicator that the model can speak to."""
    name = t("app.plan") if scenario == PLAN else screen.plain(told.label(scenario))
    shown = {
        scenario: t("card.column.in_year", name=name, year=HORIZON),
        results.TREND: t("card.column.in_year", name=t("app.column.trend"), year=HORIZON),
    }
    table = card_table(card.scores, shown, _beside_trend(told, scenario), screen.number)
    st.table(table)
    if fewer_entries(told, scenario):
        counts = dict.fromkeys(one.indicator.code for one in card.scores if one.indicator.unit == "count")
        st.caption(t("parts.fewer_victims", codes=", ".join(counts)))
    st.caption(t("app.likelihood_note", draws=screen.runs(told.draws)))
    st.caption(t("targets.marks"))
    if any(one.is_level_off for one in card.scores):
        st.caption(t("score.note.level_off").replace("*", "\\*", 1))
    for note in met_anyway(card):
        st.caption(note)
    far = {one.indicator.code: one.indicator for one in card.scores if one.is_out_of_range}
    for code, one in far.items():
        if why := one.range[language()]:
            st.caption(t("parts.out_of_range", code=code, why=with_labels(why)))
    below_table(told, table.reset_index(), key, beginning(*BEHIND_SCORES), t("app.policy_source"))


def _beside_trend(told: Comparison, scenario: str) -> dict[tuple[str, str], str]:
    """Return the paired differences in the year of the scorecard in words, by scenario and measure."""
    change = told.against(told.tables["policy"].sel(scenario=[results.TREND, scenario], year=HORIZON))
    forms = {one.measure: form_of(one) for one in indicators().values()}
    return {
        (scenario, row["measure"]): t("card.change", change=brief(row, f"+{forms[row['measure']]}"))
        for row in change.to_dict("records")
        if row["runs"]
    }


def fewer_entries(told: Comparison, scenario: str) -> bool:
    """Return whether fewer children enter exploitation than in the trend, over ``period.YEARS``."""
    entries = told.tables["country"].sel(scenario=[results.TREND, scenario], indicator="first_entries")
    change = told.against(entries.sel(year=list(period.YEARS)).mean("year"))
    return bool(change["high"].iloc[0] < 0.0)


def below_table(told: Comparison, table: pd.DataFrame, key: str, names: Sequence[str], *sources: str) -> None:
    """Put below a table of text what it rests on, its data to take away, and the parameters behind it."""
    screen.footer(told, *sources)
    with st.container(horizontal=True):
        csv_button(bare(table), f"sintrata_{key}_{screen.run_id(told)}", key)
        cards_behind(key, names)


def bare(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of Markdown as plain text."""
    cells = table.map(lambda cell: screen.bare(cell) if isinstance(cell, str) else cell)
    return cells.rename(columns=lambda name: screen.bare(str(name)))


def window() -> str:
    """Return in words over which years scenarios are compared."""
    return t("parts.window", first=period.FIRST, last=period.LAST)


def groups(told: Comparison, by: str, scenario: str = PLAN) -> pd.DataFrame:
    """Return what a scenario changes for each group of children in a year of ``period.YEARS``, as text."""
    array = (
        told.tables[f"group_{by}"].sel(group_indicator=list(GROUP_ROWS), year=list(period.YEARS)).mean("year")
    )
    value, change = (
        table[table["scenario"] == scenario].set_index(["group_indicator", by])
        for table in (told.frame(array), told.against(array))
    )
    rows = []
    for name in GROUP_ROWS:
        for group in map(str, array[by].values):
            there, more = value.loc[(name, group)], change.loc[(name, group)]
            # Figure and group in one cell: a phone has room for three columns of intervals.
            row = {
                t("app.who.figure"): f"{t(f'app.card.{name}')}  \n**{t(f'{GROUP_TEXTS[by]}.{group}')}**",
                t("app.who.value"): brief(there, form(name)),
                t("app.who.change"): brief(more, f"+{form(name)}"),
            }
            rows.append(row)
    return pd.DataFrame(rows)


def who(told: Comparison, key: str, scenario: str = PLAN) -> None:
    """Show who is reached: by sex, area, indigenous language and migration."""
    by = st.segmented_control(
        t("app.who.by"),
        BREAKDOWNS,
        default=BREAKDOWNS[0],
        required=True,
        format_func=lambda name: t(f"score.group.{name}"),
        key=key,
    )
    table = groups(told, by or BREAKDOWNS[0], scenario)
    st.table(table, hide_index=True)
    st.caption(t("app.who.note", years=window()))
    below_table(told, table, key, beginning(*(start for name in GROUP_ROWS for start in BEHIND[name])))


# Money.


def of_money(*starts: str) -> list[str]:
    """Return the names of parameters behind money, and of those that begin with some words."""
    return beginning(*starts, *BEHIND["money"][1:])


def cost_table(told: Comparison) -> None:
    """Show what is gained for the money that each scenario adds, and at what cost, run by run.

    Over the whole run and without a discount, as ``sintrata compare`` prints it.
    """
    added, country = told.tables["added_money"], told.tables["country"]
    first = told.names[0]
    rows: list[dict[str, str]] = []
    for name in told.names[1:]:
        which = "" if len(told.names) == 2 else f"{screen.plain(told.label(name))}: "
        for result in EFFECTS:
            values = country.sel(indicator=result, drop=True)
            one = cost_of_change(result, added, values, name, first)
            if one.ratio is None:
                gains = one.gains()
                each = t("budget.no_ratio", hits=gains.hits, runs=gains.runs)
            else:
                each = brief(asdict(one.ratio), "s")
            rows.append(
                {
                    t("budget.gain"): f"{which}{t(f'effect.{result}')}",
                    t("budget.gained"): brief(asdict(one.gained), "+n"),
                    t("budget.added"): brief(asdict(one.money), "m"),
                    t("budget.each"): each,
                }
            )
    table = pd.DataFrame(rows)
    st.table(table, hide_index=True)
    st.caption(t("budget.cost_note", last=told.years[-1]))
    effects = [start for result in EFFECTS for start in BEHIND[result]]
    below_table(told, table, "budget_gained", of_money(*effects))


# Parameters.


def parameter_card(one: Parameter) -> None:
    """Show a parameter: value, range, unit, source, quality, finding."""
    ledger = load_ledger()
    lang = language()
    sources = "; ".join(ledger.sources[code].cited() for code in one.source if code in ledger.sources)
    st.markdown(
        t(
            "app.parameter",
            label=one.label[lang],
            name=one.name,
            value=f"{one.central:,.4g}",
            low=f"{one.low:,.4g}",
            high=f"{one.high:,.4g}",
            unit=ledger.units[one.unit][lang],
            grade=one.quality,
            about=t(f"app.grade.{one.quality}"),
            finding="; ".join(named([one.finding])) or one.finding if one.finding else t("cli.nothing"),
            source=sources or t("cli.nothing"),
        )
    )
    if one.note:
        st.caption(t("app.note", note=note_in(lang, one.note)))


def parameter_cards(names: Sequence[str], key: str) -> None:
    """Let a reader open the card of one of several parameters."""
    ledger = load_ledger().parameters
    known = [name for name in names if name in ledger]
    if not known:
        st.caption(t("app.no_parameter"))
        return
    lang = language()
    chosen = st.selectbox(
        t("app.parameter_of"), known, format_func=lambda name: ledger[name].label[lang], key=key
    )
    parameter_card(ledger[chosen])


def beginning(*starts: str) -> list[str]:
    """Return the names of parameters that begin so, such as those of ``BEHIND``, in that order."""
    known = load_ledger().parameters
    return list(dict.fromkeys(name for start in starts for name in known if name.startswith(start)))


def opener(key: str, *starts: str) -> None:
    """Put a button beside a figure that opens the parameters behind it; see ``beginning``."""
    cards_behind(key, beginning(*starts))


def cards_behind(key: str, names: Sequence[str]) -> None:
    """Put a button beside a figure that opens the cards of some parameters, in their order."""
    with st.popover(t("app.figure.behind"), icon=":material/menu_book:", key=f"{key}_behind"):
        parameter_cards(names, f"{key}_parameter")


# A plan that changes nothing yet, and numbers in words.


FIRST_CHOICE: Final = "policy_2030_funded"
"""Scenario of the library that an empty page offers."""


def is_empty(told: Comparison) -> bool:
    """Return whether the plan is still the trend, so that there is no change to show."""
    plan = next(one for one in told.scenarios if one.name == PLAN)
    return plan.hash == told.scenarios[0].hash


def offer_a_plan(key: str) -> None:
    """Say what to do where there is no change to show yet, with one button."""
    st.info(t("parts.empty"), icon=":material/lightbulb:")
    st.button(
        t("parts.use_first"), key=f"{key}_first", on_click=screen.act, args=(state.preset, FIRST_CHOICE)
    )


def words_of(frame: pd.DataFrame, form: str, **columns: str) -> pd.DataFrame:
    """Return a frame as it is read: chosen columns, the median, and the interval in words.

    Parameters
    ----------
    form : of ``screen.number``
    columns : heading by column
    """
    out = frame[list(columns)].rename(columns=columns)
    out[t("chart.simulated_median")] = [screen.number(value, form) for value in frame["median"]]
    out[t("parts.interval")] = [screen.between(row, form) for _, row in frame.iterrows()]
    return out


def heading(text: str) -> str:
    """Return a text as the head of a column: it begins with a capital letter."""
    return text[:1].upper() + text[1:]


def brief(row: Any, form: str = "n") -> str:
    """Return a median with its interval in brackets, short enough for a cell.

    One run has no interval.
    """
    median, low, high = (screen.number(row[key], form) for key in ("median", "low", "high"))
    return median if row["low"] != row["low"] else t("report.interval", median=median, low=low, high=high)


def looks() -> tuple[str, str]:
    """Return language and theme, which every specification asks for."""
    return language(), screen.theme()


LIMITS: Final = ("prevalence", "individuals", "places", "forecast", "costs", "behaviour", "reach", "data")


def limits() -> None:
    """Say what the model cannot say, and why."""
    for name in LIMITS:
        st.markdown(f"**{t(f'model.limit.{name}')}**  \n{t(f'model.limit_why.{name}')}")
