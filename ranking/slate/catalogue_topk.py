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
    """Takes what a tile holds for its readers into their lists; `first` is the item of its first column."""
    k, width = items.shape[1], tile.shape[1]
    for b in range(len(tile)):
        row, held, values = tile[b], items[b], scores[b]
        out = without[offsets[b] : offsets[b + 1]]
        j = 0
        while j < width and size[b] < k:
            if not _among(out, first + j):
                _insert(held, values, size[b], first + j, -np.float32(np.inf) if np.isnan(row[j]) else row[j])
                size[b] += 1
            j += 1
        while j < width:
            stop = min(j + _STRIDE, width)
            if _beaten(row[j:stop], values[k - 1]):
                for i in range(j, stop):
                    if row[i] > values[k - 1] and not _among(out, first + i):
                        _insert(held, values, k - 1, first + i, row[i])
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
def _insert(held: I64, values: F32, at: int, item: int, score: np.float32) -> None:
    """Puts an item into a list, best first, whose places below `at` are taken; what stood at `at` is lost.

    It goes below equal scores, for items come in ascending order.
    """
    while at > 0 and values[at - 1] < score:
        held[at], values[at] = held[at - 1], values[at - 1]
        at -= 1
    held[at], values[at] = item, score
