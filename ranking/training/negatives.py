"""What each positive is compared with: the other positives of its batch and a shared sample of everything.

A tweet j may be a column of a batch because it is somebody's positive there or because it was sampled. Its expected
number of columns is n f_j + G / M: n positives a batch, f_j its share of the positives that could have been it, G
sampled from M tweets. The loss subtracts the log of that sum (mixed negative sampling, Yang et al., WWW 2020, with
one proposal for the mixture, so that a popular tweet that was not sampled and one that was weigh alike).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numba import njit

from data.batch import F32, F64, I64, Array, Mask, Ragged
from data.events import HOUR_US
from ranking.slate.topk import top_k

if TYPE_CHECKING:
    from ranking.training.examples import Examples

_WHOLE = 16_384
"""Items of a catalogue that a validation sample holds at most."""

_CHUNK = 256
"""Queries searched at once; bounds memory."""


@dataclass(frozen=True)
class Sample:
    """One step's rows."""

    positives: I64
    """[n] which positives."""
    negatives: I64
    """[G] tweet rows shared by all of them."""
    log_q: F32
    """[n + G] log of each column's expected appearances."""
    hits: tuple[I64, I64]
    """Rows (ascending) and columns of accidental hits: tweets that the row's reader engaged with too, its own left
    out."""
    pool: I64
    """Tweet rows to mine hard negatives among; empty unless they are asked for, and in a catalogue, where all are."""


def accidental_hits(readers: I64, columns: I64, engaged: Ragged) -> tuple[I64, I64]:
    """Rows, ascending, and columns where a reader's column is a tweet that the reader engaged with.

    `readers` [n] are reader codes, `columns` [n + G] tweet codes with the row's positive on the diagonal (which is
    never reported), `engaged` the tweet codes of each reader.
    """
    found: tuple[I64, I64] = _hits(readers, columns, engaged.offsets, engaged.values)
    return found


@dataclass(frozen=True)
class Lives:
    """When tweets can be shown, by tweet code; a tweet is alive at t where posted < t < gone."""

    posted_us: I64
    """[T]."""
    gone_us: I64
    """[T] deleted, or too old."""

    def alive(self, tweets: I64, time_us: I64) -> Mask:
        """[n, H] whether tweets [n, H] are alive at the moments [n]."""
        at = time_us[:, None]
        there: Mask = (self.posted_us[tweets] < at) & (at < self.gone_us[tweets])
        return there


def draw_alive(time_us: I64, tweet_time_us: I64, gone_us: I64, alive_h: float, seed: int) -> tuple[I64, F64]:
    """One tweet for each moment [M], uniform among those alive then, and how many were alive.

    `tweet_time_us` [T] ascends; `gone_us` [T] says when a tweet was deleted. A tweet drawn after its deletion is
    drawn again, at most 20 times. Where none was posted in the last `alive_h` hours the one posted last is taken.
    """
    rng = np.random.default_rng([seed, 7])
    high = np.maximum(np.searchsorted(tweet_time_us, time_us, "left"), 1)
    low = np.minimum(np.searchsorted(tweet_time_us, time_us - int(alive_h * HOUR_US), "right"), high - 1)
    drawn = low + (rng.random(len(time_us)) * (high - low)).astype(np.int64)
    for _ in range(20):
        again = np.flatnonzero(gone_us[drawn] <= time_us)
        if not len(again):
            break
        drawn[again] = low[again] + (rng.random(len(again)) * (high - low)[again]).astype(np.int64)
    return drawn, (high - low).astype(np.float64)


