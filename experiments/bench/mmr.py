"""MMR beside the same greedy choice in plain NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from data.batch import F32, I64
from experiments.bench.harness import Case
from ranking.slate.mmr import mmr

_PLACES = 20


class MMRBench:
    """The top 20 of 500 candidates, for one request and for many."""

    peer = "incremental greedy MMR in NumPy, one request after another, over unit vectors"

    def cases(self) -> Iterator[Case]:
        """One live request, and a batch as in a simulation."""
        rng = np.random.default_rng(1)
        for requests, candidates in ((1, 500), (64, 500)):
            scores = rng.random(requests * candidates, dtype=np.float32)
            vectors = rng.normal(size=(requests * candidates, 64)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            offsets = np.arange(requests + 1, dtype=np.int64) * candidates
            yield Case(
                f"{requests} x {candidates} candidates, D=64",
                lambda s=scores, v=vectors, o=offsets: mmr(s, v, o, _PLACES),  # type: ignore[misc]
                lambda s=scores, v=vectors, o=offsets: [  # type: ignore[misc]
                    _greedy(s[a:b], v[a:b]) for a, b in pairwise(o)
                ],
                len(scores),
                "candidates",
            )


def _greedy(scores: F32, unit: F32) -> I64:
    """[20] rows, best first."""
    relevance = (scores - scores.min()) / (scores.max() - scores.min())
    penalty = np.zeros(len(scores), np.float32)
    left = np.ones(len(scores), bool)
    chosen = np.empty(_PLACES, np.int64)
    for place in range(_PLACES):
        value = np.where(left, 0.7 * relevance - 0.3 * penalty, -np.inf)
        chosen[place] = best = int(value.argmax())
        left[best] = False
        alike = unit @ unit[best]
        penalty = alike if place == 0 else np.maximum(penalty, alike)
    return chosen
