"""Ragged, columnar batches: B requests and their N candidates, with CSR offsets.

The same type carries one live request (B = 1) and a step of a simulation (B = 4096). Columns are NumPy arrays whose
first axis is B or N: `[N]` of any dtype, `[N, D]` for embeddings, `[B, L]` for padded histories (-1 where empty).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Array = NDArray[Any]


def offsets_of(lengths: ArrayLike) -> I64:
    """[B + 1] where each of B lists of these lengths begins, and where the last one ends."""
    sizes = np.asarray(lengths)
    out = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, dtype=np.int64, out=out[1:])
    return out


@dataclass(frozen=True, slots=True)
class Requests:
    """[B] requests; always `user_row` (int64) and `time_us` (int64), often `request_id` and `user_id`."""

    columns: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.columns["user_row"])

    def with_columns(self, new: Mapping[str, Array]) -> Requests:
        """The same requests with more columns, or with columns replaced."""
        return Requests({**self.columns, **new})

    def take(self, rows: I64) -> Requests:
        """The requests at `rows`, in that order."""
        return Requests({name: column[rows] for name, column in self.columns.items()})


@dataclass(frozen=True, slots=True)
class Ragged:
    """B lists in one array: list b is `values[offsets[b]:offsets[b + 1]]`."""

    offsets: I64
    values: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, one: int) -> Array:
        values: Array = self.values[self.offsets[one] : self.offsets[one + 1]]
        return values

    def part(self, start: int, end: int) -> Ragged:
        """The lists from `start` up to `end`."""
        first = self.offsets[start]
        return Ragged(self.offsets[start : end + 1] - first, self.values[first : self.offsets[end]])

    @property
    def lengths(self) -> I64:
        """[B] length of each list."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> I64:
        """[N] which list each value belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    @classmethod
    def from_lengths(cls, lengths: ArrayLike, values: Array) -> Ragged:
        """B lists of these lengths, one after the other in `values`."""
        return cls(offsets_of(lengths), values)

    @classmethod
    def from_lists(cls, lists: Sequence[Any], dtype: Any = np.int64) -> Ragged:
        """From a sequence of B sequences."""
        lengths = np.fromiter((len(one) for one in lists), np.int64, len(lists))
        parts = [np.asarray(one, dtype) for one in lists if len(one)]
        return cls.from_lengths(lengths, np.concatenate(parts) if parts else np.empty(0, dtype))

    @classmethod
    def from_mask(cls, parent: I64, keep: Mask) -> Ragged:
        """Row numbers that survive `keep` [N] in a batch with offsets `parent` [B + 1]."""
        kept = offsets_of(keep)
        return cls(kept[parent], np.flatnonzero(keep).astype(np.int64))


@dataclass(frozen=True, slots=True)
class CandidateBatch:
    """B requests, N candidates; request b owns the rows `offsets[b]:offsets[b + 1]`. Always has `tweet_row`."""

    requests: Requests
    offsets: I64
    columns: Mapping[str, Array]
    _request: list[I64] = field(default_factory=list, repr=False, compare=False)
    """Holds `request` once it was asked for; batches of the same offsets share it."""

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def request(self) -> I64:
        """[N] request index of each candidate."""
        if not self._request:
            self._request.append(np.repeat(np.arange(len(self.requests), dtype=np.int64), np.diff(self.offsets)))
        return self._request[0]

    def column(self, name: str) -> Array:
        """[N, ...] one column; a request's column is gathered for its candidates.

        Raises:
            DataError: no such column.
        """
        if name in self.columns:
            return self.columns[name]
        if name in self.requests.columns:
            gathered: Array = self.requests.columns[name][self.request]
            return gathered
        known = ", ".join(sorted([*self.columns, *self.requests.columns]))
        raise DataError(f"column {name!r} is not in this batch", remedy=f"it has: {known}; name it in `reads`")

    def matrix(self, names: Sequence[str]) -> F32:
        """[N, F] float32; a `[N, D]` column takes D of the F places."""
        if not names:
            return np.empty((len(self), 0), np.float32)
        parts = [self.column(name) for name in names]
        return np.concatenate([p.reshape(len(p), prod(p.shape[1:])).astype(np.float32) for p in parts], axis=1)

    def with_columns(self, new: Mapping[str, Array]) -> CandidateBatch:
        """The same candidates with more columns, or with columns replaced."""
        return CandidateBatch(self.requests, self.offsets, {**self.columns, **new}, self._request)

    def with_requests(self, new: Mapping[str, Array]) -> CandidateBatch:
        """The same candidates with more columns on their requests."""
        return CandidateBatch(self.requests.with_columns(new), self.offsets, self.columns, self._request)

    def take(self, rows: Ragged) -> CandidateBatch:
        """The candidates at `rows.values`, request by request, in that order."""
        return CandidateBatch(self.requests, rows.offsets, {k: v[rows.values] for k, v in self.columns.items()})
