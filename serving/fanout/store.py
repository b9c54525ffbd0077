"""What a store of timelines offers: lists of tweet rows by owner row, each newest first, of bounded length."""

from __future__ import annotations

from typing import Protocol

from data.batch import I64, Ragged


class TimelineStore(Protocol):
    """Bounded lists of tweet rows. Rows ascend as tweets arrive, so that "newest" means the greatest row."""

    def push(self, tweets: I64, readers: Ragged) -> int:
        """Adds tweet i to the lists of `readers[i]`; the oldest fall out of a full list, a repeat changes nothing.

        Returns how many entries were written.
        """
        ...

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] the newest `limit` entries of each list, newest first."""
        ...

    def remove(self, tweets: I64) -> None:
        """Takes tweets out of every list."""
        ...

    def replace(self, users: I64, tweets: Ragged) -> None:
        """Makes `tweets[i]` the whole list of `users[i]`."""
        ...

    def clear(self) -> None:
        """Empties every list."""
        ...

    def digest(self) -> str:
        """A hash of all that is held: equal for equal contents."""
        ...
