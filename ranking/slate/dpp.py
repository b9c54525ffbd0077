"""Greedy MAP of a determinantal point process (Chen, Zhang, Zhou, NeurIPS 2018), O(k n (D + k)) a request.

A slate Y has the probability det(L_Y) up to a constant, with L_ij = q_i q_j S_ij: S the cosines of the candidates'
vectors and q_i = exp(relevance_weight / (2 (1 - relevance_weight)) * relevance_i) as in section 4.2 of the paper. Since
det(L_Y) = product of q_i^2 * det(S_Y), maximising it is maximising

    relevance_weight * sum of relevance_i + (1 - relevance_weight) * log det(S_Y)

and each place goes to the candidate that adds most: relevance_weight * relevance_i + (1 - relevance_weight) *
log(d_i^2), where d_i^2 is what of the candidate's unit vector stands outside the span of those chosen, kept up to date
by one row of a Cholesky factor a place. Relevance is the score min-max scaled within the request (0 where all scores
are equal). A zero vector is like nothing: it stands for a direction of its own. Ties go to the lower row.

A candidate whose d_i^2 falls under 1e-10 depends on those chosen, so that its slate's determinant is 0. Where only such
are left (D vectors span D dimensions), the slate is filled by score.
"""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array, Ragged
from data.kernel import kernel, sum_kernel
from ranking.slate.diverse import Diversifier, by_score_after, diversified

_NOTHING_LEFT = 1e-10


def dpp(
    scores: Array, vectors: Array, offsets: I64, k: int, *, relevance_weight: float = 0.7, depth: int = 20
) -> Ragged:
    """Rows [N]-numbered of the slate of each request, best first; a request of fewer than `k` gives all it has.

    `scores` is [N], `vectors` [N, D] of any length (they are scaled to unit vectors), `offsets` [B + 1].

    Raises:
        ConfigError: `k` or `depth` is negative or the weight outside 0..1.
        DataError: a score or a vector that is not finite, or arrays of different lengths.
    """
    return diversified(
        "DPP", _fill, scores, vectors, offsets, k, relevance_weight=relevance_weight, depth=depth, dtype=np.float64
    )


class DPP(Diversifier):
    """A selector of slates whose vectors span a large volume."""

    rule = staticmethod(dpp)


@kernel
def _fill(
    relevance: F64, unit: F64, offsets: I64, out: I64, by_score: I64, weight: float, depth: int, rows: I64
) -> None:
    """Overwrites `rows`, the slates by score, with those of the DPP."""
    for b in range(len(offsets) - 1):
        low, high = offsets[b], offsets[b + 1]
        slate = rows[out[b] : out[b + 1]]
        places = min(len(slate), depth)
        taken = np.zeros(high - low, np.bool_)
        chosen = _choose(relevance[low:high], unit[low:high], weight, slate[:places], taken)
        by_score_after(chosen, slate, taken, by_score[out[b] : out[b + 1]], low)


@kernel
def _choose(relevance: F64, unit: F64, weight: float, chosen: I64, taken: Array) -> int:
    """Fills `chosen` and `taken` for one request; returns how many could be chosen."""
    n = len(relevance)
    factor = np.empty((len(chosen), n))
    left = np.ones(n)
    for place in range(len(chosen)):
        best, value = -1, -np.inf
        for i in range(n):
            # At weight 1 the determinant counts nothing, not even where it is 0.
            if taken[i] or (left[i] < _NOTHING_LEFT and weight < 1.0):
                continue
            worth = weight * relevance[i]
            if weight < 1.0:
                worth += (1.0 - weight) * np.log(left[i])
            if worth > value:
                best, value = i, worth
        if best < 0:
            return place
        chosen[place] = best
        taken[best] = True
        if weight < 1.0:
            _project(unit, best, factor, place, left)
    return len(chosen)


@sum_kernel
def _project(unit: F64, best: int, factor: F64, place: int, left: F64) -> None:
    """Adds the Cholesky row of the candidate just chosen and takes its share off what is left of the others."""
    row = factor[place]
    for i in range(len(left)):
        total = 0.0
        for d in range(unit.shape[1]):
            total += unit[best, d] * unit[i, d]
        row[i] = total
    for one in range(place):
        share = factor[one, best]
        for i in range(len(left)):
            row[i] -= share * factor[one, i]
    scale = 1.0 / np.sqrt(left[best])
    for i in range(len(left)):
        row[i] *= scale
        left[i] -= row[i] * row[i]
