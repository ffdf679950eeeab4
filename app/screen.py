"""What pages share: the language of a session, live figures, numbers in words, footers, downloads."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from math import floor, isnan, log10
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from app import results, state
from app.engine import engine
from app.results import Comparison
from simulator import __version__, load_ledger
from simulator.exports.vega import months
from simulator.faults import Fault
from simulator.outcomes.counted import ENOUGH
from simulator.policy.national import HORIZON
from simulator.tables import two_figures
from simulator.texts import language, set_language, t

LANGUAGES: Final = {"Español": "es", "English": "en"}
"""What the selector shows, the same in both languages, and the code of each."""

CHOSEN: Final = "lang"
GLANCE_S: Final = 6.0
"""Seconds that a page waits for its first answer before it shows that it is still at work."""

SLICE_S: Final = 0.25
"""Seconds of that wait in one piece."""

SOON, LATER = 1.0, 2.0
"""Seconds between two looks, before the first answer and after it."""

WORTH: Final = 2
"""By how much the runs must have grown before a page is drawn again: to draw costs more than a run."""

KNOWN_UNTIL: Final = "2025-12"
MOST_FAULTS: Final = 10
GRADES: Final = ("A", "B", "C", "D")
PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
"""All that can mean something in Markdown, where a backslash before it takes the meaning away."""

ADDRESS: Final = re.compile(r"(?<=:)(?=\S)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)
PARTED: Final = "\u2060"
"""Where addresses begin, and what is put there: a mark that nobody sees."""


def speak() -> str:
    """Set the language of this session for this thread, and return it."""
    chosen = LANGUAGES.get(st.session_state.get(CHOSEN, ""), "es")
    set_language(chosen)
    return chosen


def theme() -> str:
    """Return ``light`` or ``dark``, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def act(what: Callable[..., Any], *words: Any) -> None:
    """Do something in answer to a click, in the language of the session; callbacks run before the page."""
    speak()
    what(*words)


# Live figures.


def live(
    body: Callable[[Comparison], None], look: Callable[[], Comparison] = results.seen, wait: str = ""
) -> None:
    """Draw a part of a page from runs, and draw it again as further runs arrive.

    Parameters
    ----------
    body : draws the part; is only called once there is at least one run
    look : what is looked at
    wait : what is said until the first answer, where it takes longer than elsewhere
    """
    # The slot is there even if nothing is waited for: what follows keeps its place, and its charts.
    now = _glance(look, st.empty())
    state.keep_drawn(now.draws)

    @st.fragment
    def part() -> None:
        speak()
        told = look()
        if _hashes(told) != _hashes(now):
            # Something in this part has changed the plan: the rest of the page shows it too.
            st.rerun()
        state.keep_drawn(told.draws)
        if told.failed:
            failure(told)
        elif not told.draws:
            st.info(wait or t("app.state.first"), icon=":material/hourglass_top:")
            st.skeleton(height=220)
        else:
            badge(told)
            guarded(body, told)

    part()
    if not (now.is_complete or now.failed):
        _follow(look, SOON if not now.draws else LATER)


def _hashes(told: Comparison) -> list[str]:
    return [one.hash for one in told.scenarios]


def _glance(look: Callable[[], Comparison], slot: Any) -> Comparison:
    """Wait a little for the first answer; another move of a lever ends the wait."""
    end = time.monotonic() + GLANCE_S
    while not ((now := look()).draws or now.failed) and time.monotonic() < end:
        # What is sent here also lets Streamlit take in what the reader does meanwhile.
        slot.skeleton(height=220)
        engine().pause(SLICE_S)
    slot.empty()
    return now


def _follow(look: Callable[[], Comparison], every: float) -> None:
    """Look for further runs, and draw the page again when there are enough to be worth it."""

    @st.fragment(run_every=every)
    def part() -> None:
        told = look()
        if told.failed or told.is_complete or told.draws >= max(1, WORTH * state.drawn()):
            st.rerun()

    part()


def guarded(what: Callable[..., Any], *words: Any) -> None:
    """Draw something; a defect of ours becomes a message with a way on, and a line in the log."""
    try:
        what(*words)
    except Exception:
        number_of_fault = f"{time.time_ns() // 1_000_000 % 10**8:08d}"
        logging.getLogger("sintrata").exception("page fault %s", number_of_fault)
        st.error(t("app.state.broken", number=number_of_fault), icon=":material/error:")
        st.button(t("app.state.undo"), key=f"retreat_{number_of_fault}", on_click=act, args=(state.undo,))


