"""Kleinberg's two states over counts: a base state that uses come from as expected, and a burst with s times as many.

A sequence of counts has for each path of states the cost of its counts, -ln of their Poisson probabilities, and
`tau` for each change into the burst; changes back are free. The best path is a burst where that is cheapest. Of the
costs C0 and C1 of the best paths that end in either state only the difference D = C0 - C1 matters, which is kept up
to date with every count c, expected nu:

    D <- min(max(D, -tau), 0) + d,    d = c ln s - (s - 1) nu.

The term is in its burst while D > 0. The burst's weight is the cost that it saves: the sum of d since D was last at its
lower end. Bursts differ in strength, so one automaton runs for each of several s, and the heaviest burst is the score.
Source: Kleinberg, "Bursty and hierarchical structure in streams", KDD 2002, section 2, with Poisson counts.
"""

from __future__ import annotations

import numpy as np

from candidates.trends.scorer import KeyState, Windows
from data.batch import F64


class Kleinberg:
    """Keeps D and the weight of each automaton, and what was counted of each term."""

    def __init__(
        self, s: tuple[float, ...] = (2.0, 5.0, 20.0), tau: float = 5.0, seasonal: bool = True, enter: float = 12.0
    ) -> None:
        """`seasonal`: whether a term's own hours of the week are expected, or its long-run rate alone."""
        self.enter = enter
        self._s, self._tau, self._seasonal = np.array(s), tau, seasonal
        # D of each automaton, the weights, uses ever, time.
        self._states = KeyState((*(-tau for _ in s), *(0.0 for _ in s), 0.0, -1.0))

    def score(self, windows: Windows) -> F64:
        """[H] weight of a burst as long as the window."""
        out: F64 = self._saved(windows.uses, windows.expected(self._seasonal)).max(axis=1)
        return out

    def update(self, windows: Windows) -> F64:
        """[H] weights; 0 at the lower end."""
        keys, size = windows.columns["key"], len(self._s)
        state = self._states.get(keys)
        low, weight, last, time_us = state[:, :size], state[:, size : 2 * size], state[:, -2], state[:, -1]
        uses, total = windows.uses, windows.columns["total"].astype(np.float64)
        expected = windows.expected(self._seasonal)
        passed = (windows.time_us - time_us) / windows.length_us
        met = passed < 1.0
        # A term that was not worth a look for as long as a window is in no burst; then its window counts at once.
        came = np.where(met, np.minimum(total - last, uses), uses)
        d = self._saved(came, expected * np.where(met, passed, 1.0))
        low[:] = np.where(met[:, None], np.clip(low, -self._tau, 0.0), -self._tau) + d
        weight[:] = np.where(low <= -self._tau, 0.0, np.maximum(np.where(met[:, None], weight, 0.0) + d, 0.0))
        state[:, -2], state[:, -1] = total, windows.time_us
        self._states.put(keys, state)
        out: F64 = weight.max(axis=1)
        return out

    def _saved(self, uses: F64, expected: F64) -> F64:
        """[H, s] d: the cost that the burst state saves for each count."""
        out: F64 = uses[:, None] * np.log(self._s) - (self._s - 1.0) * expected[:, None]
        return out
