"""What a user did and whom the user follows, newest first, as padded lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch
from data.events import HOUR_US
from data.kernel import kernel
from features.point_in_time.asof import as_of, changes
from features.point_in_time.histories import past
from features.shared import Shared
from features.state.history import LENGTH
from features.state.network import UNKNOWN_US
from features.view import Feature, OnlineView, Stateless

FOLLOWING = 100
"""How many of the newest follows are listed."""


@dataclass(frozen=True)
class HistoryLists:
    """What was engaged last: ids of the tweets and of their authors."""

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
        own = past(log, rows, "tweet_id", "author_id")
        out = {name: np.full((len(own.row), LENGTH), -1, np.int64) for name in ("tweet_id", "author_id")}
        for name, ids in out.items():
            _newest(own.begin, own.end, own.column(name), ids)
        return pl.LazyFrame({
            "row": own.row, "user.history_tweets": out["tweet_id"], "user.history_authors": out["author_id"],
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
class HistoryActions:
    """What was done and how long ago, beside the lists of `user.history`."""

    name: str = "user.history_deeds"
    entity: str = "request"
    tables: tuple[str, ...] = ("engagements",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature(
            "user.history_actions", "places in ACTIONS, newest first", unit="code", default=-1, width=LENGTH,
            dtype="int8",
        ),
        Feature("user.history_ages_h", "how long ago each was, -1 for none", unit="hours", default=-1, width=LENGTH),
    )  # fmt: skip

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The last engagements before t."""
        own = past(log, rows, "action_code")
        actions = np.full((len(own.row), LENGTH), -1, np.int8)
        times = np.full((len(own.row), LENGTH), UNKNOWN_US, np.int64)
        _newest(own.begin, own.end, own.column("action_code"), actions)
        _newest(own.begin, own.end, own.column("time_us"), times)
        return pl.LazyFrame({
            "row": own.row, "user.history_actions": actions, "user.history_ages_h": ages(times, own.time_us),
        })  # fmt: skip

    def online(self, state: Shared) -> OnlineView:
        """Reads the histories."""
        return _HistoryActions(state)


class _HistoryActions(Stateless):
    def __init__(self, state: Shared) -> None:
        self._history = state.history

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        users, time_us = batch.requests.columns["user_row"], batch.requests.columns["time_us"]
        return {
            "user.history_actions": self._history.actions(users),
            "user.history_ages_h": ages(self._history.times(users), time_us),
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
        active = (pl.col("change") <= pl.col("last")) & (pl.col("until").is_null() | (pl.col("until") > pl.col("last")))
        members = lists.join(begun, on="user_id").filter(active).sort(["list", "change"], descending=[False, True])
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


def ages(times: I64, requests_us: I64) -> F32:
    """[B, L] hours from `times` to each request's time; -1 where the time is not known."""
    out = np.full(times.shape, -1, np.float32)
    _ages(times, requests_us, out)
    return out


@kernel
def _ages(times: Any, requests_us: Any, out: Any) -> Any:
    for b in range(len(times)):
        for k in range(times.shape[1]):
            if times[b, k] != UNKNOWN_US:
                out[b, k] = (requests_us[b] - times[b, k]) / HOUR_US


@kernel
def _newest(begin: Any, end: Any, values: Any, out: Any) -> Any:
    for r in range(len(out)):
        for k in range(min(end[r] - begin[r], out.shape[1])):
            out[r, k] = values[end[r] - 1 - k]


LISTS = HistoryLists()
DEEDS = HistoryActions()
FOLLOWING_LIST = FollowingList()
