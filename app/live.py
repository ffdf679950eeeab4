"""A worker of the live engine: a process that holds the trend run and answers with yearly tables.

``python -m app.live`` reads one order a line from standard input and writes frames to standard output: a
line of JSON that says what follows, then as many bytes as it names (an archive of NumPy arrays; nothing in it
is code). The process ends when its input ends.

Orders
------
``{"do": "run", "id": 7, "scenario": {...}, "name": "plan", "draw": 0, "until": 227, "threads": 2}``
``{"do": "cancel", "id": 7}``
``{"do": "warm", "draw": 0, "until": 227}``: make the trend run of a draw next; orders are answered meanwhile

Frames
------
``{"is": "ready"}``: a trend run that was to be made is there
``{"is": "unready", "until": 227, "message": "..."}``: it cannot be made
``{"is": "told", "id": 7, "dims": {...}, "coords": {...}, "size": 218000}``, then the tables
``{"is": "cancelled", "id": 7}``, ``{"is": "failed", "id": 7, "message": "..."}``

Each also says which trend runs the worker holds by then, ``"ready": [[227, 0], ...]``: last month and draw.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np
import xarray as xr

from app.reduced import NOT_NEEDED, reduce
from simulator import Forks, Scenario


class CancelledError(Exception):
    """Nobody waits for this run any more."""


def pack(tables: xr.Dataset) -> tuple[dict[str, Any], bytes]:
    """Return the head and the bytes of a frame of tables."""
    body = io.BytesIO()
    np.savez(body, **{str(name): array.values for name, array in tables.data_vars.items()})  # type: ignore[arg-type]
    data = body.getvalue()
    head = {
        "dims": {str(name): list(array.dims) for name, array in tables.data_vars.items()},
        "coords": {str(name): tables[name].values.tolist() for name in tables.indexes},
        "size": len(data),
    }
    return head, data


def unpack(head: Mapping[str, Any], data: bytes) -> xr.Dataset:
    """Return the tables of a frame; inverse of ``pack``."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return xr.Dataset(
            {name: (dims, file[name]) for name, dims in head["dims"].items()}, coords=head["coords"]
        )


def frames(out: IO[bytes]) -> Iterator[tuple[dict[str, Any], xr.Dataset | None]]:
    """Give heads and tables of a worker's frames until it ends; what it was in the middle of is left out."""
    while (line := out.readline()).endswith(b"\n"):
        head = json.loads(line)
        data = out.read(head.get("size", 0))
        if len(data) < head.get("size", 0):
            return
        yield head, unpack(head, data) if data else None


class Worker:
    """Takes orders one at a time; between them makes the trend runs of its draws.

    An order for a draw that is ready does not wait for the trend run of another: it is answered in between.

    Parameters
    ----------
    forks : runs
    out : where frames go
    warm : (draw, until) of the trend runs to make while nothing else is asked for
    """

    def __init__(self, forks: Forks, out: IO[bytes], warm: Sequence[tuple[int, int]] = ()) -> None:
        self.forks, self._out = forks, out
        self._warm = deque(warm)
        self._orders: deque[dict[str, Any]] = deque()
        self._cancelled: set[int] = set()
        self._there = threading.Condition()
        self._ended = False

    def listen(self, lines: IO[str]) -> None:
        """Take in orders until the input ends; runs in a thread of its own."""
        for line in lines:
            order = json.loads(line)
            with self._there:
                if order["do"] == "cancel":
                    self._cancelled.add(order["id"])
                elif order["do"] == "warm":
                    self._warm.appendleft((order["draw"], order["until"]))
                else:
                    self._orders.append(order)
                self._there.notify()
        with self._there:
            self._ended = True
            self._there.notify()

    def work(self) -> None:
        """Answer orders until the input ends."""
        while True:
            with self._there:
                while not (self._orders or self._ended or self._warm):
                    self._there.wait()
                if self._ended:
                    return
                order = self._orders.popleft() if self._orders else None
            if order is not None:
                self._answer(order)
            else:
                draw, until = self._warm.popleft()
                self._make_ready(draw, until)

    def _make_ready(self, draw: int, until: int) -> None:
        try:
            self.forks.hold(draw, until, progress=self._in_between)
        except Exception as error:  # whatever it was, the page must hear of it
            self._write({"is": "unready", "until": until, "message": _told(error)})
        else:
            self._write({"is": "ready"})

    def _in_between(self, _done: int, _total: int) -> None:
        """Answer orders that need not wait for the trend run that is being made."""
        while True:
            with self._there:
                if not self._orders or not self.forks.holds(
                    self._orders[0]["draw"], self._orders[0]["until"]
                ):
                    return
                order = self._orders.popleft()
            self._answer(order)

    def _answer(self, order: Mapping[str, Any]) -> None:
        number = order["id"]

        def watch(_done: int, _total: int) -> None:
            if number in self._cancelled or self._ended:
                raise CancelledError

        try:
            watch(0, 0)
            scenario = Scenario.from_mapping(order["scenario"], name=order["name"])
            result = self.forks.run(
                scenario,
                order["draw"],
                order["until"],
                threads=order["threads"],
                progress=watch,
                without=NOT_NEEDED,
            )
            watch(0, 0)
            head, data = pack(reduce(result).squeeze(("scenario", "draw", "replicate"), drop=True))
        except CancelledError:
            self._write({"is": "cancelled", "id": number})
        except Exception as error:  # whatever it was, the page must hear of it
            self._write({"is": "failed", "id": number, "message": _told(error)})
        else:
            self._write({"is": "told", "id": number, **head}, data)
        self._cancelled.discard(number)

    def _write(self, head: Mapping[str, Any], data: bytes = b"") -> None:
        whole = {**head, "ready": self.forks.held}
        self._out.write(json.dumps(whole, ensure_ascii=True).encode() + b"\n" + data)
        self._out.flush()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one worker: every ``of``-th draw, from its number on, is made ready while nobody asks."""
    parser = argparse.ArgumentParser(prog="python -m app.live")
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--of", type=int, default=1)
    parser.add_argument("--until", type=int, required=True)
    parser.add_argument("--most", type=int, default=24)
    asked = parser.parse_args(argv)
    # Frames have standard output for themselves: whatever a library prints goes to standard error.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    forks = Forks(draws=asked.draws, seed=asked.seed, scale=asked.scale, most=asked.most)
    warm = [(draw, asked.until) for draw in range(asked.number, asked.draws, asked.of)]
    worker = Worker(forks, out, warm)
    threading.Thread(target=worker.listen, args=(sys.stdin,), daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
