"""Counts the terms of tweets for trends."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path

from candidates.trends.engine import TrendConfig, TrendEngine, TrendList
from data.events import HOUR_US, EventBatch
from serving.events.consumer import SavedConsumer

_LAST = "last_tweet_us.json"
NAMED_H = 24.0
"""Hours at the end of a replay whose names and phrases are counted; before them only hashtags are, for speed."""


class TrendsConsumer(SavedConsumer):
    """Updates a trend engine."""

    group = "trends"
    # A second try would count again what was counted before the failure.
    atomic = False
    tables = TrendEngine.tables

    def __init__(self, config: TrendConfig | None = None) -> None:
        super().__init__()
        self._config = config or TrendConfig()
        self._engine = TrendEngine(config=self._config)
        self._last_tweet_us = 0
        self._waiting: deque[EventBatch] = deque()

    def freeze(self, folder: Path) -> Callable[[], None]:
        """Writes the engine at once: it is small."""
        self._engine.save(folder)
        (folder / _LAST).write_text(json.dumps(self._last_tweet_us))
        return lambda: None

    def thaw(self, folder: Path) -> None:
        """Goes on from what an engine of the same configuration wrote."""
        self._engine.restore(folder)
        self._last_tweet_us = int(json.loads((folder / _LAST).read_text()))

    def take(self, events: EventBatch) -> None:
        """Counts."""
        self._engine.update(events)
        self._see(events)

    def replay(self, events: EventBatch) -> None:
        """Counts hashtags, and names and phrases once it is known that they are of the replay's last hours."""
        self._waiting.append(events)
        self._see(events)
        while int(self._waiting[0].time_us[-1]) < self._last_tweet_us - NAMED_H * HOUR_US:
            self._engine.update(self._waiting.popleft(), ("hashtag",))

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Counts what waited."""
        while self._waiting:
            check()
            self._engine.update(self._waiting.popleft())

    def trends(self, now_us: int, place: int, limit: int) -> TrendList:
        """Trends of a place (WOEID; 1: the world).

        The window ends now or, where no window up to the widest holds any, with the last tweet.
        """
        after_last = self._last_tweet_us + 1
        now = max(now_us, after_last)
        found = self._engine.trends(now, place, limit)
        if found.trends or not self._last_tweet_us:
            return found
        return self._engine.trends(after_last, place, limit)

    def _see(self, events: EventBatch) -> None:
        if events.table == "tweets":
            self._last_tweet_us = max(self._last_tweet_us, int(events.time_us.max()))
