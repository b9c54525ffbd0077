"""Candidates in the order of their scores: what metrics over requests are made of.

Equal scores keep the order of the rows (a stable sort); a NaN score is refused where relevance is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch, Ragged, offsets_of
from data.errors import ConfigError, DataError
from ranking.metrics.arrays import refuse_nan
from ranking.slate.topk import top_k


@dataclass(frozen=True)
class Ranking:
    """Where relevant candidates stand among the first k places of B requests."""

    gains: F64
    """[B, k] relevance by rank, 0 beyond a request's candidates."""
    ideal: F64
    """[B, k] relevance by rank in the best possible order."""
    relevant: F64
    """[B] number of candidates with relevance above 0."""

    @classmethod
    def of_hits(cls, hits: F64, relevant: I64) -> Self:
        """From `hits` [B, k], 1 where a relevant candidate stands, and how many are relevant to each request, [B]."""
        ideal = (np.arange(hits.shape[1])[None, :] < relevant[:, None]).astype(np.float64)
        return cls(hits, ideal, relevant.astype(np.float64))

    @property
    def k(self) -> int:
        """Places looked at."""
        return int(self.gains.shape[1])

    @cached_property
    def hits(self) -> F64:
        """[B, k] 1 where a relevant candidate stands."""
        return (self.gains > 0).astype(np.float64)


@dataclass(frozen=True)
class Ranked:
    """The candidates of B requests with a column `score`. What several metrics need of them is computed once."""

    batch: CandidateBatch
    k: int
    """Length of the list that is judged."""

    def column(self, name: str) -> Array:
        """[N, ...] one column; a request's column is gathered for its candidates.

        Raises:
            DataError: no such column.
        """
        return self.batch.column(name)

    @cached_property
    def slates(self) -> Ragged:
        """Rows of the first k of each request, best first."""
        return top_k(self.column("score"), self.batch.offsets, self.k)

    @cached_property
    def ranking(self) -> Ranking:
        """By the columns `score` and `relevance`."""
        return rank(self.column("score"), self.column("relevance"), self.batch.offsets, self.k)

    def in_places(self, values: Array) -> Array:
        """[B, k] of `values` [N] what stands in each place, in their own type; 0 beyond a request's candidates."""
        return _places(self.slates, values, self.k)


def rank(scores: Array, relevance: Array, offsets: I64, k: int) -> Ranking:
    """Ranks candidates; `scores` and `relevance` (>= 0) are [N], `offsets` [B + 1].

    Raises:
        ConfigError: k is below 1.
        DataError: arrays of different lengths, a NaN score, or relevance that is negative or not finite.
    """
    if k < 1:
        raise ConfigError(f"k is {k}", remedy="a metric needs at least one place")
    offsets = np.asarray(offsets, np.int64)
    if not len(scores) == len(relevance) == int(offsets[-1]):
        lengths = f"{len(scores)} scores, {len(relevance)} relevances, {int(offsets[-1])} candidates"
        raise DataError(f"metric inputs differ in length: {lengths}", remedy="give one of each a candidate")
    refuse_nan(scores, "score")
    gain = np.asarray(relevance, np.float64)
    if gain.size and not (gain.min() >= 0 and gain.max() < np.inf):
        worst = gain.min() if not gain.min() >= 0 else gain.max()
        raise DataError(f"relevance {worst} is not >= 0 and finite", remedy="use 0 for what is not relevant")
    count = offsets_of(gain > 0)
    relevant = (count[offsets[1:]] - count[offsets[:-1]]).astype(np.float64)
    gains, ideal = (_places(top_k(by, offsets, k), gain, k) for by in (scores, gain))
    return Ranking(gains, ideal, relevant)


def _places(slates: Ragged, values: Array, k: int) -> Array:
    out = np.zeros((len(slates), k), values.dtype)
    out[slates.owner, np.arange(len(slates.values)) - slates.offsets[slates.owner]] = values[slates.values]
    return out
