"""Keyed draws against the published vectors, and what they must be independent of."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from simulator.engine import draws
from simulator.engine.states import LAST_MONTH, month_index, month_name

ALL = 0xFFFFFFFF
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
KNOWN = {
    (0, 0, 0, 0, 0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (ALL, ALL, ALL, ALL, ALL, ALL): (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    PI: (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
}
"""Known-answer vectors of philox4x32-10, as published with Random123 (counter, then key)."""


@pytest.mark.parametrize("counter", KNOWN)
def test_published_vectors(counter: tuple[int, ...]) -> None:
    words = draws.philox(*(np.uint32(word) for word in counter))
    assert tuple(int(word) for word in words) == KNOWN[counter]


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    key = draws.make_key(7, 3)
    rows = np.array([0, 5, 2**32 - 1, 123456], np.uint32)
    out = np.empty((4, rows.size), np.uint32)
    draws.words_of(rows, -17, 0x142, key, out)
    for i, row in enumerate(rows):
        alone = draws.philox(row, 0, -17 + draws.MONTH_OFFSET, 0x142, key[0], key[1])
        assert tuple(out[:, i].tolist()) == tuple(int(word) for word in alone)
    four = draws.draws_of(rows.astype(np.int64), -17, 0x142, key)
    np.testing.assert_allclose(four.T, (out + 0.5) / 2**32, rtol=0, atol=0)


def test_uniforms_lie_inside_and_are_uniform() -> None:
    u = draws.draws_of(np.arange(100_000), 1, 2, draws.make_key(0, 0))
    assert u.min() > 0.0
    assert u.max() < 1.0
    counts = np.stack([np.histogram(column, bins=20, range=(0, 1))[0] for column in u.T])
    chi2 = ((counts - 5000.0) ** 2 / 5000.0).sum(axis=1)
    # 99.999 % point of chi-square with 19 degrees of freedom; four words: false alarm 4 in 100,000.
    assert chi2.max() < 58.0


def test_keys_depend_on_seed_and_replicate_alone() -> None:
    keys = {tuple(draws.make_key(seed, replicate).tolist()) for seed in range(30) for replicate in range(30)}
    assert len(keys) == 900


def test_stream_numbers_are_never_reused() -> None:
    text = Path(draws.__file__).read_text(encoding="utf-8")
    numbers = [int(n, 16) for n in re.findall(r"^STREAM_\w+: Final = (0x[0-9A-Fa-f]+)", text, re.MULTILINE)]
    strips = {start + 16 * path + strip for start in numbers[:2] for path in range(2) for strip in range(16)}
    assert len(numbers) == len(set(numbers))
    assert not strips & set(numbers[2:])
    assert len(strips) == 64


@pytest.mark.parametrize(("text", "month"), [("2012-01", 0), ("2017-01", 60), ("2050-12", LAST_MONTH)])
def test_months(text: str, month: int) -> None:
    assert month_index(text) == month
    assert month_name(month) == text


@pytest.mark.parametrize("text", ["2027-13", "27-01", "2027-1", "2027-00", "x"])
def test_no_month(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        month_index(text)
