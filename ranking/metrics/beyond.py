"""Beyond accuracy: variety within a slate, how much of a catalogue is shown, and how unequally."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array


def intra_list_diversity(vectors: Array, offsets: I64) -> F64:
    """[B] mean over the pairs of a slate of 1 - cosine (Ziegler et al., WWW 2005); NaN below two items.

    `vectors` is [N, D] of any length; a zero vector has cosine 0 with everything. From |sum v|^2 = sum |v|^2 +
    2 sum over pairs of v_i.v_j, so that a slate of n costs O(n D).
    """
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float64), where=lengths > 0)
    total = np.zeros((len(offsets) - 1, vectors.shape[1]))
    np.add.at(total, owner, unit)
    own = np.bincount(owner, weights=(unit**2).sum(axis=1), minlength=len(total))
    n = np.diff(offsets).astype(np.float64)
    alike = np.divide((total**2).sum(axis=1) - own, n * (n - 1), out=np.full(len(n), np.nan), where=n > 1)
    diversity: F64 = 1 - alike
    return diversity


def coverage(shown: Array, catalogue: int) -> float:
    """Share of a catalogue of `catalogue` items that appears at least once in `shown` (ids or rows); NaN if empty."""
    return len(np.unique(shown)) / catalogue if catalogue > 0 else float("nan")


def gini(counts: Array) -> float:
    """Gini coefficient of non-negative counts, items with 0 included: 0 all equal, towards 1 all to one.

    sum over i of (2 i - n - 1) x_i / (n sum x) with x ascending; NaN where nothing was counted.
    """
    x = np.sort(np.asarray(counts, np.float64))
    n, total = len(x), x.sum()
    if n == 0 or total <= 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total))
