"""Queries of pairs at given times, answered in one pass over a log in order of time.

The pairs of the rows get slots in a hash table. Events are read a chunk at a time; those of other pairs are dropped
after one look-up, and each row is filled when the events have come to its time. Neither the log nor a join with it
is ever in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.kernel import kernel

NONE = -1
_CHUNK = 1 << 20


class PairQueries(NamedTuple):
    """R rows in order of time, each with the slot of its pair: 0, 1, ... in order of first appearance."""

    time_us: I64
    """[R] times, ascending."""
    slot: I64
    """[R] slot of each row's pair, -1 for a pair with a negative key."""
    table: I64
    """[2^k, 4] left key, right key and slot of each pair, in one line of memory: a look-up then waits once."""
    slots: int
    """How many pairs have a slot."""

    @classmethod
    def of(cls, left: I64, right: I64, time_us: I64) -> PairQueries:
        """From [R] keys of both sides and times, ascending."""
        table = np.full((1 << max(2 * len(left), 8).bit_length(), 4), NONE, np.int64)
        slot = np.full(len(left), NONE, np.int64)
        return cls(time_us, slot, table, int(_place(left, right, table, slot)))


class PairEvents(NamedTuple):
    """E events of pairs, in order of time."""

    left: Array
    right: Array
    time_us: Array


def stream(events: pl.LazyFrame, columns: Sequence[str]) -> Iterator[list[Array]]:
    """The events' columns as arrays, a chunk at a time, in order; nulls of whole numbers are -1."""
    for chunk in events.select(columns).collect_batches(chunk_size=_CHUNK, maintain_order=True):
        yield [_filled(chunk[name]) for name in columns]


def _filled(column: pl.Series) -> Array:
    values: Array = (column.fill_null(NONE) if column.null_count() else column).to_numpy()
    return values


@kernel
def slot_of(table: Any, left: Any, right: Any) -> Any:
    """The line of `table` that holds the pair, or the empty one where it belongs."""
    mixed = np.uint64(left) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(right) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    mask = np.int64(len(table) - 1)
    at = np.int64(mixed & np.uint64(mask))
    while table[at, 2] != NONE and (table[at, 0] != left or table[at, 1] != right):
        at = (at + 1) & mask
    return at


@kernel
def _place(left: Any, right: Any, table: Any, slot: Any) -> Any:
    size = 0
    for i in range(len(left)):
        if left[i] < 0 or right[i] < 0:
            continue
        at = slot_of(table, left[i], right[i])
        if table[at, 2] == NONE:
            table[at, 0] = left[i]
            table[at, 1] = right[i]
            table[at, 2] = size
            size += 1
        slot[i] = table[at, 2]
    return size


def counts(queries: PairQueries, events: Iterator[PairEvents]) -> I64:
    """[R] events of each row's pair strictly before its time; `events` come in chunks."""
    own, out, done = np.zeros(queries.slots, np.int64), np.zeros(len(queries.time_us), np.int64), 0
    for chunk in events:
        done = _count(queries, chunk, own, out, done)
    _rest(queries.slot, own, out, done)
    return out


def latest(queries: PairQueries, events: Iterator[tuple[PairEvents, Array]]) -> I64:
    """[R] value of the last event of each row's pair strictly before its time, 0 where there is none.

    `events` come in chunks, each with its values; of several events of a pair at one time the last one wins.
    """
    own, out, done = np.zeros(queries.slots, np.int64), np.zeros(len(queries.time_us), np.int64), 0
    for chunk, value in events:
        done = _last(queries, chunk, value, own, out, done)
    _rest(queries.slot, own, out, done)
    return out


@kernel
def _fill(queries: Any, until: Any, own: Any, out: Any, row: Any) -> Any:
    """Fills the rows from `row` on whose time is at most `until`; returns the first row that is left."""
    while row < len(queries.time_us) and queries.time_us[row] <= until:
        if queries.slot[row] != NONE:
            out[row] = own[queries.slot[row]]
        row += 1
    return row


@kernel
def _rest(slot: Any, own: Any, out: Any, row: Any) -> Any:
    for i in range(row, len(slot)):
        if slot[i] != NONE:
            out[i] = own[slot[i]]


@kernel
def _count(queries: Any, events: Any, own: Any, out: Any, row: Any) -> Any:
    for i in range(len(events.time_us)):
        row = _fill(queries, events.time_us[i], own, out, row)
        found = queries.table[slot_of(queries.table, events.left[i], events.right[i]), 2]
        if found != NONE:
            own[found] += 1
    return row


@kernel
def _last(queries: Any, events: Any, value: Any, own: Any, out: Any, row: Any) -> Any:
    for i in range(len(events.time_us)):
        row = _fill(queries, events.time_us[i], own, out, row)
        found = queries.table[slot_of(queries.table, events.left[i], events.right[i]), 2]
        if found != NONE:
            own[found] = value[i]
    return row
