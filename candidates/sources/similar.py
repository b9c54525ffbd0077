"""What reads like the tweets that the reader liked last."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.liked import liked
from candidates.nearest import nearest_living
from candidates.ragged_scores import best, combined, without
from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import Ragged, Requests
from data.events import HOUR_US, MINUTE_US, NEVER_US
from features.online import FeatureState

INDEX = VectorConfig(kind="ivf_sq", exact_below=4_000, probes=16)
"""Lists are looked into from 4,000 tweets on: sources are to be quick, and what one misses another may bring."""


class Similar(Source):
    """Semantic neighbours: the living tweets whose text embeddings are nearest to those of the reader's last likes.

    score = the largest cosine with any of the last `likes` liked tweets, which are left out themselves. The index is
    filled from the feature state before each search, and the dead in it are never found: what is brought depends on
    the state and the request, and not on what was requested before. (Where the index is approximate, what it misses
    depends on when its lists were made.) Without text understanding nothing is brought.
    """

    reads = frozenset({"user_row", "time_us"})
    tidy_us = 15 * MINUTE_US
    """Microseconds after which the dead are removed from the index."""

    def __init__(
        self, state: FeatureState, cap: int = 100, max_age_h: float = 48.0, *, likes: int = 5,
        index: VectorConfig = INDEX,
    ) -> None:  # fmt: skip
        """Brings at most `cap` tweets younger than `max_age_h` hours, so many being looked at for each liked one."""
        self.state, self.cap, self.max_age_h, self.likes = state, cap, max_age_h, likes
        self.index = VectorIndex(max(state.texts.dim, 1), index)
        self._held = (-1, -NEVER_US)
        """After how many changes of the state the index was filled, and from which time on it holds all that lives."""

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
        self._fill(int(time_us.min()))
        owner = np.nonzero(asked)[0]
        queries, wanted = np.ascontiguousarray(embedding[rows[asked]]), self.cap + self.likes  # those liked are found
        near, cosine = nearest_living(
            self.index, self.state.network, queries, time_us[owner], wanted, self.max_age_h
        )  # fmt: skip
        lengths = np.bincount(owner, near.lengths, len(requests)).astype(np.int64)
        found, scores = combined(Ragged.from_lengths(lengths, near.values), cosine, largest=True)
        return best(*without(found, scores, rows), self.cap)

    def _fill(self, first_us: int) -> None:
        """Has the index hold whatever lives at `first_us` or later."""
        network, embedding, (changes, since) = self.state.network, self.state.texts.embedding, self._held
        if changes == self.state.changes and since <= first_us:
            return
        newest = max(first_us, int(network.tweet.time_us.max(initial=first_us)))
        alive = network.alive(newest, self.max_age_h + (newest - first_us + 1) / HOUR_US)
        if not since <= first_us <= since + self.tidy_us:
            self.index.remove(self.index.keys[~np.isin(self.index.keys, alive)])
            since = first_us
        new = alive[~self.index.has(alive) & embedding[alive].any(axis=1)]
        if len(new):
            self.index.add(new, np.ascontiguousarray(embedding[new]))
        self._held = self.state.changes, since
