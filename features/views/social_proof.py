"""Who among the followed engaged a tweet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import I64, Array, CandidateBatch
from data.events import EventBatch
from data.ids import rows_of
from data.kernel import kernel
from features.point_in_time.pairs import stream
from features.shared import Shared
from features.state.columns import Columns
from features.state.pairs import EMPTY, PairTable, pair_slot
from features.view import Feature, OnlineView

NONE = -1


@dataclass(frozen=True)
class SocialProof:
    """How many of those whom the user follows now have engaged the tweet, and not taken it back, each counted once."""

    name: str = "pair.social_proof"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("engagements", "follows")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("pair.social_proof", "followed accounts that engaged the tweet"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the follows of the rows' users and their friends' engagements with the rows' tweets."""
        own = rows.select("row", "user_id", "tweet_id", "time_us").sort("time_us").collect()
        users, user = np.unique(own["user_id"].to_numpy(), return_inverse=True)
        tweets, tweet = np.unique(own["tweet_id"].to_numpy(), return_inverse=True)
        source, friend, changed, ended = _about(
            log["follows"], ["follower_id", "followee_id", "time_us", "ended"], users
        )
        friends = np.unique(friend)
        target, engager, engaged, change = _changes(log, tweets)
        engager = rows_of(friends, engager)
        known = engager >= 0
        target, engager, engaged, change = target[known], engager[known], engaged[known], change[known]
        out = np.zeros(len(own), np.float32)
        _sweep(
            user, tweet, own["time_us"].to_numpy(),
            source, rows_of(friends, friend), changed, ended, _room(len(source)), len(users),
            target, engager, engaged, change, _room(len(target)), len(tweets), out,
        )  # fmt: skip
        return pl.LazyFrame([own["row"], pl.Series(self.name, out)])

    def online(self, state: Shared) -> OnlineView:
        """A list of engagers a tweet."""
        return _SocialProof(state)


