"""What reads like the tweets that the reader liked last."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.liked import liked
from candidates.living import living
from candidates.ragged_scores import best, combined, kept, without
from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import I64, Ragged, Requests
from data.events import MINUTE_US, NEVER_US
from features.online import FeatureState

INDEX = VectorConfig(kind="ivf_sq", exact_below=4_000, probes=16)
"""Lists are looked into from 4,000 tweets on: sources are to be quick, and what one misses another may bring."""


class Similar(Source):
    """Semantic neighbours: the living tweets whose text embeddings are nearest to those of the reader's last likes.

    score = the largest cosine with any of the last `likes` liked tweets, which are left out themselves. The index is
    filled from the feature state: new tweets before each search, dead ones leave at the first request of every
    fifteen minutes. Without text understanding nothing is brought.
    """

    reads = frozenset({"user_row", "time_us"})
    tidy_us = 15 * MINUTE_US

    def __init__(
        self, state: FeatureState, cap: int = 100, max_age_h: float = 48.0, *, likes: int = 5,
        index: VectorConfig = INDEX,
    ) -> None:  # fmt: skip
        """Brings at most `cap` tweets younger than `max_age_h` hours, so many being looked at for each liked one."""
        self.state, self.cap, self.max_age_h, self.likes = state, cap, max_age_h, likes
        self.index = VectorIndex(max(state.texts.dim, 1), index)
        self._next, self._tidied = 0, -NEVER_US

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, nearest first."""
        time_us = requests.columns["time_us"]
        rows = liked(self.state, requests.columns["user_row"], self.likes)
        embedding = self.state.texts.embedding
        if not len(requests) or not embedding.shape[1]:
            return Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
        asked = (rows >= 0) & embedding[rows].any(axis=2)
        if not asked.any():
            return Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
        self._follow(max(int(time_us.max()), self.state.time_us))
        wanted = self.cap + self.likes  # the liked ones are found, too
        keys, cosine = self.index.search(np.ascontiguousarray(embedding[rows[asked]]), wanted)
        owner = np.repeat(np.nonzero(asked)[0], wanted)
        near = Ragged.from_lengths(np.bincount(owner, minlength=len(requests)), keys.ravel())
        found, scores = kept(near, cosine.ravel().astype(np.float64), near.values >= 0)
        found, scores = combined(*without(found, scores, rows), largest=True)
        alive = living(self.state.network, found.values, time_us[found.owner], self.max_age_h)
        return best(*kept(found, scores, alive), self.cap)

    def _follow(self, time_us: int) -> None:
        network, embedding = self.state.network, self.state.texts.embedding
        alive: I64 | None = None
        if time_us - self._tidied > self.tidy_us:
            alive = network.alive(time_us, self.max_age_h)
            dead = self.index.keys[~np.isin(self.index.keys, alive)]
            if len(dead):
                self.index.remove(dead)
            self._tidied = time_us
        elif self._next < len(network.tweets):
            alive = network.alive(time_us, self.max_age_h)
            alive = alive[np.searchsorted(alive, self._next) :]
        if alive is not None:
            new = alive[~self.index.has(alive) & embedding[alive].any(axis=1)]
            if len(new):
                self.index.add(new, np.ascontiguousarray(embedding[new]))
            self._next = len(network.tweets)
