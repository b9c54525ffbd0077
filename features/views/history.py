"""What a user engaged and follows, newest first, as padded lists of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import I64, Array, CandidateBatch
from features.asof import as_of, changes
from features.past import past
from features.state.history import LENGTH
from features.state.shared import Shared
from features.view import Feature, OnlineView, Stateless

FOLLOWING = 100
"""How many of the newest follows are listed."""


@dataclass(frozen=True)
class HistoryLists:
    """Ids of the last engagements' tweets and authors, and of the newest follows."""

    name: str = "user.history"
    entity: str = "request"
    tables: tuple[str, ...] = ("engagements",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature(
            "user.history_tweets", "tweets engaged, newest first", unit="id", default=-1, width=LENGTH, dtype="int64"
        ),
        Feature("user.history_authors", "their authors", unit="id", default=-1, width=LENGTH, dtype="int64"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The last engagements before t."""
        own = past(log, rows)
        place = own.end[:, None] - 1 - np.arange(LENGTH)
        inside = place >= own.begin[:, None]
        place[~inside] = 0

        def padded(ids: I64) -> I64:
            return np.where(inside, ids[place], -1) if len(ids) else np.full(inside.shape, -1, np.int64)

        return pl.LazyFrame({
            "row": own.row,
            "user.history_tweets": padded(own.tweet_id),
            "user.history_authors": padded(own.author_id),
        })  # fmt: skip

    def online(self, state: Shared) -> OnlineView:
        """Reads the histories."""
        return _History(state)


class _History(Stateless):
    def __init__(self, state: Shared) -> None:
        self._state = state

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        users, network = batch.requests.columns["user_row"], self._state.network
        tweets, authors = self._state.history.tweets(users), self._state.history.authors(users)
        return {
            "user.history_tweets": ids_at(network.tweets.ids, tweets),
            "user.history_authors": ids_at(network.users.ids, authors),
        }


@dataclass(frozen=True)
class FollowingList:
    """Ids of the accounts followed last and still followed."""

    name: str = "user.following_list"
    entity: str = "request"
    tables: tuple[str, ...] = ("follows",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("user.following_ids", "newest follows first", unit="id", default=-1, width=FOLLOWING, dtype="int64"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The list after the user's last change before t; rows with the same last change share one list."""
        edges = changes(log["follows"], "follower_id", "followee_id").with_row_index("change")
        edges = edges.with_columns(until=pl.col("change").shift(-1).over("follower_id", "followee_id"))
        own = as_of(rows.select("row", "user_id", "time_us"), edges, {"user_id": "follower_id"}, ["change"])
        last = own.select("row", "user_id", last="change").collect()
        lists = last.select("user_id", "last").drop_nulls().unique(maintain_order=True).with_row_index("list")
        begun = edges.filter(~pl.col("ended")).select("change", "until", "followee_id", user_id="follower_id").collect()
        stands = (pl.col("change") <= pl.col("last")) & (pl.col("until").is_null() | (pl.col("until") > pl.col("last")))
        members = lists.join(begun, on="user_id").filter(stands).sort(["list", "change"], descending=[False, True])
        members = members.with_columns(place=pl.int_range(pl.len()).over("list")).filter(pl.col("place") < FOLLOWING)
        table = np.full((len(lists) + 1, FOLLOWING), -1, np.int64)
        table[members["list"].to_numpy(), members["place"].to_numpy()] = members["followee_id"].to_numpy()
        which = last.join(lists, on=["user_id", "last"], how="left", maintain_order="left")["list"]
        return pl.LazyFrame({"row": last["row"], "user.following_ids": table[which.fill_null(len(lists)).to_numpy()]})

    def online(self, state: Shared) -> OnlineView:
        """Reads the graph."""
        return _Following(state)


class _Following(Stateless):
    def __init__(self, state: Shared) -> None:
        self._network = state.network

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        lists = self._network.graph.followees(batch.requests.columns["user_row"], FOLLOWING)
        out = np.full((len(lists), FOLLOWING), -1, np.int64)
        place = np.arange(len(lists.values)) - np.repeat(lists.offsets[:-1], lists.lengths)
        out[lists.owner, place] = self._network.users.ids[lists.values]
        return {"user.following_ids": out}


def ids_at(ids: I64, rows: I64) -> I64:
    """Ids of `rows` of any shape, -1 for a negative row."""
    if not len(ids):
        return np.full(rows.shape, -1, np.int64)
    return np.where(rows >= 0, ids[rows], -1)


LISTS = HistoryLists()
FOLLOWING_LIST = FollowingList()
