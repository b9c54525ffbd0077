"""Pairs at moments, answered in one pass over a log in order of time: the offline side of what passes between two.

The pairs that rows ask about get slots in a hash table; events stream by a chunk at a time, those of other pairs are
dropped at one look-up, and each row is answered when the events have come to its moment. Neither the log nor a join
with it is ever held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.kernel import kernel

NONE = -1
_CHUNK = 1 << 20


class PairQueries:
    """R rows in order of time, each with the slot of its pair: 0, 1, ... in order of first appearance."""

    def __init__(self, left: I64, right: I64, time_us: I64) -> None:
        """[R] keys of both sides and moments, ascending. A pair with a negative key has no slot (-1)."""
        self.time_us = time_us
        # Left, right and slot lie in one line of memory: a look-up then waits once.
        self.table = np.full((1 << max(2 * len(left), 8).bit_length(), 4), NONE, np.int64)
        self.slot = np.full(len(left), NONE, np.int64)
        self.slots = int(_place(left, right, self.table, self.slot))


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


def counts(queries: PairQueries, events: Iterator[Sequence[Array]]) -> I64:
    """[R] events of each row's pair strictly before its moment; `events` are chunks of left, right and time."""
    own, out, done = np.zeros(queries.slots, np.int64), np.zeros(len(queries.time_us), np.int64), 0
    for left, right, time_us in events:
        done = _count(queries.table, queries.slot, queries.time_us, left, right, time_us, own, out, done)
    _rest(queries.slot, own, out, done)
    return out


def latest(queries: PairQueries, events: Iterator[Sequence[Array]]) -> I64:
    """[R] value of the last event of each row's pair strictly before its moment, 0 where there is none.

    `events` are chunks of left, right, time and value; of events of one moment the last one wins.
    """
    own, out, done = np.zeros(queries.slots, np.int64), np.zeros(len(queries.time_us), np.int64), 0
    for left, right, time_us, value in events:
        done = _last(queries.table, queries.slot, queries.time_us, left, right, time_us, value, own, out, done)
    _rest(queries.slot, own, out, done)
    return out


@kernel
def _answer(slot: Any, moment: Any, until: Any, own: Any, out: Any, row: Any) -> Any:
    while row < len(moment) and moment[row] <= until:
        if slot[row] != NONE:
            out[row] = own[slot[row]]
        row += 1
    return row


@kernel
def _rest(slot: Any, own: Any, out: Any, row: Any) -> Any:
    for i in range(row, len(slot)):
        if slot[i] != NONE:
            out[i] = own[slot[i]]


@kernel
def _count(
    table: Any, slot: Any, moment: Any, left: Any, right: Any, time: Any, own: Any, out: Any, row: Any
) -> Any:  # fmt: skip
    for i in range(len(time)):
        row = _answer(slot, moment, time[i], own, out, row)
        found = table[slot_of(table, left[i], right[i]), 2]
        if found != NONE:
            own[found] += 1
    return row


@kernel
def _last(
    table: Any, slot: Any, moment: Any, left: Any, right: Any, time: Any, value: Any, own: Any, out: Any, row: Any
) -> Any:  # fmt: skip
    for i in range(len(time)):
        row = _answer(slot, moment, time[i], own, out, row)
        found = table[slot_of(table, left[i], right[i]), 2]
        if found != NONE:
            own[found] = value[i]
    return row
