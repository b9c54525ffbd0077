"""Everything that follows the event log in memory: feature state, timelines, vectors, text index and trends.

All of it can be built again from a data set and the log. One thread owns it (`serving.network`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import numpy as np

from candidates.funnel import Funnel
from candidates.products.home import home_funnel
from candidates.search.hybrid import Search
from candidates.trends.engine import TrendEngine
from candidates.tweet_vectors import RetrievalModel, TweetVectors
from data.dataset import Dataset
from data.events import MINUTE_US, EventBatch
from features.online import FeatureState
from ranking.ranker import LocalRanker
from ranking.scorer import Retriever
from serving.events.consumer import Consumer
from serving.events.log import Entry, runs
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.policy import Thresholds
from serving.kit.closing import check_open
from serving.kit.telemetry import Metrics
from serving.ranker.model import ServedModel
from serving.settings import Settings
from serving.timelines.ring import TimelineRing
from serving.timelines.service import TimelineService

log = logging.getLogger("rookery.serving")

REFRESH_US = 15 * MINUTE_US
"""How old the index's vectors may be: they are computed from counts, which grow."""

_INDEX_AT = 4_096
"""Tweets that wait for the search indexes at most."""


class Projection:
    """A consumer whose effect is one call, and whose offset stands beside it in memory."""

    def __init__(
        self, group: str, tables: frozenset[str], effect: Callable[[EventBatch], object], *, atomic: bool = True
    ) -> None:
        """Calls `effect` with the events of `tables`; `atomic` says that it may be called again after it failed."""
        self.group = group
        self.atomic = atomic
        self.tables = tables
        self._effect = effect
        self._offset = 0

    @property
    def offset(self) -> int:
        """The last offset whose effect is complete."""
        return self._offset

    def apply(self, events: EventBatch, offset: int) -> None:
        """Makes the effect, once."""
        if offset > self._offset:
            self._effect(events)
            self._offset = offset

    def skip(self, offset: int) -> None:
        """Moves on without an effect."""
        self._offset = max(self._offset, offset)


class EventBuffer:
    """The `EventSink` of the funnel: holds what it emits until the answer has gone out."""

    def __init__(self) -> None:
        self._held: list[EventBatch] = []

    def emit(self, events: EventBatch) -> None:
        """Holds `events`."""
        self._held.append(events)

    def take(self) -> list[EventBatch]:
        """What was held, which is then held no more."""
        held, self._held = self._held, []
        return held


class Projections:
    """The parts, wired to each other and to the consumers that feed them."""

    def __init__(self, settings: Settings, model: ServedModel, metrics: Metrics) -> None:
        """Empty parts for `model`."""
        self.state = FeatureState(model.understanding)
        self.timelines = TimelineService(
            self.state.network,
            TimelineRing(settings.fanout.capacity),
            TimelineRing(settings.fanout.capacity),
            max_age_h=settings.feed.max_age_h,
        )
        self.fanout = FanoutConsumer(self.state.network, self.timelines, Thresholds(settings.fanout), metrics)
        self.search = Search(None if model.understanding is None else model.understanding.encoder)
        self._unindexed: list[EventBatch] = []
        self.trends = TrendEngine()
        self.vectors = (
            TweetVectors(_retrieval(model), max_age_h=settings.feed.max_age_h)
            if isinstance(model.scorer, Retriever)
            else None
        )
        self.ranker = LocalRanker(self.state, model.scorer)
        self.sink = EventBuffer()
        self.last_tweet_us = 0
        self._refreshed_us = 0
        self._stale = False
        version = f"-{model.version}" if model.version else ""
        self.funnel: Funnel = home_funnel(
            self.state,
            self.timelines,
            self.ranker,
            self.vectors,
            settings.feed,
            sink=self.sink if settings.record_impressions else None,
            policy=f"{model.name}{version}",
        )
        tweets = frozenset({"tweets", "deletions"})
        self.consumers: tuple[Consumer, ...] = (
            # Counts would count twice what was applied before a failure.
            Projection("state", self.state.tables | {"users", "follows"} | tweets, self.state.update, atomic=False),
            self.fanout,
            Projection("vectors", tweets, self._note_tweets),
            Projection("search", tweets, self._index),
            Projection("trends", self.trends.tables, self.trends.update, atomic=False),
        )

    def replay(self, dataset: Dataset, until_us: int, closing: threading.Event | None = None) -> None:
        """Takes a whole data set, as if its events had come one by one, and makes the vectors as of `until_us`.

        Raises:
            ClosingError: `closing` was set meanwhile.
        """
        wanted = self.state.tables.union(*(one.tables for one in self.consumers))
        tweets: list[EventBatch] = []
        for events in dataset.replay(sorted(wanted)).advance():
            check_open(closing)
            self.state.update(events)
            self.fanout.note_activity(events)
            if events.table == "tweets":
                tweets.append(events)
            if events.table in ("tweets", "deletions"):
                self._index(events)
                self._note_tweets(events)
            if events.table in self.trends.tables:
                self.trends.update(events)
        # Fan-out comes last: it needs to know who was active.
        for events in tweets:
            check_open(closing)
            rows = self.state.network.tweets.rows(events.columns["tweet_id"])
            self.fanout.deliver(events.where(~self.state.network.tweet.deleted[rows]), count=False)
        self.index_now()
        self.search.text.refresh()
        self.refresh(until_us)

    def refresh(self, time_us: int) -> None:
        """Computes the vectors of all living tweets again, as of `time_us`."""
        if self.vectors is not None:
            self.vectors.refresh(self.state, time_us)
        self._refreshed_us, self._stale = time_us, False

    def settle(self, time_us: int) -> None:
        """Brings the vectors up to the tweets that have come; before a read, as many tweets at once cost little more
        than one."""
        if self.vectors is None:
            return
        if time_us - self._refreshed_us > REFRESH_US:
            self.refresh(time_us)
        elif self._stale:
            self.vectors.follow(self.state, time_us)
            self._stale = False

    def _note_tweets(self, events: EventBatch) -> None:
        self._stale = True
        if events.table == "tweets":
            self.last_tweet_us = max(self.last_tweet_us, int(np.max(events.time_us)))

    def index_now(self) -> None:
        """Puts what waits into the search indexes."""
        waiting, self._unindexed = self._unindexed, []
        for run in runs([Entry(0, events) for events in waiting]):
            try:
                self._put_into_indexes(run.events)
            except Exception:
                # What an index took before it failed, it passes over now.
                self._index_each(run.events)

    def _index_each(self, events: EventBatch) -> None:
        """What cannot be indexed is left out, and costs nobody else their place or their answer."""
        for at in range(len(events)):
            one = events.where(slice(at, at + 1))
            try:
                self._put_into_indexes(one)
            except Exception:
                log.exception("tweet %d cannot be searched", one.columns["tweet_id"][0])

    def _put_into_indexes(self, events: EventBatch) -> None:
        embeddings = None
        if events.table == "tweets" and self.search.semantic is not None:
            rows = self.state.network.tweets.rows(events.columns["tweet_id"])
            # A tweet that the state could not take has no embedding there: the index reads its text itself.
            embeddings = None if (rows < 0).any() else self.state.texts.embedding[rows]
        self.search.update(events, embeddings)

    def _index(self, events: EventBatch) -> None:
        # Indexes take many tweets in the time of one: they wait until somebody searches or there are many.
        self._unindexed.append(events)
        if sum(map(len, self._unindexed)) >= _INDEX_AT:
            self.index_now()


def _retrieval(model: ServedModel) -> RetrievalModel:
    scorer = model.scorer
    assert isinstance(scorer, Retriever)
    return scorer
