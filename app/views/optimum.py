"""The best use of money: money and bounds are set, the search is watched, what it found is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from app import background, parts, period, results, screen, state
from app.charts.base import SIGNED, draw, wrapped
from app.charts.drivers import intervals
from app.jobs import LONGEST_S, OUTPUT, Job, TooManyJobsError, jobs
from app.results import Comparison
from scenarios.schema import load_scenario, yaml_text
from simulator.evidence import load_ledger
from simulator.texts import language, t

HELD: Final = "optimum_job"
AIMS: Final[dict[str, dict[str, float]]] = {
    "both": {"child_months": 1.0, "completed": 12.0},
    "prevent": {"child_months": 1.0},
    "reintegrate": {"completed": 1.0},
    "care": {"suitable_care": 1.0},
}
"""What may be gained: measures and their weights, shown beside the choice."""

RISKS: Final = ("mean", "p10")
EFFORTS: Final = {"quick": (400, 3, 8), "usual": (700, 4, 12)}
"""Simulations, draws and fresh draws of a search."""

MINUTES: Final = round(LONGEST_S / 60.0)
"""For which a search may run before it is paused."""

MOST_MILLIONS: Final = 5000
MILLION: Final = 1e6
USUAL_LINES: Final = (
    *("community_groups", "targeted_groups", "school_retention", "family_support"),
    *("police_posts", "police_operations", "prosecutor_posts", "victim_defence", "upe_posts", "mobile_upe"),
    *("places_girls", "places_inclusive", "reintegration_support", "mentor_aftercare"),
    *("retention_pay", "commissions"),
)
"""Lines that compete until somebody chooses others: some of every pillar."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.optimum"))
    st.caption(t("optimum.lead"))
    left, right = st.columns([2, 3])
    with left:
        _ask()
    with right:
        job = background.job_of(HELD)
        if job is None:
            st.info(t("optimum.empty"), icon=":material/savings:")
        else:
            background.follow(job, lambda: _told(job), "3s")
    screen.live(_before)


def _ask() -> None:
    """Let the planner say what is wanted, how much money there is and what binds."""
    lines = load_ledger().lines
    with st.form("optimum_form", border=True):
        millions = st.number_input(
            t("optimum.money"), 1.0, float(MOST_MILLIONS), 100.0, 10.0, key="optimum_money"
        )
        aim = st.radio(
            t("optimum.aim"),
            tuple(AIMS),
            format_func=lambda name: t(f"optimum.of_aim.{name}"),
            key="optimum_aim",
        )
        chosen = st.multiselect(
            t("optimum.lines"),
            tuple(lines),
            USUAL_LINES,
            format_func=lambda name: str(lines[name].label[language()]),
            key="optimum_lines",
            placeholder=t("app.choose"),
        )
        kept = st.multiselect(
            t("optimum.keep"),
            tuple(lines),
            (),
            format_func=lambda name: str(lines[name].label[language()]),
            help=t("optimum.keep_help"),
            key="optimum_keep",
            placeholder=t("app.choose"),
        )
        outside = st.slider(t("optimum.outside"), 0, 100, 0, 5, format="%d%%", key="optimum_outside")
        risk = st.radio(
            t("optimum.risk"),
            RISKS,
            format_func=lambda name: t(f"optimise.risk.{name}"),
            key="optimum_risk",
        )
        effort = st.radio(
            t("optimum.effort"),
            tuple(EFFORTS),
            format_func=lambda name: t(f"optimum.of_effort.{name}", simulations=EFFORTS[name][0]),
            key="optimum_effort",
        )
        st.caption(t("optimum.longest", minutes=MINUTES))
        asked = st.form_submit_button(t("optimum.search"), type="primary", icon=":material/search:")
    if asked:
        if not chosen:
            st.warning(t("optimum.no_line"))
            return
        _start(question(millions, aim, chosen, kept, outside / 100.0, risk, effort))


def question(
    millions: float, aim: str, lines: list[str], kept: list[str], outside: float, risk: str, effort: str
) -> dict[str, Any]:
    """Return what a planner chose as the mapping of a question file."""
    simulations, draws, fresh = EFFORTS[effort]
    out: dict[str, Any] = {
        "schema": 1,
        "label": {lang: t("optimum.label", lang, millions=f"{millions:g}") for lang in ("es", "en")},
        "objective": dict(AIMS[aim]),
        "money": {str(year): millions * MILLION for year in period.YEARS},
        "lines": list(dict.fromkeys((*lines, *kept))),
        "risk": risk,
        "outside_lima": outside,
        "effort": {"simulations": simulations, "draws": draws, "fresh_draws": fresh},
    }
    if kept:
        out["bounds"] = [{"lines": list(kept), "keep": True}]
    return out


def _start(asked: dict[str, Any]) -> None:
    words = ["optimise", "question.yaml", "--out", "{out}", "--workers", "2", "--quiet"]
    background.begin(HELD, words, {"question.yaml": yaml_text(asked)})


def _told(job: Job) -> None:
    """Show how far a search is, what it has found, or why it has found nothing."""
    if job.state in {"waiting", "running"}:
        _progress(job)
    elif job.state == "done":
        _found(job)
    else:
        _stopped(job)


