"""Scales tweets from outside the reader's network."""

from __future__ import annotations

import numpy as np

from candidates.component import Factor
from data.batch import F32, CandidateBatch


class NetworkFactor(Factor):
    """`outside` for a tweet of an author whom the reader does not follow, else 1.

    A value below zero (a cosine, a logit) is divided by it instead, so that the factor always moves a tweet down.
    """

    reads = frozenset({"viewer_follows", "value"})

    def __init__(self, outside: float = 0.75) -> None:
        """`outside` is the multiplier, in (0, 1]."""
        self.outside = outside

    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers."""
        down = np.where(batch.columns["value"] < 0, 1.0 / self.outside, self.outside)
        return np.where(batch.columns["viewer_follows"], 1.0, down).astype(np.float32)
