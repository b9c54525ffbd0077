"""How often each person was shown each tweet that is remembered, for kernels to look up.

Every person has a table of their own, open addressing over a power of two of slots, and all tables lie in one pool:
what a person was shown lies close together, and a tweet's row alone is the key. A table that would be more than three
quarters full moves to one of twice the slots; the slots that it leaves serve the next table of their size. When the
pool is full, the tables move to a new one, a quarter larger than they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import I64, Array
from data.kernel import inline_kernel, kernel

MOST = 32_767
"""Where a count stays."""
_LEAST_BITS, _MOST_BITS = 3, 31
_FREE = -1


class Counts(NamedTuple):
    """The tables of P people in a pool of S slots."""

    first: NDArray[np.int64]
    """[P] the first slot of a person's table."""
    bits: NDArray[np.int8]
    """[P] log2 of its slots, 0 for no table."""
    used: NDArray[np.int32]
    """[P] slots of it that hold a tweet."""
    tweet: NDArray[np.int32]
    """[S] tweet row, -1 where a slot is free."""
    times: NDArray[np.int16]
    """[S] impressions."""


class Exposures:
    """Impressions by person and tweet."""

    def __init__(self, people: int) -> None:
        """Nobody was shown anything."""
        self._clear(people, 1 << 10)

    counts: Counts
    """For `exposures_of`."""

    def add(self, users: I64, tweets: I64) -> None:
        """Counts impressions of tweet rows by user rows."""
        self._add(users, tweets, np.ones(len(users), np.int16))

    def of(self, users: I64, tweets: I64) -> I64:
        """[N] how often each user row was shown the tweet row."""
        out = np.empty(len(users), np.int64)
        _look_up(self.counts, np.asarray(users, np.int64), np.asarray(tweets, np.int64), out)
        return out

    def forget(self, gone: int) -> None:
        """Forgets the first `gone` tweet rows; the rows of the others move down by as many."""
        old = self.counts
        left = np.empty(len(old.used), np.int64)
        _count_left(old, gone, left)
        # The least table that takes one tweet more.
        bits = np.maximum(np.ceil(np.log2((left + 1) / 0.75)), _LEAST_BITS).astype(np.int8)
        size = np.where(left > 0, np.int64(1) << bits.astype(np.int64), 0)
        # A quarter more, and room for the largest table to move.
        self._clear(len(left), int(size.sum() * 1.25) + 2 * int(size.max(initial=512)))
        self.counts.bits[:] = np.where(left > 0, bits, 0)
        self.counts.first[:] = np.cumsum(size) - size
        self._top[0] = size.sum()
        self.counts.tweet[: self._top[0]] = _FREE
        _move_down(old, self.counts, gone)

    def rows(self) -> tuple[I64, Array]:
        """Ascending user row x 2^32 + tweet row of all that were shown, and their counts [N] int16."""
        keys, count = np.empty(int(self.counts.used.sum()), np.int64), np.empty(int(self.counts.used.sum()), np.int16)
        _list(self.counts, keys, count)
        order = np.argsort(keys, kind="stable")
        return keys[order], count[order]

    def restore(self, keys: I64, counts: Array) -> None:
        """Takes what `rows` gave."""
        self._add(keys >> 32, keys & 0xFFFFFFFF, np.asarray(counts, np.int16))

    def _clear(self, people: int, slots: int) -> None:
        self.counts = Counts(
            np.zeros(people, np.int64), np.zeros(people, np.int8), np.zeros(people, np.int32),
            np.empty(slots, np.int32), np.empty(slots, np.int16),
        )  # fmt: skip
        self._left: I64 = np.full(_MOST_BITS + 1, _FREE, np.int64)
        """By log2 of slots, the first slot of a table that was left; its own first slot names the next."""
        self._top = np.zeros(1, np.int64)
        """Slots of the pool that were given out."""

    def _add(self, users: I64, tweets: I64, amount: NDArray[np.int16]) -> None:
        users, tweets, done = np.asarray(users, np.int64), np.asarray(tweets, np.int64), 0
        while (done := _count(self.counts, self._left, self._top, users, tweets, amount, done)) < len(users):
            self.forget(0)


