"""Counter-based random streams: Philox4x64-10, vectorised, keyed by purpose and entities.

A draw is a pure function of (seed, purpose, entities), so it depends neither on the order in which draws are made nor
on how work is cut into chunks, and two runs that differ elsewhere share their luck. The key of the generator is
(seed, hash of the purpose); the counter is (block, a, b, c) with up to three entities, for instance user, tweet and
exposure. NumPy's `Philox(counter=(0, a, b, c), key=...)` gives the same words one key at a time.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.kernel import inline_kernel, kernel

U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

_M0 = np.uint64(0xD2E7470EE14C6C93)
_M1 = np.uint64(0xCA5A826395121157)
_W0 = np.uint64(0x9E3779B97F4A7C15)
_W1 = np.uint64(0xBB67AE8584CAA73B)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_SHIFT = np.uint64(11)
_UNIT = 2.0**-53


@inline_kernel
def _high(a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """High 64 bits of the 128-bit product of two uint64."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a1 * b0 + ((a0 * b0) >> _HALF)
    other = a0 * b1 + (middle & _LOW)
    return a1 * b1 + (middle >> _HALF) + (other >> _HALF)


@kernel
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Four uint64 words for the counter (c0, c1, c2, c3) and the key (k0, k1), all uint64. Callable from Numba."""
    for _ in range(10):
        h0, l0 = _high(_M0, c0), _M0 * c0
        h1, l1 = _high(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0
        k0 += _W0
        k1 += _W1
    return c0, c1, c2, c3


@inline_kernel
def unit(word):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A float64 in [0, 1) from the upper 53 bits of a word, as NumPy makes it."""
    return (word >> _SHIFT) * _UNIT


@kernel
def _fill(a, b, c, k0, k1, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(out.shape[0]):
        for block in range((out.shape[1] + 3) // 4):
            words = philox(np.uint64(block + 1), a[i], b[i], c[i], k0, k1)
            for j in range(4):
                if 4 * block + j < out.shape[1]:
                    out[i, 4 * block + j] = words[j]


@dataclass(frozen=True)
class Stream:
    """All draws of one purpose under one seed."""

    seed: int
    """Any integer from 0 to 2^64 - 1."""
    purpose: str
    """What the draws are for; another purpose is another, independent stream."""

    @property
    def key(self) -> U64:
        """[2] the Philox key."""
        digest = hashlib.blake2b(self.purpose.encode(), digest_size=8).digest()
        return np.array([self.seed, int.from_bytes(digest, "little")], np.uint64)

    def words(self, a: ArrayLike, b: ArrayLike = 0, c: ArrayLike = 0, *, n: int = 4) -> U64:
        """[N, n] words for N entities (a, b, c), integers that broadcast against each other."""
        parts: Any = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x)).astype(np.uint64) for x in (a, b, c)))
        out = np.empty((len(parts[0]), n), np.uint64)
        k0, k1 = self.key
        first, second, third = (np.ascontiguousarray(x) for x in parts)
        _fill(first, second, third, k0, k1, out)
        return out

    def uniform(self, a: ArrayLike, b: ArrayLike = 0, c: ArrayLike = 0, *, n: int = 1) -> F64:
        """[N, n] numbers in [0, 1)."""
        return (self.words(a, b, c, n=n) >> _SHIFT).astype(np.float64) * _UNIT

    def normal(self, a: ArrayLike, b: ArrayLike = 0, c: ArrayLike = 0, *, n: int = 1) -> F64:
        """[N, n] standard normal numbers (Box-Muller; two words a number)."""
        u = self.uniform(a, b, c, n=2 * n)
        radius = np.sqrt(-2.0 * np.log1p(-u[:, :n]))
        out: F64 = radius * np.cos(2.0 * np.pi * u[:, n:])
        return out

    def generator(self, a: int = 0, b: int = 0, c: int = 0) -> np.random.Generator:
        """NumPy's generator at the start of one entity's stream, for set-up work that is drawn once in one place."""
        counter = np.array([0, a, b, c], np.uint64)
        return np.random.Generator(np.random.Philox(counter=counter, key=self.key))
