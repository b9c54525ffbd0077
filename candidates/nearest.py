"""The nearest tweets that live, from an index that may hold dead ones."""

from __future__ import annotations

import numpy as np

from candidates.living import living
from candidates.vectors import VectorIndex
from data.batch import F32, F64, I64, Ragged
from features.state.network import NetworkState


def nearest_living(
    index: VectorIndex, network: NetworkState, queries: F32, time_us: I64, k: int, max_age_h: float
) -> tuple[Ragged, F64]:
    """[Q] lists of the `k` tweets nearest to each query that live at its time, nearest first, and their inner products.

    It is as if the dead were not in the index: they take no place of the living.

    Args:
        index: has tweet rows as keys.
        network: knows which of them live.
        queries: [Q, D] float32.
        time_us: [Q] the time of each query.
        k: how many for each query.
        max_age_h: hours that a tweet lives.
    """
    if not len(queries):
        return Ragged(np.zeros(1, np.int64), np.empty(0, np.int64)), np.empty(0)
    held = index.keys
    dead = len(held) - int(living(network, held, np.full(len(held), time_us.max()), max_age_h).sum())
    wide = k + min(dead, k)
    while True:
        keys, nearness = index.search(queries, wide)
        alive = living(network, keys.ravel(), np.repeat(time_us, wide), max_age_h).reshape(keys.shape)
        if not ((alive.sum(axis=1) < k) & (keys[:, -1] >= 0)).any():
            break
        wide *= 2
    keep = alive & (alive.cumsum(axis=1) <= k)
    return Ragged.from_lengths(keep.sum(axis=1), keys[keep]), nearness[keep].astype(np.float64)
