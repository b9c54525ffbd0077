"""Lets tweets sink that the reader was shown before."""

from __future__ import annotations

import numpy as np

from candidates.component import Factor
from data.batch import F32, CandidateBatch


class SeenFactor(Factor):
    """`max(floor, again ** showings)`: a tweet counts less with every showing in the 48 hours before.

    A value below zero (a cosine, a logit) is divided by it instead, so that the factor always moves a tweet down.
    """

    reads = frozenset({"viewer_showings", "value"})

    def __init__(self, again: float = 0.3, floor: float = 0.02) -> None:
        """`again` is the multiplier of one showing, `floor` the least, both in (0, 1]."""
        self.again, self.floor = again, floor

    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers."""
        sunk = np.maximum(self.again ** batch.columns["viewer_showings"], self.floor)
        return np.where(batch.columns["value"] < 0, 1.0 / sunk, sunk).astype(np.float32)
