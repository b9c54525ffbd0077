"""Keeps the search indexes: tweets wait and are indexed together, because committing is what costs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from candidates.search.hybrid import Mode, Search
from candidates.search.text import Hits
from data.events import EventBatch
from features.online import FeatureState
from serving.events.consumer import MemoryConsumer
from serving.events.log import Entry, runs

log = logging.getLogger("rookery.serving")

_INDEX_AT = 4_096
"""Tweets that wait for the indexes at most."""


class SearchConsumer(MemoryConsumer):
    """Collects tweets and deletions; they are indexed before a search, or when many wait."""

    group = "search"
    tables = Search.tables

    def __init__(self, state: FeatureState, indexes: Search) -> None:
        """Fills `indexes`; embeddings of texts come from `state`."""
        super().__init__()
        self._state = state
        self._indexes = indexes
        self._waiting: list[EventBatch] = []

    @property
    def understands(self) -> bool:
        """Whether it can search by meaning."""
        return self._indexes.semantic is not None

    def take(self, events: EventBatch) -> None:
        """Has `events` wait."""
        self._waiting.append(events)
        if sum(map(len, self._waiting)) >= _INDEX_AT:
            self._index()

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Indexes what waits."""
        self._index()
        self._indexes.text.refresh()

    def search(self, query: str, mode: Mode, limit: int) -> Hits:
        """The best `limit` tweets for a query, of all that were taken.

        Raises:
            QueryError: the query cannot be understood.
            ConfigError: a mode by meaning, without text understanding.
        """
        self._index()
        return self._indexes.search(query, mode, limit)

    def _index(self) -> None:
        waiting, self._waiting = self._waiting, []
        for run in runs([Entry(0, events) for events in waiting]):
            try:
                self._put(run.events)
            except Exception:
                # The indexes pass over what they took before the failure.
                self._put_each(run.events)

    def _put_each(self, events: EventBatch) -> None:
        """Leaves out what cannot be indexed, and nothing else."""
        for at in range(len(events)):
            one = events.where(slice(at, at + 1))
            try:
                self._put(one)
            except Exception:
                log.exception("tweet %d cannot be searched", one.columns["tweet_id"][0])

    def _put(self, events: EventBatch) -> None:
        embeddings = None
        if events.table == "tweets" and self.understands:
            rows = self._state.network.tweets.rows(events.columns["tweet_id"])
            # A tweet that the state could not take has no embedding there: the index encodes its text itself.
            embeddings = None if (rows < 0).any() else self._state.texts.embedding[rows]
        self._indexes.update(events, embeddings)
