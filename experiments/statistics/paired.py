"""Uncertainty of what is reported: intervals, paired tests and corrections for many comparisons.

The unit that is drawn is the user: requests of one person resemble each other, so they are resampled together
(cluster bootstrap; Efron & Tibshirani 1993, ch. 8; Cameron, Gelbach & Miller 2008). Seeds make every interval
reproducible; comparisons with the same seed and users share their resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from data.batch import F64, I64, Array
from data.errors import DataError

RESAMPLES = 1000
"""Bootstrap resamples unless the caller says otherwise: the 2.5% percentile then stands on 25 values."""

_LEAST_FOR_FAMILY, _FOR_EACH_ROW = 10_000, 200
"""Resamples of a family of comparisons, and how many more for each of its rows."""

SEED = 20260105

_AT_ONCE = 16_000_000
"""Resampled means that are kept at a time: 128 MB."""

_COUNTED_AT_ONCE = 1 << 15
"""Drawn places that are counted at once: they and their counts stay in cache."""


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval; the bounds are NaN where there are fewer than two users."""

    mean: float
    low: float
    high: float
    n: int
    """Requests (or rows) with a defined value."""
    users: int
    """Clusters: the effective size."""
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.mean:.4f} {bounds(self.low, self.high, self.users, '.4f')}"

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals share a value; the stricter question than a paired test."""
        return not (self.high < other.low or other.high < self.low)


@dataclass(frozen=True)
class Difference:
    """A paired difference of means, a minus b, on the same requests."""

    mean: float
    low: float
    high: float
    p_value: float
    """Two-sided, by bootstrap; never under 2 / (resamples + 1), and 1 where there are fewer than two users."""
    n: int
    users: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.mean:+.4f} {bounds(self.low, self.high, self.users, '+.4f')} p={self.p_value:.3g}"


@dataclass(frozen=True)
class Pair:
    """One comparison of a family: two values of each of N requests, and their users."""

    a: ArrayLike
    b: ArrayLike
    """[N] each; NaN where undefined."""
    users: ArrayLike
    """[N]."""


@dataclass(frozen=True)
class Effect:
    """A standardised paired difference: mean over standard deviation of the users' mean differences."""

    size: float
    """Cohen's d for pairs (1988, ch. 2): 0.2 is called small, 0.5 medium, 0.8 large; NaN where no user differs."""
    low: float
    high: float
    users: int
    level: float = 0.95

    def __str__(self) -> str:
        if np.isnan(self.size):
            return "none: one user" if self.users < 2 else "none: all users differ alike"
        return f"{self.size:+.2f} {bounds(self.low, self.high, self.users, '+.2f')}"


@dataclass(frozen=True)
class SignedRank:
    """Wilcoxon's signed-rank test on users' mean differences."""

    statistic: float
    p_value: float
    users: int
    """Users with a difference other than zero."""


def bounds(low: float, high: float, users: int, digits: str) -> str:
    """`[0.117, 0.129]`; words where an interval cannot be had."""
    if np.isfinite(low) and np.isfinite(high):
        return f"[{low:{digits}}, {high:{digits}}]"
    return "(one user: no interval)" if users < 2 else f"({users} users: no interval)"


