"""When tweets existed, so that a negative is a tweet that its reader could have seen at that time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64, Mask
from data.events import HOUR_US


@dataclass(frozen=True)
class Lifetimes:
    """When tweets can be shown, by tweet code; a tweet is alive at t where posted < t < gone."""

    posted_us: I64
    """[T]."""
    gone_us: I64
    """[T] deleted, or too old."""

    def alive(self, tweets: I64, time_us: I64) -> Mask:
        """[n, H] whether tweets [n, H] are alive at `time_us` [n]."""
        at = time_us[:, None]
        there: Mask = (self.posted_us[tweets] < at) & (at < self.gone_us[tweets])
        return there


def draw_alive(time_us: I64, tweet_time_us: I64, gone_us: I64, alive_h: float, seed: int) -> tuple[I64, F64]:
    """One tweet for each time [M], uniform among those alive then, and how many were alive.

    `tweet_time_us` [T] ascends; `gone_us` [T] says when a tweet was deleted. A tweet drawn after its deletion is
    drawn again, at most 20 times. Where none was posted in the last `alive_h` hours the one posted last is taken.
    """
    rng = np.random.default_rng([seed, 7])
    high = np.maximum(np.searchsorted(tweet_time_us, time_us, "left"), 1)
    low = np.minimum(np.searchsorted(tweet_time_us, time_us - int(alive_h * HOUR_US), "right"), high - 1)
    drawn = low + (rng.random(len(time_us)) * (high - low)).astype(np.int64)
    for _ in range(20):
        again = np.flatnonzero(gone_us[drawn] <= time_us)
        if not len(again):
            break
        drawn[again] = low[again] + (rng.random(len(again)) * (high - low)[again]).astype(np.int64)
    return drawn, (high - low).astype(np.float64)


def time_blocks(time_us: I64, of: I64, batch_size: int) -> list[I64]:
    """Positives `of` in blocks of neighbouring time, sizes as equal as possible and at most `batch_size`."""
    if not len(of):
        return []
    ordered = of[np.argsort(time_us[of], kind="stable")]
    return [np.asarray(part, np.int64) for part in np.array_split(ordered, -(-len(of) // batch_size))]
