"""What people value on reflection, and how strongly what pulls at them moves them: the traits behind both truths."""

from __future__ import annotations

import numpy as np

from data.batch import F32, F64


def reflective(interests: F32, other: F32, correlation: F64) -> F32:
    """[P, K] mixtures a x interests + (1 - a) x other, of mixtures [P, K] each whose rows sum to 1.

    For each person, a is such that the correlation with `interests` over the topics is `correlation` [P] in [0, 1]; it
    is 0, and the correlation that of the two mixtures, where that is higher already.
    """
    x, y = (np.asarray(one, np.float64) for one in (interests, other))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    xx, xy, yy = (x * x).sum(axis=1), (x * y).sum(axis=1), (y * y).sum(axis=1)
    r = np.minimum(correlation, 1.0 - 1e-12)
    # With t = a / (1 - a), (t xx + xy)^2 = r^2 xx (t^2 xx + 2 t xy + yy), a square in t + xy / xx.
    rest = np.maximum(xx * yy - xy * xy, 0.0)
    ratio = np.maximum((r * np.sqrt(rest / (1.0 - r * r)) - xy) / np.maximum(xx, 1e-300), 0.0)
    a = np.where(correlation >= 1.0, 1.0, ratio / (1.0 + ratio))[:, None]
    mixture: F32 = (a * interests + (1.0 - a) * other).astype(np.float32)
    return mixture


def agreements(rng: np.random.Generator, people: int, mean: float, spread: float) -> F64:
    """[P] correlations, normal with a mean and a standard deviation and cut to 0 to 1."""
    out: F64 = np.clip(mean + spread * rng.standard_normal(people), 0.0, 1.0)
    return out


def susceptibilities(rng: np.random.Generator, people: int, spread: float) -> F32:
    """[P] gamma numbers of mean 1 and a standard deviation; all 1 where that is 0."""
    if spread <= 0.0:
        return np.ones(people, np.float32)
    out: F32 = rng.gamma(spread**-2, spread**2, people).astype(np.float32)
    return out
