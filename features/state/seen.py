"""Which tweets each user was shown in the last 48 hours: exact pairs of user and tweet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import I64, Array, Mask
from data.events import HOUR_US, NEVER_US, EventBatch
from features.state.pairs import PairTable

WINDOW_US = 48 * HOUR_US
"""How long something counts as seen."""


class Seen:
    """Last time each user was served each tweet. Two tables, each for one window: the older one is dropped whole."""

    def __init__(self) -> None:
        """Nothing seen."""
        self._now, self._before = PairTable(), PairTable()
        self._window = -NEVER_US

    def update(self, events: EventBatch) -> None:
        """Takes impressions with `user_row` and `tweet_row`, in order of time."""
        time_us, users, tweets = events.time_us, events.columns["user_row"], events.columns["tweet_row"]
        start, end = 0, len(time_us)
        while start < end:
            window = int(time_us[start]) // WINDOW_US
            within = int(time_us[-1]) // WINDOW_US == window
            stop = end if within else int(np.searchsorted(time_us, (window + 1) * WINDOW_US))
            if window > self._window:
                self._before = self._now if window == self._window + 1 else PairTable()
                self._now, self._window = PairTable(), window
            self._now.put(users[start:stop], tweets[start:stop], time_us[start:stop])
            start = stop

    def has(self, user_rows: I64, tweet_rows: I64, time_us: I64 | int) -> Mask:
        """[N] whether each user was served the tweet beside it in the 48 hours before `time_us`."""
        last = np.maximum(
            self._now.get(user_rows, tweet_rows, -NEVER_US), self._before.get(user_rows, tweet_rows, -NEVER_US)
        )
        seen: Mask = last > np.asarray(time_us) - WINDOW_US
        return seen

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        now = {f"now_{name}": array for name, array in self._now.arrays().items()}
        before = {f"before_{name}": array for name, array in self._before.arrays().items()}
        return {**now, **before, "window": np.array([self._window])}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._now.restore({"keys": arrays["now_keys"], "values": arrays["now_values"]})
        self._before.restore({"keys": arrays["before_keys"], "values": arrays["before_values"]})
        self._window = int(arrays["window"][0])
