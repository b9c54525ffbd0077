"""Which tweets each user was shown in the last 48 hours, when last, and how often: exact pairs of user and tweet.

A tweet is shown on the home feed for at most 48 hours, so nothing that could be shown again is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask
from data.events import HOUR_US, NEVER_US, EventBatch
from data.kernel import kernel
from features.state.pairs import EMPTY, PairTable, pair_slot

WINDOW_US = 48 * HOUR_US
"""How long something counts as seen."""
MOST = 255
"""The most showings of a tweet to a user that are told apart."""
_BITS = 8
_NONE = -1
_CHUNK = 1 << 16


@kernel
def _show(keys: Any, values: Any, users: Any, tweets: Any, time_us: Any) -> Any:
    """Counts showings, in order of time; returns how many pairs are new. A value is (last time << 8) | count."""
    fresh = 0
    for i in range(len(users)):
        if users[i] < 0 or tweets[i] < 0:
            continue
        key = (np.int64(users[i]) << 32) | np.int64(tweets[i])
        at = pair_slot(keys, key)
        count = np.int64(0)
        if keys[at] == EMPTY:
            keys[at] = key
            fresh += 1
        else:
            count = values[at] & MOST
        if count < MOST:
            count += 1
        values[at] = (np.int64(time_us[i]) << _BITS) | count
    return fresh


class Seen:
    """Last time and number of times each user was shown each tweet. Two tables, each for one window: the older one is
    dropped whole."""

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
            stop = min(stop, start + _CHUNK)
            part, table = slice(start, stop), self._now
            table.reserve(stop - start)
            table.size += int(_show(table.keys, table.values, users[part], tweets[part], time_us[part]))
            start = stop

    def shown(self, user_rows: I64, tweet_rows: I64, time_us: I64 | int) -> tuple[I64, I64]:
        """When each user was last shown the tweet beside it in the 48 hours before `time_us`, and how often.

        Returns:
            [N] the last time in microseconds, `-NEVER_US` where it was not, and [N] the number of showings, at most
            255. Where the last one is in the 48 hours, showings up to 48 hours before those may be among them.
        """
        now = self._now.get(user_rows, tweet_rows, _NONE)
        before = self._before.get(user_rows, tweet_rows, _NONE)
        count = np.where(now < 0, 0, now & MOST) + np.where(before < 0, 0, before & MOST)
        newest = np.maximum(now, before)
        last = np.where(newest < 0, -NEVER_US, newest >> _BITS)
        seen = last > np.asarray(time_us) - WINDOW_US
        return np.where(seen, last, -NEVER_US), np.where(seen, np.minimum(count, MOST), 0)

    def has(self, user_rows: I64, tweet_rows: I64, time_us: I64 | int) -> Mask:
        """[N] whether each user was shown the tweet beside it in the 48 hours before `time_us`."""
        seen: Mask = self.shown(user_rows, tweet_rows, time_us)[1] > 0
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
