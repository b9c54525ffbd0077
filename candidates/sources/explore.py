"""Tweets drawn by chance, each with a known probability: what a log needs to be evaluated for other policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from candidates.component import Source
from candidates.drawn import Drawn
from data.batch import F64, I64, Ragged, Requests, offsets_of
from data.kernel import kernel
from data.rng import Stream
from features.online import FeatureState


class Explore(Source):
    """`cap` tweets drawn without replacement, each equally likely, from all living tweets at the request's time.

    A tweet of a pool of n is drawn with probability cap / n (1 where n <= cap), which goes with it as its propensity.
    The draw is a function of `seed` and the request's id alone: a request that comes again draws the same from the
    same pool, and requests are independent of each other.
    """

    reads = frozenset({"request_id", "time_us"})

    def __init__(self, state: FeatureState, cap: int = 20, max_age_h: float = 48.0, *, seed: int = 1) -> None:
        """Draws from tweets younger than `max_age_h` hours."""
        self.state, self.cap, self.max_age_h = state, cap, max_age_h
        self._stream = Stream(seed, "candidates.explore")

    def fetch(self, requests: Requests) -> Drawn:
        """[B] lists of tweet rows, in the order of the draw, with the probability of each."""
        times, of = np.unique(requests.columns["time_us"], return_inverse=True)
        pools = Ragged.from_lists([self.state.network.alive(time, self.max_age_h) for time in times.tolist()])
        sizes = pools.lengths[of]
        counts = np.minimum(sizes, self.cap)
        out = np.empty(int(counts.sum()), np.int64)
        luck = self._stream.uniform(requests.columns["request_id"], n=self.cap)
        draw(luck, sizes, counts, out)
        rows = pools.values[out + np.repeat(pools.offsets[:-1][of], counts)]
        return Drawn(offsets_of(counts), rows, np.repeat(counts / np.maximum(sizes, 1), counts))


@kernel
def draw(luck: F64, sizes: I64, counts: I64, out: I64) -> Any:
    """Fills `out` with `counts` [B] distinct places below `sizes` [B]; every set of them is equally likely.

    Floyd's algorithm: Bentley and Floyd, "A sample of brilliance", CACM 1987. `luck` [B, cap] are numbers in [0, 1),
    so probabilities are exact up to sizes x 2^-53.
    """
    size = 0
    for b in range(len(sizes)):
        first = size
        for i in range(counts[b]):
            most = sizes[b] - counts[b] + i
            place = min(np.int64(luck[b, i] * (most + 1)), most)
            for at in range(first, size):
                if out[at] == place:
                    place = most
                    break
            out[size] = place
            size += 1
