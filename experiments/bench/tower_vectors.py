"""Vectors of a trained two-tower model: its tweets' at many moments of a log, and its users' as queries.

A tweet's vector changes while its counts grow, as in an index that is refreshed. Kept in the home folder, because the
log must be replayed for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from candidates.tweet_vectors import TweetVectors
from data.batch import F32, I64
from data.dataset import Dataset
from data.errors import ConfigError
from features.online import FeatureState
from ranking.model_registry import fetch
from ranking.scorer import Retriever
from ranking.tower_vectors import RetrievalModel

_LEAST = 200
"""Tweets from which on a moment is taken."""


def tower_vectors(home: Path, count: int, queries: int) -> tuple[F32, F32]:
    """[count, D] vectors of tweets and [queries, D] of users, by the champion of `home` on the world of the demo.

    Raises:
        ConfigError: there is no world of the demo, or its champion retrieves nothing.
    """
    kept = home / "cache" / "bench" / f"tower-{count}-{queries}.npz"
    if kept.is_file():
        with np.load(kept) as arrays:
            return arrays["tweets"], arrays["users"]
    folder = home / "demo" / "world"
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not there", remedy="make it and its model: rookery demo")
    bundle = fetch("champion", home=home)
    if not isinstance(bundle.scorer, Retriever):
        raise ConfigError(f"the champion {bundle.name!r} retrieves nothing", remedy="promote a two_tower model")
    dataset = Dataset.open(folder)
    state = FeatureState(bundle.understanding)
    # A retriever that says what it reads is one of TweetVectors' models.
    index = TweetVectors(cast(RetrievalModel, bundle.scorer), max_age_h=np.inf)
    tweets = _at_moments(dataset, state, index, count)
    users = state.network.users.ids[: len(state.network.users)]
    drawn = users[np.random.default_rng(1).choice(len(users), queries, replace=len(users) < queries)]
    asked = index.users(state, state.requests(drawn, state.time_us))
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, tweets=tweets, users=asked)
    return tweets, asked


def _at_moments(dataset: Dataset, state: FeatureState, index: TweetVectors, count: int) -> F32:
    """[count, D] the vectors of all tweets so far at moments that are as many as are needed, spread over the log."""
    low, high = dataset.time_range_us()
    replay = dataset.replay(sorted(state.tables))
    kept: I64 = np.zeros(0, np.int64)
    parts: list[F32] = []
    total, moments = 0, _moments(dataset, low, high, count)
    for moment in moments:
        for events in replay.advance(moment):
            state.update(events)
        rows = state.network.alive(moment, np.inf)
        if len(rows) < _LEAST:
            continue
        index.refresh(state, moment)
        parts.append(index.of(rows))
        total += len(rows)
        kept = rows
    if total < count:
        raise ConfigError(
            f"the log gives {total:,} vectors, not {count:,}", remedy=f"{len(kept):,} tweets: a longer log"
        )
    every = np.concatenate(parts)
    chosen: F32 = every[np.random.default_rng(2).permutation(total)[:count]]
    return chosen


def _moments(dataset: Dataset, low: int, high: int, count: int) -> list[int]:
    """Times in equal steps, so many that the tweets posted before each add up to `count`."""
    posted = dataset.scan("tweets").select("time_us", "kind").collect()
    times = np.sort(posted.filter(posted["kind"] != "retweet")["time_us"].to_numpy())
    size = 1
    while True:
        moments = np.linspace(low, high + 1, size + 1)[1:].astype(np.int64)
        if 0.97 * np.searchsorted(times, moments).sum() >= count or size > 10_000:
            return [int(one) for one in moments]
        size = int(size * 1.1) + 1
