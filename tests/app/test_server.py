"""The server ends as it is told to, and says nothing of its inner parts."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from streamlit.file_util import get_static_dir

from app import opening
from app.engine import Settings
from app.screen import LANGUAGES
from benchmarks.serving import serving
from simulator.texts import t

ALONE = Settings(draws=1, workers=1, scale=0.02, trends=1)
FIRST = opening.routes(Path(get_static_dir()), ["home", "budget"], LANGUAGES)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not ended by signals there")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_without_a_traceback(tmp_path: Path, told: signal.Signals) -> None:
    said = tmp_path / "said.txt"
    with said.open("wb") as file, serving(ALONE, stderr=file.fileno()) as server:
        process = psutil.Process(server.pid)
        workers = process.children(recursive=True)
        assert workers
        # A terminal interrupts all that it has started; a service manager ends the server alone.
        for one in (process, *(workers if told == signal.SIGINT else ())):
            one.send_signal(told)
        _, alive = psutil.wait_procs(workers, timeout=20.0)
        assert alive == []
    words = said.read_text(encoding="utf-8")
    assert "Traceback" not in words
    assert "Exception in thread" not in words


def answer(path: str, asked: str = "") -> Response:
    """Return what a browser gets from the routes that stand before those of the framework."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": asked.encode(), "headers": []}
    for route in FIRST:
        match, more = route.matches(scope)
        if match is Match.FULL:
            return route.endpoint(Request(scope | more))
    raise LookupError(path)


@pytest.mark.parametrize(("asked", "lang"), [("lang=English", "en"), ("lang=nonsense", "es"), ("", "es")])
@pytest.mark.parametrize("path", ["/", "/budget"])
def test_the_first_document_is_in_the_language_of_the_address_and_names_its_server(
    path: str, asked: str, lang: str
) -> None:
    html = bytes(answer(path, asked).body).decode()
    assert f'<html lang="{lang}">' in html
    assert f"<title>{t('app.title', lang)}</title>" in html
    assert html.index("BACKEND_BASE_URL") < html.index('<script type="module"')


@pytest.mark.parametrize(("code", "name"), [("es", "Espa%C3%B1ol"), ("en", "English")])
@pytest.mark.parametrize("path", ["/", "/budget"])
def test_a_link_may_say_the_code_of_a_language(path: str, code: str, name: str) -> None:
    assert answer(path, f"lang={code}&s=x").headers["location"] == f"?lang={name}&s=x"


def test_an_address_that_is_no_page_leads_to_the_first_one() -> None:
    assert answer("/nothing", "lang=English").headers["location"] == "./?lang=English&lost=1"
    assert answer("/budget/x").headers["location"] == "../?lost=1"
    assert answer("/budget/x/y").headers["location"] == "../../?lost=1"
    assert answer("/home", "lang=English").headers["location"] == "./?lang=English"
    assert answer("/favicon.png").headers["content-type"] == "image/png"
    with pytest.raises(LookupError):
        answer("/_stcore/health")
