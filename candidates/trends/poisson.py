"""How surprising a count is for a Poisson variable: point by point, and corrected for cycles.

    eta = (c - nu) / CI(nu),    CI(nu) = chi2(q, 2 (nu + 1)) / 2 - nu,    q = 1 - (1 - confidence) / 2

with c the uses in the window, nu what was expected and CI the upper half of the confidence interval of a Poisson
count nu. Point by point, nu is the count of the window before; corrected for cycles, it is the count of the same time
in earlier cycles, here the seasonal expectation. Source: Hendrickson, Kolb, Lehman, Montague, "Trend detection in
social data", Gnip 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from candidates.trends.scorer import Stateless, Windows
from data.batch import F64


def upper_half(nu: F64, confidence: float) -> F64:
    """[H] CI(nu), by the approximation of chi-square quantiles of Wilson and Hilferty (1931); within 4%."""
    z = NormalDist().inv_cdf(1.0 - (1.0 - confidence) / 2.0)
    k = nu + 1.0
    part = 1.0 / (9.0 * k)
    out: F64 = k * (1.0 - part + z * np.sqrt(part)) ** 3 - nu
    return out


@dataclass(frozen=True)
class PoissonPoint(Stateless):
    """Point by point: the window beside the one before it."""

    confidence: float = 0.99
    """Of the interval."""
    enter: float = 1.0
    """The score from which on a term is a trend: the end of the interval."""

    def score(self, windows: Windows) -> F64:
        """[H] eta."""
        before = windows.columns["fresh_previous"].astype(np.float64)
        out: F64 = (windows.uses - before) / upper_half(before, self.confidence)
        return out

    def update(self, windows: Windows) -> F64:
        """[H] eta."""
        return self.score(windows)


@dataclass(frozen=True)
class PoissonCycle(Stateless):
    """Corrected for cycles: the window beside its expectation."""

    confidence: float = 0.99
    """Of the interval."""
    seasonal: bool = True
    """Whether a term's own hours of the week are expected, or its long-run rate alone."""
    enter: float = 1.0
    """The score from which on a term is a trend: the end of the interval."""

    def score(self, windows: Windows) -> F64:
        """[H] eta."""
        expected = windows.expected(self.seasonal)
        out: F64 = (windows.uses - expected) / upper_half(expected, self.confidence)
        return out

    def update(self, windows: Windows) -> F64:
        """[H] eta."""
        return self.score(windows)
