"""Counts of events by entity in sliding windows of buckets; one definition, two engines, one kernel.

A window of n buckets at time t is the bucket that holds t and the n - 1 before it, and of those the events strictly
before t. Buckets are aligned to the epoch, so that both engines cut history at the same times. An engagement that was
taken back leaves the bucket that it was in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch
from data.events import EventBatch
from data.kernel import kernel
from features.bases.totals import END, queries_of, rows_of
from features.point_in_time.pairs import NONE, PairQueries, slot_of, stream
from features.shared import Shared
from features.state.columns import Columns, at
from features.view import Feature, OnlineView


@dataclass(frozen=True)
class Window:
    """The last `buckets` buckets of `bucket_us` microseconds."""

    bucket_us: int
    buckets: int
    doc: str


class Rings(NamedTuple):
    """Running totals of R rows. A window is the difference of two of them, whatever its length."""

    layout: I64
    """[K, 3] bucket length, first place and number of places of each ring."""
    head: Array
    """[R, K] newest bucket of each ring."""
    ever: Array
    """[R] all events."""
    until: Array
    """[R, places] events up to the end of each bucket up to `head`, ring beside ring."""


@dataclass(frozen=True)
class WindowCounts:
    """How many events of a table an entity had in each of some windows; a window more is a line more."""

    name: str
    table: str
    """`engagements` (the positive ones) or `impressions`."""
    by: str
    """Whose events: `user` (who acted; the request's entity), `tweet` or `author`."""
    windows: Mapping[str, Window]
    """Feature to its window."""
    reads: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        """A count by user belongs to the request, others to the candidate."""
        return "request" if self.by == "user" else "candidate"

    @property
    def tables(self) -> tuple[str, ...]:
        """The one table that is counted."""
        return (self.table,)

    @property
    def features(self) -> tuple[Feature, ...]:
        """One count a window."""
        return tuple(Feature(name, window.doc) for name, window in self.windows.items())

    @cached_property
    def rings(self) -> I64:
        """[K, 3] bucket length, first place and number of places of each ring; windows of one bucket length share."""
        longest: dict[int, int] = {}
        for one in self.windows.values():
            longest[one.bucket_us] = max(longest.get(one.bucket_us, 0), one.buckets)
        places = np.array(list(longest.values()), np.int64) + 1
        return np.stack([np.array(list(longest), np.int64), np.cumsum(places) - places, places], axis=1)

    @cached_property
    def spans(self) -> I64:
        """[W, 2] ring and buckets of each window."""
        order = self.rings[:, 0].tolist()
        return np.array([(order.index(one.bucket_us), one.buckets) for one in self.windows.values()], np.int64)

    def columns(self, size: int) -> Columns:
        """Empty rings for `size` rows, as `Rings`."""
        rows = Columns({
            "head": (np.int32, -(2**30), len(self.rings)), "ever": (np.int32, 0, 0),
            "until": (np.int32, 0, int(self.rings[:, 2].sum())),
        })  # fmt: skip
        rows.resize(size)
        return rows

    def rings_of(self, rows: Columns) -> Rings:
        """The counts in `rows`, which `columns` made."""
        return Rings(self.rings, rows.head, rows.ever, rows.until)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the events of the rows' entities."""
        row, queries = queries_of(rows, f"{self.by}_id")
        out = self._swept(queries, log[self.table], "time_us")
        if self.table == "engagements":
            out -= self._swept(queries, log["undos"], "engaged_us")
        return pl.LazyFrame([row, *(pl.Series(name, one) for name, one in zip(self.windows, out, strict=True))])

    def _swept(self, queries: PairQueries, events: pl.LazyFrame, happened: str) -> F32:
        """[W, R] windows of the events by the time in column `happened`, which rows see from `time_us` on."""
        counts = self.rings_of(self.columns(queries.slots))
        out, done = np.zeros((len(self.windows), len(queries.time_us)), np.float32), 0
        for key, time, when in stream(events.with_columns(when=happened), [f"{self.by}_id", "time_us", "when"]):
            done = _sweep(queries, key, time, when, counts, self.spans, out, done)
        _sweep(queries, *END, END[1], counts, self.spans, out, done)
        return out

    def online(self, state: Shared) -> OnlineView:
        """A ring of running totals a row and bucket length."""
        return _Windows(self, state)


class _Windows:
    def __init__(self, view: WindowCounts, state: Shared) -> None:
        self._view = view
        self.listens = (*view.tables, "undos") if view.table == "engagements" else view.tables
        self._index = state.network.tweets if view.by == "tweet" else state.network.users
        self._rows = view.columns(0)

    def update(self, events: EventBatch) -> None:
        rows = self._rows
        rows.resize(len(self._index))
        undone = events.table == "undos"
        when = events.columns["engaged_us"] if undone else events.time_us
        _count(events.columns[f"{self._view.by}_row"], when, -1 if undone else 1, self._view.rings_of(rows))

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        view, rows, time = self._view, self._rows, batch.requests.columns["time_us"]
        entities, offsets = rows_of(batch, view.by)
        out = np.zeros((len(view.windows), len(entities)), np.float32)
        _gather(entities, offsets, time, view.rings_of(rows), view.spans, out)
        return dict(zip(view.windows, out, strict=True))

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


@kernel
def _add(row: Any, time: Any, change: Any, rings: Any) -> Any:
    """One event into the rings of a row, or out of them where `change` is -1."""
    ever, until = rings.ever, rings.until
    for k in range(len(rings.layout)):
        first, places = rings.layout[k, 1], rings.layout[k, 2]
        bucket, head = time // rings.layout[k, 0], rings.head[row, k]
        newer = min(bucket - head, places)
        for back in range(newer):
            until[row, first + (bucket - back) % places] = ever[row]
        head = max(bucket, head)
        rings.head[row, k] = head
        # An event older than all that is remembered lies before every window: it counts in all totals alike.
        for later in range(max(bucket, head - places + 1), head + 1):
            until[row, first + later % places] += change
    ever[row] += change


@kernel
def _read(row: Any, time: Any, rings: Any, spans: Any, out: Any, place: Any) -> Any:
    """The windows of a row at a time that is not before its last event."""
    for w in range(len(spans)):
        ring, buckets = spans[w, 0], spans[w, 1]
        before = time // rings.layout[ring, 0] - buckets
        if before < rings.head[row, ring]:
            at = rings.layout[ring, 1] + before % rings.layout[ring, 2]
            out[w, place] = rings.ever[row] - rings.until[row, at]


@kernel
def _sweep(queries: Any, key: Any, time: Any, when: Any, rings: Any, spans: Any, out: Any, row: Any) -> Any:
    for i in range(len(time)):
        while row < len(queries.time_us) and queries.time_us[row] <= time[i]:
            if queries.slot[row] != NONE:
                _read(queries.slot[row], queries.time_us[row], rings, spans, out, row)
            row += 1
        found = queries.table[slot_of(queries.table, key[i], 0), 2]
        if found != NONE:
            _add(found, when[i], 1, rings)
    return row


@kernel
def _count(entities: Any, time: Any, change: Any, rings: Any) -> Any:
    for i in range(len(entities)):
        if entities[i] >= 0:
            _add(entities[i], time[i], change, rings)


@kernel
def _gather(entities: Any, offsets: Any, time: Any, rings: Any, spans: Any, out: Any) -> Any:
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            if 0 <= entities[i] < len(rings.ever):
                _read(entities[i], time[b], rings, spans, out, i)


def gathered(counts: Array, rows: I64) -> F32:
    """[N, ...] float32 counts at `rows`; 0 for a row that is negative or not counted yet."""
    return at(counts, rows, 0).astype(np.float32, copy=False)
