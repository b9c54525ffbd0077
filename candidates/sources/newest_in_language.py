"""The newest tweets in the reader's language: what is there for a reader whom nothing else finds anything for."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from data.batch import I64, Ragged, Requests
from features.state.network import NetworkState


class NewestInLanguage(Source):
    """The newest living tweets in the reader's language or in none; of all languages for a reader without one."""

    reads = frozenset({"user_row", "time_us"})

    def __init__(self, network: NetworkState, cap: int = 50, max_age_h: float = 48.0) -> None:
        """Brings at most `cap` tweets of `network` younger than `max_age_h` hours."""
        self.network, self.cap, self.max_age_h = network, cap, max_age_h

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, newest first, the larger row where times are equal."""
        languages = self.network.user.language[requests.columns["user_row"]]
        keys = np.stack([requests.columns["time_us"], languages], axis=1)
        groups, group = np.unique(keys, axis=0, return_inverse=True)
        lists, time_us, alive = list[I64](), None, np.empty(0, np.int64)
        for one, language in groups.tolist():
            if one != time_us:
                time_us, alive = one, self.network.alive(one, self.max_age_h)
            lists.append(self._newest(alive, language))
        return Ragged.from_lists([lists[at] for at in group.ravel().tolist()])

    def _newest(self, alive: I64, language: int) -> I64:
        if language >= 0:
            theirs = self.network.tweet.language[alive]
            alive = alive[(theirs == language) | (theirs < 0)]
        # Rows are in order of time, unless an imported log breaks it.
        newest = alive[::-1]
        if not self.network.ascending:
            newest = newest[np.argsort(-self.network.tweet.time_us[newest], kind="stable")]
        return newest[: self.cap]
