"""Counts the hashtags of tweets for trends."""

from __future__ import annotations

import numpy as np

from candidates.trends.engine import Trend, TrendEngine
from data.events import EventBatch
from serving.events.consumer import MemoryConsumer


class TrendsConsumer(MemoryConsumer):
    """Updates a trend engine."""

    group = "trends"
    # A second try would count again what was counted before the failure.
    atomic = False
    tables = TrendEngine.tables

    def __init__(self) -> None:
        super().__init__()
        self._engine = TrendEngine()
        self._last_tweet_us = 0

    def take(self, events: EventBatch) -> None:
        """Counts."""
        self._engine.update(events)
        if events.table == "tweets":
            self._last_tweet_us = max(self._last_tweet_us, int(np.max(events.time_us)))

    def trends(self, now_us: int, place: int, limit: int) -> tuple[list[Trend], int]:
        """Trends of a place (WOEID; 1: the world), and the time at which their window ends.

        The window ends now or, where that one is empty, with the last tweet.
        """
        after_last = self._last_tweet_us + 1
        now = max(now_us, after_last)
        found = self._engine.trends(now, place, limit)
        if found or not self._last_tweet_us:
            return found, now
        return self._engine.trends(after_last, place, limit), after_last
