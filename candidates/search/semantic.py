"""Semantic search: tweets whose embedding is nearest to the query's, in languages that it can be compared with."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from candidates.search.reader import primary
from candidates.search.text import NOTHING, Hits
from candidates.vectors import VectorIndex
from data.batch import F32, F64, I64, Array, Mask
from data.events import EventBatch
from data.ids import IdIndex
from features.state.columns import Columns, Spec
from features.text.encoder import MINILM_NAMES, STATIC

KNOWN_LANGUAGES: dict[str, frozenset[str]] = dict.fromkeys((STATIC, *MINILM_NAMES), frozenset({"en"}))
"""Languages that an encoder was trained on, by its name; one that is not here is taken to know all."""


class _Rows(Columns):
    """What is known of each tweet that has an embedding, by row."""

    author_id: I64
    language: Array
    SPEC: ClassVar[Spec] = {"author_id": (np.int64, -1, 0), "language": (np.int16, -1, 0)}


class SemanticIndex:
    """Embeddings of tweets by tweet id. A tweet without words (a zero vector) is not held."""

    def __init__(self, dim: int, languages: frozenset[str] | None = None) -> None:
        """An empty index of embeddings of length `dim`, by an encoder that knows `languages` (all when None)."""
        self._index = VectorIndex(dim)
        self._known = languages
        self._ids = IdIndex()
        self._rows = _Rows()
        self._languages: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._index)

    def has(self, tweet_ids: I64) -> Mask:
        """[n] whether each tweet is here."""
        return self._index.has(tweet_ids)

    def add(self, events: EventBatch, embeddings: F32) -> None:
        """Adds rows of `tweets` with their `embeddings` [N, D]; a tweet that is here gets the new one."""
        worded = np.flatnonzero(np.any(embeddings != 0, axis=1))
        ids = events.columns["tweet_id"][worded]
        if not len(ids):
            return
        rows = self._ids.add(ids)
        self._rows.resize(len(self._ids))
        self._rows.author_id[rows] = events.columns["author_id"][worded]
        if "language" in events.columns:
            names = events.columns["language"][worded].tolist()
            self._rows.language[rows] = [self._code(one) for one in names]
        self._index.add(ids, embeddings[worded])

    def remove(self, tweet_ids: I64) -> None:
        """Removes tweets; ids that are not here are passed over."""
        self._index.remove(tweet_ids)

    def search(
        self, query: F32, limit: int = 10, *,
        among: I64 | None = None, languages: frozenset[str] = frozenset(), hidden: I64 | None = None,
    ) -> Hits:  # fmt: skip
        """The `limit` tweets nearest to `query` [D] by cosine; equal scores: the larger id first.

        A zero vector, a query without words, finds nothing.

        Args:
            query: its embedding.
            limit: the most hits.
            among: ids of the tweets that may be found; all when None.
            languages: primary subtags that the reader reads, beside those that the encoder knows. A tweet without a
                declared language may be found, too.
            hidden: ids of authors whose tweets are left out.
        """
        if not query.any() or limit < 1:
            return NOTHING
        keys, scores = self._index.search(query[None, :], limit, allowed=self._allowed(among, languages, hidden))
        found = keys[0] >= 0
        nearest: F64 = scores[0][found].astype(np.float64)
        return Hits(keys[0][found], nearest)

    def _allowed(self, among: I64 | None, languages: frozenset[str], hidden: I64 | None) -> Mask | None:
        readable = None if self._known is None else self._known | languages
        if among is None and readable is None and (hidden is None or not len(hidden)):
            return None
        keys = self._index.keys
        rows = self._ids.rows(keys)
        allowed = np.ones(len(keys), np.bool_)
        if readable is not None:
            can = np.array([*(name in readable for name in self._languages), True])
            allowed &= can[self._rows.language[rows]]
        if among is not None:
            allowed &= np.isin(keys, among)
        if hidden is not None and len(hidden):
            allowed &= ~np.isin(self._rows.author_id[rows], hidden)
        return allowed

    def _code(self, language: str) -> int:
        """A number for the primary subtag, -1 where none is declared."""
        return self._languages.setdefault(primary(language), len(self._languages)) if language else -1
