"""Counts by person and another row, for kernels to look up: how often who was shown what, and who follows whom.

Every person has a table of their own, open addressing over a power of two of slots, and all tables lie in one pool: the
counts of a person lie close together, and the other row alone is the key. A table that would be more than three
quarters full moves to one of twice the slots; the slots that it leaves serve the next table of their size. When the
pool is full, the tables move to a new one, a quarter larger than they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import I64, Array
from data.kernel import inline_kernel, kernel

LARGEST = 32_767
_LEAST_BITS, _MOST_BITS = 3, 31
_FREE = -1


class Pairs(NamedTuple):
    """The tables of P people in a pool of S slots."""

    first: NDArray[np.int64]
    """[P] the first slot of a person's table."""
    bits: NDArray[np.int8]
    """[P] log2 of its slots, 0 for no table."""
    used: NDArray[np.int32]
    """[P] slots of it that are taken."""
    row: NDArray[np.int32]
    """[S] the other row, -1 where a slot is free."""
    times: NDArray[np.int16]
    """[S] the count; a pair whose count fell to 0 keeps its slot until the pool is renewed."""


class PairCounts:
    """Counts of 0 to `most` for pairs of a person and another row."""

    def __init__(self, people: int, most: int = LARGEST) -> None:
        """All are 0. A count stays at `most`, at most 32,767."""
        self._most = most
        self._clear(people, 1 << 10)

    pairs: Pairs
    """For `count_of`."""

    def add(self, users: I64, rows: I64, amount: NDArray[np.int16] | None = None) -> None:
        """Adds amounts [N], or 1 each, to the counts of pairs, in order."""
        users, rows, done = np.asarray(users, np.int64), np.asarray(rows, np.int64), 0
        amount = np.ones(len(users), np.int16) if amount is None else amount
        while True:
            done = _add(self.pairs, self._left, self._top, users, rows, amount, self._most, done)
            if done == len(users):
                return
            self.forget(0)

    def of(self, users: I64, rows: I64) -> I64:
        """[N] the counts of pairs."""
        out = np.empty(len(users), np.int64)
        _look_up(self.pairs, np.asarray(users, np.int64), np.asarray(rows, np.int64), out)
        return out

    def forget(self, gone: int) -> None:
        """Forgets the other rows below `gone`; the rest move down by as many. Renews the pool."""
        old = self.pairs
        left = np.empty(len(old.used), np.int64)
        _count_left(old, gone, left)
        # The least table that takes one row more.
        bits = np.maximum(np.ceil(np.log2((left + 1) / 0.75)), _LEAST_BITS).astype(np.int8)
        size = np.where(left > 0, np.int64(1) << bits.astype(np.int64), 0)
        # A quarter more, and room for the largest table to move.
        self._clear(len(left), int(size.sum() * 1.25) + 2 * int(size.max(initial=512)))
        self.pairs.bits[:] = np.where(left > 0, bits, 0)
        self.pairs.first[:] = np.cumsum(size) - size
        self._top[0] = size.sum()
        self.pairs.row[: self._top[0]] = _FREE
        _move_down(old, self.pairs, gone)

    def rows(self, *, ordered: bool = True) -> tuple[I64, Array]:
        """Ascending user row x 2^32 + other row of all pairs whose count is not 0, and the counts [N] int16.

        Without order they come as they lie in the tables.
        """
        slots = int(self.pairs.used.sum())
        keys, counts = np.empty(slots, np.int64), np.empty(slots, np.int16)
        n = _list(self.pairs, keys, counts)
        keys, counts = keys[:n], counts[:n]
        if not ordered:
            return keys, counts
        order = np.argsort(keys, kind="stable")
        return keys[order], counts[order]

    def restore(self, keys: I64, counts: Array) -> None:
        """Adds what `rows` gave."""
        self.add(keys >> 32, keys & 0xFFFFFFFF, np.asarray(counts, np.int16))

    def _clear(self, people: int, slots: int) -> None:
        self.pairs = Pairs(
            np.zeros(people, np.int64), np.zeros(people, np.int8), np.zeros(people, np.int32),
            np.empty(slots, np.int32), np.empty(slots, np.int16),
        )  # fmt: skip
        self._left: I64 = np.full(_MOST_BITS + 1, _FREE, np.int64)
        """By log2 of slots, the first slot of a table that was left; its own first slot names the next."""
        self._top = np.zeros(1, np.int64)
        """Slots of the pool that were given out."""