class _SocialProof:
    """Engagers of each tweet as a linked list, each once with the engagements that stand, and as a table of pairs.

    Of a candidate's engagers and the request's followed the fewer are gone through: engagers against the marks of the
    followed, the followed against the set.
    """

    def __init__(self, state: Shared) -> None:
        self._network = state.network
        self.listens: tuple[str, ...] = ("engagements", "undos")
        self._once = PairTable()
        self._head = Columns({"head": (np.int32, NONE, 0), "count": (np.int32, 0, 0)})
        # User, next place and engagements side by side: a walk then touches one line of memory a node.
        self._node = Columns({"node": (np.int32, NONE, 3)})
        self._size = 0
        self._marks = np.zeros(0, np.int64)
        self._mark = 0

    def update(self, events: EventBatch) -> None:
        self._head.resize(len(self._network.tweets))
        self._once.reserve(len(events))
        self._node.resize(self._size + len(events))
        before = self._size
        self._size = _engage(
            events.columns["tweet_row"], events.columns["user_row"], -1 if events.table == "undos" else 1,
            self._once.keys, self._once.values, self._head.head, self._head.count, self._node.node, self._size,
        )  # fmt: skip
        self._once.size += self._size - before

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        followees = self._network.graph.followees(batch.requests.columns["user_row"])
        if len(self._marks) < len(self._network.users):
            self._marks = np.zeros(2 * len(self._network.users), np.int64)
        out = np.zeros(len(batch), np.float32)
        self._mark = _friends(
            batch.offsets, batch.columns["tweet_row"], followees.offsets, followees.values, self._head.head,
            self._head.count, self._node.node, self._once.keys, self._once.values, self._marks, self._mark, out,
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


def _about(events: pl.LazyFrame, columns: Sequence[str], ids: I64) -> list[Array]:
    """The columns of the events whose first column is one of `ids`, that column as places in them."""
    kept: list[list[Array]] = []
    for first, *others in stream(events, columns):
        place = rows_of(ids, first)
        keep = place >= 0
        kept.append([column[keep] for column in (place, *others)])
    empty = [np.zeros(0, np.int64) for _ in columns]
    return [np.concatenate(parts) for parts in zip(*kept, strict=True)] if kept else empty


def _changes(log: Mapping[str, pl.LazyFrame], tweets: I64) -> list[Array]:
    """[E] tweet (place in `tweets`), user, time and +1 of an engagement, -1 of its undo; in order of time."""
    columns = ["tweet_id", "user_id", "time_us"]
    done, undone = _about(log["engagements"], columns, tweets), _about(log["undos"], columns, tweets)
    change = np.repeat(np.array([1, -1], np.int8), [len(done[0]), len(undone[0])])
    both = [*(np.concatenate(parts) for parts in zip(done, undone, strict=True)), change]
    order = np.argsort(both[2], kind="stable")
    return [column[order] for column in both] if len(undone[0]) else both


def _room(size: int) -> I64:
    """An empty table of keys for `size` pairs."""
    return np.full(1 << max(2 * size, 8).bit_length(), EMPTY, np.int64)


@kernel
def _sweep(
    user: Any, tweet: Any, until: Any,
    follower: Any, friend: Any, changed: Any, ended: Any, edges: Any, users: Any,
    target: Any, engager: Any, engaged: Any, change: Any, once: Any, tweets: Any, out: Any,
) -> Any:  # fmt: skip
    """Rows in order of time; follows, engagements and undos are applied up to each row's time."""
    # An edge, once begun, keeps its place in its user's list; `active` is whether it exists now.
    edge_of, active = np.empty(len(edges), np.int32), np.zeros(len(follower), np.bool_)
    edge, edge_head = np.empty((len(follower), 2), np.int32), np.full(users, NONE, np.int32)
    node, node_head = np.empty((len(target), 3), np.int32), np.full(tweets, NONE, np.int32)
    node_of = np.empty(len(once), np.int32)
    degree, engagers = np.zeros(users, np.int64), np.zeros(tweets, np.int64)
    f, e, size, nodes = 0, 0, 0, 0
    for r in range(len(until)):
        while f < len(changed) and changed[f] < until[r]:
            key = (follower[f] << 32) | friend[f]
            at = pair_slot(edges, key)
            if edges[at] == EMPTY:
                edges[at], edge_of[at] = key, size
                edge[size, 0], edge[size, 1] = friend[f], edge_head[follower[f]]
                edge_head[follower[f]] = size
                degree[follower[f]] += 1
                size += 1
            active[edge_of[at]] = not ended[f]
            f += 1
        while e < len(engaged) and engaged[e] < until[r]:
            key = (target[e] << 32) | engager[e]
            at = pair_slot(once, key)
            if once[at] == EMPTY:
                once[at], node_of[at] = key, nodes
                node[nodes, 0], node[nodes, 1], node[nodes, 2] = engager[e], node_head[target[e]], 0
                node_head[target[e]] = nodes
                engagers[target[e]] += 1
                nodes += 1
            node[node_of[at], 2] += change[e]
            e += 1
        u, t = user[r], tweet[r]
        if engagers[t] <= degree[u]:
            place = node_head[t]
            while place != NONE:
                at = pair_slot(edges, (np.int64(u) << 32) | np.int64(node[place, 0]))
                if edges[at] != EMPTY and active[edge_of[at]] and node[place, 2] > 0:
                    out[r] += 1
                place = node[place, 1]
        else:
            place = edge_head[u]
            while place != NONE:
                at = pair_slot(once, (np.int64(t) << 32) | np.int64(edge[place, 0]))
                if active[place] and once[at] != EMPTY and node[node_of[at], 2] > 0:
                    out[r] += 1
                place = edge[place, 1]


@kernel
def _engage(
    tweets: Any, users: Any, change: Any, once: Any, node_of: Any, head: Any, count: Any, node: Any, size: Any
) -> Any:  # fmt: skip
    for i in range(len(tweets)):
        if tweets[i] < 0 or users[i] < 0:
            continue
        key = (np.int64(tweets[i]) << 32) | np.int64(users[i])
        at = pair_slot(once, key)
        if once[at] == EMPTY:
            once[at] = key
            node_of[at] = size
            node[size, 0] = users[i]
            node[size, 1] = head[tweets[i]]
            node[size, 2] = 0
            head[tweets[i]] = size
            count[tweets[i]] += 1
            size += 1
        node[node_of[at], 2] += change
    return size


@kernel
def _friends(
    offsets: Any, tweets: Any, friend_offsets: Any, friends: Any, head: Any, count: Any, node: Any, once: Any,
    node_of: Any, marks: Any, mark: Any, out: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        mark += 1
        for f in range(friend_offsets[b], friend_offsets[b + 1]):
            marks[friends[f]] = mark
        for i in range(offsets[b], offsets[b + 1]):
            tweet = tweets[i]
            if tweet < 0 or tweet >= len(head):
                continue
            found = 0
            if count[tweet] <= friend_offsets[b + 1] - friend_offsets[b]:
                place = head[tweet]
                while place != NONE:
                    if marks[node[place, 0]] == mark and node[place, 2] > 0:
                        found += 1
                    place = node[place, 1]
            else:
                for f in range(friend_offsets[b], friend_offsets[b + 1]):
                    at = pair_slot(once, (np.int64(tweet) << 32) | np.int64(friends[f]))
                    if once[at] != EMPTY and node[node_of[at], 2] > 0:
                        found += 1
            out[i] = found
    return mark


SOCIAL_PROOF = SocialProof()