def time_blocks(time_us: I64, of: I64, batch_size: int) -> list[I64]:
    """Positives `of` in blocks of neighbouring time, sizes as equal as possible and at most `batch_size`."""
    if not len(of):
        return []
    ordered = of[np.argsort(time_us[of], kind="stable")]
    return [np.asarray(part, np.int64) for part in np.array_split(ordered, -(-len(of) // batch_size))]


class Neighbours(Protocol):
    """Vectors that can be searched by inner product."""

    def search(self, queries: F32, k: int) -> I64:
        """[Q, k] the rows of the `k` nearest vectors of each query [Q, D], best first; -1 where there are no more."""
        ...


class Exact:
    """Every inner product is taken; of equals the lower row comes first."""

    def __init__(self, vectors: F32) -> None:
        """Over `vectors` [V, D]."""
        self._vectors = vectors

    def search(self, queries: F32, k: int) -> I64:
        """See `Neighbours`."""
        count = len(self._vectors)
        found = [
            top_k((queries[at : at + _CHUNK] @ self._vectors.T).ravel(),
                  np.arange(len(queries[at : at + _CHUNK]) + 1) * count, k)
            for at in range(0, len(queries), _CHUNK)
        ]  # fmt: skip
        rows = [one.values.reshape(-1, min(k, count)) % max(count, 1) for one in found]
        return np.concatenate(rows) if rows else np.empty((0, min(k, count)), np.int64)


def mined(neighbours: Neighbours, queries: F32, at: I64, each: int, depth: int, rng: np.random.Generator) -> I64:
    """[n, each] rows drawn, for each positive, from the `depth` nearest of its reader's vector; -1 for none.

    `at` [n] says which row of `queries` a positive's reader is; `rng` draws for all of them.
    """
    nearest = neighbours.search(queries, depth)
    if not nearest.shape[1]:
        return np.full((len(at), each), -1, np.int64)
    drawn: I64 = nearest[at[:, None], rng.integers(0, nearest.shape[1], (len(at), each))]
    return drawn


def holds(readers: I64, columns: I64, engaged: Ragged) -> Mask:
    """[n, H] whether each reader [n] engaged with the tweets `columns` [n, H]."""
    held: Mask = _holds(readers, columns, engaged.offsets, engaged.values)
    return held


class Sampler:
    """Makes the samples of an epoch."""

    def __init__(self, examples: Examples) -> None:
        """Prepares everything that does not change between epochs."""
        self.examples = examples
        self.engaged = {which: examples.engaged(which) for which in (False, True)}
        self._blocks = {which: [self._of_block(b) for b in examples.blocks[which]] for which in (False, True)}

    def __len__(self) -> int:
        """Samples of an epoch."""
        training = int((~self.examples.validation).sum())
        return len(self._blocks[False]) or max(1, -(-training // self.examples.config.training.batch_size))

    def epoch(self, rng: np.random.Generator) -> Iterator[Sample]:
        """Training samples in a random order; in `catalogue` mode their members are random too."""
        if self._blocks[False]:
            for at in rng.permutation(len(self._blocks[False])):
                yield self._blocks[False][at]
            return
        training = np.flatnonzero(~self.examples.validation)
        yield from self._random(training, rng, validation=False)

    def validation(self) -> Iterator[Sample]:
        """Held-out samples, the same every time; in a catalogue each is compared with all of it, or a large sample."""
        if self._blocks[True]:
            yield from self._blocks[True]
            return
        held_out = np.flatnonzero(self.examples.validation)
        yield from self._random(held_out, np.random.default_rng(0), validation=True)

    def suits(self, positives: I64, rows: I64) -> Mask:
        """[n, H] whether `rows` [n, H] of the tweets can be negatives of `positives` [n].

        Not what a positive's reader engaged with in training, and of living tweets not what was dead at its moment.
        """
        examples = self.examples
        tweets = examples.tweets.tweet[rows]
        out: Mask = ~holds(examples.reader[positives], tweets, self.engaged[False])
        return out if examples.lives is None else out & examples.lives.alive(tweets, examples.time_us[positives])

    def _of_block(self, block: tuple[I64, I64, float]) -> Sample:
        positives, negatives, alive = block
        return self._sample(positives, negatives, alive, validation=bool(self.examples.validation[positives[0]]))

    def _random(self, of: I64, rng: np.random.Generator, *, validation: bool) -> Iterator[Sample]:
        training = self.examples.config.training
        rows = self.examples.catalogue
        whole = validation and len(rows) <= _WHOLE
        for positives in np.array_split(rng.permutation(of), max(1, -(-len(of) // training.batch_size))):
            drawn = rows if whole else rows[rng.integers(0, len(rows), _WHOLE if validation else training.negatives)]
            yield self._sample(positives, drawn, float(len(rows)), validation=validation)

    def _sample(self, positives: I64, negatives: I64, alive: float, *, validation: bool) -> Sample:
        examples = self.examples
        shared = examples.config.training.negatives if len(examples.blocks[False]) else len(negatives)
        negatives, pool = np.split(negatives, [shared])
        # Once each, so that the nearest rows of the pool are as many tweets.
        pool = pool[np.unique(examples.tweets.tweet[pool], return_index=True)[1]]
        columns = examples.tweets.tweet[np.r_[examples.tweet_row[positives], negatives]]
        expected = len(positives) * examples.frequency[columns] + len(negatives) / alive
        # A held-out tweet without a training positive and without sampled negatives is expected once at least.
        expected = np.where(expected > 0, expected, 1.0)
        hits = accidental_hits(examples.reader[positives], columns, self.engaged[validation])
        return Sample(positives, negatives, np.log(expected).astype(np.float32), hits, pool)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _hits(readers: I64, columns: I64, offsets: I64, tweets: Array) -> tuple[I64, I64]:
    """Columns are chained by the last bits of their tweet, so that each engaged tweet finds its own at once; counted,
    then filled."""
    slots = 1
    while slots < 8 * len(columns):
        slots *= 2
    first, following = np.full(slots, -1, np.int64), np.full(len(columns), -1, np.int64)
    for column in range(len(columns) - 1, -1, -1):
        slot = columns[column] & (slots - 1)
        following[column] = first[slot]
        first[slot] = column
    rows, found = np.empty(0, np.int64), np.empty(0, np.int64)
    for fill in range(2):
        at = 0
        for row in range(len(readers)):
            for i in range(offsets[readers[row]], offsets[readers[row] + 1]):
                column = first[tweets[i] & (slots - 1)]
                while column >= 0:
                    if columns[column] == tweets[i] and column != row:
                        if fill:
                            rows[at], found[at] = row, column
                        at += 1
                    column = following[column]
        if not fill:
            rows, found = np.empty(at, np.int64), np.empty(at, np.int64)
    return rows, found


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _holds(readers: I64, columns: I64, offsets: I64, tweets: Array) -> Mask:
    out = np.zeros(columns.shape, np.bool_)
    for row in range(len(readers)):
        for i in range(offsets[readers[row]], offsets[readers[row] + 1]):
            for column in range(columns.shape[1]):
                out[row, column] |= columns[row, column] == tweets[i]
    return out


def held_out(time_us: I64, reader: I64, share: float, rule: str) -> Mask:
    """[P] True for what is held out: the last `share` by time, the last `share` (at least one) of each reader, or any.

    `time_us` may be any numbers that ascend with time; ties go by row. A reader with one positive keeps it in training
    under `last`.
    """
    out = np.zeros(len(time_us), np.bool_)
    if rule == "time":
        order = np.argsort(time_us, kind="stable")
        out[order[len(order) - round(len(order) * share) :]] = True
        return out
    if rule == "random":
        out[np.random.default_rng(4).permutation(len(time_us))[: round(len(time_us) * share)]] = True
        return out
    order = np.lexsort((np.arange(len(time_us)), time_us, reader))
    owner = reader[order]
    size = np.bincount(reader)[owner]
    first = np.searchsorted(owner, owner, "left")
    from_end = size - (np.arange(len(order)) - first)
    out[order] = (from_end <= np.maximum(1, np.floor(size * share))) & (size > 1)
    return out
