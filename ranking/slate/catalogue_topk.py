"""The best k of a whole catalogue for many readers at once, from their vectors or from dense scores.

Scores of vectors are never kept: a tile of them is multiplied into cache, what beats a reader's k-th best so far is
taken out, and the tile is overwritten by the next. Items come in ascending order and must beat the k-th best to get
in, so that equal scores keep the lower item: the tie rule of `ranking.slate.topk`. NaN ranks below everything.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from data.batch import F32, F64, I64, Ragged, offsets_of
from data.errors import ConfigError, DataError
from data.kernel import kernel

READERS, ITEMS = 512, 512
"""A tile: 1 MiB of scores, what a core's second cache holds."""

_STRIDE = 64
"""Scores that are compared together: one comparison shows that none of them gets in."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best k items of B readers, best first."""

    items: I64
    """[B, k] items by their place in the catalogue, -1 where a reader has fewer candidates."""
    scores: F32
    """[B, k] their scores, -inf where there is no item (and for a NaN)."""

    def ragged(self) -> tuple[Ragged, F32]:
        """The items there are, reader by reader, and their scores [N]."""
        there = self.items >= 0
        offsets = offsets_of(there.sum(axis=1))
        return Ragged(offsets, self.items[there]), self.scores[there]

    def hits(self, relevant: Ragged) -> F64:
        """[B, k] 1 where an item is among those that `relevant` lists for its reader, ascending; else 0."""
        hits = np.zeros(self.items.shape)
        _mark(self.items, relevant.offsets, relevant.values, hits)
        return hits


def best_of_scores(scores: F32, k: int, without: Ragged) -> Best:
    """The best `k` a row of `scores` [B, M] float32.

    `without` lists for each reader the items that are no candidates, ascending.

    Raises:
        ConfigError: k is below 1.
        DataError: not one list a reader.
    """
    best = _empty(len(scores), k, without)
    size = np.zeros(len(scores), np.int64)
    _absorb(np.ascontiguousarray(scores, np.float32), 0, without.offsets, without.values, best.items, best.scores, size)
    _finish(best.items, best.scores, size)
    return best


def best_of_vectors(readers: F32, items: F32, k: int, without: Ragged, *, threads: int = 2) -> Best:
    """The best `k` items a reader by the product of `readers` [B, D] and `items` [M, D] float32.

    `without` lists for each reader the items that are no candidates, ascending. Blocks of readers are spread over
    `threads`; the answer does not depend on their number.

    Raises:
        ConfigError: k is below 1.
        DataError: vectors of different lengths, or not one list a reader.
    """
    if readers.shape[1] != items.shape[1]:
        raise DataError(
            f"readers' vectors are {readers.shape[1]} long, items' {items.shape[1]}", remedy="take both of one model"
        )
    best = _empty(len(readers), k, without)
    readers, items = (np.ascontiguousarray(one, np.float32) for one in (readers, items))
    starts = range(0, len(readers), READERS)
    # Each thread multiplies alone: a product shared by threads would wait for the slowest at every tile.
    with threadpool_limits(1, user_api="blas"):
        if threads == 1 or len(starts) < 2:
            for start in starts:
                _block(readers, items, start, without, best)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda start: _block(readers, items, start, without, best), starts))
    return best


def _empty(readers: int, k: int, without: Ragged) -> Best:
    if k < 1:
        raise ConfigError(f"k is {k}", remedy="take at least 1")
    if len(without) != readers:
        raise DataError(f"{len(without)} lists of items to leave out for {readers} readers", remedy="give one a reader")
    return Best(np.full((readers, k), -1, np.int64), np.full((readers, k), -np.inf, np.float32))


