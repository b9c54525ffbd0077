"""Counts the terms of tweets for trends, and goes on after a restart from what it saved."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from candidates.trends.engine import TrendConfig, TrendEngine, TrendList
from data.events import HOUR_US, EventBatch
from data.folders import present, written_whole
from serving.events.consumer import MemoryConsumer

log = logging.getLogger("rookery.serving")

VERSION = 2
"""Of what is saved."""
_ABOUT = "about.json"
NAMED_H = 24.0
"""Hours at the end of a replay whose names and phrases are counted; before them only hashtags are, for speed."""


class TrendsConsumer(MemoryConsumer):
    """Updates a trend engine."""

    group = "trends"
    # A second try would count again what was counted before the failure.
    atomic = False
    tables = TrendEngine.tables

    def __init__(self, config: TrendConfig | None = None) -> None:
        super().__init__()
        self._config = config or TrendConfig()
        self._engine = TrendEngine(config=self._config)
        self._restored = False
        self._last_tweet_us = 0
        self._waiting: deque[EventBatch] = deque()

    def save(self, folder: Path, follows: Mapping[str, Any]) -> None:
        """Writes everything to `folder`, completely or not at all, with what the state `follows` (data set and log)."""
        about = {**self._about(follows), "offset": self.offset, "last_tweet_us": self._last_tweet_us}
        with written_whole(folder) as staging:
            self._engine.save(staging)
            (staging / _ABOUT).write_text(json.dumps(about))

    def restore(self, folder: Path, follows: Callable[[int], Mapping[str, Any]]) -> bool:
        """Goes on from what `save` wrote; a replay then brings nothing new. False where that cannot be used.

        Args:
            folder: that of `save`.
            follows: what a state at an offset of the log follows now; it must be what was saved.
        """
        try:
            about = json.loads((present(folder) / _ABOUT).read_text())
            offset = int(about.pop("offset"))
            last_tweet_us = int(about.pop("last_tweet_us"))
            if about != json.loads(json.dumps(self._about(follows(offset)))):
                return False
            engine = TrendEngine(config=self._config)
            engine.restore(folder)
        except FileNotFoundError:
            return False
        except Exception as error:  # whatever is wrong with it, the log has it all
            log.warning("the saved trends in %s are passed over: %s", folder, error)
            return False
        self._engine, self._last_tweet_us, self._offset, self._restored = engine, last_tweet_us, offset, True
        return True

    def _about(self, follows: Mapping[str, Any]) -> dict[str, Any]:
        return {"version": VERSION, "config": self._config.model_dump(mode="json"), **follows}

    def take(self, events: EventBatch) -> None:
        """Counts."""
        self._engine.update(events)
        self._see(events)

    def replay(self, events: EventBatch) -> None:
        """Counts hashtags, and names and phrases once it is known that they are of the replay's last hours."""
        if self._restored:
            return
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
