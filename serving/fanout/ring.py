"""Timelines in memory: a ring of the newest entries a user, sorted by tweet row, all in one array.

A ring begins with room for 8 entries and doubles up to the capacity, so that memory follows what is held: 20 bytes a
user and 4 an entry. Of each list it is known above which row it is complete: an entry that fell out, or that its
reader was not given, raises this floor.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from data.batch import I64, Ragged, offsets_of
from data.kernel import inline_kernel, kernel

CAPACITY = 800
"""Entries that a timeline holds."""

_UNIT = 8
"""Entries that the smallest ring has room for; rings begin at multiples of it in the array."""
_FIRST, _START, _SIZE, _ROOM = range(4)
"""Columns of a ring's description: its first unit, where its oldest entry is, how many there are, room for how many."""
_NONE = -1
_KINDS = 32
"""Sizes of rings, each twice the one before."""


@inline_kernel
def _place(rings: Any, user: Any, at: Any) -> Any:
    """Where in the array the entry `at` of a ring is, 0 the oldest."""
    place = rings[user, _START] + at
    if place >= rings[user, _ROOM]:
        place -= rings[user, _ROOM]
    return np.int64(rings[user, _FIRST]) * _UNIT + place


@inline_kernel
def _kind(room: Any) -> Any:
    """How often the smallest ring was doubled to have so much room."""
    kind = 0
    while _UNIT << kind < room:
        kind += 1
    return kind


@kernel
def _release(entries: Any, rings: Any, free: Any, user: Any) -> Any:
    """Gives the room of a ring back: `free` heads a list of free rings by their kind."""
    first, room = rings[user, _FIRST], rings[user, _ROOM]
    if room > 0:
        kind = _kind(room)
        entries[np.int64(first) * _UNIT] = free[kind]
        free[kind] = first
    for k in range(4):
        rings[user, k] = 0


@kernel
def _widen(entries: Any, rings: Any, free: Any, end: Any, capacity: Any, user: Any) -> Any:
    """Gives a ring twice its room; returns where the used part of the array ends, -1 where the array is too short."""
    room = min(max(2 * rings[user, _ROOM], _UNIT), capacity)
    kind = _kind(room)
    first = np.int64(free[kind])
    if first != _NONE:
        free[kind] = entries[first * _UNIT]
    else:
        units = (room + _UNIT - 1) // _UNIT
        if (end + units) * _UNIT > len(entries):
            return _NONE
        first = end
        end += units
    size = rings[user, _SIZE]
    for k in range(size):
        entries[first * _UNIT + k] = entries[_place(rings, user, k)]
    _release(entries, rings, free, user)
    rings[user, _FIRST], rings[user, _SIZE], rings[user, _ROOM] = first, size, room
    return end


@kernel
def _insert(entries: Any, rings: Any, floor: Any, user: Any, tweet: Any) -> Any:
    """Puts a tweet that came late in its place; 0 where it is there already or is older than a full ring."""
    n = rings[user, _SIZE]
    place = n
    while place > 0 and entries[_place(rings, user, place - 1)] > tweet:
        place -= 1
    if place > 0 and entries[_place(rings, user, place - 1)] == tweet:
        return 0
    if n < rings[user, _ROOM]:
        for k in range(n, place, -1):
            entries[_place(rings, user, k)] = entries[_place(rings, user, k - 1)]
        entries[_place(rings, user, place)] = tweet
        rings[user, _SIZE] = n + 1
        return 1
    if place == 0:
        floor[user] = max(floor[user], tweet)
        return 0
    floor[user] = max(floor[user], entries[_place(rings, user, 0)])
    for k in range(place - 1):
        entries[_place(rings, user, k)] = entries[_place(rings, user, k + 1)]
    entries[_place(rings, user, place - 1)] = tweet
    return 1