def mean_interval(
    values: ArrayLike, users: ArrayLike, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> Interval:
    """The mean of `values` [N] over requests, with a percentile bootstrap over users.

    NaN values (undefined metrics) are left out. `users` [N] names the user of each request.

    Raises:
        DataError: no defined value.
    """
    sums, counts = _by_user(values, users)
    draws = _resampled_means(sums, counts, resamples, seed)
    low, high = _percentiles(draws, level)
    return Interval(float(sums.sum() / counts.sum()), low, high, int(counts.sum()), len(counts), level)


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    users: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Mean of a - b over the requests where both are defined, with a bootstrap over users and its p-value.

    The p-value is twice the smaller share of resamples on either side of zero, counted with one added to both
    (Davison & Hinkley 1997, ch. 4), so that it is never zero.

    Raises:
        DataError: arrays of different lengths, or no request where both are defined.
    """
    return paired_differences([Pair(a, b, users)], level=level, resamples=resamples, seed=seed)[0]


def family_resamples(rows: int) -> int:
    """Resamples that a family of `rows` comparisons needs: the larger of 10,000 and 200 a row.

    A bootstrap's p-value is never under 2 / (resamples + 1), and Holm's correction multiplies it by up to `rows`: with
    so many resamples the smallest that can come out stays below 0.01, whatever the family's size.
    """
    return max(_LEAST_FOR_FAMILY, _FOR_EACH_ROW * rows)


def paired_differences(
    pairs: Sequence[Pair], *, level: float = 0.95, resamples: int | None = None, seed: int = SEED
) -> list[Difference]:
    """`paired_difference` of each pair of a family, with `family_resamples` of it unless `resamples` is given.

    Pairs with the same number of users share their resamples, which are drawn once for all of them.

    Raises:
        DataError: as `paired_difference`, of the first pair that it is true of.
    """
    draws = family_resamples(len(pairs)) if resamples is None else resamples
    clusters = []
    for pair in pairs:
        left, right = same_length(a=pair.a, b=pair.b)
        clusters.append(_by_user(left - right, pair.users))
    sizes: dict[int, list[int]] = {}
    for at, (sums, _) in enumerate(clusters):
        sizes.setdefault(len(sums), []).append(at)
    found: dict[int, Difference] = {}
    step = max(1, _AT_ONCE // draws)
    for members in sizes.values():
        for start in range(0, len(members), step):
            some = members[start : start + step]
            means = _resampled_together([clusters[at] for at in some], draws, seed)
            found |= {at: _difference(*clusters[at], row, level) for at, row in zip(some, means, strict=True)}
    return [found[at] for at in range(len(pairs))]


def effect_size(
    a: ArrayLike,
    b: ArrayLike,
    users: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Effect:
    """Cohen's d of users' mean a - b, with a percentile bootstrap over users.

    Raises:
        DataError: arrays of different lengths, or no request where both are defined.
    """
    left, right = same_length(a=a, b=b)
    sums, counts = _by_user(left - right, users)
    means = sums / counts
    # Equal up to rounding: over a spread of 1e-17 an effect would be as large as one likes.
    if len(means) < 2 or np.ptp(means) <= 1e-12 * np.abs(means).max():
        return Effect(float("nan"), float("nan"), float("nan"), len(means), level)
    draws = np.concatenate([_standardised(means[drawn]) for drawn in _draws(len(means), resamples, seed)])
    low, high = _percentiles(draws[~np.isnan(draws)], level)
    return Effect(float(_standardised(means[None])[0]), low, high, len(means), level)


def signed_rank(a: ArrayLike, b: ArrayLike, users: ArrayLike) -> SignedRank:
    """Wilcoxon's signed-rank test of users' mean a - b against a median of zero; p = 1 when all are equal."""
    from scipy.stats import wilcoxon

    left, right = same_length(a=a, b=b)
    sums, counts = _by_user(left - right, users)
    means = sums / counts
    moved = means[means != 0]
    if not len(moved):
        return SignedRank(0.0, 1.0, 0)
    found = wilcoxon(moved)
    return SignedRank(float(found.statistic), float(found.pvalue), len(moved))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down correction of several p-values (Holm 1979), keeping names and their order."""
    order = sorted(p_values, key=lambda name: (p_values[name], name))
    corrected: dict[str, float] = {}
    worst = 0.0
    for rank, name in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[name]))
        corrected[name] = worst
    return {name: corrected[name] for name in p_values}


def _by_user(values: ArrayLike, users: ArrayLike) -> tuple[F64, F64]:
    """[U] sums and [U] counts of defined values by user, users ascending; users without any are left out."""
    value = np.asarray(values, np.float64)
    code, size = codes_of(users, len(value))
    defined = ~np.isnan(value)
    sums = np.asarray(np.bincount(code[defined], value[defined], minlength=size), np.float64)
    counts = np.asarray(np.bincount(code[defined], minlength=size), np.float64)
    if not defined.any():
        raise DataError(f"none of {len(value)} values is defined", remedy="there is nothing to average")
    return sums[counts > 0], counts[counts > 0]


