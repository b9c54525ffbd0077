"""Columns of a tweet: what it is, how old, how much and how fast it was engaged, and what its text is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, Array, CandidateBatch
from data.events import HOUR_US, MINUTE_US
from data.kernel import kernel
from data.schema import KIND_CODE
from features.bases.derived import Derived
from features.bases.totals import Total, TotalCounts
from features.bases.windows import Window, WindowCounts, gathered
from features.codes import LANGUAGES, code_column
from features.shared import Shared
from features.state.columns import at
from features.state.network import UNKNOWN_US, LanguageCodes
from features.text.fields import TOPICS
from features.view import Feature, OnlineView, Stateless
from features.views.rate import rate_of

REPLY, QUOTE = KIND_CODE["reply"], KIND_CODE["quote"]

LEAST_H = 1 / 12
"""A tweet younger than this, 5 minutes, has its speed measured as at this age: a single like is no high speed."""


@dataclass(frozen=True)
class TweetFacts:
    """What does not change after a tweet is posted, and its age."""

    name: str = "tweet.facts"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("tweets", "tweet_counts")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("tweet.age_h", "time since it was posted", unit="hours"),
        Feature("tweet.media_count", "pictures and videos"),
        Feature("tweet.length", "weighted length of the text, at most 280", unit="characters"),
        Feature("tweet.hashtags", "hashtags in the text"),
        Feature("tweet.is_reply", "1 for a reply", unit="flag"),
        Feature("tweet.is_quote", "1 for a quote", unit="flag"),
        Feature(
            "tweet.language", "place in features.codes.LANGUAGES, the next one for others", unit="code", default=-1
        ),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The tweet, if it was posted before t."""
        facts = log["tweets"].select("tweet_id", "media_count", "kind", language=code_column("language", LANGUAGES))
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
            pl.col("language").alias("tweet.language"),
        )

    def online(self, state: Shared) -> OnlineView:
        """Reads the network."""
        return _TweetFacts(state)


class _TweetFacts(Stateless):
    def __init__(self, state: Shared) -> None:
        self._tweet, self._language = state.network.tweet, LanguageCodes(state.network)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        tweet, rows = self._tweet, batch.columns["tweet_row"]
        out = np.zeros((len(FACTS.features), len(rows)), np.float32)
        _facts(
            rows, batch.offsets, batch.requests.columns["time_us"], tweet.time_us, tweet.media_count, tweet.length,
            tweet.hashtag_count, tweet.kind, tweet.language, self._language.codes, out,
        )  # fmt: skip
        return {feature.name: one for feature, one in zip(FACTS.features, out, strict=True)}


@kernel
def _facts(
    rows: Any, offsets: Any, time: Any, posted: Any, media: Any, length: Any, hashtags: Any, kind: Any, language: Any,
    codes: Any, out: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            row = rows[i]
            out[6, i] = codes[-1]
            if 0 <= row < len(posted):
                if posted[row] != UNKNOWN_US:
                    out[0, i] = (time[b] - posted[row]) / HOUR_US
                out[1, i] = media[row]
                out[2, i] = length[row]
                out[3, i] = hashtags[row]
                out[4, i] = kind[row] == REPLY
                out[5, i] = kind[row] == QUOTE
                out[6, i] = codes[language[row]]


@dataclass(frozen=True)
class TweetText:
    """What text understanding predicts for a tweet; nothing (-1, 0) without understanding or without words."""

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
COUNTS = TotalCounts("tweet.counts", "tweet", {
    "tweet.likes": Total("like", "likes so far"),
    "tweet.retweets": Total("retweet", "retweets so far"),
    "tweet.replies": Total("reply", "replies so far"),
    "tweet.quotes": Total("quote", "quotes so far"),
    "tweet.clicks": Total("click", "clicks on it so far"),
    "tweet.profile_clicks": Total("profile_click", "clicks on its author so far"),
    "tweet.shares": Total("share", "shares so far"),
    "tweet.author_follows": Total("follow_author", "follows of its author that it led to so far"),
    "tweet.ratings": Total("rate", "ratings so far"),
    "tweet.engagements": Total("engagements", "positive actions so far"),
    "tweet.impressions": Total("impressions", "impressions so far"),
})  # fmt: skip
WINDOWS = WindowCounts("tweet.windows", "engagements", "tweet", {
    "tweet.engagements_15m": Window(5 * MINUTE_US, 3, "positive actions in 3 buckets of 5 minutes"),
    "tweet.engagements_1h": Window(5 * MINUTE_US, 12, "positive actions in 12 buckets of 5 minutes"),
    "tweet.engagements_6h": Window(30 * MINUTE_US, 12, "positive actions in 12 buckets of 30 minutes"),
    "tweet.engagements_24h": Window(2 * HOUR_US, 12, "positive actions in 12 buckets of 2 hours"),
})  # fmt: skip
RATE = rate_of(
    "tweet.engagement_rate", "tweet.engagements", "tweet.impressions", "positive actions an impression of the tweet"
)


def _velocity(window: str, hours: float) -> Derived:
    """Positive actions an hour of the tweet's life within a window: count / clip(age, 5 minutes, window)."""
    count, age = f"tweet.engagements_{window}", "tweet.age_h"

    def velocity(batch: CandidateBatch) -> F32:
        lived = np.clip(batch.columns[age], LEAST_H, hours)
        speed: F32 = (batch.columns[count] / lived).astype(np.float32)
        return speed

    doc = f"positive actions an hour of its life in the last {window}: count / clip(age, 5 min, {window})"
    return Derived(Feature(f"tweet.velocity_{window}", doc, unit="per hour"), (count, age), velocity)


def _acceleration(batch: CandidateBatch) -> F32:
    """(velocity of the last hour + 1) / (velocity of the last day + 1): 1 is steady, more is rising."""
    now, day = batch.columns["tweet.velocity_1h"], batch.columns["tweet.velocity_24h"]
    ratio: F32 = ((now + np.float64(1)) / (day + np.float64(1))).astype(np.float32)
    return ratio


VELOCITY_15M = _velocity("15m", 0.25)
VELOCITY_1H = _velocity("1h", 1.0)
VELOCITY_6H = _velocity("6h", 6.0)
VELOCITY_24H = _velocity("24h", 24.0)
ACCELERATION = Derived(
    Feature(
        "tweet.acceleration", "(velocity_1h + 1) / (velocity_24h + 1): 1 is steady, more is rising", unit="ratio",
        default=1,
    ),
    ("tweet.velocity_1h", "tweet.velocity_24h"),
    _acceleration,
)  # fmt: skip
