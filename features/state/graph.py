"""Who follows, mutes and blocks whom now: edges in flat arrays, linked both ways, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask, Ragged, offsets_of
from data.kernel import kernel
from features.state.columns import Columns
from features.state.pairs import EMPTY, PairTable, pair_slot

NONE = -1
_CHUNK = 1 << 16


@kernel
def _link(head: Any, following: Any, previous: Any, user: Any, edge: Any) -> Any:
    following[edge] = head[user]
    previous[edge] = NONE
    if head[user] != NONE:
        previous[head[user]] = edge
    head[user] = edge


@kernel
def _unlink(head: Any, following: Any, previous: Any, user: Any, edge: Any) -> Any:
    if previous[edge] != NONE:
        following[previous[edge]] = following[edge]
    else:
        head[user] = following[edge]
    if following[edge] != NONE:
        previous[following[edge]] = previous[edge]


@kernel
def _change(
    keys: Any, values: Any, source: Any, target: Any, ended: Any, size: Any, free: Any,
    ends: Any, out_next: Any, out_prev: Any, in_next: Any, in_prev: Any,
    out_head: Any, in_head: Any, out_count: Any, in_count: Any,
) -> Any:  # fmt: skip
    """Applies edge events in order; returns (edges ever placed, first free place, pairs new to the table)."""
    fresh = 0
    for i in range(len(source)):
        a, b = source[i], target[i]
        if a < 0 or b < 0:
            continue
        key = (np.int64(a) << 32) | np.int64(b)
        at = pair_slot(keys, key)
        known = keys[at] != EMPTY and values[at] != NONE
        if ended[i] == known:
            if known:
                edge = values[at]
                _unlink(out_head, out_next, out_prev, a, edge)
                _unlink(in_head, in_next, in_prev, b, edge)
                values[at] = NONE
                out_next[edge] = free
                free = edge
                out_count[a] -= 1
                in_count[b] -= 1
            else:
                edge = size
                if free != NONE:
                    edge = free
                    free = out_next[edge]
                else:
                    size += 1
                if keys[at] == EMPTY:
                    keys[at] = key
                    fresh += 1
                values[at] = edge
                ends[edge, 0] = a
                ends[edge, 1] = b
                _link(out_head, out_next, out_prev, a, edge)
                _link(in_head, in_next, in_prev, b, edge)
                out_count[a] += 1
                in_count[b] += 1
    return size, free, fresh


@kernel
def _walk(rows: Any, head: Any, following: Any, ends: Any, side: Any, offsets: Any, out: Any) -> Any:
    for i in range(len(rows)):
        if rows[i] < 0:
            continue
        at = offsets[i]
        edge = head[rows[i]]
        while edge != NONE and at < offsets[i + 1]:
            out[at] = ends[edge, side]
            at += 1
            edge = following[edge]


@kernel
def _walk_edges(rows: Any, head: Any, following: Any, offsets: Any, out: Any) -> Any:
    for i in range(len(rows)):
        edge = head[rows[i]] if rows[i] >= 0 else NONE
        for at in range(offsets[i], offsets[i + 1]):
            out[at] = edge
            edge = following[edge]


class EdgeSet:
    """Directed edges between user rows. A beginning of an edge that exists, or an end of none, changes nothing.

    Each edge has a place while it lasts; one that begins later may take the place of one that ended.
    """

    def __init__(self) -> None:
        """No edges."""
        self._table = PairTable()
        links = ("out_next", "out_prev", "in_next", "in_prev")
        self._edges = Columns({"ends": (np.int32, NONE, 2), **dict.fromkeys(links, (np.int64, NONE, 0))})
        heads = {"out_head": (np.int64, NONE, 0), "in_head": (np.int64, NONE, 0)}
        self._users = Columns({**heads, "out_count": (np.int64, 0, 0), "in_count": (np.int64, 0, 0)})
        self._size, self._free = 0, NONE

    @property
    def out_count(self) -> I64:
        """[users] edges that leave each user."""
        counts: I64 = self._users.out_count
        return counts

    @property
    def in_count(self) -> I64:
        """[users] edges that reach each user."""
        counts: I64 = self._users.in_count
        return counts

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._users.resize(users)

    def update(self, source: I64, target: I64, ended: Mask) -> None:
        """Begins or ends edges, in order; rows must be known (`resize`) or negative, which is skipped."""
        users, edges = self._users, self._edges
        for start in range(0, len(source), _CHUNK):
            one = slice(start, start + _CHUNK)
            self._table.reserve(len(source[one]))
            edges.resize(self._size + len(source[one]))
            self._size, self._free, fresh = _change(
                self._table.keys, self._table.values, source[one], target[one], ended[one], self._size, self._free,
                edges.ends, edges.out_next, edges.out_prev, edges.in_next, edges.in_prev,
                users.out_head, users.in_head, users.out_count, users.in_count,
            )  # fmt: skip
            self._table.size += int(fresh)

    def has(self, source: I64, target: I64) -> Mask:
        """[N] whether there is an edge from each source to its target."""
        found: Mask = self._table.get(source, target, NONE) != NONE
        return found

    def targets(self, rows: I64, limit: int | None = None) -> Ragged:
        """Where the edges of each of `rows` lead, newest first, at most `limit` each."""
        users = self._users
        return self._list(rows, users.out_count, users.out_head, self._edges.out_next, 1, limit)

    def sources(self, rows: I64, limit: int | None = None) -> Ragged:
        """Where the edges that reach each of `rows` come from, newest first, at most `limit` each."""
        users = self._users
        return self._list(rows, users.in_count, users.in_head, self._edges.in_next, 0, limit)

    @property
    def places(self) -> int:
        """Places are below this."""
        return self._size

    @property
    def ends(self) -> Array:
        """[places, 2] int32 source and target of the edge at each place."""
        ends: Array = self._edges.ends
        return ends

    def place(self, source: I64, target: I64) -> I64:
        """[N] the place of the edge from each source to its target, -1 where there is none."""
        return self._table.get(source, target, NONE)

    def leaving(self, rows: I64) -> Ragged:
        """The places of the edges that leave each of `rows`, newest first: as `targets`."""
        return self._places(rows, self._users.out_count, self._users.out_head, self._edges.out_next)

    def reaching(self, rows: I64) -> Ragged:
        """The places of the edges that reach each of `rows`, newest first: as `sources`."""
        return self._places(rows, self._users.in_count, self._users.in_head, self._edges.in_next)

    def _places(self, rows: I64, count: I64, head: I64, following: I64) -> Ragged:
        rows = np.ascontiguousarray(rows, np.int64)
        offsets = offsets_of(np.where(rows >= 0, count[rows], 0) if len(count) else np.zeros(len(rows), np.int64))
        out = np.empty(int(offsets[-1]), np.int64)
        _walk_edges(rows, head, following, offsets, out)
        return Ragged(offsets, out)

    def _list(self, rows: I64, count: I64, head: I64, following: I64, side: int, limit: int | None) -> Ragged:
        rows = np.ascontiguousarray(rows, np.int64)
        counts = np.where(rows >= 0, count[rows], 0) if len(count) else np.zeros(len(rows), int)
        if limit is not None:
            counts = np.minimum(counts, limit)
        offsets = offsets_of(counts)
        out = np.empty(int(offsets[-1]), np.int64)
        _walk(rows, head, following, self._edges.ends, side, offsets, out)
        return Ragged(offsets, out)

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        table = {f"table_{name}": array for name, array in self._table.arrays().items()}
        return {**table, **self._edges.arrays(), **self._users.arrays(), "marks": np.array([self._size, self._free])}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._table.restore({"keys": arrays["table_keys"], "values": arrays["table_values"]})
        self._edges.restore(arrays)
        self._users.restore(arrays)
        self._size, self._free = (int(mark) for mark in arrays["marks"])


class Graph:
    """The three kinds of edges between users, by user row."""

    def __init__(self) -> None:
        """No edges."""
        self.follow, self.mute, self.block = EdgeSet(), EdgeSet(), EdgeSet()

    @property
    def kinds(self) -> dict[str, EdgeSet]:
        """Edge sets by the table whose events change them."""
        return {"follows": self.follow, "mutes": self.mute, "blocks": self.block}

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        for edges in (self.follow, self.mute, self.block):
            edges.resize(users)

    def followees(self, rows: I64, limit: int | None = None) -> Ragged:
        """Whom each of `rows` follows, newest follow first, at most `limit` each."""
        return self.follow.targets(rows, limit)

    def followers(self, rows: I64, limit: int | None = None) -> Ragged:
        """Who follows each of `rows`, newest follow first, at most `limit` each."""
        return self.follow.sources(rows, limit)

    def follows(self, users: I64, authors: I64) -> Mask:
        """[N] whether each user follows the author beside it; False where a row is negative."""
        return self.follow.has(users, authors)

    def muted(self, users: I64, authors: I64) -> Mask:
        """[N] whether each user mutes the author beside it."""
        return self.mute.has(users, authors)

    def blocked(self, users: I64, authors: I64) -> Mask:
        """[N] whether each user blocks the author beside it."""
        return self.block.has(users, authors)
