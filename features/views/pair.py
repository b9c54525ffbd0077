"""Columns of a user and a tweet's author: what passed between them, whether they follow, a common language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import F32, Array, CandidateBatch
from data.events import EventBatch
from features.asof import ONE, as_of, changes, counted
from features.derived import Derived
from features.state.columns import at
from features.state.pairs import PairTable
from features.state.shared import Shared
from features.view import Feature, OnlineView, Stateless


@dataclass(frozen=True)
class Interactions:
    """How often the user engaged the author's tweets."""

    name: str = "pair.interactions"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("engagements",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("pair.interactions", "the user's past engagements with the author"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """A running total as of t."""
        keys = ["user_id", "author_id"]
        own = log["engagements"].filter(pl.col("author_id") >= 0).select(*keys, "time_us")
        events = counted(own, keys, **{self.name: ONE})
        out = as_of(rows.select("row", *keys, "time_us"), events, {key: key for key in keys}, [self.name])
        return out.select("row", self.name)

    def online(self, state: Shared) -> OnlineView:
        """A table of pairs."""
        return _Interactions()


class _Interactions:
    def __init__(self) -> None:
        self._count = PairTable()
        self.listens: tuple[str, ...] = ("engagements",)

    def update(self, events: EventBatch) -> None:
        columns = events.columns
        self._count.add(columns["user_row"], columns["author_row"], np.ones(len(events), np.int64))

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        count = self._count.get(users_of(batch), batch.columns["author_row"], 0)
        return {"pair.interactions": count.astype(np.float32)}

    def arrays(self) -> Mapping[str, Array]:
        return self._count.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._count.restore(arrays)


@dataclass(frozen=True)
class Follows:
    """Whether the user follows the author."""

    name: str = "pair.follows"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("follows",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("pair.follows", "1 where the user follows the author", unit="flag"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The last change of the edge before t."""
        edges = changes(log["follows"], "follower_id", "followee_id")
        by = {"user_id": "follower_id", "author_id": "followee_id"}
        out = as_of(rows.select("row", *by, "time_us"), edges, by, ["ended"])
        return out.select("row", (~pl.col("ended")).alias(self.name))

    def online(self, state: Shared) -> OnlineView:
        """Reads the graph."""
        return _Follows(state)


class _Follows(Stateless):
    def __init__(self, state: Shared) -> None:
        self._graph = state.network.graph

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        follows = self._graph.follows(users_of(batch), batch.columns["author_row"])
        return {"pair.follows": follows.astype(np.float32)}


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


INTERACTIONS = Interactions()
FOLLOWS = Follows()
LANGUAGE_MATCH = LanguageMatch()
AFFINITY = Derived(
    Feature("pair.affinity", "log share of 20 interactions, at most 1", unit="share"), ("pair.interactions",), _affinity
)
