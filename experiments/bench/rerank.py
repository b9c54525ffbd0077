"""MMR beside pyversity's, on inputs of which both choose the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.batch import F32
from data.errors import ConfigError
from experiments.bench.harness import Case
from ranking.slate.mmr import mmr


class RerankBench:
    """The top 50 of 500 and 100 of 2,000 candidates, over vectors of 64 and of 384 numbers."""

    peer = "pyversity's MMR (NumPy, float32) at diversity 0.3, on the same scores in 0..1 and vectors of length 1"

    def cases(self) -> Iterator[Case]:
        """One request each.

        Raises:
            ConfigError: pyversity is not installed.
        """
        try:
            from pyversity import mmr as pyversity_mmr
        except ImportError as error:
            raise ConfigError("bench rerank needs pyversity", remedy="pip install pyversity") from error
        for candidates, places in ((500, 50), (2_000, 100)):
            offsets = np.array([0, candidates], np.int64)
            for dim in (64, 384):
                scores, vectors = _candidates(candidates, dim)
                yield Case(
                    f"{candidates:,} -> {places}, D={dim}",
                    lambda s=scores, v=vectors, o=offsets, k=places: mmr(s, v, o, k, depth=k).values,  # type: ignore[misc]
                    lambda s=scores, v=vectors, k=places: pyversity_mmr(v, s, k, diversity=0.3).indices,  # type: ignore[misc]
                    candidates,
                    "candidates",
                )


def _candidates(count: int, dim: int) -> tuple[F32, F32]:
    """Scores that span 0..1 and unit vectors with cosines of (1 + those of random ones) / 2, so that none is < 0."""
    rng = np.random.default_rng(1)
    scores = rng.permutation(np.linspace(0, 1, count)).astype(np.float32)
    vectors = np.ones((count, dim), np.float32)
    vectors[:, 1:] = rng.normal(size=(count, dim - 1))
    vectors[:, 1:] /= np.linalg.norm(vectors[:, 1:], axis=1, keepdims=True)
    return scores, vectors / np.float32(np.sqrt(2))
