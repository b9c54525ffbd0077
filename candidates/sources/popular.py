"""What is popular now, in the reader's language where it is known."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from data.batch import I64, Array, Ragged, Requests
from data.events import MINUTE_US
from features.online import FeatureState


class Popular(Source):
    """The living tweets with the most engagements in the last six hours; ties to the newer, then the larger id.

    Counts are taken at the end of the five minutes of the request, so that all requests of those share the work and
    get the same list, whatever batch they come in.
    """

    reads = frozenset({"user_row", "time_us"})
    counts = "tweet.engagements_6h"
    step_us = 5 * MINUTE_US

    def __init__(self, state: FeatureState, cap: int = 100, max_age_h: float = 48.0) -> None:
        """Brings at most `cap` tweets younger than `max_age_h` hours, counted by `state`."""
        self.state, self.cap, self.max_age_h = state, cap, max_age_h

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, most engaged first; only tweets with an engagement."""
        steps = -(-requests.columns["time_us"] // self.step_us) * self.step_us
        languages = self.state.network.user.language[requests.columns["user_row"]]
        groups, group = np.unique(np.stack([steps, languages], axis=1), axis=0, return_inverse=True)
        lists: list[I64] = []
        step, ranked = None, np.empty(0, np.int64)
        for one, language in groups.tolist():
            if one != step:
                step, ranked = one, self._ranked(one)
            lists.append(self._of_language(ranked, language)[: self.cap])
        return Ragged.from_lists([lists[g] for g in group.ravel().tolist()])

    def _ranked(self, time_us: int) -> I64:
        """Tweet rows with any engagement, most engaged first."""
        network = self.state.network
        rows = network.alive(time_us, self.max_age_h)
        batch = self.state.lookup(self.state.of_no_user(rows, time_us), (self.counts,))
        counts = batch.column(self.counts)
        rows, counts = rows[counts > 0], counts[counts > 0]
        return rows[np.lexsort((-network.tweets.ids[rows], -network.tweet.time_us[rows], -counts))]

    def _of_language(self, rows: I64, language: int) -> I64:
        if language < 0:
            return rows
        theirs: Array = self.state.network.tweet.language[rows]
        kept: I64 = rows[(theirs == language) | (theirs < 0)]
        return kept
