"""The area under the ROC curve with an interval whose clusters are users."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from data.batch import F64, Mask
from data.errors import DataError
from experiments.statistics.paired import Interval, codes_of, same_length


def auc_interval(scores: ArrayLike, labels: ArrayLike, users: ArrayLike, *, level: float = 0.95) -> Interval:
    """AUC over all rows [N] with DeLong's interval, the variance taken over users.

    Each row's placement is the share of the other class that it beats (DeLong, DeLong & Clarke-Pearson 1988); the
    placements of a user's rows are summed before the variance is taken (Obuchowski 1997, clustered data). O(N log N).

    Raises:
        DataError: arrays of different lengths, a NaN score, or only one class.
    """
    score, label = same_length(scores=scores, labels=labels)
    if np.isnan(score).any():
        raise DataError(f"{int(np.isnan(score).sum())} scores are NaN", remedy="a scorer must score every row")
    placed, positive = _placements(score, label.astype(bool))
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        raise DataError(f"AUC needs both classes, found {m} positive and {n} negative rows", remedy="widen the period")
    code, size = codes_of(users, len(score))
    value = float(placed[positive].mean())
    # A user's pull on the AUC: how far their positives and negatives are placed from the mean, each class by its size.
    pull = np.bincount(code, (placed - value) / np.where(positive, m, n), minlength=size)
    spread = float(np.sqrt(size / (size - 1) * (pull**2).sum())) if size > 1 else float("nan")
    from scipy.stats import norm

    reach = float(norm.ppf(0.5 + level / 2)) * spread
    low, high = np.clip([value - reach, value + reach], 0, 1)
    return Interval(value, float(low), float(high), len(score), size, level)


def _placements(scores: F64, positive: Mask) -> tuple[F64, Mask]:
    """[N] each row's share of the other class on its right side: beaten by a positive, beating a negative."""
    m, n = int(positive.sum()), int((~positive).sum())
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    group = np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]]) if len(scores) else np.empty(0, np.int64)
    hits = positive[order]
    size = int(group[-1]) + 1 if len(group) else 0
    positives = np.bincount(group, hits, minlength=size)
    negatives = np.bincount(group, ~hits, minlength=size)
    negatives_under = np.cumsum(negatives) - negatives / 2
    positives_over = m - np.cumsum(positives) + positives / 2
    out = np.empty(len(scores), np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[order] = np.where(hits, negatives_under[group] / n, positives_over[group] / m) if size else 0.0
    return out, positive
