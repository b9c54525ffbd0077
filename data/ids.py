"""Snowflake ids at the edges, dense rows inside, and the index from one to the other.

A snowflake is 41 bits of milliseconds since `EPOCH_MS`, 5 bits of datacentre, 5 of worker and 12 of sequence, so
that ids sort by time. Everything that indexes an array uses the dense row instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

from data.errors import NotFoundError

I64 = NDArray[np.int64]

EPOCH_MS = 1_288_834_974_657
MAX_SEQUENCE = (1 << 12) - 1
_TIME_BITS = 41
_SEQUENCE_BITS = 12
_NODE_BITS = 10


def snowflake(time_us: ArrayLike, sequence: ArrayLike, *, datacentre: int = 0, worker: int = 0) -> I64:
    """Ids of the given shape for moments in UTC microseconds; `sequence` tells ids of one millisecond apart.

    Raises:
        ValueError: a time, sequence, worker or datacentre out of its bits.
    """
    time_ms = np.asarray(time_us, np.int64) // 1000 - EPOCH_MS
    seq = np.asarray(sequence, np.int64)
    if np.any((time_ms < 0) | (time_ms >= 1 << _TIME_BITS)):
        raise ValueError("snowflake: a time before 2010-11-04 or after 2080-07-10 has no id")
    if np.any((seq < 0) | (seq > MAX_SEQUENCE)) or not (0 <= datacentre < 32 and 0 <= worker < 32):
        raise ValueError("snowflake: sequence takes 0..4095, datacentre and worker 0..31")
    node = np.int64((datacentre << 5) | worker)
    return (time_ms << (_SEQUENCE_BITS + _NODE_BITS)) | (node << _SEQUENCE_BITS) | seq


def snowflake_time_us(ids: ArrayLike) -> I64:
    """The moment inside each id, in UTC microseconds (whole milliseconds)."""
    return ((np.asarray(ids, np.int64) >> (_SEQUENCE_BITS + _NODE_BITS)) + EPOCH_MS) * 1000


def snowflakes_in_order(time_us: I64, *, worker: int = 0) -> I64:
    """Distinct ascending ids for moments sorted ascending: the sequence counts within a millisecond, then on in the
    next datacentre.

    Raises:
        ValueError: more than 131,072 events in one millisecond.
    """
    ms = np.asarray(time_us, np.int64) // 1000
    starts = np.r_[True, ms[1:] != ms[:-1]] if len(ms) else np.zeros(0, bool)
    first = np.flatnonzero(starts)
    sequence = np.arange(len(ms), dtype=np.int64) - first[np.cumsum(starts) - 1] if len(ms) else ms
    if len(ms) and sequence.max() >= 32 * (MAX_SEQUENCE + 1):
        raise ValueError(f"snowflake: {sequence.max() + 1} events in one millisecond, at most 131,072 have an id")
    ids = snowflake(time_us, sequence & MAX_SEQUENCE, worker=worker)
    return ids | (sequence >> _SEQUENCE_BITS) << (_SEQUENCE_BITS + 5)


def rows_of(sorted_ids: I64, ids: ArrayLike) -> I64:
    """[N] position of each id in ascending distinct ids, -1 where it is absent."""
    wanted = np.atleast_1d(np.asarray(ids, np.int64))
    out = np.empty(len(wanted), np.int64)
    search = _search_many if len(wanted) > _MANY else _search
    search(sorted_ids, np.ascontiguousarray(wanted), out)
    return out


_MANY = 4096
"""Ids from which on a second thread is worth its start."""


@njit(cache=True)
def _search(sorted_ids, wanted, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = len(sorted_ids)
    for i in range(len(wanted)):
        one = wanted[i]
        if i > 0 and one == wanted[i - 1]:
            out[i] = out[i - 1]
            continue
        low, high = 0, n
        while low < high:
            middle = (low + high) >> 1
            if sorted_ids[middle] < one:
                low = middle + 1
            else:
                high = middle
        out[i] = low if low < n and sorted_ids[low] == one else -1


@njit(cache=True, parallel=True)
def _search_many(sorted_ids, wanted, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for block in prange((len(wanted) + 1023) // 1024):
        low, high = 1024 * block, min(1024 * block + 1024, len(wanted))
        _search(sorted_ids, wanted[low:high], out[low:high])


class IdIndex:
    """Maps int64 ids to dense rows 0, 1, 2, ... in order of arrival, vectorised both ways.

    Most ids arrive in ascending order; a sorted main part answers them by binary search and a small tail is merged
    in when it grows, so that adding one id and looking up a million are both cheap.
    """

    def __init__(self, ids: ArrayLike | None = None) -> None:
        """Starts with `ids` at rows 0..n-1 when given; they must be distinct."""
        self._ids = np.empty(0, np.int64)
        self._size = 0
        self._sorted_ids = np.empty(0, np.int64)
        self._sorted_rows = np.empty(0, np.int64)
        self._tail: dict[int, int] = {}
        if ids is not None:
            self.add(ids)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids.tolist())

    def __contains__(self, one: object) -> bool:
        return isinstance(one, int | np.integer) and int(self.rows(np.array([one], np.int64))[0]) >= 0

    @property
    def ids(self) -> I64:
        """[len] ids by row; a view, not to be written."""
        return self._ids[: self._size]

    def add(self, ids: ArrayLike) -> I64:
        """Rows of `ids`, new rows for those not seen before, in order of first appearance."""
        wanted = np.atleast_1d(np.asarray(ids, np.int64))
        rows = self.rows(wanted)
        missing = rows < 0
        if not missing.any():
            return rows
        fresh, first = np.unique(wanted[missing], return_index=True)
        fresh = fresh[np.argsort(first, kind="stable")]
        start = self._size
        self._reserve(start + len(fresh))
        self._ids[start : start + len(fresh)] = fresh
        self._size += len(fresh)
        if len(fresh) + len(self._tail) <= 1024:
            self._tail.update(zip(fresh.tolist(), range(start, self._size), strict=True))
        else:
            order = np.argsort(self.ids, kind="stable")
            self._sorted_ids, self._sorted_rows, self._tail = self.ids[order], order.astype(np.int64), {}
        return self.rows(wanted)

    def rows(self, ids: ArrayLike) -> I64:
        """Row of each id, -1 for one that was never added."""
        wanted = np.atleast_1d(np.asarray(ids, np.int64))
        out = np.full(wanted.shape, -1, np.int64)
        if len(self._sorted_ids):
            at = rows_of(self._sorted_ids, wanted.ravel()).reshape(wanted.shape)
            out = np.where(at >= 0, self._sorted_rows[at], -1)
        if self._tail:
            open_ = np.flatnonzero(out.ravel() < 0)
            get = self._tail.get
            out.ravel()[open_] = [get(one, -1) for one in wanted.ravel()[open_].tolist()]
        return out

    def _reserve(self, size: int) -> None:
        if size > len(self._ids):
            grown = np.empty(max(size, 2 * len(self._ids), 1024), np.int64)
            grown[: self._size] = self._ids[: self._size]
            self._ids = grown


class IdMap:
    """The ids of a data set and what they were called in the log that it came from, both ways.

    Texts were numbered 0, 1, 2, ... in order of first appearance; whole numbers stayed what they were.
    """

    def __init__(self, originals: pl.Series | None = None) -> None:
        """`originals` [N] are the texts of the ids 0..N-1; None where every id is its own text."""
        self._texts = originals
        self._ids = None if originals is None else pl.DataFrame({"text": originals}).with_row_index("id")

    @property
    def numbered(self) -> bool:
        """Were the ids made by numbering texts?"""
        return self._texts is not None

    def originals(self, ids: ArrayLike) -> list[str]:
        """What each of `ids` was called.

        Raises:
            NotFoundError: an id that was never given.
        """
        wanted = np.atleast_1d(np.asarray(ids, np.int64))
        if self._texts is None:
            return [str(one) for one in wanted.tolist()]
        outside = (wanted < 0) | (wanted >= len(self._texts))
        if outside.any():
            remedy = f"they go from 0 to {len(self._texts) - 1}"
            raise NotFoundError(f"no id {wanted[outside][0]}", remedy=remedy)
        return self._texts.gather(wanted).to_list()

    def ids(self, originals: Sequence[str]) -> I64:
        """[N] the id of each text, -1 where there is none."""
        texts = pl.DataFrame({"text": pl.Series(list(originals), dtype=pl.String)})
        if self._ids is None:
            whole = texts["text"].cast(pl.Int64, strict=False)
            return whole.set(whole.cast(pl.String) != texts["text"], None).fill_null(-1).to_numpy()
        found = texts.join(self._ids, on="text", how="left", maintain_order="left")["id"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()
