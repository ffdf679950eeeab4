"""Open a page as a reader would, without a browser."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from simulator.texts import set_language

ENTRY = Path(__file__).parents[2] / "app" / "main.py"
NAMES = {"es": "Español", "en": "English"}


def open_page(name: str, lang: str, **parameters: str) -> AppTest:
    """Return a page that has been drawn once.

    Parameters
    ----------
    name : address of the page; parameters : of the link
    """
    # What a selector shows is worked out in the thread of the test, too.
    set_language(lang)
    at = AppTest.from_file(str(ENTRY), default_timeout=120.0)
    at.query_params["lang"] = NAMES[lang]
    for key, value in parameters.items():
        at.query_params[key] = value
    return show(at, name)


def show(at: AppTest, name: str) -> AppTest:
    """Go to another page of the same session."""
    # Pages are functions, which ``AppTest.switch_page`` does not know; this is how the server names them.
    at._page_hash = calc_hash("" if name == "home" else name)
    return at.run()
