"""Links that hold a plan: what differs from its base, packed into the address."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 8 * 1024
"""Characters of a link."""

LARGEST: Final = 64 * 1024
"""Bytes of what a link holds, unpacked."""

VERSION: Final = 1
HORIZON: Final = "h"
PLAN: Final = "p"


class BadLinkError(ValueError):
    """A link that holds no plan."""


def pack(plan: Mapping[str, Any], horizon: str) -> str:
    """Return the text of a link.

    Raises
    ------
    BadLinkError
        If the plan is too large for a link.
    """
    tree = {"v": VERSION, HORIZON: horizon, PLAN: dict(plan)}
    raw = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")
    if len(raw) > LARGEST or len(text) > LONGEST:
        raise BadLinkError
    return text


def unpack(text: str) -> tuple[dict[str, Any], str]:
    """Return plan and horizon of a link; whether the plan can be used is for its schema to say.

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
    plan, horizon = tree.get(PLAN), tree.get(HORIZON)
    if not isinstance(plan, dict) or not isinstance(horizon, str):
        raise BadLinkError
    return plan, horizon