@inline_kernel
def _start(t, bits):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Where in a table the search for a tweet row begins."""
    return ((np.int64(t) * np.int64(2654435769)) & np.int64(0xFFFFFFFF)) >> (32 - np.int64(bits))


@kernel
def slot_of(counts, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The slot of a tweet row in the table that a person has, or the free one where it belongs."""
    bits = np.int64(counts.bits[u])
    first, mask = counts.first[u], (np.int64(1) << bits) - 1
    at = _start(t, bits)
    while counts.tweet[first + at] != t and counts.tweet[first + at] != _FREE:
        at = (at + 1) & mask
    return first + at


@inline_kernel
def exposures_of(counts, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How often user row `u` was shown tweet row `t`. Callable from Numba."""
    met = np.int64(0)
    if counts.bits[u] > 0:
        slot = slot_of(counts, u, t)
        if counts.tweet[slot] == t:
            met = np.int64(counts.times[slot])
    return met


@kernel
def _move(counts, left, top, u):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Moves a person's table to one of twice the slots; false if the pool has no room."""
    old_bits, old = np.int64(counts.bits[u]), counts.first[u]
    bits = max(old_bits + 1, np.int64(_LEAST_BITS))
    size = np.int64(1) << bits
    if left[bits] != _FREE:
        first = left[bits]
        left[bits] = counts.tweet[first]
    elif top[0] + size <= len(counts.tweet):
        first = top[0]
        top[0] += size
    else:
        return False
    counts.tweet[first : first + size] = _FREE
    counts.bits[u], counts.first[u] = bits, first
    if old_bits > 0:
        for slot in range(old, old + (np.int64(1) << old_bits)):
            if counts.tweet[slot] != _FREE:
                to = slot_of(counts, u, counts.tweet[slot])
                counts.tweet[to], counts.times[to] = counts.tweet[slot], counts.times[slot]
        counts.tweet[old] = left[old_bits]
        left[old_bits] = old
    return True


@kernel
def _count(counts, left, top, users, tweets, amount, begin):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts impressions from the row `begin` on; returns the row for which the pool had no room, or their number."""
    for i in range(begin, len(users)):
        u, t = users[i], tweets[i]
        if 4 * (np.int64(counts.used[u]) + 1) > 3 << np.int64(counts.bits[u]) and not _move(counts, left, top, u):
            return i
        slot = slot_of(counts, u, t)
        if counts.tweet[slot] == _FREE:
            counts.tweet[slot], counts.times[slot] = t, 0
            counts.used[u] += 1
        counts.times[slot] = min(np.int64(counts.times[slot]) + amount[i], MOST)
    return len(users)


@kernel
def _look_up(counts, users, tweets, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(len(users)):
        out[i] = exposures_of(counts, users[i], tweets[i])


@kernel
def _count_left(counts, gone, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """By person, how many of their tweets are not among the first `gone`."""
    for u in range(len(out)):
        out[u] = 0
        if counts.bits[u] > 0:
            for slot in range(counts.first[u], counts.first[u] + (np.int64(1) << np.int64(counts.bits[u]))):
                out[u] += counts.tweet[slot] >= gone


@kernel
def _move_down(old, new, gone):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills the empty tables of `new` with what is left of `old`."""
    for u in range(len(old.bits)):
        if new.bits[u] > 0:
            for slot in range(old.first[u], old.first[u] + (np.int64(1) << np.int64(old.bits[u]))):
                if old.tweet[slot] >= gone:
                    to = slot_of(new, u, old.tweet[slot] - gone)
                    new.tweet[to], new.times[to] = old.tweet[slot] - gone, old.times[slot]
                    new.used[u] += 1


@kernel
def _list(counts, keys, count):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = 0
    for u in range(len(counts.bits)):
        if counts.bits[u] > 0:
            for slot in range(counts.first[u], counts.first[u] + (np.int64(1) << np.int64(counts.bits[u]))):
                if counts.tweet[slot] != _FREE:
                    keys[n] = (np.int64(u) << 32) | np.int64(counts.tweet[slot])
                    count[n] = counts.times[slot]
                    n += 1
