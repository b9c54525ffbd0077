"""The vectors of recent tweets under one retrieval model, in an index that follows the feature state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import F32, I64, CandidateBatch, Ragged, Requests
from data.errors import ModelError
from features.online import FeatureState

_CHUNK = 8192
"""Tweets whose columns are in memory at once."""

_OF_USERS = ("user.", "user_")
_OF_PAIRS = ("pair.",)


class RetrievalModel(Protocol):
    """A model with a tower for users and one for tweets: `ranking.scorer.Retriever` that says what it reads."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of both towers."""
        ...

    @property
    def dim(self) -> int:
        """D, the length of the vectors."""
        ...

    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, D] of the batch's requests."""
        ...

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, D] of the candidates."""
        ...


class TweetVectors:
    """Tweet rows to vectors. Call `refresh` now and then (counts have grown), `follow` whenever tweets arrived."""

    def __init__(
        self, model: RetrievalModel, *, max_age_h: float = 48.0, version: str = "", config: VectorConfig | None = None
    ) -> None:
        """An empty index for the tweets younger than `max_age_h` hours.

        Args:
            model: makes the vectors.
            max_age_h: hours that a tweet is held.
            version: of the model; an index that another one filled is refused.
            config: which index holds them; an exact one when None.

        Raises:
            ModelError: the model reads columns of user and tweet together, which no index can hold.
        """
        pairs = [name for name in model.reads if name.startswith(_OF_PAIRS)]
        if pairs:
            raise ModelError(f"a retrieval model reads {pairs[0]!r}", remedy="leave columns of pairs to rankers")
        self.model, self.max_age_h = model, max_age_h
        self.user_reads = tuple(name for name in model.reads if name.startswith(_OF_USERS))
        self.tweet_reads = tuple(name for name in model.reads if not name.startswith(_OF_USERS))
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
        parts: Sequence[F32] = [
            self.model.tweet_vectors(state.lookup(of_no_user(state, rows[at : at + _CHUNK], time_us), self.tweet_reads))
            for at in range(0, len(rows), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.model.dim), np.float32)


def of_no_user(state: FeatureState, rows: I64, time_us: int) -> CandidateBatch:
    """Tweets as candidates of a request without a user, to look up columns of tweets and authors alone."""
    columns = {
        "user_id": np.array([-1]), "user_row": np.array([-1]), "time_us": np.array([time_us], np.int64),
    }  # fmt: skip
    return state.base(Requests(columns), Ragged(np.array([0, len(rows)], np.int64), rows))
