"""The home timeline before ranking: what fan-out pushed to a reader, merged with what it left to pull.

What a reader gets does not depend on the policy: for each tweet it is noted whether all its readers got it, and those
that some did not get are merged when their authors' followers read. Only a list's length sets a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.batch import I64, Array, Ragged
from data.events import HOUR_US
from features.state.columns import Columns
from features.state.network import UNKNOWN_US, NetworkState
from serving.fanout.store import TimelineStore


@dataclass
class ReadStats:
    """Counts of reads and of where their entries came from."""

    reads: int = 0
    """Timelines read."""
    pushed: int = 0
    """Entries found in readers' own lists."""
    pulled: int = 0
    """Entries merged from followed authors' lists."""


class TimelineService:
    """The `Timelines` port over two stores: readers' lists and authors' lists."""

    def __init__(
        self, network: NetworkState, readers: TimelineStore, authors: TimelineStore, *, max_age_h: float = 48.0
    ) -> None:
        """`readers` holds by reader what was pushed, `authors` by author what they posted."""
        self.network = network
        self.readers = readers
        self.authors = authors
        self.stats = ReadStats()
        self._max_age_us = int(max_age_h * HOUR_US)
        self._left = Columns({"pull": (np.bool_, False, 0)})
        self._pulled_of = Columns({"count": (np.int64, 0, 0)})

    def leave_to_pull(self, tweets: I64, authors: I64) -> None:
        """Notes tweets that not every reader got, and their authors."""
        self._left.resize(len(self.network.tweets))
        self._pulled_of.resize(len(self.network.users))
        self._left.pull[tweets] = True
        np.add.at(self._pulled_of.count, authors, 1)

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] user rows to the newest tweet rows of whom they follow now, retweets among them.

        Newest first, the larger row where times are equal, at most `limit` each; without what was deleted or is older
        than `max_age_h` before the newest tweet known. `candidates.timelines` gives the same from the graph alone.
        """
        users = np.ascontiguousarray(users, np.int64)
        owner, rows = self._pushed(users)
        pull_owner, pulled = self._pull(users)
        self.stats.reads += len(users)
        self.stats.pushed += len(rows)
        self.stats.pulled += len(pulled)
        owner, rows = np.r_[owner, pull_owner], np.r_[rows, pulled]
        tweet = self.network.tweet
        oldest = tweet.time_us.max(initial=UNKNOWN_US) - self._max_age_us
        keep = ~tweet.deleted[rows] & (tweet.time_us[rows] > oldest)
        return _newest(owner[keep], rows[keep], tweet.time_us, len(users), limit)

    def clear(self) -> None:
        """Forgets everything; `serving.fanout.consumer` writes it again."""
        self.readers.clear()
        self.authors.clear()
        self._left = Columns({"pull": (np.bool_, False, 0)})
        self._pulled_of = Columns({"count": (np.int64, 0, 0)})

    def arrays(self) -> dict[str, Array]:
        """Everything but the stores' own contents by name, for saving."""
        return {"left": self._left.pull.copy(), "pulled_of": self._pulled_of.count.copy()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._left.restore({"pull": arrays["left"]})
        self._pulled_of.restore({"count": arrays["pulled_of"]})

    def _pushed(self, users: I64) -> tuple[I64, I64]:
        held = self.readers.read(users, _ALL)
        owner, events = held.owner, held.values
        still = self.network.graph.follows(users[owner], self.network.tweet.author_row[events])
        return owner[still], events[still]

    def _pull(self, users: I64) -> tuple[I64, I64]:
        followed = self.network.graph.followees(users)
        count = self._pulled_of.count
        if not len(count) or not len(followed.values):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        known = followed.values < len(count)
        some = known & (count[np.where(known, followed.values, 0)] > 0)
        owner, authors = followed.owner[some], followed.values[some]
        posted = self.authors.read(authors, _ALL)
        left = posted.values < len(self._left)
        left &= self._left.pull[np.where(left, posted.values, 0)]
        return owner[posted.owner[left]], posted.values[left]


_ALL = 1 << 30


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
