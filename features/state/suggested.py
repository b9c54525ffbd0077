"""The last accounts that each user was suggested to follow, with their times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from features.state.network import UNKNOWN_US
from features.state.recent import NONE, RecentEvents

LENGTH = 100
"""How many suggestions of a user are held."""


class Suggested:
    """The last `LENGTH` suggestions a user."""

    def __init__(self) -> None:
        """Nobody suggested."""
        self._events = RecentEvents(LENGTH, account=np.int32, time=np.int64)

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._events.resize(users)

    def update(self, events: EventBatch) -> None:
        """Takes suggestions with `user_row` and `suggested_row`."""
        self._events.push(*(events.columns[name] for name in ("user_row", "suggested_row", "time_us")))

    def since(self, user_row: int, time_us: int) -> I64:
        """Rows of the accounts that a user was suggested after `time_us`."""
        row = np.array([user_row], np.int64)
        accounts = self._events.newest(row, "account", np.full((1, LENGTH), NONE, np.int64))[0]
        times = self._events.newest(row, "time", np.full((1, LENGTH), UNKNOWN_US, np.int64))[0]
        lately: I64 = accounts[(accounts >= 0) & (times > time_us)]
        return lately

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        return self._events.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._events.restore(arrays)
