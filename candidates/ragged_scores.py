"""Scored lists, one a request: the same row made one, rows left out, the best kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.batch import F64, I64, Mask, Ragged, offsets_of
from data.hashing import first_slot
from data.kernel import kernel

_EMPTY = -1


def combined(found: Ragged, scores: F64, *, largest: bool = False) -> tuple[Ragged, F64]:
    """Each row once a list, in the order of first appearance, with the sum (or the largest) of its [N] scores.

    Negative rows are dropped.
    """
    values = np.ascontiguousarray(found.values, np.int64)
    longest = int(found.lengths.max(initial=0))
    table = np.full((1 << max(2 * longest - 1, 1).bit_length(), 3), _EMPTY, np.int64)
    rows, out, counts = np.empty_like(values), np.empty(len(values)), np.zeros(len(found), np.int64)
    size = int(_combine(found.offsets, values, scores, largest, table, rows, out, counts))
    return Ragged(offsets_of(counts), rows[:size].copy()), out[:size].copy()


def kept(found: Ragged, scores: F64, keep: Mask) -> tuple[Ragged, F64]:
    """The lists without the entries where `keep` [N] is False."""
    if keep.all():
        return found, scores
    rows = Ragged.from_mask(found.offsets, keep)
    return Ragged(rows.offsets, found.values[rows.values]), scores[rows.values]


def without(found: Ragged, scores: F64, others: I64) -> tuple[Ragged, F64]:
    """The lists without the rows that stand in the same line of `others` [B, L]."""
    if not others.size or not len(found.values):
        return found, scores
    span = int(max(found.values.max(), others.max())) + 1
    named = np.where(others >= 0, np.arange(len(others))[:, None] * span + others, -1)
    return kept(found, scores, ~np.isin(found.owner * span + found.values, named))


def best(found: Ragged, scores: F64, cap: int) -> Ragged:
    """The `cap` rows of each list with the highest [N] scores, best first; of equal ones the larger row, which came
    later."""
    order = np.lexsort((-found.values, -scores, found.owner))
    place = np.arange(len(order)) - found.offsets[:-1].repeat(found.lengths)
    return Ragged.from_lengths(np.minimum(found.lengths, cap), found.values[order[place < cap]])


def concatenated(lists: Ragged, which: I64) -> tuple[Ragged, I64]:
    """The lists at `which` [M] (-1 for an empty one), and [N] where in `lists.values` each value stands."""
    start, length = lists.offsets[:-1], lists.lengths
    lengths = np.where(which >= 0, length[which], 0) if len(length) else np.zeros(len(which), np.int64)
    offsets = offsets_of(lengths)
    begin = start[which] if len(length) else np.zeros(len(which), np.int64)
    at = np.arange(offsets[-1], dtype=np.int64) + np.repeat(begin - offsets[:-1], lengths)
    return Ragged(offsets, lists.values[at]), at


@kernel
def _combine(offsets: I64, values: I64, scores: F64, largest: Any, table: I64, rows: I64, out: F64, counts: I64) -> Any:
    """Fills `rows` and `out`; returns how many there are. `table` holds row, list and place; a slot of an earlier list
    is free."""
    size, last = 0, np.int64(len(table) - 1)
    for b in range(len(counts)):
        for i in range(offsets[b], offsets[b + 1]):
            row = values[i]
            if row < 0:
                continue
            at = first_slot(row, len(table))
            while table[at, 1] == b and table[at, 0] != row:
                at = (at + 1) & last
            if table[at, 1] != b:
                table[at, 0], table[at, 1], table[at, 2] = row, b, size
                rows[size], out[size] = row, scores[i]
                counts[b] += 1
                size += 1
            elif largest:
                out[table[at, 2]] = max(out[table[at, 2]], scores[i])
            else:
                out[table[at, 2]] += scores[i]
    return size
