"""Choosing an index by a stated target: the cheapest whose recall reaches it, measured on queries of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import F32, I64
from data.errors import ConfigError

_ALONE = 200
"""Queries that are asked one at a time."""


@dataclass(frozen=True)
class Measured:
    """One index, measured."""

    config: VectorConfig
    recall: float
    """Share of the exact k nearest that it finds, the mean over queries."""
    alone_ms: float
    """Milliseconds of one query asked alone, the median."""
    batch_ms: float
    """Milliseconds a query when all are asked together."""


def measure(index: VectorIndex, queries: F32, exact: I64) -> Measured:
    """Recall against `exact` [Q, k] keys and the time of searches; the first search is not timed."""
    k = exact.shape[1]
    index.search(queries[:1], k)
    began = perf_counter()
    found, _ = index.search(queries, k)
    together = perf_counter() - began
    alone = []
    for one in range(min(_ALONE, len(queries))):
        began = perf_counter()
        index.search(queries[one : one + 1], k)
        alone.append(perf_counter() - began)
    return Measured(index.config, recall(found, exact), 1e3 * float(np.median(alone)), 1e3 * together / len(queries))


def recall(found: I64, exact: I64) -> float:
    """The mean over queries of the share of `exact` [Q, k] that is in `found` [Q, k]."""
    return float(np.mean([np.isin(b, a).mean() for a, b in zip(found, exact, strict=True)]))


def cheapest(measured: Sequence[Measured], target: float) -> Measured:
    """The one of least milliseconds a query alone among those that reach the target recall.

    Raises:
        ConfigError: none does.
    """
    enough = [one for one in measured if one.recall >= target]
    if not enough:
        best = max((one.recall for one in measured), default=0.0)
        raise ConfigError(
            f"no index reaches recall {target:g}, the best has {best:.3f}", remedy="ask for less, or flat"
        )
    return min(enough, key=lambda one: one.alone_ms)
