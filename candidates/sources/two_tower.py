"""The tweets nearest to the reader's vector."""

from __future__ import annotations

from candidates.component import Source
from candidates.nearest import nearest_living
from candidates.tweet_vectors import TweetVectors
from data.batch import Ragged, Requests
from features.online import FeatureState


class TwoTower(Source):
    """Retrieval by a two-tower model: an exact search among the living tweets of the index."""

    reads = frozenset({"user_row", "time_us"})

    def __init__(self, state: FeatureState, vectors: TweetVectors, cap: int = 300) -> None:
        """Brings at most `cap` tweets of `vectors`; the readers' features come from `state`."""
        self.state, self.vectors, self.cap = state, vectors, cap

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, nearest first."""
        users, vectors = self.vectors.users(self.state, requests), self.vectors
        time_us = requests.columns["time_us"]
        return nearest_living(vectors.index, self.state.network, users, time_us, self.cap, vectors.max_age_h)[0]
