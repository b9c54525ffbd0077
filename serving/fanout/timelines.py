"""The home timeline before ranking: what fan-out pushed to a reader, merged with what it left to pull.

What a reader gets does not depend on the policy, but for what a policy that loses tweets loses. Above the floors of the
lists that are merged nothing is missing; where that is not enough, the past is pulled from all tweets there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from candidates.timelines import PulledTimelines
from data.batch import I64, Mask, Ragged
from data.events import HOUR_US
from features.state.network import UNKNOWN_US, NetworkState
from serving.fanout.cache import TimelineCache
from serving.fanout.left import LeftToPull
from serving.fanout.store import TimelineStore

_ALL = 1 << 30


@dataclass
class ReadStats:
    """Counts of reads and of where their entries came from."""

    reads: int = 0
    """Timelines read."""
    pushed: int = 0
    """Entries found in readers' own lists."""
    pulled: int = 0
    """Entries merged from followed authors' lists."""
    past: int = 0
    """Timelines that reached beyond what lists hold and were pulled from all tweets."""
    cached: int = 0
    """Timelines that were kept from an earlier read."""


class TimelineService:
    """The `Timelines` port over two stores: readers' lists and authors' lists."""

    def __init__(
        self,
        network: NetworkState,
        readers: TimelineStore,
        authors: TimelineStore,
        *,
        max_age_h: float = 48.0,
        cache_s: float = 0.0,
    ) -> None:
        """`readers` holds by reader what was pushed, `authors` by author what they posted.

        With `cache_s` timelines of single readers are kept for so many seconds.
        """
        self.network = network
        self.readers = readers
        self.authors = authors
        self.left = LeftToPull(network)
        self.cache = TimelineCache(network, self.left, keep_s=cache_s)
        self.stats = ReadStats()
        self._past = PulledTimelines(network, max_age_h=max_age_h)
        self._max_age_us = int(max_age_h * HOUR_US)

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] user rows to the newest tweet rows of whom they follow now, retweets among them.

        Newest first, the larger row where times are equal, at most `limit` each; without what was deleted or is older
        than `max_age_h` before the newest tweet known. `candidates.timelines` gives the same from the graph alone.
        """
        users = np.ascontiguousarray(users, np.int64)
        tweet = self.network.tweet
        newest_us = self._newest_us()
        oldest_us = newest_us - self._max_age_us
        self.stats.reads += len(users)
        if len(users) == 1:
            kept = self.cache.find(int(users[0]), limit, newest_us, oldest_us)
            if kept is not None:
                self.stats.cached += 1
                return Ragged(np.array([0, len(kept)], np.int64), kept)
        oldest = int(np.searchsorted(tweet.time_us, oldest_us, side="right")) if self.network.ascending else 0
        owner, rows = self._pushed(users, oldest)
        pull_owner, pulled, floors = self._pull(users, oldest)
        self.stats.pushed += len(rows)
        self.stats.pulled += len(pulled)
        owner, rows = np.r_[owner, pull_owner], np.r_[rows, pulled]
        keep = ~tweet.deleted[rows] & (tweet.time_us[rows] > oldest_us)
        found = _newest(owner[keep], rows[keep], tweet.time_us, len(users), limit)
        lacking = self._lacking(found, floors, oldest, limit)
        if lacking.any():
            found = self._with_past(users, found, lacking, limit)
        if len(users) == 1:
            self.cache.keep(int(users[0]), limit, newest_us, found.values)
        return found

    def rebuild(self, users: I64, capacity: int) -> None:
        """Writes the lists of `users` anew, of at most `capacity` entries, from all tweets there are."""
        # One more than a list holds falls out again, and so sets the floor.
        self.readers.replace(users, self._past.read(users, capacity + 1))

    def clear(self) -> None:
        """Forgets everything; `serving.fanout.consumer` writes it again."""
        self.readers.clear()
        self.authors.clear()
        self.left.clear()
        self.cache.clear()

    def _newest_us(self) -> int:
        time_us = self.network.tweet.time_us
        if self.network.ascending:
            return int(time_us[-1]) if len(time_us) else UNKNOWN_US
        return int(time_us.max(initial=UNKNOWN_US))

    def _pushed(self, users: I64, oldest: int) -> tuple[I64, I64]:
        held = self.readers.read(users, _ALL, oldest)
        owner, events = held.owner, held.values
        still = self.network.graph.follows(users[owner], self.network.tweet.author_row[events])
        return owner[still], events[still]

    def _pull(self, users: I64, oldest: int) -> tuple[I64, I64, I64]:
        """Reader and row of what was left to pull, and [B] the row above which that and the own list are complete."""
        floors = self.readers.floors(users)
        merged = self.left.to_merge(users, oldest)
        owner, authors = merged.owner, merged.values
        np.maximum.at(floors, owner, self.authors.floors(authors))
        posted = self.authors.read(authors, _ALL, oldest)
        left = self.left.left(posted.values)
        return owner[posted.owner[left]], posted.values[left], floors

    def _lacking(self, found: Ragged, floors: I64, oldest: int, limit: int) -> Mask:
        """[B] whose timelines may lack tweets: lists lack some that are young enough, and what stands above those is
        less than was asked for."""
        lacking: Mask = floors >= oldest
        if lacking.any() and self.network.ascending:
            above = np.zeros(len(floors), np.int64)
            np.add.at(above, found.owner, found.values > floors[found.owner])
            lacking &= above < limit
        return lacking

    def _with_past(self, users: I64, found: Ragged, lacking: Mask, limit: int) -> Ragged:
        """`found`, with the timelines of those who lack tweets pulled."""
        self.stats.past += int(lacking.sum())
        pulled = self._past.read(users[lacking], limit)
        lists = [found[at] for at in range(len(users))]
        for at, user in enumerate(np.flatnonzero(lacking).tolist()):
            lists[user] = pulled[at]
        return Ragged.from_lists(lists)


def _newest(owner: I64, rows: I64, time_us: I64, users: int, limit: int) -> Ragged:
    """The `limit` newest rows of each owner, each once."""
    order = np.lexsort((-rows, -time_us[rows], owner))
    owner, rows = owner[order], rows[order]
    first = np.ones(len(owner), np.bool_)
    first[1:] = (owner[1:] != owner[:-1]) | (rows[1:] != rows[:-1])
    owner, rows = owner[first], rows[first]
    begin = np.searchsorted(owner, np.arange(users + 1))
    keep = np.arange(len(owner)) - begin[owner] < limit
    lengths = np.minimum(np.diff(begin), limit)
    return Ragged.from_lengths(lengths, rows[keep])
