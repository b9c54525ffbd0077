"""The vector that says how alike two candidates are."""

from __future__ import annotations

from collections.abc import Mapping

from candidates.component import Hydrator
from candidates.tweet_vectors import TweetVectors
from data.batch import Array, CandidateBatch
from features.online import FeatureState

ITEM_VECTOR = "item_vector"
"""The column that selectors read."""


class RetrievalVectors(Hydrator):
    """The item tower's vectors as the index holds them; zeros for a tweet that it does not hold."""

    reads = frozenset({"tweet_row"})
    writes = frozenset({ITEM_VECTOR})

    def __init__(self, vectors: TweetVectors) -> None:
        """Takes them from `vectors`."""
        self.vectors = vectors

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N, D] float32."""
        return {ITEM_VECTOR: self.vectors.of(batch.columns["tweet_row"])}


class TextVectors(Hydrator):
    """The embeddings of the tweets' texts; `[N, 0]` where nothing understands text."""

    reads = frozenset({"tweet_row"})
    writes = frozenset({ITEM_VECTOR})

    def __init__(self, state: FeatureState) -> None:
        """Looks them up in `state`."""
        self.state = state

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N, D] float32."""
        return {ITEM_VECTOR: self.state.texts.embedding[batch.columns["tweet_row"]]}
