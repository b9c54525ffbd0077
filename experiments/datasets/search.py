"""Looking into a data set without a server: search its tweets, see what trended at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from candidates.search.hybrid import Mode, search_of
from candidates.search.nodes import MinFaves, leaves
from candidates.search.query import parse
from candidates.trends.engine import TrendConfig, TrendEngine, TrendList
from data.dataset import Dataset
from data.errors import ConfigError, NotFoundError
from data.events import DAY_US, MINUTE_US, EventBatch
from data.progress import Progress, no_progress
from features.text.encoder import resolve_encoder

NAMED_US = DAY_US
"""Time before the end within which names and phrases are counted beside hashtags."""
WORLDWIDE = 1
"""The WOEID of the whole world."""


@dataclass(frozen=True)
class FoundTweet:
    """One search result."""

    tweet_id: int
    author: str
    text: str
    score: float


def search_tweets(
    dataset: Dataset, query: str, mode: str, limit: int, home: Path, progress: Progress = no_progress
) -> list[FoundTweet]:
    """The best tweets of a data set for a query; the index lives in memory for this one question.

    Raises:
        ConfigError: an unknown mode.
        RookeryError: a query that cannot be understood.
    """
    dataset.require_texts(purpose="search")
    # What a terminal could not decode comes as lone surrogates, which no encoder reads.
    query = query.encode("utf-8", "replace").decode("utf-8")
    encoder = None if mode == "text" else resolve_encoder("static", cache=home / "cache")
    search = search_of(encoder)
    days = max(len(dataset.days("tweets")), 1)
    for at, events in enumerate(dataset.replay(_tables(query)).advance()):
        search.update(events)
        progress(min(at + 1, days), days, f"{len(search):,} tweets")
    hits = search.search(query, cast(Mode, mode), limit)
    found = pl.DataFrame({"tweet_id": hits.tweet_ids, "score": hits.scores})
    tweets = dataset.scan("tweets").select("tweet_id", "author_id", "text").collect()
    users = dataset.scan("users").select(author_id="user_id", author="username").collect()
    rows = found.join(tweets, on="tweet_id", how="left", maintain_order="left")
    rows = rows.join(users, on="author_id", how="left", maintain_order="left")
    columns = [rows[name].to_list() for name in ("tweet_id", "author", "text", "score")]
    return [FoundTweet(one, author or "", text, score) for one, author, text, score in zip(*columns, strict=True)]


def _tables(query: str) -> list[str]:
    """Those that a query needs: likes are many, and read only when it asks for them.

    Raises:
        QueryError: a query that cannot be understood.
    """
    liked = any(isinstance(leaf, MinFaves) for leaf, _ in leaves(parse(query)))
    return ["users", "tweets", "deletions", *(["engagements", "undos"] if liked else [])]


def trends_at(
    dataset: Dataset, place: int, at: str | None, limit: int, scorer: str = TrendConfig().scorer
) -> tuple[TrendList, str]:
    """Trends of a place at a time, and that time in words; the log's last full window when none is given.

    All hashtags of the log up to then are counted, names and phrases of the last day.

    Raises:
        ConfigError: no such scorer, or the time is no ISO 8601 time or is outside the log.
        NotFoundError: no user has the place.
    """
    dataset.require_texts(purpose="trends")
    low, high = dataset.time_range_us()
    at_us = _parse(at, low, high) if at else high - high % (5 * MINUTE_US)
    if place != WORLDWIDE:
        places = dataset.scan("users").select(pl.col("place").drop_nulls().unique()).collect()["place"].to_list()
        if place not in places:
            known = ", ".join(str(one) for one in sorted(places)[:12])
            raise NotFoundError(f"no user has the place {place}", remedy=f"1 is the world; some places are {known}")
    engine = TrendEngine(config=TrendConfig(scorer=scorer))
    for events in dataset.replay(sorted(engine.tables)).advance(at_us):
        # A day's tweets come at once: they are taken step by step near the end, where lists and scorers keep a state.
        near = events.time_us >= at_us - NAMED_US
        engine.update(events.where(~near), ("hashtag",))
        for part in _by_minute(events.where(near)):
            engine.update(part)
    words = datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="minutes")
    return engine.trends(at_us, None if place == WORLDWIDE else place, limit), words


def _by_minute(events: EventBatch) -> Iterator[EventBatch]:
    """The events of each minute."""
    starts = np.flatnonzero(np.diff(events.time_us // MINUTE_US, prepend=-1))
    for start, stop in itertools.pairwise([*starts.tolist(), len(events)]):
        yield events.where(slice(start, stop))


def _parse(at: str, low: int, high: int) -> int:
    try:
        time = datetime.fromisoformat(at)
    except ValueError as error:
        raise ConfigError(f"--at {at!r} is no ISO 8601 time", remedy="write 2026-01-12T18:00") from error
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    value = int(time.timestamp() * 1_000_000)
    if not low <= value <= high + 5 * MINUTE_US:
        first, last = (datetime.fromtimestamp(one / 1e6, UTC).isoformat(timespec="minutes") for one in (low, high))
        raise ConfigError(f"--at {at} is outside the log", remedy=f"it runs from {first} to {last}")
    return value
