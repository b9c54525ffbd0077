"""The sides of a tweet that something is counted by for each user: its author, or its first topic.

A target answers two questions, each for both engines: whose is the tweet of a row or candidate, and whose was the tweet
of an event when it happened. -1 is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.events import NEVER_US
from data.ids import rows_of
from data.kernel import kernel
from features.shared import Shared
from features.state.columns import at

OfRows = Callable[[pl.DataFrame], I64]
"""Target [R] of the tweets of rows, a frame with `tweet_id`, `author_id` and `posted_us` (null if not posted)."""

OfEvents = Callable[[I64, I64, I64], I64]
"""Target [E] of events by their `tweet_id`, `author_id` and `time_us`."""


@dataclass(frozen=True)
class Target:
    """One target of a tweet."""

    tables: tuple[str, ...]
    """What `offline` reads beside the events."""
    offline: Callable[[Mapping[str, pl.LazyFrame]], tuple[OfRows, OfEvents]]
    """From the log to the two questions."""
    online: Callable[[Shared, Array, Array, Array], I64]
    """Target of `tweet_row`, `author_row` at `time_us`."""


def _authors(log: Mapping[str, pl.LazyFrame]) -> tuple[OfRows, OfEvents]:
    return lambda rows: rows["author_id"].fill_null(-1).to_numpy(), lambda tweet, author, time: author


def _topics(log: Mapping[str, pl.LazyFrame]) -> tuple[OfRows, OfEvents]:
    posted = log["tweets"].select("tweet_id", "time_us")
    texts = log["understanding"].select("tweet_id", topic=pl.col("topics").arr.first().cast(pl.Int64))
    table = texts.join(posted, on="tweet_id").collect().sort("tweet_id")
    ids, first, posted_us = (table[name].to_numpy() for name in ("tweet_id", "topic", "time_us"))

    def of_rows(rows: pl.DataFrame) -> I64:
        place = rows_of(ids, rows["tweet_id"].to_numpy())
        return np.where(rows["posted_us"].is_not_null().to_numpy(), at(first, place, -1), -1)

    def of_events(tweet: I64, author: I64, time: I64) -> I64:
        place = rows_of(ids, tweet)
        return np.where(at(posted_us, place, NEVER_US) <= time, at(first, place, -1), -1)

    return of_rows, of_events


def _topics_now(state: Shared, tweet_row: Array, author_row: Array, time: Array) -> I64:
    out = np.empty(len(tweet_row), np.int64)
    _first_topics(state.texts.column.topics, state.network.tweet.time_us, tweet_row, time, out)
    return out


@kernel
def _first_topics(topics: Any, posted: Any, tweet: Any, time: Any, out: Any) -> Any:
    for i in range(len(out)):
        known = 0 <= tweet[i] < len(topics) and posted[tweet[i]] <= time[i]
        out[i] = topics[tweet[i], 0] if known else -1


AUTHOR = Target((), _authors, lambda state, tweet_row, author_row, time: author_row)
TOPIC = Target(("tweets", "understanding"), _topics, _topics_now)
"""A tweet without a topic, or not posted by then, has none."""
