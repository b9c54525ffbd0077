"""What text understanding made of each tweet, by tweet row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from data.batch import F32, Array
from data.events import EventBatch
from features.state.columns import Columns, Spec
from features.text.fields import TOPICS

if TYPE_CHECKING:
    from features.text.understanding import Understanding


class TextColumns(Columns):
    """Topics of each tweet, best first, -1 for none, and its sentiment from -1 to 1."""

    topics: Array
    sentiment: F32
    SPEC: ClassVar[Spec] = {"topics": (np.int16, -1, TOPICS), "sentiment": (np.float32, 0.0, 0)}


class Texts:
    """Topics, sentiment and embedding of the tweets known now. Without understanding all are empty."""

    def __init__(self, understanding: Understanding | None) -> None:
        """No tweets; `understanding` reads the texts that come."""
        self._understanding = understanding
        self.dim = understanding.encoder.dim if understanding else 0
        self.topic_count = len(understanding.topics) if understanding else 0
        self.column = TextColumns()
        self._vectors = Columns({"embedding": (np.float32, 0.0, self.dim)} if self.dim else {})

    @property
    def embedding(self) -> F32:
        """[tweets, D] unit vectors; zeros for a tweet without words."""
        if not self.dim:
            return np.zeros((len(self.column), 0), np.float32)
        vectors: F32 = self._vectors.embedding
        return vectors

    def resize(self, tweets: int) -> None:
        """Makes room for tweet rows below `tweets`."""
        self.column.resize(tweets)
        self._vectors.resize(tweets)

    def update(self, events: EventBatch) -> None:
        """Reads the texts of tweets with `tweet_row`."""
        if self._understanding is None:
            return
        rows, fields = events.columns["tweet_row"], self._understanding(events.columns["text"].tolist())
        self.column.topics[rows] = fields.topics
        self.column.sentiment[rows] = fields.sentiment
        self._vectors.embedding[rows] = fields.embedding

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        return {**self.column.arrays(), **self._vectors.arrays()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self.column.restore(arrays)
        self._vectors.restore(arrays)
