"""What several metrics need of arrays: a check for NaN, and sums by request."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array
from data.errors import DataError


def refuse_nan(values: Array, what: str) -> None:
    """Raises a DataError that names the first row where [N] `values` are NaN."""
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f" and (missing := np.isnan(numbers)).any():
        raise DataError(f"{what} in row {int(missing.argmax())} is nan", remedy="mend what made it before measuring it")


def request_sums(values: Array, offsets: I64) -> F64:
    """[B, ...] float64 sums of [N, ...] within each request, 0 for one without candidates."""
    out = np.zeros((len(offsets) - 1, *values.shape[1:]))
    filled = np.diff(offsets) > 0
    if filled.any():
        out[filled] = np.add.reduceat(values.astype(np.float64), np.asarray(offsets)[:-1][filled], axis=0)
    return out
