"""Drops repeats of one content within a request."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from data.batch import CandidateBatch, Mask


class Duplicate(Filter):
    """Keeps the first candidate of each content: a retweet and what it refers to are one."""

    reads = frozenset({"content_row"})
    reason = "duplicate"

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True for the first of its content in the request."""
        content = batch.columns["content_row"]
        _, first = np.unique(batch.request * (int(content.max(initial=0)) + 1) + content, return_index=True)
        keep = np.zeros(len(batch), np.bool_)
        keep[first] = True
        return keep
