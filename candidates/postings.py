"""Lists of tweets by a number (their author, a code): newest first, live, bounded by what is alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from data.batch import I32, I64, Array, Ragged, offsets_of
from data.events import HOUR_US, NEVER_US
from data.kernel import kernel
from data.schema import KIND_CODE
from features.state.columns import Columns
from features.state.network import NetworkState

NONE = -1
SPARE = 4096
"""Entries beyond twice the living ones before the dead are left out."""

KeysOf = Callable[[I64], I64]
"""[N] tweet rows to [N, L] the lists that each belongs in, counted from 0; -1 for none."""


class Postings:
    """Call `follow` before a read: it takes what is new in the network. Made from the network alone, so there is
    nothing to save: an empty one fills itself with what is alive, and lists the same as one that followed all along."""

    def __init__(self, network: NetworkState, keys_of: KeysOf, max_age_h: float = 48.0) -> None:
        """Lists the tweets of `network` that are no retweets and younger than `max_age_h` hours."""
        self.network, self.keys_of, self.max_age_h = network, keys_of, max_age_h
        self._head: I32 = np.full(0, NONE, np.int32)
        self._entries = Columns()
        # Entries, the first tweet row not taken, entries at which the dead are left out, tweets passed over because
        # they are known by id alone, and the time from which on all that lives is listed.
        self._size, self._next, self._full = 0, 0, 0
        self._waiting: I64 = np.empty(0, np.int64)
        self._since = NEVER_US
        self._clear()

    def __len__(self) -> int:
        return self._size

    def follow(self, first_us: int) -> None:
        """Takes tweets that are new, for reads as of `first_us` or later.

        All is listed anew when there are as many dead as others, for a time before those asked for until then, and
        when a tweet becomes known that was known by id alone: lists are in the order of rows.
        """
        tweet, known = self.network.tweet, len(self.network.tweets)
        found = bool((tweet.kind[self._waiting] >= 0).any())
        if first_us < self._since or self._size > self._full or found:
            self._clear()
            newest = max(first_us, int(tweet.time_us[:known].max(initial=first_us)))
            rows = self.network.alive(newest, self.max_age_h + (newest - first_us + 1) / HOUR_US)
            self._take(rows)
            self._next, self._full, self._since = known, 2 * self._size + SPARE, first_us
            self._waiting = np.flatnonzero(tweet.kind[:known] < 0).astype(np.int64)
            return
        if known == self._next:
            return
        rows = np.arange(self._next, known, dtype=np.int64)
        unknown = tweet.kind[rows] < 0
        self._waiting, self._next = np.concatenate([self._waiting, rows[unknown]]), known
        self._take(rows[~unknown & (tweet.kind[rows] != KIND_CODE["retweet"])])

    def newest(self, keys: I64, time_us: I64, limit: int) -> Ragged:
        """[K] lists `keys` (-1 for an empty one) as of `time_us` [K]: at most `limit` living tweets each."""
        network = self.network
        out, counts = np.empty((len(keys), limit), np.int64), np.zeros(len(keys), np.int64)
        oldest = time_us - np.int64(self.max_age_h * HOUR_US)
        _newest(
            np.ascontiguousarray(keys, np.int64), time_us, oldest, self._head, self._entries.row, self._entries.before,
            network.tweet.time_us, network.tweet.deleted, out, counts,
        )  # fmt: skip
        return Ragged(offsets_of(counts), out[np.arange(limit) < counts[:, None]])

    def _clear(self) -> None:
        self._head = np.full(0, NONE, np.int32)
        self._entries = Columns({"row": (np.int64, NONE, 0), "before": (np.int32, NONE, 0)})
        self._size, self._next, self._full = 0, 0, 0
        self._waiting = np.empty(0, np.int64)

    def _take(self, rows: I64) -> None:
        if not len(rows):
            return
        keys = np.ascontiguousarray(self.keys_of(rows), np.int64)
        need = int(keys.max(initial=NONE)) + 1
        if need > len(self._head):
            grown = np.full(max(need, 2 * len(self._head)), NONE, np.int32)
            grown[: len(self._head)] = self._head
            self._head = grown
        self._entries.resize(self._size + keys.size)
        self._size = int(_push(keys, rows, self._head, self._entries.row, self._entries.before, self._size))


@kernel
def _push(keys: I64, rows: I64, head: I32, row: I64, before: I32, size: Any) -> Any:
    """Puts each tweet at the head of its lists; returns how many entries there are."""
    for i in range(len(rows)):
        for level in range(keys.shape[1]):
            key = keys[i, level]
            if key >= 0:
                row[size], before[size] = rows[i], head[key]
                head[key] = size
                size += 1
    return size


@kernel
def _newest(
    keys: I64, time: I64, oldest: I64, head: I32, row: I64, before: I32, posted: I64, deleted: Array, out: I64,
    counts: I64,
) -> Any:  # fmt: skip
    for k in range(len(keys)):
        if keys[k] < 0 or keys[k] >= len(head):
            continue
        at = head[keys[k]]
        while at != NONE and counts[k] < out.shape[1]:
            tweet = row[at]
            if posted[tweet] <= time[k] and posted[tweet] > oldest[k] and not deleted[tweet]:
                out[k, counts[k]] = tweet
                counts[k] += 1
            at = before[at]
