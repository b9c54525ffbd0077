"""The best k of each request, with the tie rule that every ranking here follows.

Tie rule: equal scores keep the order of the batch, so the lower row comes first. NaN ranks below everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data.batch import I64, Array, CandidateBatch, Ragged, offsets_of
from data.errors import ConfigError
from data.kernel import kernel


def top_k(scores: Array, offsets: I64, k: int) -> Ragged:
    """Rows of the best `k` candidates of each request, best first.

    `scores` is [N], `offsets` [B + 1]; a request with fewer candidates gives all of them. Costs O(N + B k log k):
    the k-th largest score is found by partition, so that ranking a whole catalogue does not sort it.

    Raises:
        ConfigError: k is negative.
    """
    if k < 0:
        raise ConfigError(f"k is {k}", remedy="take 0 or more")
    offsets = np.ascontiguousarray(offsets, np.int64)
    out = offsets_of(np.minimum(np.diff(offsets), k))
    values = np.nan_to_num(np.asarray(scores, np.float64), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    return Ragged(out, _fill(values, offsets, out))


@dataclass(frozen=True)
class TopK:
    """A selector: the best k by `score`."""

    reads: ClassVar[tuple[str, ...]] = ("score",)

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request, best first."""
        return top_k(batch.column("score"), batch.offsets, k)


@kernel
def _fill(scores: Array, offsets: I64, out: I64) -> I64:
    rows = np.empty(out[-1], np.int64)
    for b in range(len(offsets) - 1):
        low, n, m = offsets[b], offsets[b + 1] - offsets[b], out[b + 1] - out[b]
        if m == 0:
            continue
        mine = scores[low : low + n]
        if n <= 4 * m:
            rows[out[b] : out[b + 1]] = low + np.argsort(-mine, kind="mergesort")[:m]
            continue
        kth = np.partition(mine, n - m)[n - m]
        ties = m
        for i in range(n):
            ties -= mine[i] > kth
        chosen = np.empty(m, np.int64)
        at = 0
        for i in range(n):
            if mine[i] > kth:
                chosen[at] = i
                at += 1
            elif mine[i] == kth and ties > 0:
                chosen[at] = i
                at += 1
                ties -= 1
        rows[out[b] : out[b + 1]] = low + chosen[np.argsort(-mine[chosen], kind="mergesort")]
    return rows
