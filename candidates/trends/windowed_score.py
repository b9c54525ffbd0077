"""The baseline: volume, growth, breadth and novelty of a window in their raw units, weighed.

    0.3 volume + 0.4 (volume / previous) + 0.2 (unique users / volume) + 0.1 / (ms since first seen)

with the previous volume and the milliseconds at least 1. Volume is a count and dominates where tweets are many; that
is the formula, kept as the modelled system has it, to be compared with better ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from candidates.trends.scorer import Stateless, Windows
from data.batch import F64


@dataclass(frozen=True)
class Windowed(Stateless):
    """The windowed formula; keeps no state."""

    enter: float = 4.0
    """The score from which on a term is a trend: six uses after none."""

    def score(self, windows: Windows) -> F64:
        """[H] scores."""
        columns = windows.columns
        volume = columns["volume"].astype(np.float64)
        growth = volume / np.maximum(columns["previous"], 1)
        breadth = columns["unique_users"] / np.maximum(volume, 1.0)
        age_ms = np.maximum((windows.time_us - columns["first_seen_us"]) / 1000.0, 1.0)
        score: F64 = 0.3 * volume + 0.4 * growth + 0.2 * breadth + 0.1 / age_ms
        return score

    def update(self, windows: Windows) -> F64:
        """[H] scores."""
        return self.score(windows)
