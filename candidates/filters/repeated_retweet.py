"""Drops all but the first of several retweets of one tweet."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from data.batch import CandidateBatch, Mask


class RepeatedRetweet(Filter):
    """Keeps the first retweet of each tweet within a request; that tweet itself beside it is a `Duplicate`."""

    reads = frozenset({"tweet_row", "content_row"})
    reason = "repeated_retweet"

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] False for the second retweet and those after it."""
        content = batch.columns["content_row"]
        keep = np.ones(len(batch), np.bool_)
        retweets = np.flatnonzero(content != batch.columns["tweet_row"])
        if len(retweets):
            span = int(content.max()) + 1
            _, first = np.unique(batch.request[retweets] * span + content[retweets], return_index=True)
            keep[retweets] = False
            keep[retweets[first]] = True
        return keep
