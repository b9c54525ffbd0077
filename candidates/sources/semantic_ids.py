"""Tweets whose semantic ids begin like those of what the reader liked."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.liked import liked
from candidates.postings import Postings
from candidates.ragged_scores import best, combined, without
from candidates.residual_codes import LEVELS, ResidualCodes
from data.batch import F64, I64, Ragged, Requests
from features.online import FeatureState

FITTED = 1 << 14
"""Tweets that the codes are fitted on; while there are fewer, the largest power of two of them."""

_LEVEL_WEIGHT: F64 = np.array([32.0**level for level in range(LEVELS)])
"""More than all likes together can add at shorter prefixes."""

MOST_LIKES = 30


class SemanticIds(Source):
    """Living tweets that share a prefix of their semantic id with a tweet that the reader liked lately.

    A semantic id is the code of the text embedding, coarse to fine (`candidates.residual_codes`). Longest shared
    prefix first, then by how many of the last `likes` liked tweets share it and its beginnings, then the newest; the
    liked ones are left out. Codes are fitted on the first tweets of the state, and again each time that those have
    doubled, up to 16,384; so they depend on nothing but the state and `seed`, and new tweets get theirs at the next
    request. Without text understanding nothing is brought.

    Source: Rajput et al., "Recommender systems with generative retrieval", NeurIPS 2023.
    """

    reads = frozenset({"user_row", "time_us"})

    def __init__(
        self, state: FeatureState, cap: int = 100, max_age_h: float = 48.0, *, likes: int = 10, seed: int = 1
    ) -> None:
        """Brings at most `cap` tweets younger than `max_age_h` hours; `likes` at most 30."""
        self.state, self.cap, self.likes, self.seed = state, cap, min(likes, MOST_LIKES), seed
        self._posted = Postings(state.network, self._keys, max_age_h)
        self._codes: ResidualCodes | None = None
        self._fitted = 0

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, longest shared prefix first."""
        time_us = requests.columns["time_us"]
        codes = self._fit() if len(requests) else None
        if codes is None:
            return Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
        self._posted.follow(int(time_us.min()))
        rows = liked(self.state, requests.columns["user_row"], self.likes)
        keys = np.where(rows.ravel()[:, None] >= 0, self._keys(rows.ravel()), -1).ravel()
        wide = self.likes * LEVELS
        posts = self._posted.newest(keys, np.repeat(time_us, wide), self.cap)
        weights = np.repeat(np.tile(_LEVEL_WEIGHT, rows.size), posts.lengths)
        found = Ragged(posts.offsets[::wide], posts.values)
        return best(*combined(*without(found, weights, rows)), self.cap)

    def _fit(self) -> ResidualCodes | None:
        """The codes for what is known; None without tweets that have words."""
        embedding = self.state.texts.embedding
        known = min(len(embedding), FITTED) if embedding.shape[1] else 0
        due = 1 << (known.bit_length() - 1) if known else 0
        if due != self._fitted:
            vectors = embedding[:due]
            vectors = vectors[vectors.any(axis=1)]
            self._codes = ResidualCodes.fit(vectors, seed=self.seed) if len(vectors) else None
            self._fitted = due
            self._posted = Postings(self._posted.network, self._keys, self._posted.max_age_h)
        return self._codes

    def _keys(self, rows: I64) -> I64:
        """[N, LEVELS] the list of each prefix of each tweet; -1 for a tweet without words."""
        vectors = self.state.texts.embedding[rows]
        if self._codes is None:
            return np.full((len(rows), LEVELS), -1, np.int64)
        keys = self._codes.prefixes(vectors)
        keys[np.abs(vectors).max(axis=1, initial=0) == 0] = -1
        return keys
