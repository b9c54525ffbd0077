"""What metrics over requests, impressions and lists are, and the checks that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch
from data.errors import DataError


class Metric(Protocol):
    """One number a request, from columns of its candidates."""

    @property
    def name(self) -> str:
        """Short name, as in `ranking.metrics.catalogue`."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch; always `score`."""
        ...

    @property
    def whole(self) -> bool:
        """Whether it looks at all candidates, not only at the first `k` and at which others are relevant."""
        ...

    def per_request(self, ranked: CandidateBatch, k: int) -> F64:
        """[B] of the first `k` by `score`, NaN where undefined."""
        ...


@dataclass(frozen=True)
class ImpressionMetric:
    """One number of all impressions together."""

    name: str
    """As in `ranking.metrics.catalogue`."""
    reads: tuple[str, ...]
    """Columns [N]: `score`, `label` and `user_id`, or the `probability` of the label."""
    formula: Callable[..., float]
    """Takes the columns in that order."""

    def of(self, impressions: Mapping[str, Array]) -> float:
        """The number, NaN where undefined."""
        return float(self.formula(*(impressions[name] for name in self.reads)))


@dataclass(frozen=True)
class ListMetric:
    """One number of all requests' lists together."""

    name: str
    """As in `ranking.metrics.catalogue`."""
    counts: str
    """Column of the ids that it counts: `tweet_id` or `author_id`; below 0 where there is none."""
    formula: Callable[[Array, I64, int], float]
    """Takes ids [N], best first, their lists' offsets [B + 1], and how many distinct ids the candidates had."""

    def of(self, ids: Array, offsets: I64, among: int) -> float:
        """The number, NaN where undefined."""
        return float(self.formula(ids, offsets, among))


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
