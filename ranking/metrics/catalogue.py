"""One line a metric over requests; none is imported until it is used."""

from __future__ import annotations

from collections.abc import Sequence

from data.batch import F64, CandidateBatch
from data.catalogue import lookup
from ranking.metrics.metric import Metric

METRICS: dict[str, str] = {
    "hit": "ranking.metrics.accuracy:HIT",
    "recall": "ranking.metrics.accuracy:RECALL",
    "precision": "ranking.metrics.accuracy:PRECISION",
    "map": "ranking.metrics.accuracy:MAP",
    "mrr": "ranking.metrics.accuracy:MRR",
    "ndcg": "ranking.metrics.accuracy:NDCG",
    "auc": "ranking.metrics.classification:AUC",
    "diversity": "ranking.metrics.beyond:DIVERSITY",
    "novelty": "ranking.metrics.beyond:NOVELTY",
    "value": "ranking.metrics.value:VALUE",
    "regret": "ranking.metrics.value:REGRET",
}


def metric(name: str) -> Metric:
    """The metric of a name.

    Raises:
        ConfigError: no such metric.
    """
    found: Metric = lookup("metric", METRICS, name)
    return found


def measure(names: Sequence[str], batch: CandidateBatch, k: int) -> dict[str, F64]:
    """`{"ndcg@20": [B], ...}`, NaN where undefined.

    Raises:
        ConfigError: no such metric.
        DataError: a column that a metric reads is not there.
    """
    return {f"{name}@{k}": metric(name).per_request(batch, k) for name in names}
