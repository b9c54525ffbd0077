"""Snowflake ids at the edges, dense rows inside, and the index from one to the other.

A snowflake is 41 bits of milliseconds since `EPOCH_MS`, 5 bits of datacentre, 5 of worker and 12 of sequence, so
that ids sort by time. Everything that indexes an array uses the dense row instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numba import prange
from numpy.typing import ArrayLike, NDArray

from data.errors import NotFoundError
from data.hashing import first_slot
from data.kernel import kernel, parallel_kernel

I64 = NDArray[np.int64]

EPOCH_MS = 1_288_834_974_657
MAX_SEQUENCE = (1 << 12) - 1
_TIME_BITS = 41
_SEQUENCE_BITS = 12
_NODE_BITS = 10


def snowflake(time_us: ArrayLike, sequence: ArrayLike, *, datacentre: int = 0, worker: int = 0) -> I64:
    """Ids of the given shape for times in UTC microseconds; `sequence` makes the ids of one millisecond distinct.

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
    """The time inside each id, in UTC microseconds (whole milliseconds)."""
    return ((np.asarray(ids, np.int64) >> (_SEQUENCE_BITS + _NODE_BITS)) + EPOCH_MS) * 1000


def snowflakes_in_order(time_us: I64, *, worker: int = 0) -> I64:
    """Distinct ascending ids for times sorted ascending: the sequence counts within a millisecond, then on in the
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


@kernel
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


@parallel_kernel
def _search_many(sorted_ids, wanted, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for block in prange((len(wanted) + 1023) // 1024):
        low, high = 1024 * block, min(1024 * block + 1024, len(wanted))
        _search(sorted_ids, wanted[low:high], out[low:high])


_ANY = -(2**63)


@kernel
def _slot(slots, by_row, one):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The slot with the row of `one`, or the open one where it belongs."""
    mask = np.int64(len(slots) - 1)
    at = first_slot(one, len(slots))
    while slots[at] >= 0 and by_row[slots[at]] != one:
        at = (at + 1) & mask
    return at


@kernel
def _find(slots, by_row, wanted, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(len(wanted)):
        out[i] = slots[_slot(slots, by_row, wanted[i])]


@kernel
def _take_in(slots, by_row, size, wanted, least, start, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Finds rows from `start` on until there is no room for another id; returns the size and where it stopped."""
    room = min(len(by_row), len(slots) // 2)
    for i in range(start, len(wanted)):
        if wanted[i] < least:
            out[i] = -1
            continue
        at = _slot(slots, by_row, wanted[i])
        if slots[at] < 0:
            if size == room:
                return size, i
            by_row[size] = wanted[i]
            slots[at] = size
            size += 1
        out[i] = slots[at]
    return size, len(wanted)


@kernel
def _refill(slots, by_row, size):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for row in range(size):
        slots[_slot(slots, by_row, by_row[row])] = row


class IdIndex:
    """Maps int64 ids to dense rows 0, 1, 2, ... in order of arrival, vectorised both ways.

    A hash table with open addressing, at most half full, that holds rows; the ids are kept by row.
    """

    def __init__(self, ids: ArrayLike | None = None) -> None:
        """Starts with `ids` at rows 0..n-1 when given; they must be distinct."""
        self._ids = np.empty(0, np.int64)
        self._size = 0
        self._slots = np.full(1, -1, np.int64)
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

    def add(self, ids: ArrayLike, *, least: int = _ANY) -> I64:
        """Rows of `ids`, new rows for those not seen before, in order of first appearance.

        An id below `least` means none: it gets no row, and -1 is returned.
        """
        wanted = ids if isinstance(ids, np.ndarray) else np.atleast_1d(np.asarray(ids, np.int64))
        out = np.empty(len(wanted), np.int64)
        self._size, done = _take_in(self._slots, self._ids, self._size, wanted, least, 0, out)
        while done < len(wanted):
            self._grow()
            self._size, done = _take_in(self._slots, self._ids, self._size, wanted, least, done, out)
        return out

    def rows(self, ids: ArrayLike) -> I64:
        """Row of each id, in the shape of `ids`; -1 for one that was never added."""
        wanted = np.atleast_1d(np.asarray(ids, np.int64))
        out = np.empty(wanted.shape, np.int64)
        _find(self._slots, self._ids, wanted.reshape(-1), out.reshape(-1))
        return out

    def _grow(self) -> None:
        ids = np.empty(max(2 * self._size, 1024), np.int64)
        ids[: self._size] = self.ids
        self._ids, self._slots = ids, np.full(2 * len(ids), -1, np.int64)
        _refill(self._slots, self._ids, self._size)


class IdMap:
    """The ids of a data set and the original ids of the log that it came from, both ways.

    Texts were numbered one after the other in order of first appearance; whole numbers stayed what they were.
    """

    def __init__(self, originals: pl.Series | None = None, first: int = 0) -> None:
        """`originals` [N] are the texts of the ids from `first` on; None where every id is its own text."""
        self._texts, self._first = originals, first
        self._ids = None
        if originals is not None:
            numbers = pl.int_range(first, first + len(originals), eager=True)
            self._ids = pl.DataFrame({"id": numbers, "original": originals})

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        rows = pl.read_parquet(path)
        return cls(rows["original"], int(rows["id"][0]))

    def write(self, path: Path) -> None:
        """Writes the ids and their texts, in order, as Parquet; there must be some."""
        assert self._ids is not None
        self._ids.write_parquet(path, compression="zstd", compression_level=1)

    @property
    def numbered(self) -> bool:
        """Whether the ids were made by numbering texts."""
        return self._texts is not None

    @property
    def texts(self) -> pl.Series | None:
        """[N] original ids of 0..N-1; None where every id is its own text."""
        return self._texts

    def originals(self, ids: ArrayLike) -> list[str]:
        """The original id of each of `ids`.

        Raises:
            NotFoundError: an id that was never given.
        """
        wanted = np.atleast_1d(np.asarray(ids, np.int64))
        if self._texts is None:
            return [str(one) for one in wanted.tolist()]
        places = wanted - self._first
        outside = (places < 0) | (places >= len(self._texts))
        if outside.any():
            remedy = f"they go from {self._first} to {self._first + len(self._texts) - 1}"
            raise NotFoundError(f"no id {wanted[outside][0]}", remedy=remedy)
        return self._texts.gather(places).to_list()

    def ids(self, originals: Sequence[str]) -> I64:
        """[N] the id of each text, -1 where there is none."""
        texts = pl.DataFrame({"text": pl.Series(list(originals), dtype=pl.String)})
        if self._ids is None:
            whole = texts["text"].cast(pl.Int64, strict=False)
            return whole.set(whole.cast(pl.String) != texts["text"], None).fill_null(-1).to_numpy()
        found = texts.join(self._ids, left_on="text", right_on="original", how="left", maintain_order="left")["id"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()
