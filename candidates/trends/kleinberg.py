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

from collections.abc import Mapping
from typing import Any

import numpy as np

from candidates.trends.scorer import KEY_ROW, KeyState, Windows
from data.batch import F64, I64, Array
from data.kernel import kernel


class Kleinberg:
    """Keeps D and the weight of each automaton, and what was counted of each term."""

    def __init__(
        self, s: tuple[float, ...] = (2.0, 5.0, 20.0), tau: float = 5.0, seasonal: bool = True, enter: float = 12.0
    ) -> None:
        """`seasonal`: whether a term's own hours of the week are expected, or its long-run rate alone."""
        self.enter = enter
        self._s, self._log_s, self._tau, self._seasonal = np.array(s), np.log(np.array(s)), tau, seasonal
        # D of each automaton, the weights, uses ever, time.
        self._states = KeyState((*(-tau for _ in s), *(0.0 for _ in s), 0.0, -1.0))

    def score(self, windows: Windows) -> F64:
        """[H] weight of a burst as long as the window."""
        out: F64 = self._saved(windows.uses, windows.expected(self._seasonal)).max(axis=1)
        return out

    def update(self, windows: Windows) -> F64:
        """[H] weights; 0 at the lower end."""
        columns, out = windows.columns, np.empty(len(windows))
        _advance(
            columns["key"], columns["total"], windows.uses, windows.expected(self._seasonal), windows.time_us,
            windows.length_us, self._s, self._log_s, self._tau, self._states.rows(columns["key"]), out,
        )  # fmt: skip
        return out

    def arrays(self) -> Mapping[str, Array]:
        """What is kept of each term."""
        return self._states.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._states.restore(arrays)

    def _saved(self, uses: F64, expected: F64) -> F64:
        """[H, s] d: the cost that the burst state saves for each count."""
        out: F64 = uses[:, None] * self._log_s - (self._s - 1.0) * expected[:, None]
        return out


@kernel
def _advance(
    keys: I64, total: I64, uses: F64, expected: F64, time_us: Any, length_us: Any, s: F64, log_s: F64, tau: Any,
    states: Any, out: F64,
) -> None:  # fmt: skip
    """Takes a count of each of [H] terms into its automata (D of each, the weights, uses ever, time); fills `out`."""
    size = len(s)
    for at in range(len(keys)):
        row = keys[at] & KEY_ROW
        state = states.values[row]
        if states.keys[row] != keys[at]:
            states.keys[row] = keys[at]
            state[:] = states.fill
        passed = (time_us - state[2 * size + 1]) / length_us
        # A term that was not worth a look for as long as a window is in no burst; then its window counts at once.
        met = passed < 1.0
        came = min(total[at] - state[2 * size], uses[at]) if met else uses[at]
        nu = expected[at] * (passed if met else 1.0)
        heaviest = 0.0
        for k in range(size):
            d = came * log_s[k] - (s[k] - 1.0) * nu
            low = (min(max(state[k], -tau), 0.0) if met else -tau) + d
            weight = 0.0 if low <= -tau else max((state[size + k] if met else 0.0) + d, 0.0)
            state[k], state[size + k] = low, weight
            heaviest = max(heaviest, weight)
        state[2 * size], state[2 * size + 1] = float(total[at]), float(time_us)
        out[at] = heaviest