@inline_kernel
def _start(row, bits):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Where in a table the search for a row begins."""
    return ((np.int64(row) * np.int64(2654435769)) & np.int64(0xFFFFFFFF)) >> (32 - np.int64(bits))


@inline_kernel
def slot_of(pairs, u, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The slot of a row in the table that a person has, or the free one where it belongs."""
    bits = np.int64(pairs.bits[u])
    first, mask = pairs.first[u], (np.int64(1) << bits) - 1
    at = _start(row, bits)
    while pairs.row[first + at] != row and pairs.row[first + at] != _FREE:
        at = (at + 1) & mask
    return first + at


@inline_kernel
def count_of(pairs, u, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The count of user row `u` and another row. Callable from Numba."""
    found = np.int64(0)
    if pairs.bits[u] > 0:
        slot = slot_of(pairs, u, row)
        if pairs.row[slot] == row:
            found = np.int64(pairs.times[slot])
    return found


@kernel
def _move(pairs, left, top, u):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Moves a person's table to one of twice the slots; false if the pool has no room."""
    old_bits, old = np.int64(pairs.bits[u]), pairs.first[u]
    bits = max(old_bits + 1, np.int64(_LEAST_BITS))
    size = np.int64(1) << bits
    if left[bits] != _FREE:
        first = left[bits]
        left[bits] = pairs.row[first]
    elif top[0] + size <= len(pairs.row):
        first = top[0]
        top[0] += size
    else:
        return False
    pairs.row[first : first + size] = _FREE
    pairs.bits[u], pairs.first[u] = bits, first
    if old_bits > 0:
        for slot in range(old, old + (np.int64(1) << old_bits)):
            if pairs.row[slot] != _FREE:
                to = slot_of(pairs, u, pairs.row[slot])
                pairs.row[to], pairs.times[to] = pairs.row[slot], pairs.times[slot]
        pairs.row[old] = left[old_bits]
        left[old_bits] = old
    return True


@kernel
def _add(pairs, left, top, users, rows, amount, most, begin):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds amounts from the pair `begin` on; returns the pair for which the pool had no room, or their number."""
    for i in range(begin, len(users)):
        u, row = users[i], rows[i]
        if 4 * (np.int64(pairs.used[u]) + 1) > 3 << np.int64(pairs.bits[u]) and not _move(pairs, left, top, u):
            return i
        slot = slot_of(pairs, u, row)
        if pairs.row[slot] == _FREE:
            pairs.row[slot], pairs.times[slot] = row, 0
            pairs.used[u] += 1
        pairs.times[slot] = max(min(np.int64(pairs.times[slot]) + amount[i], most), 0)
    return len(users)


@kernel
def _look_up(pairs, users, rows, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(len(users)):
        out[i] = count_of(pairs, users[i], rows[i])


@inline_kernel
def _slots(pairs, u):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Of a person's table."""
    size = np.int64(1) << np.int64(pairs.bits[u]) if pairs.bits[u] > 0 else np.int64(0)
    return range(pairs.first[u], pairs.first[u] + size)


@kernel
def _count_left(pairs, gone, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """By person, how many pairs of a count over 0 have another row that is not below `gone`."""
    for u in range(len(out)):
        out[u] = 0
        for slot in _slots(pairs, u):
            out[u] += pairs.row[slot] >= gone and pairs.times[slot] > 0


@kernel
def _move_down(old, new, gone):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills the empty tables of `new` with what is left of `old`."""
    for u in range(len(old.bits)):
        for slot in _slots(old, u):
            if old.row[slot] >= gone and old.times[slot] > 0:
                to = slot_of(new, u, old.row[slot] - gone)
                new.row[to], new.times[to] = old.row[slot] - gone, old.times[slot]
                new.used[u] += 1


@kernel
def _list(pairs, keys, counts):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = 0
    for u in range(len(pairs.bits)):
        for slot in _slots(pairs, u):
            if pairs.row[slot] != _FREE and pairs.times[slot] > 0:
                keys[n] = (np.int64(u) << 32) | np.int64(pairs.row[slot])
                counts[n] = pairs.times[slot]
                n += 1
    return n
