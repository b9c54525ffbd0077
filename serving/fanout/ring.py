"""Timelines in one NumPy array: a ring of the newest entries a user, sorted by tweet row."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from data.batch import I64, Ragged, offsets_of
from data.kernel import kernel

CAPACITY = 800
"""Entries that a timeline holds."""


@kernel
def _insert(ring: Any, start: Any, size: Any, user: Any, tweet: Any) -> Any:
    """Puts a tweet that came late in its place; 0 where it is there already or is older than a full ring."""
    capacity, n = len(ring), size[user]
    place = n
    while place > 0 and ring[(start + place - 1) % capacity] > tweet:
        place -= 1
    if place > 0 and ring[(start + place - 1) % capacity] == tweet:
        return 0
    if n < capacity:
        for k in range(n, place, -1):
            ring[(start + k) % capacity] = ring[(start + k - 1) % capacity]
        ring[(start + place) % capacity] = tweet
        size[user] = n + 1
        return 1
    if place == 0:
        return 0
    for k in range(place - 1):
        ring[(start + k) % capacity] = ring[(start + k + 1) % capacity]
    ring[(start + place - 1) % capacity] = tweet
    return 1


@kernel
def _push(entries: Any, start: Any, size: Any, tweets: Any, offsets: Any, readers: Any) -> Any:
    """Adds tweet i to the rings of its readers, keeping each sorted; returns the number of entries written."""
    capacity = entries.shape[1]
    written = 0
    for i in range(len(tweets)):
        tweet = tweets[i]
        for j in range(offsets[i], offsets[i + 1]):
            u = readers[j]
            if u < 0:
                continue
            n = size[u]
            if n == 0 or tweet > entries[u, (start[u] + n - 1) % capacity]:
                entries[u, (start[u] + n) % capacity] = tweet
                if n == capacity:
                    start[u] = (start[u] + 1) % capacity
                else:
                    size[u] = n + 1
                written += 1
                continue
            written += _insert(entries[u], start[u], size, u, tweet)
    return written


@kernel
def _read(entries: Any, start: Any, size: Any, users: Any, offsets: Any, out: Any) -> Any:
    capacity = entries.shape[1]
    for i in range(len(users)):
        u = users[i]
        for k in range(offsets[i + 1] - offsets[i]):
            out[offsets[i] + k] = entries[u, (start[u] + size[u] - 1 - k) % capacity]


@kernel
def _remove(entries: Any, start: Any, size: Any, gone: Any) -> Any:
    """Drops the tweets in `gone` (sorted) from every ring."""
    capacity = entries.shape[1]
    for u in range(len(size)):
        kept = 0
        for k in range(size[u]):
            tweet = entries[u, (start[u] + k) % capacity]
            at = np.searchsorted(gone, tweet)
            if at < len(gone) and gone[at] == tweet:
                continue
            entries[u, (start[u] + kept) % capacity] = tweet
            kept += 1
        size[u] = kept


class TimelineRing:
    """The `TimelineStore` in memory: 4 bytes an entry, `CAPACITY` entries a user."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Empty lists of at most `capacity` entries."""
        self.capacity = capacity
        self._entries = np.empty((0, capacity), np.int32)
        self._start = np.zeros(0, np.int64)
        self._size = np.zeros(0, np.int64)

    def push(self, tweets: I64, readers: Ragged) -> int:
        """Adds tweet i to the lists of `readers[i]`; returns how many entries were written."""
        if not len(readers.values):
            return 0
        self._reserve(int(readers.values.max()) + 1)
        rows = np.ascontiguousarray(readers.values, np.int64)
        return int(_push(self._entries, self._start, self._size, tweets, readers.offsets, rows))

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] the newest `limit` entries of each list, newest first."""
        users = np.ascontiguousarray(users, np.int64)
        held = (users >= 0) & (users < len(self._size))
        lengths = np.zeros(len(users), np.int64)
        lengths[held] = np.minimum(self._size[users[held]], limit)
        offsets = offsets_of(lengths)
        out = np.empty(int(offsets[-1]), np.int64)
        _read(self._entries, self._start, self._size, users, offsets, out)
        return Ragged(offsets, out)

    def remove(self, tweets: I64) -> None:
        """Takes tweets out of every list."""
        _remove(self._entries, self._start, self._size, np.sort(tweets))

    def replace(self, users: I64, tweets: Ragged) -> None:
        """Makes `tweets[i]` the whole list of `users[i]`."""
        if not len(users):
            return
        self._reserve(int(users.max()) + 1)
        self._size[users] = 0
        self.push(tweets.values, Ragged(np.arange(len(tweets.values) + 1, dtype=np.int64), users[tweets.owner]))

    def clear(self) -> None:
        """Empties every list."""
        self._size[:] = 0
        self._start[:] = 0

    def digest(self) -> str:
        """sha256 over the lists that are not empty, by owner."""
        owners = np.flatnonzero(self._size).astype(np.int64)
        held = self.read(owners, self.capacity)
        content = hashlib.sha256()
        for part in (owners, held.offsets, held.values):
            content.update(part.tobytes())
        return content.hexdigest()

    def _reserve(self, users: int) -> None:
        if users <= len(self._size):
            return
        room = max(users, 2 * len(self._size), 256)
        # Pages of the array that no timeline reaches yet take no memory.
        entries = np.zeros((room, self.capacity), np.int32)
        entries[: len(self._size)] = self._entries
        self._entries = entries
        self._start = np.r_[self._start, np.zeros(room - len(self._start), np.int64)]
        self._size = np.r_[self._size, np.zeros(room - len(self._size), np.int64)]