def codes_of(users: ArrayLike, n: int) -> tuple[I64, int]:
    """([N] the cluster of each value, how many clusters there are).

    Raises:
        DataError: there are not `n` users.
    """
    names, code = np.unique(np.asarray(users), return_inverse=True)
    if len(code) != n:
        raise DataError(f"{len(code)} users for {n} values", remedy="give the user of each value")
    return code.astype(np.int64), len(names)


def _resampled_means(sums: F64, counts: F64, resamples: int, seed: int) -> F64:
    """[resamples] ratio of summed values to summed counts over users drawn with replacement; NaN for one user."""
    size = len(sums)
    if size < 2:
        return np.full(resamples, np.nan)
    return np.concatenate([
        sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1) for drawn in _draws(size, resamples, seed)
    ])  # fmt: skip


def _resampled_together(clusters: Sequence[tuple[F64, F64]], resamples: int, seed: int) -> F64:
    """[R, resamples] `_resampled_means` of R rows with equally many users, drawn alike for all of them.

    How often each user was drawn, times the users' sums: one matrix product instead of a look-up a row and a user.
    """
    size = len(clusters[0][0])
    if size < 2:
        return np.full((len(clusters), resamples), np.nan)
    sums, counts = (np.stack(part) for part in zip(*clusters, strict=True))
    # Metrics of the same requests have the same counts.
    distinct, which = np.unique(counts, axis=0, return_inverse=True)
    parts = []
    for drawn in _draws(size, resamples, seed):
        times = _times_drawn(drawn).T
        parts.append((sums @ times) / (distinct @ times)[which.reshape(-1)])
    return np.concatenate(parts, axis=1)


def _times_drawn(drawn: Array) -> F64:
    """[some, size] how often each place was drawn, of the [some, size] places that were."""
    size = drawn.shape[1]
    times = np.empty(drawn.shape, np.float64)
    step = max(1, _COUNTED_AT_ONCE // size)
    for start in range(0, len(drawn), step):
        some = drawn[start : start + step]
        place = some + np.arange(len(some))[:, None] * size
        times[start : start + step] = np.bincount(place.ravel(), minlength=some.size).reshape(some.shape)
    return times


def _difference(sums: F64, counts: F64, draws: F64, level: float) -> Difference:
    """Of users' sums and counts [U], and resampled means [resamples]."""
    low, high = _percentiles(draws, level)
    below, above = int((draws <= 0).sum()), int((draws >= 0).sum())
    p_value = min(1.0, 2 * (1 + min(below, above)) / (len(draws) + 1)) if len(counts) > 1 else 1.0
    return Difference(float(sums.sum() / counts.sum()), low, high, p_value, int(counts.sum()), len(counts), level)


def _draws(size: int, resamples: int, seed: int) -> Iterator[Array]:
    """[some, size] int32 places drawn with replacement, `resamples` rows in all; bounded memory."""
    rng = np.random.Generator(np.random.PCG64(seed))
    step = max(1, 4_000_000 // size)
    for start in range(0, resamples, step):
        yield rng.integers(0, size, (min(step, resamples - start), size), dtype=np.int32)


def _standardised(values: F64) -> F64:
    """[R] mean over standard deviation of each row of [R, U]; NaN where nothing varies."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out: F64 = np.where(np.ptp(values, axis=1) > 0, values.mean(axis=1) / values.std(axis=1, ddof=1), np.nan)
    return out


def _percentiles(draws: F64, level: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def same_length(**arrays: ArrayLike) -> tuple[F64, F64]:
    """Two arrays as floats.

    Raises:
        DataError: they differ in length; it names both.
    """
    (name_a, a), (name_b, b) = arrays.items()
    left: Array = np.asarray(a, np.float64)
    right: Array = np.asarray(b, np.float64)
    if left.shape != right.shape:
        raise DataError(f"{name_a} has {left.size} values and {name_b} {right.size}", remedy="pair them by request")
    return left, right