def badge(told: Comparison) -> None:
    """Say how many runs the figures rest on."""
    if told.is_complete:
        st.badge(t("app.state.complete", draws=runs(told.draws)), icon=":material/check:", color="green")
    else:
        text = t("app.state.preview", draws=told.draws, total=told.total)
        st.badge(text, icon=":material/pending:", color="orange")
    if told.draws < ENOUGH:
        st.caption(t("app.state.one") if told.draws == 1 else t("app.state.few", draws=told.draws))


def failure(told: Comparison) -> None:
    """Say that a run failed, and offer a way on."""
    st.error(t(f"app.state.failed.{told.failed}", run=run_id(told)), icon=":material/error:")
    left, right = st.columns(2)
    if left.button(t("app.state.retry"), key="retry"):
        for one in told.scenarios:
            engine().retry(one, told.until)
        st.rerun()
    right.button(t("app.state.undo"), key="retreat", on_click=act, args=(state.undo,))


# Words of others.


def plain(text: object) -> str:
    """Return words of an author, of a file or a link, as Markdown that shows them as they are.

    Nothing of theirs is fetched or leads elsewhere: no image, no link, no address that becomes one.
    """
    # Pages make links of addresses, and signs of names between colons, after escapes have been undone.
    parted = ADDRESS.sub(PARTED, " ".join(str(text).split()))
    return PUNCTUATION.sub(r"\\\g<0>", parted)


def bare(markdown: str) -> str:
    """Return Markdown of ours as plain text: words of authors as they were, lines after one another."""
    text = markdown.replace("**", "").replace("  \n", "; ").replace(PARTED, "")
    return re.sub(rf"\\({PUNCTUATION.pattern})", r"\1", text)


# Numbers.


def number(value: float, form: str = "n") -> str:
    """Return a number as Peru writes it.

    Parameters
    ----------
    form : ``n`` two significant digits, whole children; ``+n`` with its sign; ``%`` share; ``+%`` difference
        of shares, in points; ``.%`` share in two significant digits, however small; ``m`` millions of soles
        in two significant digits, ``+m`` with their sign; ``s`` two significant digits, with decimals if it
        takes them; ``.2`` two decimals
    """
    if isnan(value):
        return t("app.nothing")
    kind = form.removeprefix("+")
    if kind == "%":
        text = _minus(f"{100 * value:.0f}")
    elif kind in SCALES:
        text = _digits(value * SCALES[kind])
    elif kind == ".2":
        text = _minus(f"{value:,.2f}")
    else:
        text = two_figures(value)
    if form.startswith("+") and not text.startswith("-") and text.strip("0."):
        text = f"+{text}"
    return t("app.points", value=text) if form == "+%" else f"{text}%" if kind in ("%", ".%") else text


SCALES: Final = {"m": 1e-6, ".%": 100.0, "s": 1.0}
"""Forms of two significant digits, and what their numbers are multiplied by."""


def two_digits(value: float) -> float:
    """Return a number rounded to two significant digits."""
    return float(f"{value:.2g}")


MOST_DECIMALS: Final = 3


def _digits(value: float) -> str:
    """Return a number in two significant digits, with as many decimals as they take."""
    rounded = two_digits(value)
    decimals = 1 - floor(log10(abs(rounded))) if rounded else 0
    return _minus(f"{rounded:,.{min(max(decimals, 0), MOST_DECIMALS)}f}")


def _minus(text: str) -> str:
    return "0" if text in ("-0", "-0.0", "-0.00", "-0.000", "0.000") else text


def between(row: Any, form: str = "n", *, brief: bool = False) -> str:
    """Return the interval of a row with ``low``, ``high`` and ``runs`` in words.

    Parameters
    ----------
    brief : leave out what the interval is, where it is said once for several of them
    """
    if isnan(row["low"]):
        return t("app.one_run")
    ends = {"low": number(row["low"], form), "high": number(row["high"], form)}
    if brief:
        return t("app.between_brief", **ends)
    runs = int(row["runs"])
    return t("app.between", **ends) if runs >= ENOUGH else t("app.between_few", **ends, runs=runs)


