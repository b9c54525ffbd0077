"""Merged timelines kept for readers who ask again soon.

A kept timeline is given only while it is what a fresh read would find: whatever writes to a reader's list, or leaves
something to that reader, ends it, and so do the reader's own acts. What was deleted since is left out, and where that
makes it too short it is not given.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from data.batch import I64
from data.events import MINUTE_US
from features.state.columns import Columns
from features.state.network import NetworkState
from serving.fanout.left import LeftToPull


@dataclass
class _Kept:
    rows: I64
    limit: int
    time_us: int
    seen: int
    """The newest row that was left to all followers of anybody."""


class TimelineCache:
    """By reader; one thread owns it."""

    def __init__(self, network: NetworkState, left: LeftToPull, *, keep_s: float = 300.0, held: int = 10_000) -> None:
        """Keeps at most `held` timelines, the ones read last, for `keep_s` seconds of the network's time; 0: none."""
        self.network = network
        self._left = left
        self._keep_us = int(keep_s * MINUTE_US / 60)
        self._held = held if self._keep_us else 0
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._valid = Columns({"valid": (np.bool_, False, 0)})

    def find(self, user: int, limit: int, time_us: int, oldest_us: int) -> I64 | None:
        """The newest `limit` rows posted after `oldest_us`, where what was kept still holds at `time_us`; else None."""
        kept = self._kept.get(user)
        if kept is None or not self._valid.valid[user] or kept.limit < limit or time_us > kept.time_us + self._keep_us:
            return None
        if self._left.newest_to_all > kept.seen:
            if len(self._left.to_merge(np.array([user], np.int64), kept.seen + 1).values):
                return None
            kept.seen = self._left.newest_to_all
        tweet = self.network.tweet
        rows = kept.rows[~tweet.deleted[kept.rows]]
        if len(rows) < min(limit, len(kept.rows)):
            return None
        self._kept.move_to_end(user)
        rows = rows[:limit]
        return rows[tweet.time_us[rows] > oldest_us]

    def keep(self, user: int, limit: int, time_us: int, rows: I64) -> None:
        """Keeps what was read just now."""
        if not self._held or user < 0:
            return
        self._valid.resize(len(self.network.users))
        self._valid.valid[user] = True
        self._kept[user] = _Kept(rows, limit, time_us, self._left.newest_to_all)
        self._kept.move_to_end(user)
        if len(self._kept) > self._held:
            self._kept.popitem(last=False)

    def end(self, users: I64) -> None:
        """Nothing kept for `users` is given any more; rows that nothing was kept for, or below 0, change nothing."""
        self._valid.valid[users[(users >= 0) & (users < len(self._valid))]] = False

    def clear(self) -> None:
        """Gives up all."""
        self._kept.clear()
