"""Hard negatives: the nearest tweets of a reader that were not engaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from data.batch import F32, I64
from ranking.slate.topk import top_k

_CHUNK = 256
"""Queries searched at once; bounds memory."""


class Neighbours(Protocol):
    """Vectors that can be searched by inner product."""

    def search(self, queries: F32, k: int) -> I64:
        """[Q, k] the rows of the `k` nearest vectors of each query [Q, D], best first; -1 where there are no more."""
        ...


Indexer = Callable[[F32], Neighbours]
"""Makes vectors searchable."""


class Exact:
    """Every inner product is taken; of equals the lower row comes first."""

    def __init__(self, vectors: F32) -> None:
        """Over `vectors` [V, D]."""
        self._vectors = vectors

    def search(self, queries: F32, k: int) -> I64:
        """See `Neighbours`."""
        count = len(self._vectors)
        found = [
            top_k((queries[at : at + _CHUNK] @ self._vectors.T).ravel(),
                  np.arange(len(queries[at : at + _CHUNK]) + 1) * count, k)
            for at in range(0, len(queries), _CHUNK)
        ]  # fmt: skip
        rows = [one.values.reshape(-1, min(k, count)) % max(count, 1) for one in found]
        return np.concatenate(rows) if rows else np.empty((0, min(k, count)), np.int64)


def mined(neighbours: Neighbours, queries: F32, at: I64, each: int, depth: int, rng: np.random.Generator) -> I64:
    """[n, each] rows drawn, for each positive, from the `depth` nearest of its reader's vector; -1 for none.

    `at` [n] says which row of `queries` a positive's reader is; `rng` draws for all of them.
    """
    nearest = neighbours.search(queries, depth)
    if not nearest.shape[1]:
        return np.full((len(at), each), -1, np.int64)
    drawn: I64 = nearest[at[:, None], rng.integers(0, nearest.shape[1], (len(at), each))]
    return drawn
