"""Work behind a page: one job of a session for each place on a page, how far it is, what it has written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from app import screen
from app.jobs import Job, TooManyJobsError, jobs
from simulator.texts import language, t


def job_of(key: str) -> Job | None:
    """Return the job that a session has begun under a key, ``None`` if there is none."""
    number = st.session_state.get(key, "")
    return jobs().get(number) if number else None


def is_over(job: Job) -> bool:
    """Return whether there is nothing left to wait for."""
    return job.state not in {"waiting", "running"}


def begin(key: str, words: Sequence[str], files: Mapping[str, str] | None = None) -> None:
    """Start a job and remember it; if too many wait, say so.

    Parameters
    ----------
    words : of the command; ``{out}`` stands for the folder of results
    files : texts that the command reads, by name
    """
    try:
        st.session_state[key] = jobs().start(words, files or {}, language()).number
    except TooManyJobsError:
        st.warning(t("parts.job.many"), icon=":material/hourglass_disabled:")
    else:
        st.rerun()


def progress(key: str, suffix: str = "") -> None:
    """Show how far a job is, with a way to end it; when it is done, offer files; when it failed, say why.

    Parameters
    ----------
    suffix : of the files to offer; none without it
    """
    job = job_of(key)
    if job is None:
        return
    was_over = is_over(job)

    @st.fragment(run_every=None if was_over else "1s")
    def part() -> None:
        screen.speak()
        jobs().get(job.number)
        if is_over(job) and not was_over:
            # The rest of the page waits for the end too.
            st.rerun()
        _show(job, suffix, key)

    part()


def _show(job: Job, suffix: str, key: str) -> None:
    if job.state == "done":
        seconds = f"{job.ended - job.begun:,.0f}"
        st.success(t("parts.job.done", seconds=seconds), icon=":material/check:")
        for path in (path for path in job.files if suffix and path.name.endswith(suffix)):
            st.download_button(
                t("parts.job.take", file=path.name),
                data=path.read_bytes,
                file_name=path.name,
                icon=":material/download:",
                key=f"{key}_take_{path.name}",
                on_click="ignore",
            )
    elif job.state in {"failed", "late"}:
        st.error(t("parts.job.failed"), icon=":material/error:")
        st.code(job.message, language=None, wrap_lines=True)
    elif job.state == "cancelled":
        st.warning(t("parts.job.cancelled"), icon=":material/cancel:")
    else:
        share = re.findall(r"(\d[\d,]*)/(\d[\d,]*)", job.message)
        done, total = (int(text.replace(",", "")) for text in share[-1]) if share else (0, 0)
        # It may end while it is told how far it is.
        name = "waiting" if job.state == "waiting" else "running"
        waiting = t(f"parts.job.{name}", ahead=jobs().waiting_before(job))
        text = job.message.splitlines()[-1] if share else waiting
        st.progress(min(1.0, done / total) if total else 0.0, text=text)
        if st.button(t("parts.job.cancel"), icon=":material/stop_circle:", key=f"{key}_cancel"):
            jobs().cancel(job.number)
            st.rerun()
