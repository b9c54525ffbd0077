"""The vectors of recent tweets under one retrieval model, in an index that follows the feature state."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import F32, I64, Ragged, Requests
from data.errors import ModelError
from features.online import FeatureState
from ranking.tower_vectors import RetrievalModel, TowerVectors, encoded_tweets, is_of_user

_OF_PAIRS = ("pair.",)


class TweetVectors:
    """Tweet rows to vectors. Call `refresh` now and then (counts have grown), `follow` whenever tweets arrived."""

    def __init__(
        self,
        model: RetrievalModel,
        *,
        max_age_h: float = 48.0,
        version: str = "",
        config: VectorConfig | None = None,
        kept: TowerVectors | None = None,
    ) -> None:
        """An empty index for the tweets younger than `max_age_h` hours.

        Args:
            model: makes the vectors.
            max_age_h: hours that a tweet is held.
            version: of the model; an index that another one filled is refused.
            config: which index holds them; an exact one when None.
            kept: the model's vectors by row, which the ranker uses as well; None makes each when it is asked for.

        Raises:
            ModelError: the model reads columns of user and tweet together, which no index can hold.
        """
        pairs = [name for name in model.reads if name.startswith(_OF_PAIRS)]
        if pairs:
            raise ModelError(f"a retrieval model reads {pairs[0]!r}", remedy="leave columns of pairs to rankers")
        self.model, self.max_age_h, self._kept = model, max_age_h, kept
        self.user_reads = tuple(name for name in model.reads if is_of_user(name))
        self.tweet_reads = tuple(name for name in model.reads if not is_of_user(name))
        self.index = VectorIndex(model.dim, config, version=version)

    def __len__(self) -> int:
        return len(self.index)

    def refresh(self, state: FeatureState, time_us: int) -> None:
        """Computes the vectors of all living tweets again, with their features as of `time_us`."""
        rows = state.network.alive(time_us, self.max_age_h)
        self.index.rebuild(rows, self._compute(state, rows, time_us))

    def follow(self, state: FeatureState, time_us: int) -> int:
        """Adds living tweets that are new and removes those that died; the others keep their vectors.

        Returns:
            How many were added.
        """
        rows = state.network.alive(time_us, self.max_age_h)
        dead = self.index.keys[~np.isin(self.index.keys, rows)]
        if len(dead):
            self.index.remove(dead)
        new = rows[~self.index.has(rows)]
        if len(new):
            self.index.add(new, self._compute(state, new, time_us))
        return len(new)

    def users(self, state: FeatureState, requests: Requests) -> F32:
        """[B, D] the vectors of the requests' users, with their features at the requests' times."""
        if self._kept is not None:
            return self._kept.readers(requests)
        empty = np.empty(0, np.int64)
        batch = state.base(requests, Ragged(np.zeros(len(requests) + 1, np.int64), empty))
        return self.model.user_vectors(state.lookup(batch, self.user_reads))

    def of(self, rows: I64) -> F32:
        """[N, D] the vectors of tweet rows; zeros for a tweet that the index does not hold."""
        return self.index.vectors(rows)

    def save(self, folder: Path) -> None:
        """Writes the index; rows are those of the state it followed, so save both together."""
        self.index.save(folder)

    def load(self, folder: Path) -> None:
        """Takes what `save` wrote.

        Raises:
            ModelError: the vectors there are of another version of the model, or of another length than this one's.
        """
        index = VectorIndex.load(folder, version=self.index.version)
        if index.dim != self.model.dim:
            raise ModelError(
                f"{folder} holds vectors of length {index.dim}, the model makes {self.model.dim}", remedy="refresh"
            )
        self.index = index

    def _compute(self, state: FeatureState, rows: I64, time_us: int) -> F32:
        if self._kept is not None:
            return self._kept.tweets(rows, np.array([0, len(rows)], np.int64), np.array([time_us], np.int64))
        return encoded_tweets(state, self.model, self.tweet_reads, rows, time_us)
