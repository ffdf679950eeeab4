"""What a reader takes away: brief, workbook, data, scenario file, link, command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import streamlit as st

from app import background, links, parts, screen, state
from app.results import Comparison
from simulator import Scenario
from simulator.texts import language, set_language, t

KINDS: Final = {
    "brief_html": ("brief", "html"),
    "brief_pdf": ("brief", "pdf"),
    "brief_docx": ("brief", "docx"),
    "workbook": ("workbook", ""),
    "netcdf": ("data", "netcdf"),
    "csv": ("data", "csv"),
}
"""Documents that a job writes: kind and format of ``sintrata export``."""

MOST_RUNS: Final = 24
"""Runs of a document: as many as the pages have by default, so that both say the same."""


def offer(told: Comparison, key: str) -> None:
    """Show everything that can be taken away of a comparison."""
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{t('takeaway.documents')}**")
        _documents(told, key)
    with right:
        st.markdown(f"**{t('takeaway.scenario')}**")
        _scenario(told, key)


def _scenario(told: Comparison, key: str) -> None:
    files = screen.files(told)
    for one in told.scenarios:
        if files[one.name] == one.name:
            continue
        st.download_button(
            t("takeaway.yaml", name=screen.plain(one.label)),
            _as_run(one, told),
            files[one.name],
            "application/yaml",
            key=f"{key}_yaml_{one.name}",
            on_click="ignore",
            icon=":material/description:",
        )
    st.download_button(
        t("takeaway.tables"),
        _tables(told, language()),
        f"sintrata_{screen.run_id(told)}.csv",
        "text/csv",
        key=f"{key}_tidy",
        on_click="ignore",
        icon=":material/table:",
    )
    try:
        packed = links.pack(state.held())
    except links.BadLinkError:
        st.caption(t("takeaway.link_too_long"))
    else:
        st.markdown(t("takeaway.link"))
        st.code(screen.link(s=packed), language=None, wrap_lines=True)
    for what, command in screen.commands(told).items():
        st.markdown(t(f"takeaway.command.{what}"))
        st.code(command, language="bash", wrap_lines=True)
    year = parts.last_year(told)
    st.markdown(t("takeaway.code", year=year))
    st.code(screen.code(told, parts.MAIN, year), language="python", wrap_lines=True)


def _as_run(one: Scenario, told: Comparison) -> Callable[[], bytes]:
    """Return what makes the file of a scenario; it ends when the runs on the page do."""
    return lambda: replace(one, until_ti=told.until).to_yaml().encode()


def _tables(told: Comparison, lang: str) -> Callable[[], bytes]:
    """Return what makes a file of the yearly figures of all scenarios and their differences, one row each."""

    def make() -> bytes:
        set_language(lang)
        values = told.tables["country"]
        level = told.frame(values).assign(kind="value")
        change = told.against(values).assign(kind="difference")
        note = f"# {screen.said(told)}\n"
        rows = [level, change] if len(told.scenarios) > 1 else [level]
        text = note + "".join(_csv(table, header=k == 0) for k, table in enumerate(rows))
        return text.encode("utf-8-sig")

    return make


def _csv(table: object, *, header: bool) -> str:
    return str(table.to_csv(index=False, header=header))  # type: ignore[attr-defined]


def _documents(told: Comparison, key: str) -> None:
    held = f"{key}_job"
    chosen = st.selectbox(
        t("takeaway.kind"), tuple(KINDS), format_func=lambda name: t(f"takeaway.of.{name}"), key=f"{key}_kind"
    )
    job = background.job_of(held)
    busy = background.is_busy(held)
    if st.button(t("takeaway.make"), key=f"{key}_make", icon=":material/edit_document:", disabled=busy):
        files = {_file(one): one.to_yaml() for one in told.scenarios}
        background.begin(held, _words(told, chosen), files, of=_subject(told))
    st.caption(t("takeaway.runs", runs=min(MOST_RUNS, told.total)))
    if job is not None and background.subject_of(held) != _subject(told):
        st.warning(t("takeaway.earlier"), icon=":material/history:")
    background.progress(held, "*")


def _words(told: Comparison, chosen: str) -> list[str]:
    """Return the command that makes a document."""
    kind, form = KINDS[chosen]
    words = ["export", kind, *map(_file, told.scenarios), "--out", "{out}", "--seed", str(told.seed)]
    words += ["--draws", str(min(MOST_RUNS, told.total)), "--until", state.month_text(told.until)]
    return [*words, "--format", form] if form else words


def _file(one: Scenario) -> str:
    return f"{one.name}.yaml"


def _subject(told: Comparison) -> tuple[str, ...]:
    """Return what a document is of, to know it from one of an earlier plan."""
    return (*(one.hash for one in told.scenarios), *map(str, told.names), state.month_text(told.until))
