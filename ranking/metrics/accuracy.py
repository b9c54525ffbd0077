"""How well relevant candidates stand on top, per request.

Candidates are ranked by score with ties broken by ascending row (a stable sort); a NaN score is refused. A request
without a relevant candidate, or without candidates, is undefined: NaN, where ranx says 0. Equal to ranx otherwise. With
r_i the relevance at rank i (1 is the top), n the number of candidates with r > 0:

    hit@k        1 if any of the first k is relevant
    recall@k     relevant among the first k / n
    precision@k  relevant among the first k / k
    map@k        sum over relevant ranks i <= k of precision@i / n; so at most k / n where n > k, as trec_eval has it
    map_capped@k the same sum / min(n, k): 1 where the first k are all relevant, as RecBole and recommenders' map_at_k
    mrr@k        1 / rank of the first relevant one, 0 beyond k
    ndcg@k       sum of r_i / log2(i + 1) over the first k / the same sum of the best order that these candidates allow
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from data.batch import F64, I64, Array
from ranking.metrics.metric import RequestMetric
from ranking.metrics.ranked import Ranking, rank


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


def capped_average_precision(ranking: Ranking) -> F64:
    """[B] MAP's term for each request, over as many relevant ones as the list has places for."""
    of = np.maximum(np.minimum(ranking.relevant, ranking.k), 1)
    return average_precision(ranking) * np.maximum(ranking.relevant, 1) / of


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
    "map_capped": capped_average_precision,
    "mrr": reciprocal_rank,
    "ndcg": ndcg,
}
"""Every metric of this page by name."""


def accuracy(scores: Array, relevance: Array, offsets: I64, k: int) -> dict[str, F64]:
    """All metrics at once: `{"hit@20": [B], ...}`, NaN where undefined; the candidates are ranked only once."""
    ranking = rank(scores, relevance, offsets, k)
    return {f"{name}@{k}": formula(ranking) for name, formula in FORMULAS.items()}


def _metric(name: str) -> RequestMetric:
    return RequestMetric(name, ("score", "relevance"), lambda ranked: FORMULAS[name](ranked.ranking))


HIT, RECALL, PRECISION, MAP, MAP_CAPPED, MRR, NDCG = (_metric(name) for name in FORMULAS)


def _defined(ranking: Ranking, values: F64) -> F64:
    return np.where(ranking.relevant > 0, values, np.nan)
