"""What a reader takes away: brief, workbook, data, scenario file, link, command."""

from __future__ import annotations

import io
import mimetypes
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from app import links, parts, screen, state
from app.jobs import OUTPUT, Job, TooManyJobsError, jobs
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
            t("takeaway.yaml", name=one.label),
            _as_run(one, told).to_yaml().encode(),
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


def _as_run(one: Scenario, told: Comparison) -> Scenario:
    """Return a scenario that ends when the runs on the page do."""
    return replace(one, until_ti=told.until)


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
    number = st.session_state.get(held, "")
    job = jobs().get(number) if number else None
    busy = job is not None and job.state in {"waiting", "running"}
    if st.button(t("takeaway.make"), key=f"{key}_make", icon=":material/edit_document:", disabled=busy):
        st.session_state[held] = _start(told, chosen)
        st.rerun(scope="fragment")
    st.caption(t("takeaway.runs", runs=min(MOST_RUNS, told.total)))
    if job is not None:
        _watch(job, held, key)


def _start(told: Comparison, chosen: str) -> str:
    kind, form = KINDS[chosen]
    names, inputs = [], {}
    for one in told.scenarios:
        file = f"{one.name}.yaml"
        inputs[file] = one.to_yaml()
        names.append(file)
    words = ["export", kind, *names, "--out", "{out}", "--seed", str(told.seed)]
    words += ["--draws", str(min(MOST_RUNS, told.total)), "--until", state.month_text(told.until)]
    if form:
        words += ["--format", form]
    try:
        return jobs().start(words, inputs, language()).number
    except TooManyJobsError:
        st.warning(t("takeaway.full"))
        return ""


@st.fragment(run_every="1s")
def _watch(job: Job, held: str, key: str) -> None:
    """Show how far a document is; a fragment of its own, so that the page is not drawn again."""
    screen.speak()
    jobs().get(job.number)
    if job.state in {"waiting", "running"}:
        ahead = jobs().waiting_before(job)
        st.status(t(f"takeaway.state.{job.state}", ahead=ahead), state="running")
        if st.button(t("takeaway.cancel"), key=f"{key}_cancel"):
            jobs().cancel(job.number)
    elif job.state == "done" and job.files:
        name, data = _file(job)
        st.download_button(
            t("takeaway.ready", name=name),
            data,
            name,
            mimetypes.guess_type(name)[0] or "application/octet-stream",
            key=f"{held}_download",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
        )
    elif job.state in {"cancelled", "late"}:
        st.caption(t(f"takeaway.state.{job.state}"))
    else:
        st.error(t("takeaway.state.failed", message=job.message))


def _file(job: Job) -> tuple[str, bytes]:
    """Return the file of a job; several go into one archive."""
    files = job.files
    if len(files) == 1:
        return files[0].name, files[0].read_bytes()
    out = io.BytesIO()
    root = job.folder / OUTPUT
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(root).as_posix())
    top = {path.relative_to(root).parts[0] for path in files}
    return f"{Path(sorted(top)[0]).stem}.zip", out.getvalue()
