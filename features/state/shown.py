"""The last tweets that each user was shown, with their times: what repeats from one feed to the next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from features.state.network import UNKNOWN_US
from features.state.recent import NONE, RecentEvents

LENGTH = 200
"""How many impressions of a user are held: ten feeds of twenty."""


class Shown:
    """The last `LENGTH` impressions a user, the same tweet as often as it was shown."""

    def __init__(self) -> None:
        """Nothing shown."""
        self._events = RecentEvents(LENGTH, tweet=np.int32, time=np.int64)

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._events.resize(users)

    def update(self, events: EventBatch) -> None:
        """Takes impressions with `user_row` and `tweet_row`."""
        self._events.push(*(events.columns[name] for name in ("user_row", "tweet_row", "time_us")))

    def tweets(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] tweet rows that each user was shown, newest first, -1 where there are no more."""
        return self._events.newest(user_rows, "tweet", np.full((len(user_rows), limit), NONE, np.int64))

    def times(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] when they were shown, microseconds; `UNKNOWN_US` where there are no more."""
        return self._events.newest(user_rows, "time", np.full((len(user_rows), limit), UNKNOWN_US, np.int64))

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        return self._events.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._events.restore(arrays)
