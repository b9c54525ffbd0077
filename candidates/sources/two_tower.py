"""The tweets nearest to the reader's vector."""

from __future__ import annotations

from candidates.component import Source
from candidates.tweet_vectors import TweetVectors
from data.batch import Ragged, Requests
from features.online import FeatureState


class TwoTower(Source):
    """Retrieval by a two-tower model: an exact search of the index of living tweets."""

    reads = frozenset({"user_row", "time_us"})

    def __init__(self, state: FeatureState, vectors: TweetVectors, cap: int = 300) -> None:
        """Brings at most `cap` tweets of `vectors`; the readers' features come from `state`."""
        self.state, self.vectors, self.cap = state, vectors, cap

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, nearest first."""
        rows, _ = self.vectors.search(self.vectors.users(self.state, requests), self.cap)
        found = rows >= 0
        return Ragged.from_lengths(found.sum(axis=1), rows[found])
