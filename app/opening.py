"""The document that a browser opens first: in the reader's language, and it says where the server is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from simulator.texts import t

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

FIRST: Final = "home"
"""Page whose address is that of the server alone."""

LOST: Final = "lost"
"""Parameter of the address of somebody who asked for a page that is not there."""

WHERE: Final = """<script>
  window.__streamlit = {{BACKEND_BASE_URL: location.origin + location.pathname.replace({last}, "/")}}
</script>"""
"""Without it the client looks for its server below the page's own address first, where nothing is. It is the
browser that puts the address together: only it knows what stands before it behind a proxy."""

HOME, PAGE = "/\\/*$/", "/\\/[^\\/]*\\/*$/"
"""What comes after the address of the server in that of the first page, and of any other."""


def document(html: str, lang: str, last: str) -> str:
    """Return the framework's document, with language, name, and where the server is.

    Parameters
    ----------
    html : of the framework
    last : expression for the part of the address that names the page
    """
    html = html.replace('<html lang="en">', f'<html lang="{lang}">', 1)
    html = html.replace("<title>Streamlit</title>", f"<title>{escape(t('app.title', lang))}</title>", 1)
    return html.replace("<head>", f"<head>{WHERE.format(last=last)}", 1)


def routes(static: Path, pages: Iterable[str], languages: dict[str, str]) -> list[Route]:
    """Return what answers a browser that opens an address of ours.

    Parameters
    ----------
    static : folder of the framework's document and what goes with it
    pages : addresses; languages : code by what the selector shows; the parameter ``lang`` says either
    """
    from starlette.responses import FileResponse, HTMLResponse, RedirectResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    html = (static / "index.html").read_text(encoding="utf-8")
    beside = {path.name for path in static.iterdir() if path.is_file()} - {"index.html"}
    known = frozenset(pages) - {FIRST}
    names = {code: name for name, code in languages.items()}

    def told(request: Request, last: str) -> Response:
        asked = request.query_params
        if (code := asked.get("lang", "")) in names:
            # Links say the code; the framework knows an option by what it shows.
            return RedirectResponse(f"?{urlencode({**asked, 'lang': names[code]})}")
        lang = languages.get(code, "es")
        return HTMLResponse(document(html, lang, last), headers={"Cache-Control": "no-cache"})

    def home(request: Request) -> Response:
        return told(request, HOME)

    def page(request: Request) -> Response:
        name = request.path_params["name"]
        if name in beside:
            return FileResponse(static / name)
        if name in known:
            return told(request, PAGE)
        return first(request, "./", is_lost=name != FIRST)

    def first(request: Request, up: str, *, is_lost: bool) -> Response:
        asked = request.query_params.multi_items() + [(LOST, "1")] * is_lost
        return RedirectResponse(f"{up}?{urlencode(asked)}")

    def below(request: Request) -> Response:
        return first(request, "../" * (1 + request.path_params["rest"].count("/")), is_lost=True)

    return [
        Route("/", home),
        Route("/{name:str}", page),
        *(Route(f"/{name}/{{rest:path}}", below) for name in pages),
    ]
