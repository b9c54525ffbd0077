"""Vector retrieval through our index beside a NumPy scan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from candidates.vectors import VectorIndex
from data.batch import F32, I64
from experiments.bench.harness import Case


class RetrievalBench:
    """The 200 nearest of 50,000 vectors of 64 numbers."""

    peer = "matrix product, argpartition and sort in NumPy, ties left to chance"

    def cases(self) -> Iterator[Case]:
        """One query, and a batch of queries."""
        rng = np.random.default_rng(1)
        vectors = _unit(rng.normal(size=(50_000, 64)))
        index = VectorIndex(64)
        index.add(np.arange(len(vectors), dtype=np.int64), vectors)
        for queries in (1, 64):
            drawn = _unit(rng.normal(size=(queries, 64)))
            yield Case(
                f"{queries} of {len(vectors):,}, k=200",
                lambda q=drawn: index.search(q, 200),  # type: ignore[misc]
                lambda q=drawn: _scan(vectors, q, 200),  # type: ignore[misc]
                queries,
                "queries",
            )


def _unit(vectors: np.ndarray) -> F32:
    out: F32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return out


def _scan(vectors: F32, queries: F32, k: int) -> tuple[I64, F32]:
    scores = queries @ vectors.T
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1)
    return np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
