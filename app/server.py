"""Starts the web server, with the settings that the pages count on."""

from __future__ import annotations

import importlib
import json
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from app import opening
from app.engine import Settings

ENTRY: Final = Path(__file__).with_name("main.py")

LIGHT: Final = {
    "primaryColor": "#0b5c8a",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f2f5f7",
    "textColor": "#14181f",
    "linkColor": "#0b5c8a",
    "borderColor": "#c9d2d9",
}
DARK: Final = {
    "primaryColor": "#7cc4ee",
    "backgroundColor": "#11161c",
    "secondaryBackgroundColor": "#1b232c",
    "textColor": "#eef2f5",
    "linkColor": "#8fd0f5",
    "borderColor": "#3b4855",
}

CONFIG: Final[dict[str, Any]] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "server.headless": True,
    "server.showEmailPrompt": False,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.maxUploadSize": 8,
    "server.enableXsrfProtection": True,
    "logger.hideWelcomeMessage": True,
    "runner.magicEnabled": False,
    # What is chosen is chosen again in another language: meant so, though the widget has a default, too.
    "global.disableWidgetStateDuplicationWarning": True,
    "theme.font": "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "theme.headingFont": "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "theme.codeFont": "ui-monospace, Consolas, monospace",
    "theme.baseRadius": "0.5rem",
    "theme.headingFontSizes": ["2rem", "1.5rem", "1.2rem", "1.05rem", "1rem", "0.9rem"],
    "theme.metricValueFontSize": "1.7rem",
    "theme.paddingTop": "3.5rem",
    "theme.showWidgetBorder": True,
    **{f"theme.light.{name}": value for name, value in LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in DARK.items()},
}


STOP: Final = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings, *, port: int, address: str) -> None:
    """Serve the pages until the process is told to stop.

    Parameters
    ----------
    settings : of the live engine
    port, address : where to listen
    """
    import streamlit as st  # noqa: PLC0415  (slow, and of no use to help texts)
    from streamlit import file_util  # noqa: PLC0415

    os.environ["SINTRATA_APP"] = json.dumps(asdict(settings))
    options = {**CONFIG, "server.port": port, "server.address": address}
    # The first trend runs begin while the first page is still on its way.
    from app.engine import engine  # noqa: PLC0415

    engine()
    # So that the first page does not wait for what pages are made of; the workers load the country meanwhile.
    menu, screen = importlib.import_module("app.menu"), importlib.import_module("app.screen")
    first = opening.routes(Path(file_util.get_static_dir()), menu.PAGES, screen.LANGUAGES)
    for told in STOP:
        signal.signal(told, _end)
    st.App(ENTRY, routes=first).run(config=options)


def _end(_number: int, _frame: object) -> None:
    """End the process as if it had come to its end: the server has closed what it holds and is told again."""
    # Whoever asks twice has been heard.
    for told in STOP:
        signal.signal(told, signal.SIG_IGN)
    raise SystemExit(0)
