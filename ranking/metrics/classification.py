"""How well scores or probabilities separate positives from negatives.

A label above 0 is positive. Tied scores share their average rank (AUC) or enter together (PR-AUC), so that no metric
here depends on the order of rows; scikit-learn has the same rule. A NaN score is refused. Where one class is absent,
all but log loss are undefined: NaN.
"""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array
from data.errors import DataError
from ranking.metrics.arrays import refuse_nan
from ranking.metrics.metric import ActionMetric, ImpressionMetric, RequestMetric

_LEAST = 1e-7
"""Probabilities are clipped to `_LEAST` and 1 less that."""


def auc(scores: Array, labels: Array) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting one half.

    `scores` and `labels` are [N]; a label above 0 is positive. NaN where one class is absent.
    """
    return float(auc_by_group(scores, labels, np.zeros(len(scores), np.int64))[1][0]) if len(scores) else float("nan")


def auc_by_group(scores: Array, labels: Array, groups: Array) -> tuple[Array, F64]:
    """Distinct `groups` ascending [G] and the AUC within each [G], NaN where a group has one class only.

    Mann-Whitney: (rank sum of positives - P (P + 1) / 2) / (P N), ranks averaged over ties.
    """
    labels = _labels(scores, labels)
    names, group = np.unique(groups, return_inverse=True)
    rank = _average_rank(np.asarray(scores, np.float64), group)
    size = np.bincount(group, minlength=len(names))
    positives = np.bincount(group, weights=labels, minlength=len(names))
    rank_sum = np.bincount(group, weights=rank * labels, minlength=len(names))
    pairs = positives * (size - positives)
    above = rank_sum - positives * (positives + 1) / 2
    return names, np.divide(above, pairs, out=np.full(len(names), np.nan), where=pairs > 0)


def auc_per_request(scores: Array, labels: Array, offsets: I64) -> F64:
    """[B] AUC within each request, NaN where it has one class only or no candidate."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    out = np.full(len(offsets) - 1, np.nan)
    names, values = auc_by_group(scores, labels, owner)
    out[names] = values
    return out


def grouped_auc(scores: Array, labels: Array, groups: Array) -> float:
    """GAUC: mean of the groups' AUCs weighted by their number of rows (Zhu et al., KDD 2017), undefined ones left out.

    NaN where no group has both classes.
    """
    _, values = auc_by_group(scores, labels, groups)
    size = np.unique(groups, return_counts=True)[1]
    defined = ~np.isnan(values)
    return float(np.average(values[defined], weights=size[defined])) if defined.any() else float("nan")


def pr_auc(scores: Array, labels: Array) -> float:
    """Area under the precision-recall curve by steps: sum over thresholds of (R_t - R_t-1) P_t, t descending.

    This is average precision (no interpolation, which would be too kind). NaN where one class is absent: with no
    positive nothing is recalled, with no negative every order is perfect.
    """
    return float(pr_auc_by_group(scores, labels, np.zeros(len(scores), np.int64))[1][0]) if len(scores) else np.nan


def pr_auc_by_group(scores: Array, labels: Array, groups: Array) -> tuple[Array, F64]:
    """Distinct `groups` ascending [G] and the PR-AUC within each [G], NaN where a group has one class only."""
    labels = _labels(scores, labels)
    values = np.asarray(scores, np.float64)
    names, group = np.unique(groups, return_inverse=True)
    if not len(values):
        return names, np.empty(0)
    order = np.lexsort((-values, group))
    s, g, y = values[order], group[order], labels[order]
    size = np.bincount(group, minlength=len(names))
    first = np.repeat(np.cumsum(size) - size, size)
    total = np.r_[0.0, np.cumsum(y)]
    # What stands at or above each threshold: up to the last row of a run of equal scores.
    ends = np.flatnonzero(np.r_[(g[1:] != g[:-1]) | (s[1:] != s[:-1]), True])
    start = first[ends]
    found = total[ends + 1] - total[start]
    precision = found / (ends + 1 - start)
    gained = np.diff(found, prepend=0.0)
    new_group = np.r_[True, start[1:] != start[:-1]]
    gained[new_group] = found[new_group]
    area = np.bincount(g[ends], weights=gained * precision, minlength=len(names))
    positives = np.bincount(group, weights=labels, minlength=len(names))
    return names, np.where((positives > 0) & (positives < size), area / np.maximum(positives, 1), np.nan)


def log_loss(probabilities: Array, labels: Array) -> float:
    """Mean negative log likelihood in nats; probabilities are clipped to [1e-7, 1 - 1e-7]. NaN without rows.

    Raises:
        DataError: a probability outside 0..1.
    """
    labels = _labels(probabilities, labels)
    p = np.clip(checked_probabilities(probabilities), _LEAST, 1 - _LEAST)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p))) if p.size else float("nan")


def relative_cross_entropy(probabilities: Array, labels: Array) -> float:
    """RCE in percent: 100 (1 - log loss / log loss of always predicting the labels' mean); 0 is no better than that.

    As in the RecSys Challenge 2020, with the mean of these very labels. NaN where one class is absent.

    Raises:
        DataError: a probability outside 0..1.
    """
    loss = log_loss(probabilities, labels)
    rate = float(_labels(probabilities, labels).mean()) if len(labels) else 0.0
    if not 0 < rate < 1:
        return float("nan")
    naive = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    return float(100 * (1 - loss / naive))


REQUEST_AUC = RequestMetric(
    "request_auc",
    ("score", "relevance"),
    lambda ranked: auc_per_request(ranked.column("score"), ranked.column("relevance"), ranked.batch.offsets),
    whole=True,
)
AUC = ImpressionMetric("auc", ("score", "label"), auc)
PR_AUC = ImpressionMetric("pr_auc", ("score", "label"), pr_auc)
GROUPED_AUC = ImpressionMetric("grouped_auc", ("score", "label", "user_id"), grouped_auc)
LOG_LOSS = ActionMetric("log_loss", ("probability", "label"), log_loss)
RCE = ActionMetric("relative_cross_entropy", ("probability", "label"), relative_cross_entropy)


def checked_probabilities(probabilities: Array) -> F64:
    """[N] float64.

    Raises:
        DataError: one is outside 0..1.
    """
    p = np.asarray(probabilities, np.float64)
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise DataError(f"probabilities span {p.min()} to {p.max()}", remedy="give 0..1, not scores")
    return p


def _labels(scores: Array, labels: Array) -> F64:
    if len(scores) != len(labels):
        raise DataError(f"{len(scores)} scores but {len(labels)} labels", remedy="give one label a score")
    refuse_nan(scores, "score")
    refuse_nan(labels, "label")
    return (np.asarray(labels) > 0).astype(np.float64)


def _average_rank(scores: F64, group: I64) -> F64:
    """[N] rank within the group from 1 ascending, ties averaged."""
    order = np.lexsort((scores, group))
    s, g = scores[order], group[order]
    new_group = np.r_[True, g[1:] != g[:-1]]
    new_value = new_group | np.r_[True, s[1:] != s[:-1]]
    start = np.flatnonzero(new_value)
    end = np.r_[start[1:], len(s)]
    first = np.flatnonzero(new_group)
    run = np.cumsum(new_value) - 1
    offset = first[np.cumsum(new_group) - 1]
    rank = np.empty(len(s))
    rank[order] = (start[run] + end[run] + 1) / 2 - offset
    return rank
