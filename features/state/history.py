"""The last engagements of each user: tweet, author, action and time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from features.state.network import UNKNOWN_US
from features.state.recent import NONE, RecentEvents

LENGTH = 200
"""How many engagements a history holds."""


class History:
    """The last `LENGTH` positive actions a user, the same tweet as often as it was engaged."""

    def __init__(self) -> None:
        """No history."""
        self._events = RecentEvents(LENGTH, tweet=np.int32, author=np.int32, action=np.int8, time=np.int64)

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._events.resize(users)

    def update(self, events: EventBatch) -> None:
        """Takes engagements with `user_row`, `tweet_row`, `author_row` and `action_code`, positive actions only."""
        names = ("user_row", "tweet_row", "author_row", "action_code", "time_us")
        self._events.push(*(events.columns[name] for name in names))

    def tweets(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] tweet rows that each user engaged, newest first, -1 where there are no more."""
        return self._events.newest(user_rows, "tweet", np.full((len(user_rows), limit), NONE, np.int64))

    def authors(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] author rows of the same engagements; -1 also where the author is not known."""
        return self._events.newest(user_rows, "author", np.full((len(user_rows), limit), NONE, np.int64))

    def actions(self, user_rows: I64, limit: int = LENGTH) -> Array:
        """[B, limit] int8 codes of the actions, places in `ACTIONS`; -1 where there are no more."""
        return self._events.newest(user_rows, "action", np.full((len(user_rows), limit), NONE, np.int8))

    def times(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] times of the engagements, microseconds; `UNKNOWN_US` where there are no more."""
        return self._events.newest(user_rows, "time", np.full((len(user_rows), limit), UNKNOWN_US, np.int64))

    def counts(self, user_rows: I64) -> I64:
        """[B] positive actions each user ever took."""
        return self._events.counts(user_rows)

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        return self._events.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._events.restore(arrays)
