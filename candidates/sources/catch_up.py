"""What the reader missed of those whom they care about most."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.postings import Postings
from candidates.ragged_scores import best, combined, kept
from data.batch import I64, Ragged, Requests
from data.events import DAY_US
from features.online import FeatureState
from features.state.history import LENGTH


class CatchUp(Source):
    """The oldest living tweets that the reader was not served, of the followed whom they are closest to.

    closeness = sum over the reader's actions on the author's tweets, among the last 200, of 2^(-days since / 7). Of
    each of the `friends` closest the newest `per_author` tweets are looked at. What was served is known for 48 hours.
    """

    reads = frozenset({"user_row", "time_us"})
    half_life_d = 7.0

    def __init__(
        self, state: FeatureState, cap: int = 100, max_age_h: float = 48.0, *, friends: int = 20, per_author: int = 20
    ) -> None:
        """Brings at most `cap` tweets younger than `max_age_h` hours."""
        self.state, self.cap, self.friends, self.per_author = state, cap, friends, per_author
        self._posted = Postings(state.network, self._authors, max_age_h)

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, oldest first."""
        if not len(requests):
            return Ragged(np.zeros(1, np.int64), np.empty(0, np.int64))
        users, time_us = requests.columns["user_row"], requests.columns["time_us"]
        closest = self._closest(users, time_us)
        self._posted.follow(int(time_us.min()))
        posts = self._posted.newest(closest.values, time_us[closest.owner], self.per_author)
        found = Ragged(posts.offsets[closest.offsets], posts.values)
        unseen = ~self.state.seen.has(users[found.owner], found.values, time_us[found.owner])
        age = (time_us[found.owner] - self.state.network.tweet.time_us[found.values]).astype(np.float64)
        return best(*kept(found, age, unseen), self.cap)

    def _closest(self, users: I64, time_us: I64) -> Ragged:
        """[B] lists of author rows, closest first."""
        history = self.state.history
        authors = history.authors(users, LENGTH)
        days = (time_us[:, None] - history.times(users, LENGTH)) / DAY_US
        lists = Ragged(np.arange(len(users) + 1, dtype=np.int64) * LENGTH, authors.ravel())
        found, scores = combined(lists, np.exp2(-days.ravel() / self.half_life_d))
        followed = self.state.network.graph.follows(users[found.owner], found.values)
        return best(*kept(found, scores, followed), self.friends)

    def _authors(self, rows: I64) -> I64:
        return self.state.network.tweet.author_row[rows][:, None]
