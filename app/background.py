"""Work behind a page: one job of a session for each place on a page, how far it is, what it has written."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from app import screen
from app.jobs import OUTPUT, Job, TooManyJobsError, jobs
from simulator.texts import language, t


def job_of(key: str) -> Job | None:
    """Return the job that a session has begun under a key, ``None`` if there is none."""
    number = st.session_state.get(key, "")
    return jobs().get(number) if number else None


def is_over(job: Job) -> bool:
    """Return whether there is nothing left to wait for."""
    return job.state not in {"waiting", "running"}


def is_busy(key: str) -> bool:
    """Return whether the job under a key is still under way."""
    job = job_of(key)
    return job is not None and not is_over(job)


def subject_of(key: str) -> object:
    """Return what the job under a key is of, as ``begin`` was told."""
    return st.session_state.get(f"{key}_of")


def begin(
    key: str, words: Sequence[str], files: Mapping[str, str] | None = None, *, of: object = None
) -> None:
    """Start a job and remember it in place of the one before, which ends; if too many wait, say so.

    Parameters
    ----------
    words : of the command; ``{out}`` stands for the folder of results
    files : texts that the command reads, by name
    of : what the job is of, for pages that may have gone on to something else when it is done
    """
    try:
        job = jobs().start(words, files or {}, language())
    except TooManyJobsError:
        full()
        return
    jobs().cancel(st.session_state.get(key, ""))
    st.session_state[key], st.session_state[f"{key}_of"] = job.number, of
    st.rerun()


def full() -> None:
    """Say that too many jobs wait."""
    st.warning(t("parts.job.many"), icon=":material/hourglass_disabled:")


def progress(key: str, take: str = "") -> None:
    """Show how far a job is, with a way to end it; when it is done, offer files; when it failed, say why.

    Parameters
    ----------
    take : pattern of names of the files to offer, several in one archive; none without it
    """
    job = job_of(key)
    if job is not None:
        follow(job, lambda: _show(job, take, key))


def follow(job: Job, show: Callable[[], None], every: str = "1s") -> None:
    """Show a job again and again until it is over; then the rest of the page, which waits for it, too."""
    was_over = is_over(job)

    @st.fragment(run_every=None if was_over else every)
    def part() -> None:
        screen.speak()
        jobs().get(job.number)
        if is_over(job) and not was_over:
            st.rerun()
        show()

    part()


def _show(job: Job, take: str, key: str) -> None:
    if job.state == "done":
        seconds = f"{job.ended - job.begun:,.0f}"
        st.success(t("parts.job.done", seconds=seconds), icon=":material/check:")
        if take:
            _offer(job, take, key)
    elif job.state in {"failed", "late"}:
        st.error(t("parts.job.failed"), icon=":material/error:")
        if job.message:
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


def _offer(job: Job, take: str, key: str) -> None:
    files = [path for path in job.files if path.match(take)]
    if not files:
        return
    alone = files[0] if len(files) == 1 else None
    top = files[0].relative_to(job.folder / OUTPUT).parts[0]
    name = alone.name if alone else f"{Path(top).stem}.zip"
    st.download_button(
        t("parts.job.take", file=name),
        data=alone.read_bytes if alone else lambda: _archive(job.folder / OUTPUT, files),
        file_name=name,
        icon=":material/download:",
        key=f"{key}_take",
        on_click="ignore",
        type="primary",
    )


def _archive(root: Path, files: Sequence[Path]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(root).as_posix())
    return out.getvalue()
