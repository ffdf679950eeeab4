"""The entry of the pages: language, the plan of the session, navigation; each page is a view."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import Final

import streamlit as st

from app import links, opening, screen, state
from app.menu import MENU, PAGES
from simulator.faults import FaultyInput
from simulator.texts import catalogue, t

ICON: Final = Path(__file__).with_name("icon.png")

SCRIPT: Final = Path(__file__).with_name("tables.js")
WORDS: Final = Path(__file__).with_name("words.js")

SPOKEN: Final = "spoken"
"""Language that the page was last drawn in."""

DARK_CHOICES: Final = """
[data-testid=stMultiSelect] span[title], [data-testid^=stBaseButton-primary] {color: #14181f}"""
"""Chosen names and main buttons stand on the light primary colour of the dark theme, where light letters
cannot be read."""

WIDE: Final = """@media (min-width: 768px) {
  [data-testid=stMainBlockContainer] {padding-left: 2.5rem; padding-right: 2.5rem; max-width: 1240px}
}
[data-testid=stMetricLabel] * {white-space: normal; overflow: visible}
[data-testid=stElementContainer]:has(> [data-testid=stHtml] > :is(script, style):only-child) {
  position: absolute
}"""
"""Room for tables and figures beside the side bar; on very wide screens lines do not grow without end. What
a card is called is not cut. What only carries a script or a style takes no room."""

NARROW: Final = """@media (max-width: 640px) {
  [data-testid=stTable] :is(th, td) {padding-left: .25rem; padding-right: .25rem; font-size: .8125rem}
}"""
"""Four columns of a table fit on a phone."""


KEEP: Final = """(() => {{
  const there = new URL(location.href), packed = {packed};
  if (packed) there.searchParams.set("s", packed); else there.searchParams.delete("s");
  if (there.href !== location.href) history.replaceState(history.state, "", there.href);
}})()"""


def main() -> None:
    """Draw the page that is asked for."""
    lang = screen.speak()
    st.set_page_config(page_title=t("app.title"), page_icon=str(ICON), layout="wide")
    state.begin()
    with st.sidebar:
        st.segmented_control(
            t("app.language"),
            list(screen.LANGUAGES),
            default="Español",
            required=True,
            key=screen.CHOSEN,
            bind="query-params",
            persist_state="session",
        )
    lang = screen.speak()
    _say_again(lang)
    _dress(lang)
    screen.guarded(_take_link)
    _take_lost()
    pages = {
        key: st.Page(show, title=t(f"app.page.{key}"), icon=icon, url_path=key, default=key == opening.FIRST)
        for key, (show, icon) in PAGES.items()
    }
    st.session_state["pages"] = pages
    groups = {t(f"app.menu.{name}") if name else "": [pages[key] for key in MENU[name]] for name in MENU}
    chosen = st.navigation(groups, position="top")
    _sidebar()
    if notice := st.session_state.pop(state.NOTICE, ""):
        # The language of the address is known only by now.
        told = t("app.link.bad") if notice == state.BAD_LINK else t("app.lost")
        st.warning(told, icon=":material/link_off:")
    screen.faults(st.session_state[state.FAULTS])
    _keep_in_address()
    screen.guarded(chosen.run)
    screen.page_footer()


def _say_again(lang: str) -> None:
    """Choose again what is chosen when the language is another: a browser keeps words, not options."""
    if st.session_state.get(SPOKEN, lang) != lang:
        for key, value in list(st.session_state.items()):
            if key != screen.CHOSEN and isinstance(value, str | list):
                st.session_state[key] = value
    st.session_state[SPOKEN] = lang


def _dress(lang: str) -> None:
    """Tell the browser which language the page is in, and mend what keyboards and weak eyes stumble over."""
    if lang in screen.LANGUAGES.values():
        st.html(
            f"<script>document.documentElement.lang='{lang}';{_scripts(lang)}</script>",
            unsafe_allow_javascript=True,
        )
    st.html(f"<style>{WIDE}{NARROW}{DARK_CHOICES if screen.theme() == 'dark' else ''}</style>")


@cache
def _scripts(lang: str) -> str:
    """Return what the browser runs once: tables, and words of the framework beside those of a language."""
    english, other = catalogue("en"), catalogue("es")
    pairs = [(english[key], other[key]) for key in english if key.startswith("browser.")]
    tables, words = (path.read_text(encoding="utf-8") for path in (SCRIPT, WORDS))
    return f"{tables};{words.rstrip()}({json.dumps(lang)}, {json.dumps(pairs)});"


def _take_link() -> None:
    """Take the scenarios of a link into a new session, once; nonsense is a message."""
    if st.session_state.get("link_read"):
        return
    st.session_state["link_read"] = True
    text = st.query_params.get("s")
    if not text:
        return
    try:
        held = links.unpack(text)
        state.build(held.plan)
        if not state.can_stand_beside(held.rivals):
            raise links.BadLinkError
    except (links.BadLinkError, FaultyInput):
        st.session_state[state.NOTICE] = state.BAD_LINK
        return
    st.session_state[state.PLAN] = dict(held.plan)
    st.session_state[state.RIVALS] = list(held.rivals)
    if held.horizon in state.HORIZONS:
        st.session_state[state.HORIZON] = held.horizon


def _keep_in_address() -> None:
    """Put what is in hand into the address, so that it is there when the page is loaded again.

    The browser writes it, in place of the address before: each change of a parameter by the server would be
    a step of the history of its own, and the way back to the page before as long as all moves of levers.
    """
    try:
        packed = "" if state.is_fresh() else links.pack(state.held())
    except links.BadLinkError:
        packed = ""
    # What is sent twice the same is not carried out again: a number makes it another.
    script = f"/* {time.monotonic_ns()} */ {KEEP.format(packed=json.dumps(packed))}"
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def _take_lost() -> None:
    """Say so once to somebody who asked for a page that is not there."""
    if st.query_params.pop(opening.LOST, None):
        st.session_state[state.NOTICE] = state.LOST


def _sidebar() -> None:
    """Show the plan that is in hand and what can be done with it."""
    with st.sidebar:
        st.markdown(f"**{t('app.plan')}**  \n{screen.plain(state.scenario().label)}")
        if assumed := sum(len(part) for part in state.assumptions().values()):
            st.caption(t("app.assumed_one") if assumed == 1 else t("app.assumed", count=assumed))
        st.button(
            t("app.undo"),
            icon=":material/undo:",
            disabled=not st.session_state[state.UNDO],
            on_click=screen.act,
            args=(state.undo,),
            width="stretch",
        )
        st.button(
            t("app.fresh"),
            icon=":material/restart_alt:",
            on_click=screen.act,
            args=(state.fresh,),
            width="stretch",
        )
        st.selectbox(
            t("app.horizon"),
            state.HORIZONS,
            format_func=lambda month: t("app.until_year", year=month[:4]),
            key=state.HORIZON,
            persist_state="session",
            help=t("app.horizon_help"),
        )


main()