def _block(readers: F32, items: F32, start: int, without: Ragged, best: Best) -> None:
    """Fills the rows of `best` of the readers from `start` on."""
    rows = slice(start, min(start + READERS, len(readers)))
    mine = readers[rows]
    offsets = without.offsets[start : rows.stop + 1]
    size = np.zeros(len(mine), np.int64)
    scratch = np.empty(len(mine) * min(ITEMS, len(items)), np.float32)
    for first in range(0, len(items), ITEMS):
        some = items[first : first + ITEMS]
        tile = scratch[: len(mine) * len(some)].reshape(len(mine), len(some))
        np.matmul(mine, some.T, out=tile)
        _absorb(tile, first, offsets, without.values, best.items[rows], best.scores[rows], size)
    _finish(best.items[rows], best.scores[rows], size)


@kernel
def _mark(items: I64, offsets: I64, relevant: I64, hits: F64) -> None:
    """1 where an item is among its reader's relevant ones."""
    for b in range(len(items)):
        mine = relevant[offsets[b] : offsets[b + 1]]
        for place in range(items.shape[1]):
            if items[b, place] >= 0 and _among(mine, items[b, place]):
                hits[b, place] = 1.0


@kernel
def _absorb(tile: F32, first: int, offsets: I64, without: I64, items: I64, scores: F32, size: I64) -> None:
    """Takes what a tile holds for its readers into their heaps; `first` is the item of its first column."""
    k, width = items.shape[1], tile.shape[1]
    for b in range(len(tile)):
        row, held, values = tile[b], items[b], scores[b]
        out = without[offsets[b] : offsets[b + 1]]
        j = 0
        while j < width and size[b] < k:
            if not _among(out, first + j):
                _push(held, values, size[b], first + j, row[j])
                size[b] += 1
            j += 1
        if j == width:
            continue
        bar = values[0]
        while j < width:
            stop = min(j + _STRIDE, width)
            if _beaten(row[j:stop], bar):
                for i in range(j, stop):
                    if row[i] > bar and not _among(out, first + i):
                        _replace(held, values, k, first + i, row[i])
                        bar = values[0]
            j = stop


@kernel
def _beaten(row: F32, bar: np.float32) -> bool:
    """Whether any of `row` is above `bar`; a count, so that many are compared at once."""
    above = np.int32(0)
    for i in range(len(row)):
        above += np.int32(row[i] > bar)
    return bool(above > 0)


@kernel
def _among(ascending: I64, one: int) -> bool:
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < one:
            low = middle + 1
        else:
            high = middle
    return bool(low < len(ascending) and ascending[low] == one)


@kernel
def _worse(values: F32, held: I64, a: int, b: int) -> bool:
    """Whether entry `a` of a heap ranks below entry `b`: a lower score, or a higher item of the same."""
    return bool(values[a] < values[b] or (values[a] == values[b] and held[a] > held[b]))


@kernel
def _push(held: I64, values: F32, size: int, item: int, score: np.float32) -> None:
    """Adds an entry to a heap of `size` whose root is the worst."""
    held[size] = item
    values[size] = -np.float32(np.inf) if np.isnan(score) else score
    at = size
    while at > 0:
        above = (at - 1) // 2
        if not _worse(values, held, at, above):
            break
        _swap(held, values, at, above)
        at = above


@kernel
def _replace(held: I64, values: F32, size: int, item: int, score: np.float32) -> None:
    """Puts an entry in the place of the worst of a heap's first `size`."""
    held[0], values[0] = item, score
    at = 0
    while True:
        worst, left = at, 2 * at + 1
        for below in range(left, min(left + 2, size)):
            if _worse(values, held, below, worst):
                worst = below
        if worst == at:
            return
        _swap(held, values, at, worst)
        at = worst


@kernel
def _swap(held: I64, values: F32, a: int, b: int) -> None:
    held[a], held[b] = held[b], held[a]
    values[a], values[b] = values[b], values[a]


@kernel
def _finish(items: I64, scores: F32, size: I64) -> None:
    """Sorts each heap, best first: the worst of those left goes to the end of what is left."""
    for b in range(len(items)):
        for left in range(size[b] - 1, 0, -1):
            item, score = items[b, 0], scores[b, 0]
            _replace(items[b], scores[b], left, items[b, left], scores[b, left])
            items[b, left], scores[b, left] = item, score
