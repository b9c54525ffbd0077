"""Columns of a tweet: what it is, how old, how much and how fast it was engaged, and what its text says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from data.events import HOUR_US, MINUTE_US
from features.state.columns import at
from features.state.network import KIND, UNKNOWN_US
from features.state.shared import Shared
from features.state.texts import TOPICS
from features.view import Feature, OnlineView, Stateless
from features.windows import TotalCounts, WindowCount, gathered


@dataclass(frozen=True)
class TweetFacts:
    """What never changes after a tweet is posted, and its age."""

    name: str = "tweet.facts"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("tweets", "tweet_counts")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("tweet.age_h", "time since it was posted", unit="hours"),
        Feature("tweet.media_count", "pictures and videos"),
        Feature("tweet.length", "weighted length of the text, at most 280", unit="characters"),
        Feature("tweet.hashtags", "hashtags in the text"),
        Feature("tweet.is_reply", "1 for an answer", unit="flag"),
        Feature("tweet.is_quote", "1 for a quote", unit="flag"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The tweet, if it was posted before t."""
        facts = log["tweets"].select("tweet_id", "media_count", "kind")
        known = rows.select("row", "tweet_id", "time_us", "posted_us").filter(pl.col("posted_us").is_not_null())
        joined = known.join(facts, on="tweet_id", how="left").join(log["tweet_counts"], on="tweet_id", how="left")
        return joined.select(
            "row",
            ((pl.col("time_us") - pl.col("posted_us")) / HOUR_US).alias("tweet.age_h"),
            pl.col("media_count").alias("tweet.media_count"),
            pl.col("length").alias("tweet.length"),
            pl.col("hashtags").alias("tweet.hashtags"),
            (pl.col("kind") == "reply").alias("tweet.is_reply"),
            (pl.col("kind") == "quote").alias("tweet.is_quote"),
        )

    def online(self, state: Shared) -> OnlineView:
        """Reads the network."""
        return _TweetFacts(state)


class _TweetFacts(Stateless):
    def __init__(self, state: Shared) -> None:
        self._tweet = state.network.tweet

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        tweet, rows = self._tweet, batch.columns["tweet_row"]
        time = batch.requests.columns["time_us"][batch.request]
        posted, kind = at(tweet.time_us, rows, UNKNOWN_US), at(tweet.kind, rows, -1)
        age = (time - posted) / HOUR_US
        age[posted == UNKNOWN_US] = 0
        return {
            "tweet.age_h": age.astype(np.float32),
            "tweet.media_count": gathered(tweet.media_count, rows),
            "tweet.length": gathered(tweet.length, rows),
            "tweet.hashtags": gathered(tweet.hashtag_count, rows),
            "tweet.is_reply": (kind == KIND["reply"]).astype(np.float32),
            "tweet.is_quote": (kind == KIND["quote"]).astype(np.float32),
        }


@dataclass(frozen=True)
class TweetText:
    """What text understanding says of a tweet; nothing (-1, 0) without understanding or without words."""

    name: str = "tweet.text"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("tweets", "understanding")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature(
            "tweet.topics", "topics, best first, -1 for none", unit="topic", default=-1, width=TOPICS, dtype="int16"
        ),
        Feature("tweet.sentiment", "from -1 to 1", unit="score"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The understanding of the tweet, if it was posted before t."""
        known = rows.select("row", "tweet_id", "posted_us").filter(pl.col("posted_us").is_not_null())
        fields = log["understanding"].select("tweet_id", "topics", "sentiment")
        renamed = known.join(fields, on="tweet_id", how="left")
        return renamed.select(
            "row", pl.col("topics").alias("tweet.topics"), pl.col("sentiment").alias("tweet.sentiment")
        )

    def online(self, state: Shared) -> OnlineView:
        """Reads the texts."""
        return _TweetText(state)


class _TweetText(Stateless):
    def __init__(self, state: Shared) -> None:
        self._texts = state.texts

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        rows = batch.columns["tweet_row"]
        topics = at(self._texts.column.topics, rows, -1)
        return {"tweet.topics": topics, "tweet.sentiment": gathered(self._texts.column.sentiment, rows)}


FACTS = TweetFacts()
TEXT = TweetText()
COUNTS = TotalCounts(
    "tweet.counts",
    {
        "tweet.likes": "like",
        "tweet.retweets": "retweet",
        "tweet.replies": "reply",
        "tweet.quotes": "quote",
        "tweet.ratings": "rate",
    },
)
ENGAGEMENTS_1H = WindowCount(
    "tweet.engagements_1h", "engagements", "tweet_row", 5 * MINUTE_US, 12, "positive actions in 12 buckets of 5 minutes"
)
ENGAGEMENTS_6H = WindowCount(
    "tweet.engagements_6h",
    "engagements",
    "tweet_row",
    30 * MINUTE_US,
    12,
    "positive actions in 12 buckets of 30 minutes",
)
