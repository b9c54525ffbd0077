"""Home timelines read straight from the network: the answer that every fan-out policy has to give.

Nothing is pushed and nothing stored, so this serves where no network runs (an evaluation, a simulation in process)
and is what a timeline store can be checked against.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data.batch import I64, Array, Ragged
from data.events import HOUR_US, NEVER_US
from data.kernel import kernel
from features.state.network import NetworkState


class PulledTimelines:
    """The newest posts of those whom a reader follows now, retweets among them; the `Timelines` port."""

    def __init__(self, network: NetworkState, *, max_age_h: float = 48.0) -> None:
        """Reads `network`; posts older than `max_age_h` hours before the newest one known are not looked at."""
        self.network, self._max_age_us = network, int(max_age_h * HOUR_US)

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] user rows to tweet rows, newest first, the larger row where times are equal, at most `limit` each."""
        tweet = self.network.tweet
        times = tweet.time_us
        if self.network.ascending and len(times):
            first = int(np.searchsorted(times, times[-1] - self._max_age_us, side="right"))
            recent = np.flatnonzero(tweet.kind[first:] >= 0)[::-1] + first
        else:
            recent = np.flatnonzero((times > times.max(initial=-NEVER_US) - self._max_age_us) & (tweet.kind >= 0))
            recent = recent[np.lexsort((-recent, -times[recent]))]
        followees = self.network.graph.followees(np.asarray(users, np.int64))
        out = np.empty((len(users), min(limit, len(recent))), np.int64)
        found = _pull(
            recent, tweet.author_row[recent], tweet.deleted[recent], followees.offsets, followees.values,
            np.zeros(len(self.network.user) + 1, np.int64), out,
        )  # fmt: skip
        held = np.arange(out.shape[1]) < found[:, None]
        return Ragged.from_lengths(found, out[held])


@kernel
def _pull(recent: I64, author: I64, deleted: Array, offsets: I64, followees: I64, mark: I64, out: I64) -> Any:
    """Fills `out` [B, limit] from `recent` (newest first); returns how many each reader got. `mark` is [users + 1]."""
    found = np.zeros(len(out), np.int64)
    for b in range(len(out)):
        for at in range(offsets[b], offsets[b + 1]):
            mark[followees[at]] = b + 1
        for i in range(len(recent)):
            if found[b] == out.shape[1]:
                break
            if author[i] >= 0 and mark[author[i]] == b + 1 and not deleted[i]:
                out[b, found[b]] = recent[i]
                found[b] += 1
    return found
