"""A visitor of the pages without a browser: speaks to the server as the client of Streamlit does.

Twenty browsers beside a server measure browsers. A visitor keeps the elements that the server has sent, sends
what its widgets say, and comes back as often as fragments ask for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

LARGEST_FRAME: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class _Drawn:
    """An element, the run of the script that has drawn it last, and the fragment that it belongs to."""

    element: Any
    run: str
    fragment: str


class Visitor:
    """One session on a page.

    Parameters
    ----------
    host : with port; page : its address; parameters : of the link
    """

    def __init__(self, host: str, page: str, **parameters: str) -> None:
        self._host, self._page, self._query = host, page, urlencode(parameters)
        self._page_hash, self._run = "", ""
        self._moved: dict[str, WidgetState] = {}
        self._asked: set[str] = set()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None
        self._is_drawing = True
        self._waiting: list[tuple[Callable[[Visitor], bool], asyncio.Future[None]]] = []
        self._elements: dict[tuple[int, ...], _Drawn] = {}
        self.errors: list[str] = []

    async def __aenter__(self) -> Visitor:
        url = f"ws://{self._host}/_stcore/stream"
        self._socket = await connect(url, subprotocols=["streamlit"], max_size=LARGEST_FRAME)  # type: ignore[list-item]
        self._reader = asyncio.create_task(self._read())
        await self._ask()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._timers.values(), self._reader):
            if task is not None:
                task.cancel()
        if self._socket is not None:
            await self._socket.close()

    def texts(self) -> list[str]:
        """Return all paragraphs of the page, in order."""
        return [one.body for one in self._of("markdown")]

    def metrics(self) -> list[str]:
        """Return what the cards say, in order."""
        return [one.body for one in self._of("metric")]

    def _of(self, kind: str) -> list[Any]:
        rows = (drawn.element for _, drawn in sorted(self._elements.items(), key=lambda row: row[0]))
        return [getattr(one, kind) for one in rows if one.WhichOneof("type") == kind]

    def slider(self, label: str) -> float:
        """Return where a slider stands."""
        one = self._slider(label)
        return float((one.value if one.set_value else one.default)[0])

    def _slider(self, label: str) -> Any:
        return next(one for one in self._of("slider") if one.label == label)

    async def move(self, label: str, value: float) -> None:
        """Move a slider."""
        state = WidgetState(id=self._slider(label).id)
        state.double_array_value.data.append(value)
        self._moved[state.id] = state
        await self._ask()

    async def until(self, what: Callable[[Visitor], bool], seconds: float) -> float:
        """Wait until the page, drawn to its end, is as asked; return the seconds that it took.

        Raises
        ------
        TimeoutError
            If it is not.
        """
        begun = time.monotonic()
        if not self._is_drawing and what(self):
            return 0.0
        drawn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, drawn))
        async with asyncio.timeout(seconds):
            await drawn
        return time.monotonic() - begun

    async def _ask(self, fragment: str = "") -> None:
        assert self._socket is not None
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name = self._query, self._page
        run.page_script_hash, run.fragment_id = self._page_hash, fragment
        run.is_auto_rerun = bool(fragment)
        run.widget_states.widgets.extend(self._moved.values())
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        assert self._socket is not None
        async for data in self._socket:
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._begin(message)
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "delta":
                self._draw(message)
            elif kind == "auto_rerun":
                self._come_back(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "script_finished":
                self._end(message)

    def _begin(self, message: ForwardMsg) -> None:
        self._is_drawing = True
        self._run = message.metadata.run.script_run_id
        if not message.metadata.run.fragment_ids:
            for task in self._timers.values():
                task.cancel()
            self._timers.clear()
            self._asked.clear()

    def _end(self, message: ForwardMsg) -> None:
        """Take away what the run has not drawn again, and tell whoever waits; one cut short is drawn anew."""
        run = message.metadata.run
        parts = set(run.fragment_ids)
        self._asked.difference_update(parts)
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._elements = {
            path: one
            for path, one in self._elements.items()
            if one.run == run.script_run_id or (parts and one.fragment not in parts)
        }
        self._is_drawing = False
        # Looked at here, before the next message: on a busy server the next run has begun already.
        for what, drawn in self._waiting:
            if not drawn.done() and what(self):
                drawn.set_result(None)
        self._waiting = [one for one in self._waiting if not one[1].done()]

    def _draw(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        self._elements[path] = _Drawn(element, self._run, delta.fragment_id)
        if element.WhichOneof("type") == "exception":
            self.errors.append(element.exception.message)

    def _come_back(self, fragment: str, seconds: float) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                if fragment not in self._asked:
                    self._asked.add(fragment)
                    await self._ask(fragment)

        if (old := self._timers.pop(fragment, None)) is not None:
            old.cancel()
        self._timers[fragment] = asyncio.create_task(again())