@kernel
def _push(
    entries: Any, rings: Any, floor: Any, free: Any, end: Any, capacity: Any,
    tweets: Any, offsets: Any, readers: Any, tweet_at: Any, reader_at: Any,
) -> Any:  # fmt: skip
    """Adds tweet i to the rings of its readers, keeping each sorted, from tweet `tweet_at` and reader `reader_at` on.

    Returns the number of entries written, where the used part of the array ends, and where it stopped: at the end, or
    where the array is too short. Views of single rings are avoided: counting their references takes most of the time.
    """
    written = 0
    for i in range(tweet_at, len(tweets)):
        tweet = tweets[i]
        for j in range(max(offsets[i], reader_at), offsets[i + 1]):
            u = readers[j]
            if u < 0:
                continue
            n = rings[u, _SIZE]
            if n == rings[u, _ROOM] and n < capacity:
                wider = _widen(entries, rings, free, end, capacity, u)
                if wider == _NONE:
                    return written, end, i, j
                end = wider
            if n > 0 and tweet <= entries[_place(rings, u, n - 1)]:
                written += _insert(entries, rings, floor, u, tweet)
                continue
            if n == rings[u, _ROOM]:
                oldest = _place(rings, u, 0)
                floor[u] = max(floor[u], entries[oldest])
                entries[oldest] = tweet
                rings[u, _START] = rings[u, _START] + 1 if rings[u, _START] + 1 < n else 0
            else:
                entries[_place(rings, u, n)] = tweet
                rings[u, _SIZE] = n + 1
            written += 1
    return written, end, len(tweets), 0


@kernel
def _first(entries: Any, rings: Any, user: Any, tweet: Any) -> Any:
    """The place in a ring of its first entry that is not below `tweet`."""
    low, high = 0, rings[user, _SIZE]
    while low < high:
        middle = (low + high) // 2
        if entries[_place(rings, user, middle)] < tweet:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _lengths(entries: Any, rings: Any, users: Any, limit: Any, oldest: Any, out: Any) -> Any:
    for i in range(len(users)):
        u = users[i]
        if 0 <= u < len(rings) and rings[u, _SIZE] > 0:
            young = rings[u, _SIZE] - (_first(entries, rings, u, oldest) if oldest > 0 else 0)
            out[i] = min(young, limit)


@kernel
def _read(entries: Any, rings: Any, users: Any, offsets: Any, out: Any) -> Any:
    for i in range(len(users)):
        for k in range(offsets[i + 1] - offsets[i]):
            out[offsets[i] + k] = entries[_place(rings, users[i], rings[users[i], _SIZE] - 1 - k)]


@kernel
def _remove(entries: Any, rings: Any, gone: Any) -> Any:
    """Drops the tweets in `gone` (sorted) from every ring."""
    for u in range(len(rings)):
        n = rings[u, _SIZE]
        held = False
        if n > 0 and entries[_place(rings, u, n - 1)] >= gone[0]:
            for tweet in gone:
                at = _first(entries, rings, u, tweet)
                held = held or (at < n and entries[_place(rings, u, at)] == tweet)
        if not held:
            continue
        kept = 0
        for k in range(n):
            tweet = entries[_place(rings, u, k)]
            at = np.searchsorted(gone, tweet)
            if at < len(gone) and gone[at] == tweet:
                continue
            entries[_place(rings, u, kept)] = tweet
            kept += 1
        rings[u, _SIZE] = kept


@kernel
def _forget(entries: Any, rings: Any, floor: Any, free: Any, users: Any, tweets: Any) -> Any:
    for i in range(len(users)):
        _release(entries, rings, free, users[i])
        floor[users[i]] = max(floor[users[i]], tweets[i])