def link(**words: str) -> str:
    """Return the address of the page that is shown, with some parameters, in the language in force."""
    address = (st.context.url or "").partition("?")[0]
    return f"{address}?{urlencode({CHOSEN: language(), **words})}"


# What stands below every figure.


def run_id(told: Comparison) -> str:
    """Return a short name of what was run, the same whenever the same is run."""
    words = [__version__, load_ledger().hash, *(one.hash for one in told.scenarios)]
    words += [str(told.until), str(told.seed), str(told.draws)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:10]


def footer(told: Comparison, *sources: str) -> None:
    """Say below a figure what it rests on."""
    st.caption(said(told, *sources))


def said(told: Comparison, *sources: str) -> str:
    """Return what figures rest on: sources, data, model, run, draws, seed."""
    return t(
        "app.footer",
        source="; ".join((t("app.source"), *sources)),
        data=f"{known_until()} ({load_ledger().hash[:8]})",
        version=__version__,
        run=run_id(told),
        draws=runs(told.draws),
        seed=told.seed,
    )


def runs(count: int) -> str:
    """Return a number of paired runs in words."""
    return t("app.run") if count == 1 else t("app.runs", count=count)


def known_until() -> str:
    """Return the last month of which the data tell, in words."""
    year, month = KNOWN_UNTIL.split("-")
    return t("app.month_of", month=months(language())[int(month) - 1], year=year)


def registered_notice() -> None:
    """Say that registered cases are not prevalence; stands wherever they appear."""
    st.info(t("app.registered"), icon=":material/info:")


def faults(found: Sequence[Fault]) -> None:
    """Show what is wrong with what somebody has put in: the first faults, and how many more there are."""
    if len(found) > MOST_FAULTS:
        st.warning(t("app.more_faults", shown=MOST_FAULTS, count=len(found)))
    for one in found[:MOST_FAULTS]:
        said = {t("fault.found"): one.found, t("fault.allowed"): one.allowed, t("fault.do"): one.do}
        # What was found is quoted, and what is allowed and what to do may quote it.
        rows = (f"{name[:1].upper()}{name[1:]}: {plain(text)}" for name, text in said.items())
        st.error("  \n".join((f"**{plain(one.where)}**", *rows)))


def page_footer() -> None:
    """Say at the end of every page what it is not for, where help is, and how good the parameters are."""
    grades = [parameter.quality for parameter in load_ledger().parameters.values()]
    counts = " · ".join(f"{grade} {grades.count(grade)}" for grade in GRADES)
    st.divider()
    st.caption(t("app.limits"))
    st.caption(t("app.help"))
    st.caption(t("app.grades", counts=counts))


def files(told: Comparison) -> dict[str, str]:
    """Return by what commands know each scenario: the library's trend by its name, any other by its file."""
    # Under assumptions of its own the trend is not the one of the library.
    is_known = told.scenarios[0].hash == state.prepared(results.TREND).hash
    return {name: name if name == results.TREND and is_known else f"{name}.yaml" for name in told.names}


def commands(told: Comparison) -> dict[str, str]:
    """Return the commands that print the same numbers, by what they print: of ``takeaway.command``.

    ``compare`` prints the change in the year of the cards, and money; ``score`` the expected achievements.
    """
    names = " ".join(files(told).values())
    until = state.month_text(told.until)
    same = f"{names} --until {until} --draws {told.total} --seed {told.seed} --lang {language()}"
    return {
        "compare": f"sintrata compare {same} --year {min(HORIZON, told.years[-1])}",
        "score": f"sintrata score {same}",
    }


CODE: Final = """import simulator
from simulator.outcomes.indicators import yearly

if __name__ == "__main__":
    result = simulator.compare({names}, until="{until}", draws={draws}, seed={seed})
    cards = yearly(result)[{figures}].sel(year={year}, replicate=0)
    print(cards.quantile([0.05, 0.5, 0.95], "draw").to_dataframe())"""


def code(told: Comparison, figures: Sequence[str], year: int) -> str:
    """Return Python that prints figures of a year, those of the cards.

    Parameters
    ----------
    figures : names of indicators
    """
    return CODE.format(
        names=json.dumps(list(files(told).values())),
        until=state.month_text(told.until),
        draws=told.total,
        seed=told.seed,
        figures=json.dumps(list(figures)),
        year=year,
    )
