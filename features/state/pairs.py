"""A hash table from pairs of rows to one integer: open addressing with linear probing in flat arrays.

Used for follow edges, interactions and what was seen: millions of pairs, looked up ten thousand at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array
from data.hashing import first_slot
from data.kernel import kernel

EMPTY = -1


@kernel
def pair_slot(keys: Any, key: Any) -> Any:
    """The slot that holds `key`, or the empty one where it belongs; `len(keys)` is a power of two with room left."""
    mask = np.int64(len(keys) - 1)
    at = first_slot(key, len(keys))
    while keys[at] != EMPTY and keys[at] != key:
        at = (at + 1) & mask
    return at


@kernel
def _get(keys: Any, values: Any, left: Any, right: Any, out: Any) -> Any:
    for i in range(len(left)):
        if left[i] >= 0 and right[i] >= 0:
            at = pair_slot(keys, (np.int64(left[i]) << 32) | np.int64(right[i]))
            if keys[at] != EMPTY:
                out[i] = values[at]


@kernel
def _apply(keys: Any, values: Any, size: Any, left: Any, right: Any, numbers: Any, adding: Any, start: Any) -> Any:
    """From `start` on until half of the slots are full; returns the size and where it stopped."""
    for i in range(start, len(left)):
        if left[i] < 0 or right[i] < 0:
            continue
        key, number = (np.int64(left[i]) << 32) | np.int64(right[i]), numbers[min(i, len(numbers) - 1)]
        at = pair_slot(keys, key)
        if keys[at] == EMPTY:
            if 2 * size >= len(keys):
                return size, i
            keys[at] = key
            values[at] = number
            size += 1
        elif adding:
            values[at] += number
        else:
            values[at] = number
    return size, len(left)


@kernel
def _rehash(old_keys: Any, old_values: Any, keys: Any, values: Any) -> Any:
    for i in range(len(old_keys)):
        if old_keys[i] != EMPTY:
            at = pair_slot(keys, old_keys[i])
            keys[at] = old_keys[i]
            values[at] = old_values[i]


class PairTable:
    """Maps (left, right), both rows in 0..2^31, to an int64. A pair with a negative row is never kept."""

    def __init__(self) -> None:
        """An empty table."""
        self.keys: I64 = np.full(1024, EMPTY, np.int64)
        self.values: I64 = np.zeros(1024, np.int64)
        self.size = 0

    def __len__(self) -> int:
        return self.size

    def reserve(self, extra: int) -> None:
        """Makes room for `extra` new pairs, at most half of the slots full."""
        if 2 * (self.size + extra) <= len(self.keys):
            return
        slots = 1 << int(2 * (self.size + extra) - 1).bit_length()
        keys, values = np.full(slots, EMPTY, np.int64), np.zeros(slots, np.int64)
        _rehash(self.keys, self.values, keys, values)
        self.keys, self.values = keys, values

    def get(self, left: Array, right: Array, default: int) -> I64:
        """[N] the number of each pair, `default` for a pair that is not here."""
        out = np.full(len(left), default, np.int64)
        _get(self.keys, self.values, left, right, out)
        return out

    def add(self, left: Array, right: Array, numbers: I64) -> None:
        """Adds to the number of each pair, in order; a new pair starts from 0. `numbers` are [N], or [1] for all."""
        self._apply(left, right, numbers, adding=True)

    def put(self, left: Array, right: Array, numbers: I64) -> None:
        """Sets the number of each pair; the last one wins. `numbers` are [N], or [1] for all."""
        self._apply(left, right, numbers, adding=False)

    def arrays(self) -> dict[str, Array]:
        """Keys and values of the pairs, for saving."""
        full = self.keys != EMPTY
        return {"keys": self.keys[full], "values": self.values[full]}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        keys = np.asarray(arrays["keys"], np.int64)
        self.__init__()  # type: ignore[misc]
        self.put(keys >> 32, keys & 0xFFFFFFFF, np.asarray(arrays["values"], np.int64))

    def _apply(self, left: Array, right: Array, numbers: I64, *, adding: bool) -> None:
        self.size, done = _apply(self.keys, self.values, self.size, left, right, numbers, adding, 0)
        while done < len(left):
            self.reserve(self.size)
            self.size, done = _apply(self.keys, self.values, self.size, left, right, numbers, adding, done)
