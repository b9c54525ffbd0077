"""Nearest neighbours of vectors in training, where hard negatives are mined."""

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
