"""Who among the followed engaged a tweet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from data.events import EventBatch
from features.asof import changes
from features.kernel import kernel
from features.state.columns import Columns
from features.state.pairs import EMPTY, PairTable, pair_slot
from features.state.shared import Shared
from features.view import Feature, OnlineView

NONE = -1


@dataclass(frozen=True)
class SocialProof:
    """How many of those whom the user follows now have engaged the tweet, each counted once."""

    name: str = "pair.social_proof"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("engagements", "follows")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("pair.social_proof", "followed accounts that engaged the tweet"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """First engagements before t, joined with the follows that stand at t."""
        first = log["engagements"].group_by("tweet_id", friend="user_id").agg(first_us=pl.col("time_us").min())
        edges = changes(log["follows"], "follower_id", "followee_id")
        edges = edges.with_columns(end_us=pl.col("time_us").shift(-1).over("follower_id", "followee_id"))
        edges = edges.filter(~pl.col("ended")).select(
            "end_us", user_id="follower_id", friend="followee_id", begin_us="time_us"
        )
        first = first.join(edges.select("friend").unique(), on="friend", how="semi")
        own = rows.select("row", "user_id", "tweet_id", "time_us")
        engaged = own.join(first, on="tweet_id").filter(pl.col("first_us") < pl.col("time_us"))
        stands = (pl.col("begin_us") < pl.col("time_us")) & (
            pl.col("end_us").is_null() | (pl.col("end_us") >= pl.col("time_us"))
        )
        friends = engaged.join(edges, on=["user_id", "friend"]).filter(stands)
        return friends.group_by("row").agg(pl.len().alias(self.name))

    def online(self, state: Shared) -> OnlineView:
        """A list of engagers a tweet."""
        return _SocialProof(state)


class _SocialProof:
    """Engagers of each tweet as a linked list, each once; the followed of a request are marked, then lists walked."""

    def __init__(self, state: Shared) -> None:
        self._network = state.network
        self.listens: tuple[str, ...] = ("engagements",)
        self._once = PairTable()
        self._head = Columns({"head": (np.int32, NONE, 0)})
        # User and next place side by side: a walk then touches one line of memory a node.
        self._node = Columns({"node": (np.int32, NONE, 2)})
        self._size = 0
        self._marks = np.zeros(0, np.int64)
        self._mark = 0

    def update(self, events: EventBatch) -> None:
        self._head.resize(len(self._network.tweets))
        self._once.reserve(len(events))
        self._node.resize(self._size + len(events))
        before = self._size
        self._size = _engage(
            events.columns["tweet_row"], events.columns["user_row"], self._once.keys,
            self._head.head, self._node.node, self._size,
        )  # fmt: skip
        self._once.size += self._size - before

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        followees = self._network.graph.followees(batch.requests.columns["user_row"])
        if len(self._marks) < len(self._network.users):
            self._marks = np.zeros(2 * len(self._network.users), np.int64)
        out = np.zeros(len(batch), np.float32)
        self._mark = _friends(
            batch.offsets, batch.columns["tweet_row"], followees.offsets, followees.values, self._head.head,
            self._node.node, self._marks, self._mark, out,
        )  # fmt: skip
        return {"pair.social_proof": out}

    def arrays(self) -> Mapping[str, Array]:
        return {
            **{f"once_{name}": array for name, array in self._once.arrays().items()},
            **self._head.arrays(),
            **{name: array[: self._size] for name, array in self._node.arrays().items()},
        }

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._once.restore({"keys": arrays["once_keys"], "values": arrays["once_values"]})
        self._head.restore(arrays)
        self._node.restore(arrays)
        self._size = len(self._node)


@kernel
def _engage(tweets: Any, users: Any, once: Any, head: Any, node: Any, size: Any) -> Any:
    for i in range(len(tweets)):
        if tweets[i] < 0 or users[i] < 0:
            continue
        key = (np.int64(tweets[i]) << 32) | np.int64(users[i])
        at = pair_slot(once, key)
        if once[at] == EMPTY:
            once[at] = key
            node[size, 0] = users[i]
            node[size, 1] = head[tweets[i]]
            head[tweets[i]] = size
            size += 1
    return size


@kernel
def _friends(
    offsets: Any, tweets: Any, friend_offsets: Any, friends: Any, head: Any, node: Any,
    marks: Any, mark: Any, out: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        mark += 1
        for f in range(friend_offsets[b], friend_offsets[b + 1]):
            marks[friends[f]] = mark
        for i in range(offsets[b], offsets[b + 1]):
            if tweets[i] < 0 or tweets[i] >= len(head):
                continue
            place = head[tweets[i]]
            count = 0
            while place != NONE:
                if marks[node[place, 0]] == mark:
                    count += 1
                place = node[place, 1]
            out[i] = count
    return mark


SOCIAL_PROOF = SocialProof()