def _stopped(job: Job) -> None:
    """Say why a search is not done, and offer to go on with what it has finished."""
    why = t(f"optimum.state.{job.state}", minutes=MINUTES)
    if job.state == "failed":
        st.error(screen.plain(job.message) or why, icon=":material/error:")
    else:
        st.warning(why, icon=":material/pause_circle:")
    told = _read(job, "progress.json")
    if told is None:
        return
    st.caption(t("optimum.kept", runs=told["runs"]))
    if st.button(t("optimum.resume"), key="optimum_resume", icon=":material/resume:"):
        try:
            jobs().go_on(job.number, "--resume")
        except TooManyJobsError:
            background.full()
            return
        st.rerun()


def _read(job: Job, name: str) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((job.folder / OUTPUT / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told


def _progress(job: Job) -> None:
    told = _read(job, "progress.json")
    if told is None:
        st.progress(0.0, t(f"optimum.state.{job.state}"))
    else:
        done = min(told["runs"] / max(told["total"], 1), 1.0)
        st.progress(done, f"{t(f'cli.progress.{told["phase"]}')}: {told['runs']} / {told['total']}")
        if told["gain"] is not None:
            st.markdown(
                t(
                    "optimum.so_far",
                    gain=screen.number(told["gain"], "+n"),
                    error=screen.number(told["error"]),
                )
            )
            _split(told["best"], {})
    if st.button(t("parts.job.cancel"), key="optimum_cancel", icon=":material/stop_circle:"):
        jobs().cancel(job.number)
        st.rerun()


def _split(money: dict[str, float], funded: dict[str, float]) -> None:
    lines = load_ledger().lines
    rows = sorted(money.items(), key=lambda row: -row[1])
    frame = pd.DataFrame(
        {
            t("optimise.column.line"): [str(lines[name].label[language()]) for name, _ in rows],
            t("optimise.column.money"): [screen.number(amount, "m") for _, amount in rows],
            **(
                {t("optimise.column.funded"): [f"{funded.get(name, 0.0):.0%}" for name, _ in rows]}
                if funded
                else {}
            ),
        }
    )
    st.table(frame, hide_index=True)
    behind = [name for line, _ in rows for name in (lines[line].cost, lines[line].reach, lines[line].lead)]
    with st.container(horizontal=True):
        parts.csv_button(frame, "sintrata_optimum", "optimum_split")
        parts.cards_behind("optimum_split", behind)


def _found(job: Job) -> None:
    told = _read(job, "answer.json")
    if told is None:
        st.error(screen.plain(job.message), icon=":material/error:")
        return
    best, *others = told["plans"]
    st.header(
        t("optimise.title.split", total=screen.number(best["total"] / MILLION), year=told["price_year"])
    )
    if not told["feasible"]:
        st.warning(t("optimise.note.infeasible"))
    _split(best["money"], told["funded_share"])
    st.header(t("optimise.title.confirmation", samples=told["samples"]))
    rows = [
        {
            "label": wrapped(_plan_name(plan["name"])),
            "median": plan["beside_best"]["mean"],
            "low": plan["beside_best"]["low"],
            "high": plan["beside_best"]["high"],
        }
        for plan in others
    ]
    frame = pd.DataFrame(rows)
    draw(
        intervals(language(), screen.theme(), SIGNED),
        frame,
        key="optimum_confirmed",
        alt=t("optimise.chart.confirmation"),
    )
    st.caption(t("optimise.chart.confirmation"))
    with st.container(horizontal=True):
        parts.csv_button(frame, "sintrata_optimum_confirmed", "optimum_confirmed")
        parts.opener("optimum_confirmed", *parts.BEHIND["child_months"], *parts.BEHIND["completed"])
    if any(plan["beside_best"]["low"] <= 0.0 for plan in others if plan["name"] in ("equal", "present")):
        st.info(t("optimise.note.unconfirmed"))
    alike = [_plan_name(name) for name in told["alike"] if name.startswith("rival")]
    if alike:
        st.info(t("optimum.alike", names=", ".join(alike)))
    st.caption(t("optimise.note.present"))
    st.caption(t("optimise.note.grades"))
    _take(job)


def _plan_name(name: str) -> str:
    kind, _, rest = name.partition(" ")
    return f"{t(f'optimise.plan.{kind}')} {rest}".strip()


def _take(job: Job) -> None:
    """Offer what was found: as the plan of this session, as a scenario file, as a page."""
    folder = job.folder / OUTPUT
    left, middle, right = st.columns(3)
    left.button(
        t("optimum.open"),
        key="optimum_open",
        on_click=screen.act,
        args=(_open, folder / "optimum.yaml"),
        icon=":material/open_in_new:",
        type="primary",
    )
    for place, name, kind, label in (
        (middle, "optimum.yaml", "application/yaml", t("optimum.scenario")),
        (right, "answer.html", "text/html", t("optimum.page")),
    ):
        path = folder / name
        if path.exists():
            place.download_button(
                label,
                path.read_bytes(),
                name,
                kind,
                key=f"optimum_{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def _open(path: Path) -> None:
    """Make the best split the plan of this session."""
    if path.exists():
        state.take(load_scenario(path).to_mapping())


def _before(told: Comparison) -> None:
    """Show what the money would be added to."""
    st.markdown(f"**{t('optimum.before')}**")
    table = told.tables["country"].sel(scenario=[results.TREND], year=list(period.YEARS))
    total = told.frame(table.sel(indicator=["child_months", "completed"]).sum("year"))
    for place, (_, row) in zip(st.columns(2), total.iterrows(), strict=True):
        place.metric(t(f"indicator.{row['indicator']}"), screen.number(row["median"]), border=True)
        place.caption(screen.between(row))
    screen.footer(told)
    parts.opener("optimum_before", *parts.BEHIND["child_months"], *parts.BEHIND["completed"])
