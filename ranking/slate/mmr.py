"""Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), incremental: O(k n D) a request.

Each place goes to the candidate with the largest

    relevance_weight * relevance - (1 - relevance_weight) * max over chosen c of cos(candidate, c)

where relevance is the score min-max scaled within the request (0 where all scores are equal) and the penalty of the
first place is 0. Ties go to the lower row.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, I64, Array, CandidateBatch, Ragged
from ranking.slate.topk import top_k


class MMRConfig(BaseModel):
    """How much variety costs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    relevance_weight: float = Field(0.7, ge=0, le=1)
    """Weight of relevance; the rest is the weight of the penalty."""
    depth: int = Field(20, ge=1)
    """Places that are diversified; those after follow by score."""
    vectors: str = "tweet.embedding"
    """Column [N, D] whose cosine says how alike two candidates are; a zero vector is like nothing."""


class MMR:
    """A selector that trades relevance against likeness to what is already chosen."""

    def __init__(self, config: MMRConfig | None = None) -> None:
        """With the default configuration when none is given."""
        self.config = config or MMRConfig()

    @property
    def reads(self) -> tuple[str, ...]:
        """The score and the vectors."""
        return ("score", self.config.vectors)

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request: `depth` places by MMR, the rest by score."""
        config = self.config
        return mmr(
            batch.column("score"), batch.column(config.vectors), batch.offsets, k,
            relevance_weight=config.relevance_weight, depth=config.depth,
        )  # fmt: skip


def mmr(
    scores: Array, vectors: Array, offsets: I64, k: int, *, relevance_weight: float = 0.7, depth: int = 20
) -> Ragged:
    """Rows [N]-numbered of the slate of each request, best first.

    `scores` is [N], `vectors` [N, D] of any length (they are scaled to unit vectors), `offsets` [B + 1].
    """
    by_score = top_k(scores, offsets, k)
    if depth <= 0 or len(by_score.values) == 0:
        return by_score
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float64)
    unit = np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float64), where=lengths > 0)
    everything = top_k(scores, offsets, int(np.diff(offsets).max(initial=0)))
    values = np.nan_to_num(np.asarray(scores, np.float64), nan=-np.inf)
    rows = _fill(
        values, unit, np.asarray(offsets, np.int64), by_score.offsets, everything.values, relevance_weight, depth
    )
    return Ragged(by_score.offsets, rows)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _relevance(scores: F64) -> F64:
    """Scores of one request scaled to 0..1 over those that are finite; others get 0."""
    low, high = np.inf, -np.inf
    for s in scores:
        if np.isfinite(s):
            low, high = min(low, s), max(high, s)
    out = np.zeros(len(scores))
    if high > low:
        for i in range(len(scores)):
            if np.isfinite(scores[i]):
                out[i] = (scores[i] - low) / (high - low)
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(scores: F64, unit: F64, offsets: I64, out: I64, by_score: I64, weight: float, depth: int) -> I64:
    rows = np.empty(out[-1], np.int64)
    for b in range(len(offsets) - 1):
        low, n, m = offsets[b], offsets[b + 1] - offsets[b], out[b + 1] - out[b]
        if m == 0:
            continue
        relevance = _relevance(scores[low : low + n])
        penalty = np.zeros(n)
        taken = np.zeros(n, np.bool_)
        last = -1
        for place in range(min(m, depth)):
            best, best_value = -1, -np.inf
            for i in range(n):
                if taken[i]:
                    continue
                if last >= 0:
                    alike = 0.0
                    for d in range(unit.shape[1]):
                        alike += unit[low + i, d] * unit[low + last, d]
                    penalty[i] = alike if place == 1 else max(penalty[i], alike)
                value = weight * relevance[i] - (1.0 - weight) * penalty[i]
                if best < 0 or value > best_value:
                    best, best_value = i, value
            taken[best] = True
            rows[out[b] + place] = low + best
            last = best
        at = min(m, depth)
        for j in range(n):
            i = by_score[low + j] - low
            if at < m and not taken[i]:
                rows[out[b] + at] = low + i
                at += 1
    return rows
