"""How well relevant candidates stand on top, per request.

Candidates are ranked by score with ties broken by ascending row (a stable sort); a NaN score is refused. A request
without a relevant candidate, or without candidates, is undefined: NaN, where ranx says 0. Equal to ranx otherwise. With
r_i the relevance at rank i (1 is the top), n the number of candidates with r > 0:

    hit@k        1 if any of the first k is relevant
    recall@k     relevant among the first k / n
    precision@k  relevant among the first k / k
    map@k        sum over relevant ranks i <= k of precision@i / n; so at most k / n where n > k, as trec_eval has it
    mrr@k        1 / rank of the first relevant one, 0 beyond k
    ndcg@k       sum of r_i / log2(i + 1) over the first k / the same sum of the best order that these candidates allow
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch
from data.errors import ConfigError, DataError
from ranking.metrics.metric import refuse_nan
from ranking.slate.topk import top_k


@dataclass(frozen=True)
class Ranking:
    """The first k places of B requests, from which all metrics follow."""

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
    count = np.r_[0, np.cumsum(gain > 0)]
    relevant = (count[offsets[1:]] - count[offsets[:-1]]).astype(np.float64)
    return Ranking(_places(scores, gain, offsets, k), _places(gain, gain, offsets, k), relevant)


def hit(ranking: Ranking) -> F64:
    """[B] 1 if any of the first k is relevant."""
    return _defined(ranking, ranking.hits.max(axis=1))


def recall(ranking: Ranking) -> F64:
    """[B] share of the relevant ones among the first k."""
    return _defined(ranking, ranking.hits.sum(axis=1) / np.maximum(ranking.relevant, 1))


def precision(ranking: Ranking) -> F64:
    """[B] share of the first k places that hold a relevant one; empty places count against it."""
    return _defined(ranking, ranking.hits.sum(axis=1) / ranking.k)


def average_precision(ranking: Ranking) -> F64:
    """[B] MAP's term for each request, over all n relevant ones."""
    at = np.cumsum(ranking.hits, axis=1) / np.arange(1, ranking.k + 1)
    return _defined(ranking, (at * ranking.hits).sum(axis=1) / np.maximum(ranking.relevant, 1))


def reciprocal_rank(ranking: Ranking) -> F64:
    """[B] 1 / rank of the first relevant one."""
    first = ranking.hits.argmax(axis=1)
    return _defined(ranking, ranking.hits.max(axis=1) / (first + 1))


def ndcg(ranking: Ranking) -> F64:
    """[B] discounted gain over the achievable ideal (Jarvelin and Kekalainen 2002, linear gain)."""
    discount = 1 / np.log2(np.arange(2, ranking.k + 2))
    ideal = (ranking.ideal * discount).sum(axis=1)
    gained = (ranking.gains * discount).sum(axis=1)
    return _defined(ranking, gained / np.where(ideal > 0, ideal, 1))


FORMULAS: Mapping[str, Callable[[Ranking], F64]] = {
    "hit": hit,
    "recall": recall,
    "precision": precision,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "ndcg": ndcg,
}
"""Every metric of this page by name."""


def accuracy(scores: Array, relevance: Array, offsets: I64, k: int) -> dict[str, F64]:
    """All metrics at once: `{"hit@20": [B], ...}`, NaN where undefined; the candidates are ranked only once."""
    ranking = rank(scores, relevance, offsets, k)
    return {f"{name}@{k}": formula(ranking) for name, formula in FORMULAS.items()}


@dataclass(frozen=True)
class AccuracyMetric:
    """One metric over a batch with columns `score` and `relevance`."""

    name: str
    """One of `FORMULAS`."""
    reads: ClassVar[tuple[str, ...]] = ("score", "relevance")
    whole: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuses a name that is not there."""
        if self.name not in FORMULAS:
            raise ConfigError(f"unknown metric {self.name!r}", remedy=f"choose one of {', '.join(FORMULAS)}")

    def per_request(self, ranked: CandidateBatch, k: int) -> F64:
        """[B], NaN where undefined."""
        return FORMULAS[self.name](rank(ranked.column("score"), ranked.column("relevance"), ranked.offsets, k))


HIT, RECALL, PRECISION, MAP, MRR, NDCG = (AccuracyMetric(name) for name in FORMULAS)


def _places(scores: Array, gain: F64, offsets: I64, k: int) -> F64:
    best = top_k(scores, offsets, k)
    out = np.zeros((len(best), k))
    out[best.owner, np.arange(len(best.values)) - best.offsets[best.owner]] = gain[best.values]
    return out


def _defined(ranking: Ranking, values: F64) -> F64:
    return np.where(ranking.relevant > 0, values, np.nan)
