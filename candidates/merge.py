"""Merges what several sources brought: each tweet once a request, with all the sources that found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from candidates.drawn import Drawn
from data.batch import F64, I64, Ragged, offsets_of
from data.hashing import first_slot
from data.kernel import kernel

MOST_SOURCES = 63
"""Sources that have a bit each in an int64."""

_EMPTY = -1


@dataclass(frozen=True, slots=True)
class Merged:
    """N distinct candidates of B requests."""

    rows: Ragged
    """[B] lists of tweet rows, in the order of the sources and of their lists."""
    source: I64
    """[N] place of the first source that brought each."""
    sources: I64
    """[N] bit s is set where the source at place s brought it."""
    propensity: F64
    """[N] the probability with which it is a candidate: 1 where a source that does not draw brought it, else the
    largest of those with which it was drawn. Exact where at most one source draws."""


def merge(brought: Sequence[Ragged], requests: int) -> Merged:
    """One list of tweet rows a request; negative rows are dropped.

    Args:
        brought: what each source brought, in the order of precedence, at most `MOST_SOURCES` of them.
        requests: B.
    """
    values = np.concatenate([np.empty(0, np.int64), *(found.values for found in brought)]).astype(np.int64, copy=False)
    ends = offsets_of([len(found.values) for found in brought])
    # Where the list of each source and request begins and ends in `values`.
    offsets = np.array([found.offsets for found in brought], np.int64).reshape(len(brought), requests + 1)
    offsets += ends[:-1, None]
    longest = int((offsets[:, 1:] - offsets[:, :-1]).sum(axis=0).max(initial=0))
    table = np.full((1 << max(2 * longest - 1, 1).bit_length(), 2), _EMPTY, np.int64)
    chance = np.ones(len(values))
    for s, found in enumerate(brought):
        if isinstance(found, Drawn):
            chance[ends[s] : ends[s + 1]] = found.propensity
    rows, source, sources = (np.empty(len(values), np.int64) for _ in range(3))
    propensity, counts = np.zeros(len(values)), np.zeros(requests, np.int64)
    size = int(_merge(values, chance, offsets, table, rows, source, sources, propensity, counts))
    lists = Ragged(offsets_of(counts), rows[:size].copy())
    return Merged(lists, source[:size].copy(), sources[:size].copy(), propensity[:size].copy())


@kernel
def _merge(
    values: I64, chance: F64, offsets: I64, table: I64, rows: I64, source: I64, sources: I64, propensity: F64,
    counts: I64,
) -> Any:  # fmt: skip
    """Fills the columns of the candidates; returns how many there are. `table` is a hash table that is emptied after
    each request: a tweet row and its place among the candidates."""
    size, last = 0, np.int64(len(table) - 1)
    for b in range(len(counts)):
        first = size
        for s in range(len(offsets)):
            for i in range(offsets[s, b], offsets[s, b + 1]):
                row = values[i]
                if row < 0:
                    continue
                at = first_slot(row, len(table))
                while table[at, 0] != _EMPTY and table[at, 0] != row:
                    at = (at + 1) & last
                if table[at, 0] == _EMPTY:
                    table[at, 0], table[at, 1] = row, size
                    rows[size], source[size], sources[size] = row, s, 0
                    size += 1
                place = table[at, 1]
                sources[place] |= np.int64(1) << s
                propensity[place] = max(propensity[place], chance[i])
        counts[b] = size - first
        _empty(table, rows, first, size)
    return size


@kernel
def _empty(table: I64, rows: I64, first: Any, size: Any) -> Any:
    """Takes the rows of one request out of the table again: each clears its run of full slots."""
    last = np.int64(len(table) - 1)
    for i in range(first, size):
        at = first_slot(rows[i], len(table))
        while table[at, 0] != _EMPTY:
            table[at, 0] = _EMPTY
            at = (at + 1) & last
