"""Columns of a user and a tweet's author or topic: interactions, who follows whom, a common language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch, Mask
from data.events import EventBatch
from data.schema import NEGATIVE_ACTIONS, POSITIVE_ACTIONS
from features.bases.derived import Derived
from features.bases.interactions import Aggregate, Interactions
from features.bases.targets import AUTHOR, TOPIC, Target
from features.point_in_time.pairs import PairEvents, PairQueries, counts, latest, stream
from features.shared import Shared
from features.state.columns import at
from features.state.pairs import PairTable
from features.view import Feature, OnlineView, Stateless
from features.views.rate import rate_of

_ONE = np.ones(1, np.int64)


@dataclass(frozen=True)
class Impressions:
    """How often the user was shown tweets of the author, or of the topic."""

    name: str
    target: Target
    doc: str
    entity: str = "candidate"
    reads: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[Feature, ...]:
        """The one count."""
        return (Feature(self.name, self.doc),)

    @property
    def tables(self) -> tuple[str, ...]:
        """Impressions, and what the target reads."""
        return ("impressions", *self.target.tables)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the impressions."""
        own = rows.select("row", "user_id", "tweet_id", "author_id", "time_us", "posted_us").sort("time_us").collect()
        of_rows, of_events = self.target.offline(log)
        queries = PairQueries.of(own["user_id"].to_numpy(), of_rows(own), own["time_us"].to_numpy())
        shown = stream(log["impressions"], ["user_id", "tweet_id", "author_id", "time_us"])
        events = (PairEvents(user, of_events(tweet, author, time), time) for user, tweet, author, time in shown)
        count = counts(queries, events)
        return pl.LazyFrame([own["row"], pl.Series(self.name, count)])

    def online(self, state: Shared) -> OnlineView:
        """A table of pairs."""
        return _Impressions(self, state)


class _Impressions:
    def __init__(self, view: Impressions, state: Shared) -> None:
        self._view, self._state, self._count = view, state, PairTable()
        self.listens: tuple[str, ...] = ("impressions",)

    def update(self, events: EventBatch) -> None:
        c = events.columns
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], events.time_us)
        self._count.add(c["user_row"], target, _ONE)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        c, time = batch.columns, batch.requests.columns["time_us"][batch.request]
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], time)
        return {self._view.name: self._count.get(users_of(batch), target, 0).astype(np.float32)}

    def arrays(self) -> Mapping[str, Array]:
        return self._count.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._count.restore(arrays)


