"""Holds back what the reader was served minutes ago, as long as enough else is there."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from data.batch import CandidateBatch, Mask, offsets_of
from data.events import MINUTE_US


class Served(Filter):
    """Drops what was served within the last `hold_min` minutes, but no more than is good for the reader.

    Of a reader's candidates at most `most` are held back, those that were served last; and never so many that fewer
    than `leaves` are left. So a feed that is read again and again begins anew instead of running empty. Among those
    served at one time the more often shown is held back first, then the newer.
    """

    reads = frozenset({"viewer_last_shown_us", "viewer_showings", "time_us", "tweet_row"})
    reason = "served"

    def __init__(self, hold_min: float = 10.0, most: int = 100, leaves: int = 50) -> None:
        """`hold_min` in minutes, `most` and `leaves` in candidates."""
        self.hold_us, self.most, self.leaves = int(hold_min * MINUTE_US), most, leaves

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] False for what is held back."""
        keep = np.ones(len(batch), np.bool_)
        last, owner = batch.columns["viewer_last_shown_us"], batch.request
        served = np.flatnonzero(last > batch.requests.columns["time_us"][owner] - self.hold_us)
        if not len(served):
            return keep
        showings, row = batch.columns["viewer_showings"][served], batch.columns["tweet_row"][served]
        served = served[np.lexsort((-row, -showings, -last[served], owner[served]))]
        requests = len(batch.requests)
        begin = offsets_of(np.bincount(owner[served], minlength=requests))
        most = np.clip(np.diff(batch.offsets) - self.leaves, 0, self.most)
        rank = np.arange(len(served)) - begin[owner[served]]
        keep[served[rank < most[owner[served]]]] = False
        return keep
