"""How active people are: when they last did something, and how often they read, post and act at all.

Rates are estimated while events come. An event counts 2^(-age / half-life), so that a rate follows a change of habits
within weeks; with the count of a day at the mean rate of all people added, one of whom little is known is taken for
one like the others:

    rate = (count + prior_h mean) / (window_h + prior_h),  window_h = half-life / ln 2 (1 - 2^(-observed / half-life))

Counts are kept as of a fixed moment (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009), so that nothing
has to be aged while time passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np

from data.batch import F64, I64, Array
from data.events import HOUR_US, NEVER_US, EventBatch
from features.state.columns import Columns
from features.state.network import NetworkState

HALF_LIFE_H = 168.0
"""Hours after which an event counts half."""
PRIOR_H = 24.0
"""Hours at the mean rate of all that everybody is taken to have been observed for before."""
_KINDS = ("reads", "posts", "acts")
_ACTS = {
    "tweets": ("author_id", ("posts", "acts")),
    "requests": ("user_id", ("reads", "acts")),
    "engagements": ("user_id", ("acts",)),
    "follows": ("follower_id", ("acts",)),
    "users": ("user_id", ()),
}
"""By table: whose act it is, and what it counts as. A new account counts as active from its first moment."""
_FAR = 512.0
"""Half-lives after which counts are moved on to a later moment, long before they grow too large."""


class Activity:
    """Kept by user row."""

    tables = frozenset(_ACTS)
    """Tables whose events it takes."""

    def __init__(self, network: NetworkState) -> None:
        """Of the users of `network`."""
        self.network = network
        self._users = Columns({"last_us": (np.int64, -NEVER_US, 0), **dict.fromkeys(_KINDS, (np.float64, 0.0, 0))})
        self._totals = dict.fromkeys(_KINDS, 0.0)
        self._begun_us = NEVER_US
        self._as_of_us = NEVER_US

    def note(self, events: EventBatch) -> tuple[I64, I64]:
        """Takes events; returns the rows of those who did something, each once, and when they had last done so."""
        if events.table not in _ACTS or not len(events):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        name, kinds = _ACTS[events.table]
        self._users.resize(len(self.network.users))
        rows = self.network.users.rows(events.columns[name])
        rows, times = rows[rows >= 0], events.time_us[rows >= 0]
        who = np.unique(rows)
        before = self._users.last_us[who]
        np.maximum.at(self._users.last_us, rows, times)
        if kinds and len(times):
            weights = self._weights(times)
            for kind in kinds:
                np.add.at(self._users.arrays()[kind], rows, weights)
                self._totals[kind] += float(weights.sum())
        return who, before

    def last_us(self, rows: I64) -> I64:
        """[N] when each user last did something; long ago for one who never did."""
        self._users.resize(len(self.network.users))
        found: I64 = self._users.last_us[rows]
        return found

    def per_h(self, kind: str, rows: I64, time_us: I64) -> F64:
        """[N] how often an hour each user reads, posts or acts, as estimated at `time_us` [N] or [1]."""
        self._users.resize(len(self.network.users))
        if self._begun_us == NEVER_US:
            return np.zeros(len(rows))
        half_life = HALF_LIFE_H * HOUR_US
        observed = np.maximum(time_us - self._begun_us, 0) / half_life
        window_h = HALF_LIFE_H / log(2) * -np.expm1(-log(2) * observed)
        aged = np.exp2(-np.maximum(time_us - self._as_of_us, -_FAR * half_life) / half_life)
        mean = self._totals[kind] * aged / max(len(self._users), 1) / np.maximum(window_h, 1e-9)
        rate: F64 = (self._users.arrays()[kind][rows] * aged + PRIOR_H * mean) / (window_h + PRIOR_H)
        return rate

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        copies = {name: column.copy() for name, column in self._users.arrays().items()}
        moments = np.array([self._begun_us, self._as_of_us], np.int64)
        return {**copies, "totals": np.array(list(self._totals.values())), "moments": moments}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._users.restore(arrays)
        self._totals = dict(zip(_KINDS, arrays["totals"].tolist(), strict=True))
        self._begun_us, self._as_of_us = (int(moment) for moment in arrays["moments"])

    def _weights(self, times: I64) -> F64:
        """[N] what an event counts as of the fixed moment."""
        half_life = HALF_LIFE_H * HOUR_US
        if self._begun_us == NEVER_US:
            self._begun_us = self._as_of_us = int(times.min())
        ahead = (int(times.max()) - self._as_of_us) / half_life
        if ahead > _FAR:
            for kind in _KINDS:
                self._users.arrays()[kind] *= np.exp2(-ahead)
                self._totals[kind] *= 2.0**-ahead
            self._as_of_us = int(times.max())
        weights: F64 = np.exp2((times - self._as_of_us) / half_life)
        return weights
