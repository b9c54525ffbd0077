"""What a model learned from, small enough to go with it: hashes of its training rows, to be looked for in any test.

A row is a user, a tweet and a time, the first two by their names in the log, so that two imports of one log have the
same rows whatever numbers their ids were given and in whatever order their lines came. Up to about `MOST` rows all are
kept; of more rows a share that their hashes select, so that a look-up finds for the same share of a test whether it was
learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.batch import I64, Array
from data.dataset import Dataset
from data.errors import ModelError
from data.ids import IdMap
from data.kernel import kernel
from ranking.models.inputs import splitmix64

U64 = NDArray[np.uint64]

MOST = 1 << 17
"""Rows that are kept of any model, about; 16 bytes each."""
_CHUNK = 1 << 20
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@dataclass(frozen=True)
class Overlap:
    """How much of a test a model learned."""

    test_rows: int
    """Rows of the test."""
    looked_up: int
    """Those that belong to the kept share; all of them where every training row was kept."""
    rows: int
    """Of these, learned at the same time."""
    pairs: int
    """Of these, whose user and tweet were learned at any time."""


@dataclass(frozen=True, eq=False)
class TrainedRows:
    """Hashes of training rows; equal to itself alone."""

    pairs: U64
    """[K] of (user, tweet), ascending."""
    rows: U64
    """[R] of (user, tweet, time), ascending."""
    bits: int
    """What is kept has a pair whose hash begins with so many zeros: one of 2^bits."""

    @classmethod
    def of(cls, dataset: Dataset, train: pl.LazyFrame, most: int = MOST) -> Self:
        """Of engagements `train` of a data set."""
        count = train.select(pl.len()).collect().item()
        bits = max(0, ceil(log2(max(count, 1) / most)))
        parts = list(_hashed(dataset, train, bits))
        pairs, rows = (np.unique(np.concatenate([np.empty(0, np.uint64), *one])) for one in zip(*parts, strict=True))
        return cls(pairs, rows, bits)

    def overlap(self, dataset: Dataset, test: pl.LazyFrame) -> Overlap:
        """How many of the engagements `test` of any data set are among them."""
        test_rows = int(test.select(pl.len()).collect().item())
        looked_up = rows = pairs = 0
        for pair, row in _hashed(dataset, test, self.bits):
            looked_up += len(pair)
            pairs += int(_among(self.pairs, pair).sum())
            rows += int(_among(self.rows, row).sum())
        return Overlap(test_rows, looked_up, rows, pairs)

    def arrays(self) -> dict[str, Array]:
        """For an artifact."""
        return {"pairs": self.pairs, "rows": self.rows, "bits": np.array([self.bits], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """What `arrays` gave.

        Raises:
            ModelError: some are missing.
        """
        if set(arrays) != {"pairs", "rows", "bits"}:
            raise ModelError(f"the record of training rows holds {', '.join(arrays)}", remedy="train it again")
        return cls(arrays["pairs"], arrays["rows"], int(arrays["bits"][0]))


def _hashed(dataset: Dataset, rows: pl.LazyFrame, bits: int) -> Iterator[tuple[U64, U64]]:
    """Hashes of pairs and of rows that are kept, some at a time; one empty part at least."""
    users, tweets = (_Names(dataset.ids(name)) for name in ("users", "tweets"))
    least = np.uint64(64 - bits)
    yield np.empty(0, np.uint64), np.empty(0, np.uint64)
    for chunk in rows.select("user_id", "tweet_id", "time_us").collect_batches(chunk_size=_CHUNK):
        user, tweet, time_us = (chunk[name].to_numpy() for name in ("user_id", "tweet_id", "time_us"))
        with np.errstate(over="ignore"):
            pair = splitmix64(users.hashes(user) + np.uint64(3) * tweets.hashes(tweet))
        if bits:
            kept = pair >> least == 0
            pair, time_us = pair[kept], time_us[kept]
        yield pair, splitmix64(pair ^ splitmix64(time_us))


class _Names:
    """Ids as hashes of their names in the log. A whole number counts as itself, read as a number or as a text."""

    def __init__(self, ids: IdMap) -> None:
        texts = ids.texts
        self._hashes: U64 | None = None
        if texts is not None:
            whole = texts.cast(pl.Int64, strict=False)
            numbers = (whole.cast(pl.String) == texts).fill_null(False).to_numpy()
            self._hashes = np.where(numbers, splitmix64(whole.fill_null(0).to_numpy()), _text_hashes(texts))

    def hashes(self, ids: I64) -> U64:
        """[N] uint64."""
        return splitmix64(ids) if self._hashes is None else self._hashes[ids]


def _text_hashes(texts: pl.Series) -> U64:
    """[N] FNV-1a of the texts' UTF-8 bytes, mixed (Fowler, Noll and Vo)."""
    arrow = texts.to_frame().to_arrow()[0].combine_chunks()
    _, starts, content = arrow.cast("large_string").buffers()
    offsets = np.frombuffer(starts, np.int64)[arrow.offset : arrow.offset + len(texts) + 1]
    out = np.empty(len(texts), np.uint64)
    _fnv(offsets, np.frombuffer(content or b"", np.uint8), out)
    hashes: U64 = splitmix64(out)
    return hashes


@kernel
def _fnv(offsets: I64, content: NDArray[np.uint8], out: U64) -> None:
    for i in range(len(out)):
        value = _OFFSET
        for at in range(offsets[i], offsets[i + 1]):
            value = (value ^ np.uint64(content[at])) * _PRIME
        out[i] = value


def _among(ascending: U64, wanted: U64) -> NDArray[np.bool_]:
    if not len(ascending):
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    found: NDArray[np.bool_] = ascending[at] == wanted
    return found
