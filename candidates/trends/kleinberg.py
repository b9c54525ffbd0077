"""Kleinberg's two states over counts: a base state that uses come from as expected, and a burst with s times as many.

A sequence of counts has for each path of states the cost of its counts, -ln of their Poisson probabilities, and
`tau` for each change into the burst; changes back are free. The best path is a burst where that is cheapest. Of the
costs C0 and C1 of the best paths that end in either state only the difference D = C0 - C1 matters, which is kept up
to date with every count c, expected nu:

    D <- min(max(D, -tau), 0) + d,    d = c ln s - (s - 1) nu.

The term is in its burst while D > 0. Its score is the burst's weight, the cost that it saves: the sum of d since D was
last at its lower end (tau = the entry into a burst). Source: Kleinberg, "Bursty and hierarchical structure in streams",
KDD 2002, section 2, with Poisson counts.
"""

from __future__ import annotations

import math

import numpy as np

from candidates.trends.scorer import KeyState, Windows
from data.batch import F64


class Kleinberg:
    """Keeps D, the weight, and what was counted of each term."""

    def __init__(self, s: float = 3.0, tau: float = 5.0, seasonal: bool = True) -> None:
        """`seasonal`: whether a term's own hours of the week are expected, or its long-run rate alone."""
        self.enter = tau
        self._s, self._tau, self._seasonal = s, tau, seasonal
        # D, weight, uses ever, time; a time below 0 marks a term that was not met.
        self._states = KeyState((-tau, 0.0, 0.0, -1.0))

    def score(self, windows: Windows) -> F64:
        """[H] weight of a burst as long as the window."""
        expected = windows.expected(self._seasonal)
        out: F64 = windows.uses * math.log(self._s) - (self._s - 1.0) * expected
        return out

    def update(self, windows: Windows) -> F64:
        """[H] weights; 0 at the lower end."""
        keys = windows.columns["key"]
        state = self._states.get(keys)
        uses = windows.uses
        total = windows.columns["total"].astype(np.float64)
        passed = (windows.time_us - state[:, 3]) / windows.length_us
        met = (state[:, 3] >= 0) & (passed < 1.0)
        # After a pause as long as a window, everything in the window is counted at once.
        came = np.where(met, np.minimum(total - state[:, 2], uses), uses)
        expected = windows.expected(self._seasonal) * np.where(met, passed, 1.0)
        d = came * math.log(self._s) - (self._s - 1.0) * expected
        quiet = -(self._s - 1.0) * windows.expected(self._seasonal) * np.maximum(passed - 1.0, 0.0)
        pause = np.where(met | (state[:, 3] < 0), 0.0, quiet)
        state[:, 0] = np.clip(state[:, 0] + pause, -self._tau, 0.0) + d
        state[:, 1] = np.where(state[:, 0] <= -self._tau, 0.0, np.maximum(state[:, 1] + pause, 0.0) + d)
        state[:, 1] = np.maximum(state[:, 1], 0.0)
        state[:, 2], state[:, 3] = total, windows.time_us
        self._states.put(keys, state)
        out: F64 = state[:, 1].copy()
        return out
