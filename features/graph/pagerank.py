"""PageRank of the follow graph (Page et al., 1999): how often a random walk along follows visits an account."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.batch import F32, F64
from data.kernel import kernel
from features.graph.follow_edges import Edges

JUMP = 0.1
"""Probability of a jump to any account instead of along a follow."""

TOLERANCE = 1e-7
"""Largest change of an account's probability, as a share of it, at which iteration ends."""

LIMIT = 200
"""Iterations after which it ends anyway: what is left of the start is below 0.9^200 = 1e-9."""


def pagerank(edges: Edges) -> F64:
    """[U] stationary probability of each account, sum 1.

    A step goes from an account to one of those it follows, drawn evenly; with probability 0.1, and always from an
    account that follows no account, to any account of the graph. Power iteration from the uniform start, in a fixed
    order.
    """
    followed = np.diff(edges.out_offsets)
    return _iterate(edges.in_offsets, edges.sources, followed, JUMP, TOLERANCE, LIMIT)  # type: ignore[no-any-return]


def score(probability: F64) -> F32:
    """[N] clip(130 + 5.21 ln p, 0, 100): the scale on which Twitter keeps it (`tweepcred`, the-algorithm, 2023)."""
    with np.errstate(divide="ignore"):
        return np.clip(130.0 + 5.21 * np.log(probability), 0.0, 100.0).astype(np.float32)


@kernel
def _iterate(offsets: Any, sources: Any, followed: Any, jump: Any, tolerance: Any, limit: Any) -> Any:
    size = len(followed)
    rank, share = np.full(size, 1.0 / max(size, 1)), np.empty(size)
    if size == 0:
        return rank
    for _ in range(limit):
        lost = 0.0
        for i in range(size):
            if followed[i] > 0:
                share[i] = rank[i] / followed[i]
            else:
                lost += rank[i]
        base = (jump + (1.0 - jump) * lost) / size
        change = 0.0
        for i in range(size):
            total = 0.0
            for k in range(offsets[i], offsets[i + 1]):
                total += share[sources[k]]
            fresh = base + (1.0 - jump) * total
            change = max(change, abs(fresh - rank[i]) / fresh)
            rank[i] = fresh
        if change <= tolerance:
            break
    return rank
