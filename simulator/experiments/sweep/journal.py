"""A journal: what the finished runs of a batch gave, written at once, so that little is lost with a process.

Records follow one another; each tells its length and a checksum. One that a killed process or a full disk has
left unfinished is not read, nor anything after it.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

HEAD: Final = struct.Struct("<4sII")
MARK: Final = b"run\n"


@dataclass(frozen=True)
class Pair:
    """What all scenarios of one draw and replicate gave.

    Attributes
    ----------
    draw, replicate : which
    status : [scenario] of ``store.STATUS``
    reasons : why a scenario has no values, by its number
    hashes : of each scenario's run
    seconds : processor time of the whole pair
    outputs : by name [scenario, place dimensions..., year]
    """

    draw: int
    replicate: int
    status: tuple[int, ...]
    reasons: dict[int, str]
    hashes: tuple[str, ...]
    seconds: float
    outputs: dict[str, NDArray[np.float64]]


def append(path: Path, pair: Pair) -> None:
    """Write one record at the end of a journal."""
    body = io.BytesIO()
    about = {
        "pair": [pair.draw, pair.replicate],
        "status": pair.status,
        "reasons": pair.reasons,
        "hashes": pair.hashes,
        "seconds": pair.seconds,
    }
    np.savez(body, about=np.array(json.dumps(about)), **pair.outputs)  # type: ignore[arg-type]
    content = body.getvalue()
    with path.open("ab") as file:
        file.write(HEAD.pack(MARK, len(content), zlib.crc32(content)) + content)


def read(path: Path) -> Iterator[Pair]:
    """Yield the records of a journal up to the first that is not whole."""
    with path.open("rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            mark, length, checksum = HEAD.unpack(head)
            content = file.read(length) if mark == MARK else b""
            if len(content) != length or zlib.crc32(content) != checksum:
                return
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                outputs = {name: stored[name] for name in stored.files if name != "about"}
                about = json.loads(str(stored["about"]))
            yield Pair(
                draw=about["pair"][0],
                replicate=about["pair"][1],
                status=tuple(about["status"]),
                reasons={int(k): reason for k, reason in about["reasons"].items()},
                hashes=tuple(about["hashes"]),
                seconds=about["seconds"],
                outputs=outputs,
            )
