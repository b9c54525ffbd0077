"""Counts hashtags in sliding windows, by place and worldwide, and ranks them.

A tweet uses the hashtags of its text, a retweet those of the tweet it refers to. Each counts for the place where the
tweet was posted, else for the home of its author, and for the world. Spellings that `data.tweet_text.fold` makes one
are one hashtag, shown as it was first written. Everything is rebuilt by replaying the users and the tweets of the
last `memory_h` hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from candidates.trends.hashtag_uses import Uses
from candidates.trends.scorer import TrendScorer, Windows
from candidates.trends.windowed_score import Windowed
from data.batch import I64, Array
from data.events import HOUR_US, MINUTE_US, EventBatch
from data.tweet_text import fold, hashtags_of

WORLD = 1
"""The WOEID of the whole world."""


class TrendConfig(BaseModel):
    """How trends are counted."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    window_min: float = Field(5.0, gt=0)
    """Length of the window that is counted, and of the one before it, in minutes."""
    memory_h: float = Field(48.0, gt=0)
    """Hours after its last use when a hashtag is forgotten; its next use is a first again. At least two windows."""

    @model_validator(mode="after")
    def _remembers_its_windows(self) -> Self:
        if self.memory_h * 60 < 2 * self.window_min:
            raise ValueError(
                f"memory_h={self.memory_h:g} is shorter than two windows of window_min={self.window_min:g}; raise it"
            )
        return self


@dataclass(frozen=True)
class Trend:
    """One hashtag of a place in the window that just ended."""

    hashtag: str
    """Without #, as first written."""
    score: float
    volume: int
    """Uses in the window."""
    previous: int
    """Uses in the window before it."""
    unique_users: int
    """People who used it in the window."""
    first_seen_us: int
    """Its first use at this place that is remembered."""


class TrendEngine:
    """Takes tweets in the order of time; gives the trends of any time from the last tweet on."""

    tables = frozenset({"users", "tweets"})
    """Tables whose events it takes; others are passed over."""

    def __init__(self, scorer: TrendScorer | None = None, config: TrendConfig | None = None) -> None:
        """Scores with `scorer`, the windowed formula when None."""
        self.scorer = scorer or Windowed()
        self.config = config or TrendConfig()
        self._window_us = int(self.config.window_min * MINUTE_US)
        self._memory_us = int(self.config.memory_h * HOUR_US)
        self._home: dict[int, int] = {}
        self._tags_of: dict[int, tuple[str, ...]] = {}
        self._tagged_at: list[tuple[int, int]] = []
        self._uses = Uses(2 * self._window_us, self._memory_us)

    def update(self, events: EventBatch) -> None:
        """Takes users (for their homes) and tweets; the rows of one table come in the order of time."""
        if events.table == "users" and "place" in events.columns:
            ids, places = events.columns["user_id"].tolist(), events.columns["place"].tolist()
            self._home.update((user, place) for user, place in zip(ids, places, strict=True) if place >= 0)
        if events.table == "tweets" and len(events):
            self._tweets(events)
            self._forget(int(events.time_us[-1]))

    def trends(self, time_us: int, place: int | None = None, limit: int = 10) -> list[Trend]:
        """The best hashtags of the window that ends at `time_us`: uses at or after its start and before its end.

        Args:
            time_us: not before the last tweet taken, as older windows are gone.
            place: WOEID; the world when None.
            limit: the most trends.

        Returns:
            Best first; equal scores by larger volume, then by name.
        """
        windows = self.windows(time_us, place)
        if not len(windows):
            return []
        scores = self.scorer.update(windows)
        columns = windows.columns
        keys: list[int] = columns["key"].tolist()
        names = [self._uses.name(key) for key in keys]
        order = sorted(range(len(keys)), key=lambda one: (-scores[one], -columns["volume"][one], names[one]))
        return [
            Trend(names[one], float(scores[one]), *(int(columns[name][one]) for name in _COUNTS))
            for one in order[:limit]
        ]

    def windows(self, time_us: int, place: int | None = None) -> Windows:
        """The counts that `trends` scores, for every hashtag used in the window."""
        start = time_us - self._window_us
        now = self._uses.between(start, time_us, WORLD if place is None else place)
        before = self._uses.between(start - self._window_us, start, WORLD if place is None else place)
        keys, volume = np.unique(now.tag, return_counts=True)
        pairs = np.unique(np.stack([now.tag, now.user], axis=1), axis=0)
        unique_users = np.bincount(np.searchsorted(keys, pairs[:, 0]), minlength=len(keys))
        earlier, counts = np.unique(before.tag, return_counts=True)
        first = self._uses.first_seen(keys, WORLD if place is None else place)
        columns = {
            "key": keys, "volume": volume, "previous": _match(keys, earlier, counts), "unique_users": unique_users,
            "first_seen_us": first,
        }  # fmt: skip
        return Windows(time_us, columns)

    def _tweets(self, events: EventBatch) -> None:
        columns = events.columns
        tags = hashtags_of(columns["text"])
        by_text = {at: _distinct(tags[at]) for at in np.flatnonzero(tags.lengths).tolist()}
        retweets = np.flatnonzero(columns["kind"] == "retweet")
        refers = columns["referenced_id"] if "referenced_id" in columns else np.full(len(events), -1)
        ids, authors, times = columns["tweet_id"], columns["author_id"], events.time_us
        places = columns["place"] if "place" in columns else np.full(len(events), -1)
        for at in sorted({*by_text, *retweets.tolist()}):
            used = by_text.get(at) or self._tags_of.get(int(refers[at]), ())
            if not used or int(ids[at]) in self._tags_of:  # a log may deliver a tweet twice
                continue
            time_us, author = int(times[at]), int(authors[at])
            self._tags_of[int(ids[at])] = used
            self._tagged_at.append((time_us, int(ids[at])))
            place = int(places[at])
            where = place if place >= 0 else self._home.get(author, -1)
            for tag in used:
                self._uses.add(time_us, fold(tag), tag, author, WORLD)
                if where not in (-1, WORLD):
                    self._uses.add(time_us, fold(tag), tag, author, where)

    def _forget(self, now_us: int) -> None:
        old = now_us - self._memory_us
        gone = 0
        while gone < len(self._tagged_at) and self._tagged_at[gone][0] < old:
            self._tags_of.pop(self._tagged_at[gone][1], None)
            gone += 1
        del self._tagged_at[:gone]
        self._uses.forget(now_us)


_COUNTS = ("volume", "previous", "unique_users", "first_seen_us")


def _distinct(tags: Array) -> tuple[str, ...]:
    """One tweet's hashtags, each once, as first written."""
    return tuple({fold(tag): tag for tag in reversed(tags.tolist())}.values())[::-1]


def _match(keys: I64, known: I64, counts: I64) -> I64:
    """[H] the count of each of `keys` among `known` (ascending), 0 where it is not there."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, counts[at], 0).astype(np.int64)