class TimelineRing:
    """The `TimelineStore` in memory."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Empty lists of at most `capacity` entries."""
        self.capacity = capacity
        self._rings = np.zeros((0, 4), np.int32)
        self._floor = np.zeros(0, np.int32)
        self._entries = np.empty(0, np.int32)
        self._free = np.full(_KINDS, _NONE, np.int32)
        self._end = 0

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return int(self._rings.nbytes + self._floor.nbytes + self._end * _UNIT * self._entries.itemsize)

    def push(self, tweets: I64, readers: Ragged) -> int:
        """Adds tweet i to the lists of `readers[i]`; returns how many entries were written."""
        if not len(readers.values):
            return 0
        self.reserve(int(readers.values.max()) + 1)
        rows = np.ascontiguousarray(readers.values)
        total = tweet_at = reader_at = 0
        while True:
            written, self._end, tweet_at, reader_at = _push(
                self._entries, self._rings, self._floor, self._free, self._end, self.capacity,
                tweets, readers.offsets, rows, tweet_at, reader_at,
            )  # fmt: skip
            total += written
            if tweet_at == len(tweets):
                return int(total)
            # Pages of the array that no timeline reaches yet take no memory.
            longer = np.empty(max(2 * len(self._entries), 4 * self.capacity, 1 << 12), np.int32)
            longer[: len(self._entries)] = self._entries
            self._entries = longer

    def read(self, users: I64, limit: int, oldest: int = 0) -> Ragged:
        """[B] the newest `limit` entries of each list from row `oldest` on, newest first."""
        users = np.ascontiguousarray(users, np.int64)
        lengths = np.zeros(len(users), np.int64)
        _lengths(self._entries, self._rings, users, limit, oldest, lengths)
        offsets = offsets_of(lengths)
        out = np.empty(int(offsets[-1]), np.int64)
        _read(self._entries, self._rings, users, offsets, out)
        return Ragged(offsets, out)

    def floors(self, users: I64) -> I64:
        """[B] the greatest row that each list may lack, -1 where it lacks none."""
        out = np.full(len(users), _NONE, np.int64)
        held = (users >= 0) & (users < len(self._floor))
        out[held] = self._floor[users[held]]
        return out

    def forget(self, users: I64, tweets: I64) -> None:
        """Empties lists whose owners were not given `tweets[i]`, which raises their floors."""
        if len(users):
            self.reserve(int(users.max()) + 1)
            _forget(self._entries, self._rings, self._floor, self._free, users, tweets)

    def raise_floors(self, users: I64, tweets: I64) -> None:
        """Notes that a list may lack rows up to `tweets[i]`."""
        if len(users):
            self.reserve(int(users.max()) + 1)
            np.maximum.at(self._floor, users, tweets.astype(np.int32))

    def remove(self, tweets: I64) -> None:
        """Takes tweets out of every list."""
        if len(tweets):
            _remove(self._entries, self._rings, np.sort(tweets))

    def replace(self, users: I64, tweets: Ragged, floors: I64 | None = None) -> None:
        """Makes `tweets[i]` the whole list of `users[i]`, which lacks nothing above `floors[i]` (default: at all)."""
        if not len(users):
            return
        self.reserve(int(users.max()) + 1)
        self._floor[users] = _NONE
        self.forget(users, np.full(len(users), _NONE) if floors is None else floors)
        self.push(tweets.values, Ragged(np.arange(len(tweets.values) + 1, dtype=np.int64), users[tweets.owner]))

    def clear(self) -> None:
        """Empties every list."""
        self._rings[:] = 0
        self._floor[:] = _NONE
        self._free[:] = _NONE
        self._end = 0

    def digest(self) -> str:
        """sha256 over the lists that are not empty, by owner."""
        owners = np.flatnonzero(self._rings[:, _SIZE]).astype(np.int64)
        held = self.read(owners, self.capacity)
        content = hashlib.sha256()
        for part in (owners, held.offsets, held.values):
            content.update(part.tobytes())
        return content.hexdigest()

    def reserve(self, users: int) -> None:
        """Makes room for the lists of user rows below `users`."""
        had = len(self._rings)
        if users <= had:
            return
        room = max(users, 2 * had, 256)
        rings, floor = np.zeros((room, 4), np.int32), np.full(room, _NONE, np.int32)
        rings[:had], floor[:had] = self._rings, self._floor
        self._rings, self._floor = rings, floor
