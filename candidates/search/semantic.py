"""Semantic search: tweets whose embedding is nearest to the query's."""

from __future__ import annotations

import numpy as np

from candidates.search.text import Hits, Within
from candidates.vectors import VectorIndex
from data.batch import F32, F64, I64, Mask
from data.errors import ConfigError
from data.events import EventBatch
from data.ids import IdIndex


class SemanticIndex:
    """Embeddings of tweets by tweet id, exact. A tweet without words (a zero vector) is not held."""

    def __init__(self, dim: int) -> None:
        """An empty index of embeddings of length `dim`."""
        self._index = VectorIndex(dim)
        self._rows = IdIndex()
        self._time_us = np.empty(0, np.int64)
        self._author = np.empty(0, np.int64)

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
        rows = self._rows.add(ids)
        size = len(self._rows)
        self._time_us, self._author = _grown(self._time_us, size), _grown(self._author, size)
        self._time_us[rows] = events.time_us[worded]
        self._author[rows] = events.columns["author_id"][worded]
        self._index.add(ids, embeddings[worded])

    def remove(self, tweet_ids: I64) -> None:
        """Removes tweets; ids that are not here are passed over."""
        self._index.remove(tweet_ids)

    def search(self, query: F32, limit: int = 10, *, within: Within | None = None) -> Hits:
        """The `limit` tweets nearest to `query` [D] by cosine; equal scores: the larger id first.

        A zero vector, a query without words, finds nothing.

        Raises:
            ConfigError: a filter by hashtag, which embeddings cannot apply.
        """
        if not query.any():
            return Hits(np.empty(0, np.int64), np.empty(0))
        allowed = None if within is None or within == Within() else self._allowed(within)
        keys, scores = self._index.search(query[None, :], limit, allowed=allowed)
        found = keys[0] >= 0
        nearest: F64 = scores[0][found].astype(np.float64)
        return Hits(keys[0][found], nearest)

    def _allowed(self, within: Within) -> Mask:
        if within.hashtags is not None:
            raise ConfigError("semantic search cannot filter by hashtag", remedy="search by text")
        rows = self._rows.rows(self._index.keys)
        time_us = self._time_us[rows]
        allowed = np.ones(len(rows), np.bool_)
        if within.since_us is not None:
            allowed &= time_us >= within.since_us
        if within.before_us is not None:
            allowed &= time_us < within.before_us
        if within.authors is not None:
            allowed &= np.isin(self._author[rows], np.asarray(within.authors, np.int64))
        return allowed


def _grown(column: I64, size: int) -> I64:
    if size <= len(column):
        return column
    grown = np.empty(max(size, 2 * len(column), 1024), np.int64)
    grown[: len(column)] = column
    return grown
