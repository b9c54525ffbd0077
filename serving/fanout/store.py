"""What a store of timelines offers: lists of tweet rows by owner row, each newest first, of bounded length.

Each list has a floor: the greatest row that it may lack, because the entry fell out or its owner was not given it.
Above its floor a list is complete.
"""

from __future__ import annotations

from typing import Protocol

from data.batch import I64, Ragged


class TimelineStore(Protocol):
    """Bounded lists of tweet rows. Rows ascend as tweets arrive, so that "newest" means the greatest row."""

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        ...

    def push(self, tweets: I64, readers: Ragged) -> int:
        """Adds tweet i to the lists of `readers[i]`; the oldest fall out of a full list, a repeat changes nothing.

        Returns how many entries were written.
        """
        ...

    def read(self, users: I64, limit: int, oldest: int = 0) -> Ragged:
        """[B] the newest `limit` entries of each list from row `oldest` on, newest first."""
        ...

    def floors(self, users: I64) -> I64:
        """[B] the floor of each list, -1 where it lacks nothing."""
        ...

    def raise_floors(self, users: I64, tweets: I64) -> None:
        """Raises the floor of each list to `tweets[i]`; one that is higher stays."""
        ...

    def forget(self, users: I64, tweets: I64) -> None:
        """Empties lists, and raises their floors to `tweets[i]`."""
        ...

    def remove(self, tweets: I64) -> None:
        """Takes tweets out of every list."""
        ...

    def replace(self, users: I64, tweets: Ragged, floors: I64 | None = None) -> None:
        """Makes `tweets[i]` the whole list of `users[i]`, with the floor `floors[i]` or none."""
        ...

    def clear(self) -> None:
        """Empties every list."""
        ...

    def digest(self) -> str:
        """A hash of all entries: equal for equal lists."""
        ...
