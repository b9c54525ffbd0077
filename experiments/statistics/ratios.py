"""Ratios of sums over people, in several worlds at once, with one bootstrap for all of them.

Within each world people are drawn with replacement (Efron & Tibshirani 1993, ch. 8), alike for all ratios, so that any
difference of two of them is paired by person. A ratio is computed in each world and averaged over worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.batch import F32, F64, Array
from data.kernel import kernel
from experiments.statistics.paired import RESAMPLES, SEED, Difference, Interval

_AT_ONCE = 100
"""Resamples that are summed at a time."""


@dataclass(frozen=True)
class Resampled:
    """K statistics in S worlds, and their bootstrap."""

    by_world: F64
    """[S, K]."""
    draws: F64
    """[R, K] averages over worlds of the resampled statistics."""
    people: int
    """In all worlds together."""

    def interval(self, at: int, *, level: float = 0.95) -> Interval:
        """The mean over worlds of statistic `at`, with its percentile interval."""
        low, high = _bounds(self.draws[:, at], level)
        return Interval(float(self.by_world[:, at].mean()), low, high, self.people, self.people, level)

    def contrast(self, plus: Sequence[int], minus: Sequence[int], *, level: float = 0.95) -> Difference:
        """The sum of some statistics less the sum of others, with its percentile interval and two-sided p-value."""
        draws = self.draws[:, plus].sum(axis=1) - self.draws[:, minus].sum(axis=1)
        mean = float((self.by_world[:, plus].sum(axis=1) - self.by_world[:, minus].sum(axis=1)).mean())
        low, high = _bounds(draws, level)
        least = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
        p_value = min(1.0, 2 * (1 + least) / (len(draws) + 1))
        return Difference(mean, low, high, p_value, self.people, self.people, level)


def resampled_ratios(
    worlds: Sequence[tuple[F32, F32]], shown: Sequence[F32] = (), *, resamples: int = RESAMPLES, seed: int = SEED
) -> Resampled:
    """Statistics of people in each of S worlds: sum of numerators over sum of denominators, then Gini coefficients.

    `worlds` has ([P, K] numerators, [P, K] or [P, 1] denominators) of each world, `shown` the [P, G] values whose Gini
    coefficient over people is taken; the statistics are the K ratios, then the G coefficients. NaN where a denominator
    sums to 0.
    """
    parts, every = [], []
    for at, (numerators, denominators) in enumerate(worlds):
        values = shown[at] if len(shown) else np.empty((len(numerators), 0), np.float32)
        once = np.ones((1, len(numerators)), np.float32)
        every.append(_statistics(once, numerators, denominators, values)[0])
        parts.append(
            np.concatenate([
                _statistics(times, numerators, denominators, values)
                for times in _times_drawn(len(numerators), resamples, seed + at)
            ])
        )  # fmt: skip
    people = sum(len(numerators) for numerators, _ in worlds)
    return Resampled(np.stack(every), np.mean(parts, axis=0), people)


def _statistics(times: F32, numerators: F32, denominators: F32, values: F32) -> F64:
    """[R, K + G] of people who count `times` [R, P] each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (times @ numerators) / (times @ denominators)
    out: F64 = np.concatenate([ratios.astype(np.float64), ginis(values, times)], axis=1)
    return out


def _times_drawn(people: int, resamples: int, seed: int) -> Iterator[F32]:
    """[some, people] how often each was drawn, `resamples` rows in all."""
    rng = np.random.Generator(np.random.PCG64(seed))
    for start in range(0, resamples, _AT_ONCE):
        rows = min(_AT_ONCE, resamples - start)
        drawn = rng.integers(0, people, (rows, people)) + np.arange(rows)[:, None] * people
        yield np.bincount(drawn.ravel(), minlength=rows * people).reshape(rows, people).astype(np.float32)


def ginis(values: Array, times: Array) -> F64:
    """[R, G] Gini coefficients of `values` [P, G], at least 0, over people who count `times` [R, P] each.

    1 - sum_i w_i (S_i + S_(i-1)) / (W S_n), with values ascending, w the counts, W their sum and S the running sums of
    w x value: 0 where all are equal, towards 1 where one person has all; NaN where all are 0.
    """
    out = np.empty((len(times), values.shape[1]))
    for at in range(values.shape[1]):
        order = np.argsort(values[:, at], kind="stable")
        _ginis(np.ascontiguousarray(values[order, at], np.float64), order, times, out[:, at])
    return out


@kernel
def _ginis(ascending: Array, order: Array, times: Array, out: Array) -> None:
    for r in range(len(times)):
        below, twice, people = 0.0, 0.0, 0.0
        for i in range(len(order)):
            weight = np.float64(times[r, order[i]])
            above = below + weight * ascending[i]
            twice += weight * (below + above)
            people += weight
            below = above
        out[r] = 1.0 - twice / (people * below) if below > 0.0 else np.nan


def _bounds(draws: F64, level: float) -> tuple[float, float]:
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2]) if np.isfinite(draws).any() else (np.nan,) * 2
    return float(low), float(high)
