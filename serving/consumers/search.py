"""Keeps the search indexes: tweets wait and are indexed together, because committing is what costs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from candidates.search.hybrid import Mode, Search
from candidates.search.people import FoundUsers
from candidates.search.query import parse
from candidates.search.reader import Reader, reader_of
from candidates.search.text import Hits, Within
from data.batch import I64, Mask
from data.events import EventBatch
from features.online import FeatureState
from serving.events.consumer import MemoryConsumer
from serving.events.log import Entry, runs

log = logging.getLogger("rookery.serving")

_ORDER = ("users", "follows", "tweets", "engagements", "undos", "deletions")
"""In which tables are indexed: a tweet comes after its author and before what is done to it."""
_INDEX_AT = 4_096
"""Events that wait for the indexes at most."""


class SearchConsumer(MemoryConsumer):
    """Collects events; they are indexed before a search, or when many wait."""

    group = "search"
    tables = Search.tables

    def __init__(self, state: FeatureState, indexes: Search) -> None:
        """Fills `indexes`; embeddings of texts, and whom a reader is not shown, come from `state`."""
        super().__init__()
        self._state = state
        self._indexes = indexes
        self._waiting: list[EventBatch] = []
        self._rows = 0

    @property
    def understands(self) -> bool:
        """Whether it can search by meaning."""
        return self._indexes.semantic is not None

    def take(self, events: EventBatch) -> None:
        """Has `events` wait."""
        self._waiting.append(events)
        self._rows += len(events)
        if self._rows >= _INDEX_AT:
            self._index()

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Indexes what waits."""
        self._index()
        self._indexes.text.refresh()

    def search(
        self,
        query: str,
        mode: Mode,
        limit: int,
        *,
        reader_id: int | None = None,
        within: Within | None = None,
        newest: bool = False,
    ) -> Hits:
        """The best `limit` tweets for a query, of all that were taken.

        Args:
            query: see `candidates.search.query`.
            mode: by words, by meaning or both.
            limit: the most hits.
            reader_id: the user who searches; None for nobody in particular.
            within: which tweets may be found.
            newest: in mode `text`, the newer tweet first instead of the better.

        Raises:
            QueryError: the query cannot be understood.
            ConfigError: a mode by meaning, without text understanding.
        """
        self._index()
        reader = self._reader(reader_id)
        return self._indexes.search(query, mode, limit, reader=reader, within=within, newest=newest)

    def counts(self, query: str, begin_us: int, end_us: int, step_us: int, within: Within) -> I64:
        """[n] tweets that match, of all that were taken: see `candidates.search.text.TextIndex.counts`.

        Raises:
            QueryError: the query cannot be understood.
        """
        self._index()
        return self._indexes.text.counts(query, begin_us, end_us, step_us, within)

    def matches(self, query: str, tweet_ids: I64) -> Mask:
        """[n] whether each of `tweet_ids` matches a query, of all that were taken.

        Raises:
            QueryError: the query cannot be understood.
        """
        self._index()
        return self._indexes.text.matches(parse(query), tweet_ids)

    def people(self, query: str, limit: int, reader_id: int | None = None) -> FoundUsers:
        """The `limit` users nearest to a name or handle."""
        self._index()
        return self._indexes.people.search(query, limit, hidden=self._reader(reader_id).hidden)

    def complete(self, prefix: str, limit: int, reader_id: int | None = None) -> tuple[list[tuple[str, int]], I64]:
        """Hashtags with their tweets, and ids of users, that begin with `prefix`; `#` or `@` before it asks for one."""
        self._index()
        sign = prefix.lstrip()[:1]
        tags = [] if sign in ("@", "＠") else self._indexes.hashtags.complete(prefix, limit)
        name = "" if sign in ("#", "＃") else prefix
        return tags, self._indexes.people.complete(name, limit, hidden=self._reader(reader_id).hidden)

    def _reader(self, reader_id: int | None) -> Reader:
        return Reader() if reader_id is None else reader_of(self._state, reader_id)

    def _index(self) -> None:
        waiting, self._waiting, self._rows = self._waiting, [], 0
        # By table and not by time, in which they alternate: it comes to the same, and costs far less.
        waiting.sort(key=lambda events: _ORDER.index(events.table))
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
                log.exception("event %d of %s cannot be searched", one.columns[one.spec.key][0], one.table)

    def _put(self, events: EventBatch) -> None:
        embeddings = None
        if events.table == "tweets" and self.understands:
            rows = self._state.network.tweets.rows(events.columns["tweet_id"])
            # A tweet that the state could not take has no embedding there: the index encodes its text itself.
            embeddings = None if (rows < 0).any() else self._state.texts.embedding[rows]
        self._indexes.update(events, embeddings)
