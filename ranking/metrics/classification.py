"""How well scores or probabilities tell positives from negatives. Tied scores share their average rank."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array
from data.errors import DataError


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


def log_loss(probabilities: Array, labels: Array) -> float:
    """Mean negative log likelihood in nats; probabilities are clipped to [1e-7, 1 - 1e-7].

    Raises:
        DataError: a probability outside 0..1.
    """
    labels = _labels(probabilities, labels)
    p = np.asarray(probabilities, np.float64)
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise DataError(f"probabilities span {p.min()} to {p.max()}", remedy="log loss takes 0..1, not scores")
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p))) if p.size else float("nan")


def _labels(scores: Array, labels: Array) -> F64:
    if len(scores) != len(labels):
        raise DataError(f"{len(scores)} scores but {len(labels)} labels", remedy="give one label a score")
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
