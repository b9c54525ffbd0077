"""Counts of events by entity over all time, several in one pass; one definition, two engines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch
from data.events import NEVER_US, EventBatch
from data.kernel import kernel
from data.schema import ACTION_CODE, ACTIONS, POSITIVE_ACTIONS
from features.point_in_time.pairs import NONE, PairQueries, slot_of, stream
from features.shared import Shared
from features.state.columns import Columns
from features.view import Feature, OnlineView

END = (np.full(1, NONE, np.int64), np.full(1, NEVER_US, np.int64))
"""Key and time of an event after all others, which fills the rows that are left."""

_CODE = {**ACTION_CODE, "impressions": len(ACTIONS), "tweets": len(ACTIONS) + 1}
"""Code of every kind of event: actions by their place, other tables after them."""


@dataclass(frozen=True)
class Total:
    """One count: `of` is an action, `engagements` (all positive ones), `impressions` or `tweets` (posted)."""

    of: str
    doc: str

    @property
    def table(self) -> str:
        """Whose events are counted."""
        return self.of if self.of in ("impressions", "tweets") else "engagements"


@dataclass(frozen=True)
class TotalCounts:
    """How many events of some kinds an entity ever had, without those taken back; a count more is a line more."""

    name: str
    by: str
    """Whose events: `user` (who acted, saw or posted; the request's entity), `tweet` or `author` (of the tweet)."""
    counts: Mapping[str, Total]
    """Feature to what it counts."""
    reads: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        """A count by user belongs to the request, others to the candidate."""
        return "request" if self.by == "user" else "candidate"

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables whose events are counted."""
        return tuple(dict.fromkeys(one.table for one in self.counts.values()))

    @property
    def features(self) -> tuple[Feature, ...]:
        """The counts."""
        return tuple(Feature(name, one.doc, tables=(one.table,)) for name, one in self.counts.items())

    @cached_property
    def increments(self) -> Array:
        """[codes, W] int32: what one event of a code adds to each count."""
        out = np.zeros((len(_CODE), len(self.counts)), np.int32)
        for count, one in enumerate(self.counts.values()):
            out[[_CODE[name] for name in (POSITIVE_ACTIONS if one.of == "engagements" else (one.of,))], count] = 1
        return out

    def key(self, table: str) -> str:
        """Whose the events of `table` are: a tweet is its author's."""
        return "author" if table == "tweets" else self.by

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over each table."""
        row, queries = queries_of(rows, f"{self.by}_id")
        total = np.zeros((len(self.counts), len(row)), np.float32)
        for table in self.tables:
            code = pl.col("action_code") if table == "engagements" else pl.lit(_CODE[table], pl.Int8)
            events = log[table].select(f"{self.key(table)}_id", "time_us", code.alias("code"))
            total += tally(queries, stream(events, events.collect_schema().names()), self.increments)
        if "engagements" in self.tables:
            undone = stream(log["undos"], [f"{self.by}_id", "time_us", "action_code"])
            total -= tally(queries, undone, self.increments)
        return pl.LazyFrame([row, *(pl.Series(name, one) for name, one in zip(self.counts, total, strict=True))])

    def online(self, state: Shared) -> OnlineView:
        """A counter a row and kind."""
        return _Totals(self, state)


class _Totals:
    """`counts` [rows, W] of tweets or users."""

    def __init__(self, view: TotalCounts, state: Shared) -> None:
        self._view = view
        self.listens = (*view.tables, "undos") if "engagements" in view.tables else view.tables
        self._index = state.network.tweets if view.by == "tweet" else state.network.users
        self._rows = Columns({"counts": (np.int32, 0, len(view.counts))})
        self._key = {table: f"{view.key(table)}_row" for table in self.listens}
        self._code = {table: np.array([_CODE[table]], np.int8) for table in view.tables if table != "engagements"}

    def update(self, events: EventBatch) -> None:
        self._rows.resize(len(self._index))
        rows, codes = events.columns[self._key[events.table]], self._code.get(events.table)
        codes = events.columns["action_code"] if codes is None else codes
        sign = -1 if events.table == "undos" else 1
        add_increments(rows, codes, sign * self._view.increments, self._rows.counts)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        entities, _ = rows_of(batch, self._view.by)
        out = np.zeros((len(self._view.counts), len(entities)), np.float32)
        _gather(entities, self._rows.counts, out)
        return dict(zip(self._view.counts, out, strict=True))

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


def rows_of(batch: CandidateBatch, by: str) -> tuple[I64, I64]:
    """Rows of the entities `by`, and the offsets [B + 1] at which each request's begin."""
    if by == "user":
        users = batch.requests.columns["user_row"]
        return users, np.arange(len(users) + 1, dtype=np.int64)
    return batch.columns[f"{by}_row"], batch.offsets


def queries_of(rows: pl.LazyFrame, key: str) -> tuple[pl.Series, PairQueries]:
    """`row` in order of time, and their queries: one slot for each value of `key` (none for null)."""
    own = rows.select("row", key, "time_us").collect()
    own = own if own["time_us"].is_sorted() else own.sort("time_us")
    keys = own[key].fill_null(NONE).to_numpy()
    return own["row"], PairQueries.of(keys, np.zeros(len(keys), np.int64), own["time_us"].to_numpy())


def shares(counts: F32) -> F32:
    """[B, W] rows that sum to 1, or to 0 where nothing was counted."""
    total = counts.astype(np.float64).sum(axis=1, keepdims=True)
    share: F32 = (counts / np.maximum(total, 1)).astype(np.float32)
    return share


class CodedEvents(NamedTuple):
    """E events in order of time."""

    key: Array
    time_us: Array
    code: Array


def tally(queries: PairQueries, events: Iterable[list[Array]], increments: Array) -> F32:
    """[W, R] counts of each row's key strictly before its time; `events` are chunks of key, time and code."""
    own = np.zeros((queries.slots, increments.shape[1]), np.int32)
    out, done = np.zeros((increments.shape[1], len(queries.time_us)), np.float32), 0
    for chunk in events:
        done = _sweep(queries, CodedEvents(*chunk), increments, own, out, done)
    _sweep(queries, CodedEvents(*END, np.zeros(1, np.int8)), increments, own, out, done)
    return out


@kernel
def _sweep(queries: Any, events: Any, increments: Any, own: Any, out: Any, row: Any) -> Any:
    for i in range(len(events.time_us)):
        while row < len(queries.time_us) and queries.time_us[row] <= events.time_us[i]:
            if queries.slot[row] != NONE:
                for w in range(own.shape[1]):
                    out[w, row] = own[queries.slot[row], w]
            row += 1
        found = queries.table[slot_of(queries.table, events.key[i], 0), 2]
        if found != NONE:
            for w in range(own.shape[1]):
                own[found, w] += increments[events.code[i], w]
    return row


@kernel
def add_increments(rows: Any, codes: Any, increments: Any, counts: Any) -> Any:
    """Adds the row of `increments` [codes, W] of each event's code ([N], or [1] for all) to `counts` [rows, W].

    Negative rows are skipped.
    """
    for i in range(len(rows)):
        if rows[i] >= 0:
            code = codes[min(i, len(codes) - 1)]
            for w in range(counts.shape[1]):
                counts[rows[i], w] += increments[code, w]


@kernel
def _gather(rows: Any, counts: Any, out: Any) -> Any:
    for i in range(len(rows)):
        if 0 <= rows[i] < len(counts):
            for w in range(counts.shape[1]):
                out[w, i] = counts[rows[i], w]
