"""Links hold a plan, are limited, and refuse whatever is not theirs."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.links import LARGEST, LONGEST, BadLinkError, Held, pack, unpack

texts = some.text(max_size=30)
plans = some.dictionaries(
    texts, some.one_of(texts, some.integers(-1000, 1000), some.lists(texts, max_size=4)), max_size=6
)


def link_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")


@settings(deadline=None)
@given(
    plan=plans,
    horizon=texts,
    rivals=some.lists(texts | some.fixed_dictionaries({"name": texts, "mapping": plans}), max_size=3),
)
def test_what_is_packed_is_unpacked(
    plan: dict[str, object], horizon: str, rivals: list[str | dict[str, object]]
) -> None:
    held = Held(plan, horizon, rivals)
    assert unpack(pack(held)) == held


def test_three_changes_make_a_short_link() -> None:
    rows = [{"use": u, "start": "2027-01", "ramp_months": 12, "amount": 0.5} for u in ("a", "b", "c")]
    assert len(pack(Held({"schema": 1, "base": "baseline", "interventions": rows}, "2030-12"))) < 300


@settings(deadline=None)
@given(text=some.text(max_size=200))
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(BadLinkError):
        unpack(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"null",
        b"{}",
        json.dumps({"v": 2, "h": "2030-12", "p": {}}).encode(),
        json.dumps({"v": 1, "h": 3, "p": {}}).encode(),
        json.dumps({"v": 1, "h": "2030-12", "p": []}).encode(),
        json.dumps({"v": 1, "h": "2030-12", "p": {}, "r": "plan_1"}).encode(),
        json.dumps({"v": 1, "h": "2030-12", "p": {}, "r": [7]}).encode(),
        json.dumps({"v": 1, "h": "2030-12", "p": {}, "r": [{"name": {}, "mapping": {}}]}).encode(),
        json.dumps({"v": 1, "h": "2030-12", "p": {}, "r": [{"name": "plan_1"}]}).encode(),
        b"[" * 20000,
    ],
)
def test_other_content_is_refused(raw: bytes) -> None:
    with pytest.raises(BadLinkError):
        unpack(link_of(raw))


def test_a_link_that_unpacks_to_too_much_is_refused_without_unpacking_it() -> None:
    bomb = link_of(b" " * (LARGEST * 1000))
    with pytest.raises(BadLinkError):
        unpack(bomb)


def test_too_long_a_text_and_too_large_a_plan_are_refused() -> None:
    with pytest.raises(BadLinkError):
        unpack("A" * (LONGEST + 1))
    with pytest.raises(BadLinkError):
        pack(Held({"x": "y" * (LARGEST + 1)}, "2030-12"))
