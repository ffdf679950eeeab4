"""Keyed draws: every random number is a function of who draws, what for, when, and the seed.

Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), as published with its
known-answer vectors. The counter is (identity, index, month, stream); the key is a hash of seed and
replicate. There is no generator state: nothing to save, share or advance, and no draw moves another.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compile import inline, kernel, unroll
from simulator.engine.types import U32, Floats, Integers, Key, Words

MONTH_OFFSET: Final = 4096
"""Added to the month in the counter, so that months before 2012 stay non-negative."""

# Streams: one number per decision, written once, never reused. Strips of the thinning process add 0..15.
STREAM_POINTS: Final = 0x100
STREAM_HISTORY: Final = 0x120
STREAM_ENTRY: Final = 0x140
STREAM_SIBLING: Final = 0x141
STREAM_MONTH: Final = 0x142
STREAM_REFERRAL: Final = 0x145
STREAM_REFERRED: Final = 0x146
STREAM_DECISION: Final = 0x147
STREAM_MEASURE: Final = 0x148
STREAM_LOTTERY: Final = 0x149
STREAM_REFUSAL: Final = 0x14A
STREAM_PLAN: Final = 0x14D
STREAM_REGISTER: Final = 0x14E
STREAM_CASE: Final = 0x14F
STREAM_ADULT_CASES: Final = 0x150
STREAM_ADULT_REGISTERS: Final = 0x151
STREAM_NETWORK: Final = 0x152

# The four words of STREAM_MONTH, one call per child and month on the active list; states exclude each other.
WORD_LEAVE: Final = 0  # escape while exploited; planned discharge; end of family care; end of follow-up
WORD_SECOND: Final = 1  # death while exploited; premature discharge; completion of follow-up
WORD_THIRD: Final = 2  # identification while exploited; absconding
WORD_RETURN: Final = 3  # return to exploitation

# Building the population has streams of its own, and a key that no scenario or seed changes.
STREAM_FAMILY: Final = 0x200
STREAM_CHILD: Final = 0x201
STREAM_DEPARTURE: Final = 0x202
STREAM_PARENT: Final = 0x203
STREAM_ARRIVAL: Final = 0x204
STREAM_ARRIVAL_FAMILY: Final = 0x205
# Sampling the parameters.
STREAM_DESIGN: Final = 0x300

_M0: Final = np.uint64(0xD2511F53)
_M1: Final = np.uint64(0xCD9E8D57)
_W0: Final = np.uint32(0x9E3779B9)
_W1: Final = np.uint32(0xBB67AE85)
_32: Final = np.uint64(32)

TWO32: Final = 4294967296.0


@unroll
def philox(
    c0: Any,
    c1: Any,
    c2: Any,
    c3: Any,
    k0: Any,
    k1: Any,
) -> tuple[Any, Any, Any, Any]:
    """Return the four 32-bit words of Philox4x32-10."""
    x0, x1, x2, x3 = np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)
    a, b = np.uint32(k0), np.uint32(k1)
    for _ in range(10):
        p0 = np.uint64(x0) * _M0
        p1 = np.uint64(x2) * _M1
        y0 = np.uint32(p1 >> _32) ^ x1 ^ a
        y2 = np.uint32(p0 >> _32) ^ x3 ^ b
        x0, x1, x2, x3 = y0, np.uint32(p1), y2, np.uint32(p0)
        a = np.uint32(a + _W0)
        b = np.uint32(b + _W1)
    return x0, x1, x2, x3


@inline
def unit(
    word: Any,
) -> float:
    """Return a word as a number in the open interval (0, 1)."""
    return (np.float64(word) + 0.5) / TWO32


@inline
def draw(
    identity: Any,
    month: int,
    stream: int,
    key: Key,
) -> tuple[float, float, float, float]:
    """Return four uniforms in (0, 1) for one identity, month and stream."""
    w0, w1, w2, w3 = philox(identity, 0, month + MONTH_OFFSET, stream, key[0], key[1])
    return unit(w0), unit(w1), unit(w2), unit(w3)


def make_key(seed: int, replicate: int) -> NDArray[np.uint32]:
    """Return the two key words of a seed and a replicate, [2] uint32."""
    digest = hashlib.sha256(f"sintrata:{seed}:{replicate}".encode()).digest()
    return np.frombuffer(digest[:8], dtype="<u4").astype(np.uint32)


@kernel
def words_of(
    identities: U32,
    month: int,
    stream: int,
    key: Key,
    out: Words,
) -> None:
    """Fill ``out`` [4, n] with the words of many identities at once.

    ``identities`` is a contiguous [n] uint32: the loop then runs in vector registers, eight times as fast as
    one call per child.
    """
    k0, k1 = np.uint32(key[0]), np.uint32(key[1])
    c2, c3 = np.uint32(month + MONTH_OFFSET), np.uint32(stream)
    zero = np.uint32(0)
    for i in range(identities.size):
        w0, w1, w2, w3 = philox(identities[i], zero, c2, c3, k0, k1)
        out[0, i] = w0
        out[1, i] = w1
        out[2, i] = w2
        out[3, i] = w3


@kernel
def draws_of(
    identities: Integers,
    month: int,
    stream: int,
    key: Key,
) -> Floats:
    """Return [n, 4] uniforms, one row per identity: the batch form for institutions and designs."""
    out = np.empty((identities.size, 4))
    for i in range(identities.size):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = draw(identities[i], month, stream, key)
    return out