@dataclass(frozen=True)
class FollowFlags:
    """Who follows whom of the two."""

    name: str = "pair.follows"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("follows",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("pair.follows", "1 where the user follows the author", unit="flag"),
        Feature("pair.followed_by", "1 where the author follows the user", unit="flag"),
        Feature("pair.mutual_follow", "1 where both follow each other", unit="flag"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The last beginning or end of either edge before t."""
        own = rows.select("row", "user_id", "author_id", "time_us").sort("time_us").collect()
        user, author = own["user_id"].to_numpy(), own["author_id"].fill_null(-1).to_numpy()

        def follows(source: I64, target: I64) -> Mask:
            queries = PairQueries.of(source, target, own["time_us"].to_numpy())
            edges = stream(log["follows"], ["follower_id", "followee_id", "time_us", "ended"])
            return latest(
                queries, ((PairEvents(one, other, time), ~ended) for one, other, time, ended in edges)
            ).astype(bool)

        ours, theirs = follows(user, author), follows(author, user)
        columns = zip((feature.name for feature in self.features), (ours, theirs, ours & theirs), strict=True)
        return pl.LazyFrame([own["row"], *(pl.Series(name, values) for name, values in columns)])

    def online(self, state: Shared) -> OnlineView:
        """Reads the graph."""
        return _FollowFlags(state)


class _FollowFlags(Stateless):
    def __init__(self, state: Shared) -> None:
        self._graph = state.network.graph

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        users, authors = users_of(batch), batch.columns["author_row"]
        ours, theirs = self._graph.follows(users, authors), self._graph.follows(authors, users)
        values = {"pair.follows": ours, "pair.followed_by": theirs, "pair.mutual_follow": ours & theirs}
        return {name: value.astype(np.float32) for name, value in values.items()}


@dataclass(frozen=True)
class LanguageMatch:
    """Whether the tweet is in the language of the account; 0 where either is not declared."""

    name: str = "pair.language_match"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("users", "tweets")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("pair.language_match", "1 where both declare one language", unit="flag"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """Account and tweet, each if it was there before t."""
        users = log["users"].select("user_id", "created_us", spoken="language")
        tweets = log["tweets"].select("tweet_id", written="language")
        own = rows.select("row", "user_id", "tweet_id", "time_us", "posted_us")
        joined = own.join(users, on="user_id", how="left").join(tweets, on="tweet_id", how="left")
        there = (pl.col("created_us") < pl.col("time_us")) & pl.col("posted_us").is_not_null()
        same = (pl.col("spoken") == pl.col("written")) & (pl.col("spoken") != "")
        return joined.select("row", (there & same).alias(self.name))

    def online(self, state: Shared) -> OnlineView:
        """Reads the network."""
        return _LanguageMatch(state)


class _LanguageMatch(Stateless):
    def __init__(self, state: Shared) -> None:
        self._network = state.network

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        users, tweets = batch.requests.columns["user_row"], batch.columns["tweet_row"]
        spoken = at(self._network.user.language, users, -1)[batch.request]
        written = at(self._network.tweet.language, tweets, -1)
        return {"pair.language_match": ((spoken == written) & (spoken >= 0)).astype(np.float32)}


def users_of(batch: CandidateBatch) -> Array:
    """[N] user row of each candidate's request."""
    return batch.requests.columns["user_row"][batch.request]


def _affinity(batch: CandidateBatch) -> F32:
    """min(log(1 + interactions) / log(21), 1): 20 engagements are full affinity."""
    counts = batch.column("pair.interactions").astype(np.float64)
    share: F32 = np.minimum(np.log1p(counts) / np.log(21.0), 1.0).astype(np.float32)
    return share


_COUNTED = {
    "likes": "like", "replies": "reply", "retweets": "retweet", "quotes": "quote", "clicks": "click",
    "profile_clicks": "profile_click", "shares": "share",
}  # fmt: skip


def _total(name: str, doc: str, *actions: str) -> Aggregate:
    return Aggregate(Feature(name, doc), actions)


def _strength(name: str, doc: str, *actions: str) -> Aggregate:
    return Aggregate(Feature(name, doc, unit="strength"), actions, fades=True)


HISTORY = Interactions(
    "pair.history",
    AUTHOR,
    (
        _total("pair.interactions", "the user's positive actions on the author's tweets", *POSITIVE_ACTIONS),
        *(_total(f"pair.{name}", f"times the user took `{action}` on the author's tweets", action)
          for name, action in _COUNTED.items()),
        _total("pair.replies_answered", "the user's replies that the author answered", "reply_answered"),
        _total("pair.negatives", "negative actions: not interested, mute, block or report", *NEGATIVE_ACTIONS),
        _strength("pair.strength", "real-graph strength: positive actions, fading by 4.5% a day", *POSITIVE_ACTIONS),
        *(_strength(f"pair.strength_{name}", f"`{action}` actions, fading", action)
          for name, action in _COUNTED.items()),
        _strength("pair.strength_negatives", "negative actions, fading", *NEGATIVE_ACTIONS),
    ),
    Feature("pair.dwell_s", "mean dwell on the author's tweets the user acted on, smoothed", "seconds", default=10.0),
)  # fmt: skip
IMPRESSIONS = Impressions("pair.impressions", AUTHOR, "times the user was shown the author's tweets")
ENGAGEMENT_RATE = rate_of(
    "pair.engagement_rate", "pair.interactions", "pair.impressions", "positive actions an impression with the author"
)
TOPIC_HISTORY = Interactions(
    "pair.topic_history",
    TOPIC,
    (
        _total("pair.topic_interactions", "the user's positive actions on tweets of this first topic",
               *POSITIVE_ACTIONS),
        _strength("pair.topic_strength", "the same, fading by 4.5% a day", *POSITIVE_ACTIONS),
    ),
    Feature("pair.topic_dwell_s", "mean dwell on tweets of this topic the user acted on, smoothed", "seconds",
            default=10.0),
)  # fmt: skip
TOPIC_IMPRESSIONS = Impressions("pair.topic_impressions", TOPIC, "times the user was shown tweets of this first topic")
TOPIC_RATE = rate_of(
    "pair.topic_engagement_rate", "pair.topic_interactions", "pair.topic_impressions",
    "positive actions an impression with the topic",
)  # fmt: skip
FOLLOWS = FollowFlags()
LANGUAGE_MATCH = LanguageMatch()
AFFINITY = Derived(
    Feature("pair.affinity", "log share of 20 interactions, at most 1", unit="share"), ("pair.interactions",), _affinity
)
