"""Chi-square against the expectation, with a peak that decays.

    score = (c - nu)^2 / nu where c > nu, else 0;    shown = max(score, peak x 2^(-(t - t_peak) / half-life))

so that a trend fades instead of ending with its last surprising window. This is the form in which Mastodon ranks the
hashtags, links and posts that trend (uses of a day beside the day before, half-life four hours); here c and nu are
those of the window.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from candidates.trends.scorer import KeyState, Windows
from data.batch import F64, Array
from data.events import MINUTE_US


class ChiSquare:
    """Keeps the peak of each term."""

    def __init__(self, half_life_min: float = 20.0, seasonal: bool = True, enter: float = 30.0) -> None:
        """`seasonal`: whether a term's own hours of the week are expected, or its long-run rate alone."""
        self.enter = enter
        self._half_life_us = half_life_min * MINUTE_US
        self._seasonal = seasonal
        self._peaks = KeyState((0.0, 0.0))

    def score(self, windows: Windows) -> F64:
        """[H] chi-square of the windows."""
        expected = windows.expected(self._seasonal)
        out: F64 = np.maximum(windows.uses - expected, 0.0) ** 2 / expected
        return out

    def update(self, windows: Windows) -> F64:
        """[H] chi-square, or what is left of a higher peak."""
        keys = windows.columns["key"]
        peak = self._peaks.get(keys)
        left = peak[:, 0] * np.exp2(-(windows.time_us - peak[:, 1]) / self._half_life_us)
        score = self.score(windows)
        higher = score >= left
        peak[higher, 0], peak[higher, 1] = score[higher], windows.time_us
        self._peaks.put(keys, peak)
        return np.maximum(score, left)

    def arrays(self) -> Mapping[str, Array]:
        """What is kept of each term."""
        return self._peaks.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._peaks.restore(arrays)
