"""Codes of vectors, coarse to fine: residual k-means, by which a semantic id is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np

from data.batch import F32, I64
from data.kernel import sum_kernel

LEVELS = 3
SIZE = 64
"""Centres of a level."""

_ROUNDS = 10


@dataclass(frozen=True)
class ResidualCodes:
    """The first code is the nearest of `SIZE` centres, each further one the nearest to what is left of the vector."""

    centres: tuple[F32, ...]
    """[k, D] of each level, k at most `SIZE`."""

    @classmethod
    def fit(cls, vectors: F32, *, seed: int = 1) -> Self:
        """Centres of at least one vector [N, D], by k-means with `seed`; a level has no more of them than vectors."""
        left, levels = np.ascontiguousarray(vectors, np.float32), []
        size = min(SIZE, len(left))
        for level in range(LEVELS):
            means: Any = faiss.Kmeans(
                left.shape[1], size, niter=_ROUNDS, seed=seed + level, min_points_per_centroid=1,
                max_points_per_centroid=len(left),
            )  # fmt: skip
            means.train(left)
            levels.append(np.ascontiguousarray(means.centroids, np.float32))
            left = left - levels[-1][_nearest(levels[-1], left)]
        return cls(tuple(levels))

    def codes(self, vectors: F32) -> I64:
        """[N, LEVELS] the code of each vector; the smaller number of centres that are equally near."""
        left, out = np.ascontiguousarray(vectors, np.float32), np.empty((len(vectors), LEVELS), np.int64)
        for level, centres in enumerate(self.centres):
            out[:, level] = _nearest(centres, left)
            left = left - centres[out[:, level]]
        return out

    def prefixes(self, vectors: F32) -> I64:
        """[N, LEVELS] a number for each prefix of each code, from one code to all; all prefixes have their own."""
        out, number, begin = self.codes(vectors), np.zeros(len(vectors), np.int64), 0
        for level in range(LEVELS):
            number = number * SIZE + out[:, level]
            out[:, level] = begin + number
            begin += SIZE ** (level + 1)
        return out


def _nearest(centres: F32, vectors: F32) -> I64:
    """[N] the centre nearest to each vector."""
    out = np.empty(len(vectors), np.int64)
    _find_nearest(centres, vectors, out)
    return out


@sum_kernel
def _find_nearest(centres: F32, vectors: F32, out: I64) -> Any:
    """Fills `out`. Vector by vector, so that a code does not depend on what is coded with it, as with BLAS it may."""
    for i in range(len(vectors)):
        least = np.float32(np.inf)
        for c in range(len(centres)):
            distance = np.float32(0.0)
            for d in range(vectors.shape[1]):
                step = vectors[i, d] - centres[c, d]
                distance += step * step
            if distance < least:
                least, out[i] = distance, c
