"""Links that hold a plan and what stands beside it: what differs from the base, packed into the address."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LONGEST: Final = 8 * 1024
"""Characters of a link."""

LARGEST: Final = 64 * 1024
"""Bytes of what a link holds, unpacked."""

VERSION: Final = 1
HORIZON: Final = "h"
PLAN: Final = "p"
RIVALS: Final = "r"


class BadLinkError(ValueError):
    """A link that holds no plan."""


@dataclass(frozen=True)
class Held:
    """What a link holds.

    Attributes
    ----------
    plan : in the shape of a scenario file
    horizon : last month, such as ``2030-12``
    rivals : what stands beside the plan: names of the library, or mappings with ``name`` and ``mapping``
    """

    plan: Mapping[str, Any]
    horizon: str
    rivals: Sequence[str | Mapping[str, Any]] = ()


def pack(held: Held) -> str:
    """Return the text of a link.

    Raises
    ------
    BadLinkError
        If it is too much for a link.
    """
    tree = {"v": VERSION, HORIZON: held.horizon, PLAN: dict(held.plan)}
    if held.rivals:
        tree[RIVALS] = list(held.rivals)
    raw = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")
    if len(raw) > LARGEST or len(text) > LONGEST:
        raise BadLinkError
    return text


def unpack(text: str) -> Held:
    """Return what a link holds; whether its scenarios can be used is for their schema to say.

    Raises
    ------
    BadLinkError
        If the text is too long, unpacks to too much, or is not what ``pack`` writes.
    """
    if len(text) > LONGEST:
        raise BadLinkError
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opener = zlib.decompressobj()
        raw = opener.decompress(packed, LARGEST)
        if opener.unconsumed_tail or not opener.eof:
            raise BadLinkError
        tree = json.loads(raw)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise BadLinkError from None
    if not isinstance(tree, dict) or tree.get("v") != VERSION:
        raise BadLinkError
    plan, horizon, rivals = tree.get(PLAN), tree.get(HORIZON), tree.get(RIVALS, [])
    if not isinstance(plan, dict) or not isinstance(horizon, str) or not _are_rivals(rivals):
        raise BadLinkError
    return Held(plan, horizon, rivals)


def _are_rivals(told: object) -> bool:
    return isinstance(told, list) and all(
        isinstance(one, str)
        or (
            isinstance(one, dict)
            and set(one) == {"name", "mapping"}
            and isinstance(one["name"], str)
            and isinstance(one["mapping"], dict)
        )
        for one in told
    )
