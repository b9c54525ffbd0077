"""When people are awake, when they open the feed and how far they scroll."""

from __future__ import annotations

import numpy as np
from numba import njit

from data.batch import F64, I64
from data.events import DAY_US
from data.rng import Stream, philox, unit

DIURNAL: F64 = np.array(
    [0.62, 0.36, 0.22, 0.16, 0.15, 0.20, 0.42, 0.80, 1.05, 1.08, 1.06, 1.10,
     1.22, 1.20, 1.12, 1.12, 1.16, 1.26, 1.38, 1.52, 1.64, 1.65, 1.46, 1.05]
)  # fmt: skip
"""[24] activity by local hour, peak to trough 11."""
DIURNAL /= DIURNAL.mean()

_SHORTEST, _TAIL = 6.0, 1.6


def scroll_depth(u: F64, slate: int) -> I64:
    """[N] impressions of a request from uniform numbers: a discrete power law cut off at the slate's length."""
    depth = _SHORTEST * (1.0 - u) ** (-1.0 / _TAIL)
    return np.minimum(depth, float(slate)).astype(np.int64)


def mean_depth(slate: int) -> float:
    """Mean of `scroll_depth`."""
    return float(scroll_depth((np.arange(20_000) + 0.5) / 20_000, slate).mean())


def local_weight(time_us: int, utc_offset_min: I64) -> F64:
    """[P] activity at a moment relative to the day's mean, linear between hours of local time."""
    hour = (time_us % DAY_US) / 3.6e9 + utc_offset_min / 60.0
    return np.interp(hour % 24.0, np.arange(25) + 0.5 - 0.5, np.r_[DIURNAL, DIURNAL[0]])


def openings(seed: int, tick: int, chance: F64) -> tuple[I64, F64, F64]:
    """Who opens the feed in a tick: user rows, when (share of the tick) and the uniform number of the scroll depth."""
    k0, k1 = Stream(seed, "opening").key
    out = np.empty((3, len(chance)))
    n = _openings(chance, np.uint64(tick), k0, k1, out)
    return out[0, :n].astype(np.int64), out[1, :n], out[2, :n]


@njit(cache=True)
def _openings(chance, tick, k0, k1, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = 0
    for u in range(chance.shape[0]):
        words = philox(np.uint64(1), np.uint64(u), tick, np.uint64(0), k0, k1)
        if unit(words[0]) < chance[u]:
            out[0, n], out[1, n], out[2, n] = u, unit(words[1]), unit(words[2])
            n += 1
    return n
