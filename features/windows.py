"""Counts of events by entity: over all time, and in sliding windows of buckets; one definition, two engines.

A window of n buckets at time t is the bucket that holds t and the n - 1 before it, and of those the events strictly
before t. Buckets are aligned to the epoch, so that both engines cut history at the same moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch
from data.events import EventBatch
from features.asof import ONE, as_of, counted
from features.kernel import kernel
from features.state.columns import Columns, at
from features.state.shared import Shared
from features.view import Feature, OnlineView


@dataclass(frozen=True)
class WindowCount:
    """Positive engagements (or rows of another table) of an entity in the last `buckets` buckets."""

    name: str
    """Of the view and of its one feature."""
    table: str
    by: str
    """The event's row column that is counted by: `user_row`, `tweet_row` or `author_row`."""
    bucket_us: int
    buckets: int
    doc: str = ""

    @property
    def entity(self) -> str:
        """A count by user belongs to the request, others to the candidate."""
        return "request" if self.by == "user_row" else "candidate"

    @property
    def tables(self) -> tuple[str, ...]:
        """The one table that is counted."""
        return (self.table,)

    @property
    def reads(self) -> tuple[str, ...]:
        """No other view."""
        return ()

    @property
    def features(self) -> tuple[Feature, ...]:
        """The one count."""
        return (Feature(self.name, self.doc),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """Running total at t less the running total before the first bucket of the window."""
        key = self.by.removesuffix("_row") + "_id"
        events = counted(log[self.table].filter(pl.col(key) >= 0), [key], total=ONE)
        first = (pl.col("time_us").floordiv(self.bucket_us) - (self.buckets - 1)) * self.bucket_us
        now = as_of(rows.select("row", key, "time_us", start=first), events, {key: key}, ["total"])
        both = as_of(now.rename({"total": "until"}), events, {key: key}, ["total"], at="start")
        count = pl.col("until").fill_null(0) - pl.col("total").fill_null(0)
        return both.select("row", count.alias(self.name))

    def online(self, state: Shared) -> OnlineView:
        """A ring of running totals a row."""
        return _Window(self, state)


class _Window:
    """Running totals a row: `ever` all events, `until` those up to the end of each bucket from `head` - n to `head`.

    A window is the difference of two totals, whatever its length.
    """

    def __init__(self, view: WindowCount, state: Shared) -> None:
        self._view, self.listens = view, view.tables
        self._index = state.network.tweets if view.by == "tweet_row" else state.network.users
        self._rows = Columns(
            {"head": (np.int64, -(2**40), 0), "ever": (np.int32, 0, 0), "until": (np.int32, 0, view.buckets + 1)}
        )

    def update(self, events: EventBatch) -> None:
        rows, own = self._rows, events.columns[self._view.by]
        rows.resize(len(self._index))
        _count(own, events.time_us // self._view.bucket_us, rows.head, rows.ever, rows.until)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        buckets = batch.requests.columns["time_us"] // self._view.bucket_us
        rows = self._rows
        if self._view.entity == "request":
            entities = batch.requests.columns[self._view.by]
            out = np.zeros(len(entities), np.float32)
            _sum(entities, np.arange(len(entities)), buckets, rows.head, rows.ever, rows.until, out)
        else:
            entities = batch.columns[self._view.by]
            out = np.zeros(len(entities), np.float32)
            _sum(entities, batch.request, buckets, rows.head, rows.ever, rows.until, out)
        return {self._view.name: out}

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


@kernel
def _count(entities: Any, buckets: Any, head: Any, ever: Any, until: Any) -> Any:
    places = until.shape[1]
    for i in range(len(entities)):
        row, bucket = entities[i], buckets[i]
        # An event older than all that is remembered lies before every window that can still be asked about.
        if row < 0 or bucket <= head[row] - places + 1:
            continue
        if bucket - head[row] >= places:
            until[row, :] = ever[row]
            head[row] = bucket
        while head[row] < bucket:
            head[row] += 1
            until[row, head[row] % places] = ever[row]
        for later in range(bucket, head[row] + 1):
            until[row, later % places] += 1
        ever[row] += 1


@kernel
def _sum(entities: Any, request: Any, buckets: Any, head: Any, ever: Any, until: Any, out: Any) -> Any:
    places = until.shape[1]
    for i in range(len(entities)):
        row = entities[i]
        if row < 0 or row >= len(head):
            continue
        before = max(buckets[request[i]], head[row]) - (places - 1)
        if before < head[row]:
            out[i] = ever[row] - until[row, before % places]


@dataclass(frozen=True)
class TotalCounts:
    """Engagements of each tweet ever, one count an action."""

    name: str
    actions: Mapping[str, str] = field(default_factory=dict)
    """Feature to the action that it counts."""
    entity: str = "candidate"
    tables: tuple[str, ...] = ("engagements",)
    reads: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[Feature, ...]:
        """One count an action."""
        return tuple(
            Feature(name, f"engagements `{action}` of the tweet so far") for name, action in self.actions.items()
        )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """Running totals as of t."""
        amounts = {name: (pl.col("action") == action).cast(pl.Int64) for name, action in self.actions.items()}
        events = log["engagements"].filter(pl.col("action").is_in(list(self.actions.values())))
        events = counted(events.select("tweet_id", "time_us", "action"), ["tweet_id"], **amounts)
        out = as_of(rows.select("row", "tweet_id", "time_us"), events, {"tweet_id": "tweet_id"}, list(amounts))
        return out.select("row", *amounts)

    def online(self, state: Shared) -> OnlineView:
        """A counter a tweet row and action."""
        return _Totals(self, state)


class _Totals:
    """`counts` [tweets, A] by tweet row."""

    def __init__(self, view: TotalCounts, state: Shared) -> None:
        self._view, self._tweets, self.listens = view, state.network.tweets, view.tables
        self._code = {action: place for place, action in enumerate(view.actions.values())}
        self._rows = Columns({"counts": (np.int32, 0, len(view.actions))})

    def update(self, events: EventBatch) -> None:
        self._rows.resize(len(self._tweets))
        actions = np.fromiter((self._code.get(a, -1) for a in events.columns["action"].tolist()), np.int64, len(events))
        keep = actions >= 0
        np.add.at(self._rows.counts, (events.columns["tweet_row"][keep], actions[keep]), 1)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        counts = gathered(self._rows.counts, batch.columns["tweet_row"])
        return {name: np.ascontiguousarray(counts[:, place]) for place, name in enumerate(self._view.actions)}

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


def gathered(counts: Array, rows: I64) -> F32:
    """[N, ...] float32 counts at `rows`; 0 for a row that is negative or not counted yet."""
    return at(counts, rows, 0).astype(np.float32, copy=False)
