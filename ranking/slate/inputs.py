"""What selectors read, checked and brought to one scale before anything is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.batch import F64, I64, Array
from data.errors import DataError
from data.kernel import kernel, sum_kernel


def finite_scores(scores: Array, offsets: I64, what: str) -> tuple[F64, I64]:
    """[N] float64 scores and [B + 1] int64 offsets of `what` (a word for the error).

    Raises:
        DataError: a score that is NaN or infinite, or as many scores as the offsets do not say.
    """
    values = np.ascontiguousarray(scores, np.float64)
    offsets = np.ascontiguousarray(offsets, np.int64)
    if len(values) != offsets[-1]:
        raise DataError(f"{what} got {len(values)} scores for {offsets[-1]} candidates", remedy="give one a candidate")
    finite = np.isfinite(values)
    if not finite.all():
        row = int(finite.argmin())
        raise DataError(
            f"{what} got score {values[row]} in row {row}", remedy="leave the candidate out, or mend the scorer"
        )
    return values, offsets


def unit_vectors(vectors: Array, rows: int, what: str, dtype: Any = np.float32) -> Array:
    """[N, D] vectors of length 1 in `dtype`, in C order; a zero vector stays zero.

    Raises:
        DataError: not `rows` vectors, or one with a number that is not finite.
    """
    if vectors.ndim != 2 or len(vectors) != rows:
        raise DataError(f"{what} got vectors of shape {vectors.shape} for {rows} candidates", remedy="give [N, D]")
    source = vectors if vectors.dtype in (np.float32, np.float64) else vectors.astype(np.float32)
    unit = np.empty(vectors.shape, dtype)
    bad = _normalise(np.ascontiguousarray(source), unit)
    if bad >= 0:
        raise DataError(f"{what} got a vector that is not finite in row {bad}", remedy="mend the model that made it")
    return unit


def min_max(scores: F64, offsets: I64) -> F64:
    """[N] (score - least) / (greatest - least) within each request, 0 where all its scores are equal."""
    out = np.empty(len(scores))
    _min_max(scores, offsets, out)
    return out


@kernel
def _min_max(scores: F64, offsets: I64, out: F64) -> None:
    for b in range(len(offsets) - 1):
        low, high = np.inf, -np.inf
        for i in range(offsets[b], offsets[b + 1]):
            low, high = min(low, scores[i]), max(high, scores[i])
        for i in range(offsets[b], offsets[b + 1]):
            out[i] = (scores[i] - low) / (high - low) if high > low else 0.0


@sum_kernel
def _normalise(vectors: Array, unit: Array) -> int:
    """Fills `unit`; returns the first row with a number that is not finite, -1 where there is none."""
    for i in range(len(vectors)):
        # In float64, so that neither long nor short float32 vectors leave the range.
        squares = 0.0
        for d in range(vectors.shape[1]):
            squares += np.float64(vectors[i, d]) * np.float64(vectors[i, d])
        if not np.isfinite(squares):
            return i
        scale = 1.0 / np.sqrt(squares) if squares > 0.0 else 0.0
        for d in range(vectors.shape[1]):
            unit[i, d] = vectors[i, d] * scale
    return -1
