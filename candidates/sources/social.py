"""What those whom the reader follows engaged lately: social proof."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.hydrators.tweet import originals
from candidates.liked import is_public
from candidates.living import living
from candidates.ragged_scores import best, combined
from data.batch import F64, I64, Ragged, Requests
from data.events import HOUR_US
from features.online import FeatureState

_CHUNK = 1 << 15
"""Followed accounts whose histories are read at once."""


class Social(Source):
    """Living tweets that the followed liked, retweeted, quoted or answered.

    score = sum over the followed who did of 2^(-hours since they last did / half-life): many and lately counts. Each
    counts once a tweet. Read from the histories of the feature state: the last `recent` actions of each of the
    `friends` accounts followed last.
    """

    reads = frozenset({"user_row", "time_us"})

    def __init__(
        self, state: FeatureState, cap: int = 200, max_age_h: float = 48.0, *, half_life_h: float = 6.0,
        friends: int = 500, recent: int = 20,
    ) -> None:  # fmt: skip
        """Brings at most `cap` tweets younger than `max_age_h` hours."""
        self.state, self.cap, self.max_age_h = state, cap, max_age_h
        self.half_life_h, self.friends, self.recent = half_life_h, friends, recent

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, highest score first."""
        friends = self.state.network.graph.followees(requests.columns["user_row"], self.friends)
        time_us, rows, lengths = requests.columns["time_us"], [np.empty(0, np.int64)], []
        first = 0
        while first < len(requests):
            room = np.searchsorted(friends.offsets, friends.offsets[first] + _CHUNK, side="right") - 1
            end = min(max(int(room), first + 1), len(requests))
            part = self._engaged(friends.part(first, end), time_us[first:end])
            top = best(*part, self.cap)
            rows.append(top.values)
            lengths.append(top.lengths)
            first = end
        return Ragged.from_lengths(np.concatenate([np.empty(0, np.int64), *lengths]), np.concatenate(rows))

    def _engaged(self, friends: Ragged, time_us: I64) -> tuple[Ragged, F64]:
        """Each reader's scored tweets."""
        history, network = self.state.history, self.state.network
        people, now = friends.values, time_us[friends.owner][:, None]
        tweets, times = history.tweets(people, self.recent), history.times(people, self.recent)
        open_ = is_public(history.actions(people, self.recent)) & (times <= now)
        open_ &= times > now - np.int64(self.max_age_h * HOUR_US)
        who, _ = np.nonzero(open_)
        shown = originals(network, tweets[open_])
        asked = now[who, 0]
        alive = living(network, shown, asked, self.max_age_h)
        age_h = (asked - times[open_])[alive] / HOUR_US
        counts = np.bincount(who[alive], minlength=len(people))
        each, scores = combined(
            Ragged.from_lengths(counts, shown[alive]), np.exp2(-age_h / self.half_life_h), largest=True
        )
        return combined(Ragged(each.offsets[friends.offsets], each.values), scores)
