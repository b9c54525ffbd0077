"""What the reader's sparse communities engage."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.ragged_scores import best, combined, concatenated
from data.batch import F64, I64, CandidateBatch, Ragged, Requests
from data.events import MINUTE_US, NEVER_US
from features.online import FeatureState


class Communities(Source):
    """The top tweets of the reader's communities (SimClusters).

    A tweet's weight in a community is its share of those who engaged it (`tweet.communities`) times its engagements of
    the last six hours; score = sum over the reader's communities of the reader's weight times the tweet's. The lists
    of the communities are made for the end of the five minutes of the request, and made anew when the feature state
    has changed: they depend on it and on those five minutes alone, whatever was requested before.
    """

    reads = frozenset({"user_row", "time_us"})
    of_user = ("user.communities", "user.community_weights")
    of_tweet = ("tweet.communities", "tweet.community_weights")
    counts = "tweet.engagements_6h"
    step_us = 5 * MINUTE_US

    def __init__(self, state: FeatureState, cap: int = 200, max_age_h: float = 48.0) -> None:
        """Brings at most `cap` tweets younger than `max_age_h` hours, so many of each community being looked at."""
        self.state, self.cap, self.max_age_h = state, cap, max_age_h
        self._made = (-NEVER_US, -1)
        """For which time, and after how many changes of the state, the lists were made."""
        self._ids: I64 = np.empty(0, np.int64)
        self._lists = Ragged(np.zeros(1, np.int64), np.empty(0, np.int64))
        self._weights: F64 = np.empty(0)

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, highest score first."""
        steps = -(-requests.columns["time_us"] // self.step_us) * self.step_us
        own = self._communities_of(requests)
        ids = own.requests.columns[self.of_user[0]].astype(np.int64)
        weights = own.requests.columns[self.of_user[1]].astype(np.float64)
        lengths, rows = np.zeros(len(requests), np.int64), [np.empty(0, np.int64)]
        for step in np.unique(steps).tolist():
            here = np.flatnonzero(steps == step)
            top = self._of_step(step, ids[here], weights[here])
            lengths[here] = top.lengths
            rows.append(top.values)
        found = Ragged.from_lengths(lengths[np.argsort(steps, kind="stable")], np.concatenate(rows))
        back = np.argsort(np.argsort(steps, kind="stable"), kind="stable")
        return concatenated(found, back)[0]

    def _communities_of(self, requests: Requests) -> CandidateBatch:
        empty = Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
        return self.state.lookup(self.state.base(requests, empty), self.of_user)

    def _of_step(self, step: int, ids: I64, weights: F64) -> Ragged:
        if (made := (step, self.state.changes)) != self._made:
            self._count(step)
            self._made = made
        if not len(self._ids):
            return Ragged(np.zeros(len(ids) + 1, np.int64), np.empty(0, np.int64))
        place = np.searchsorted(self._ids, ids.ravel()).clip(max=len(self._ids) - 1)
        which = np.where((self._ids[place] == ids.ravel()) & (ids.ravel() >= 0), place, -1)
        listed, at = concatenated(self._lists, which)
        scores = self._weights[at] * np.repeat(weights.ravel(), listed.lengths)
        of_readers = Ragged(listed.offsets[:: ids.shape[1]], listed.values)
        return best(*combined(of_readers, scores), self.cap)

    def _count(self, time_us: int) -> None:
        """The best `cap` tweets of each community as of `time_us`."""
        rows = self.state.network.alive(time_us, self.max_age_h)
        batch = self.state.lookup(self.state.of_no_user(rows, time_us), (self.counts,))
        engaged = batch.column(self.counts)
        rows, engaged = rows[engaged > 0], engaged[engaged > 0].astype(np.float64)
        batch = self.state.lookup(self.state.of_no_user(rows, time_us), self.of_tweet)
        ids = batch.column(self.of_tweet[0]).astype(np.int64)
        weights = batch.column(self.of_tweet[1]).astype(np.float64) * engaged[:, None]
        tweet, place = np.nonzero((ids >= 0) & (weights > 0))
        ids, weights, rows = ids[tweet, place], weights[tweet, place], rows[tweet]
        order = np.lexsort((-rows, -weights, ids))
        ids, weights, rows = ids[order], weights[order], rows[order]
        self._ids, first, counts = np.unique(ids, return_index=True, return_counts=True)
        keep = np.arange(len(ids)) - np.repeat(first, counts) < self.cap
        self._lists = Ragged.from_lengths(np.minimum(counts, self.cap), rows[keep])
        self._weights = weights[keep]
