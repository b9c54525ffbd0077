"""One line a metric; none is imported until it is used. `rookery evaluate --metric NAME` takes these names.

A metric is an object of a class of `ranking.metrics.metric`, which states what it is one number of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.import_by_name import lookup

if TYPE_CHECKING:
    from ranking.metrics.metric import Metric


@dataclass(frozen=True)
class Entry:
    """Where a metric is, and what it measures in a few words."""

    target: str
    """`module:NAME`."""
    words: str
    """For help."""


METRICS: Mapping[str, Entry] = {
    "hit": Entry("ranking.metrics.accuracy:HIT", "any relevant one in the list"),
    "recall": Entry("ranking.metrics.accuracy:RECALL", "share of the relevant ones in the list"),
    "precision": Entry("ranking.metrics.accuracy:PRECISION", "share of the list that is relevant"),
    "map": Entry("ranking.metrics.accuracy:MAP", "precision at each relevant one, averaged"),
    "map_capped": Entry("ranking.metrics.accuracy:MAP_CAPPED", "map over at most as many relevant ones as places"),
    "mrr": Entry("ranking.metrics.accuracy:MRR", "1 / rank of the first relevant one"),
    "ndcg": Entry("ranking.metrics.accuracy:NDCG", "discounted gain over the best order's"),
    "request_auc": Entry("ranking.metrics.classification:REQUEST_AUC", "AUC within a request, over all its candidates"),
    "diversity": Entry("ranking.metrics.beyond_accuracy:DIVERSITY", "mean of 1 - cosine of the list's texts"),
    "novelty": Entry("ranking.metrics.beyond_accuracy:NOVELTY", "bits by which the list is unknown"),
    "true_value": Entry("ranking.metrics.value:VALUE", "engagements to expect by the truth"),
    "true_welfare": Entry("ranking.metrics.value:WELFARE", "how glad readers are of the list, by the truth"),
    "regret": Entry("ranking.metrics.value:REGRET", "the oracle's true value less the scorer's"),
    "auc": Entry("ranking.metrics.classification:AUC", "chance that a positive is above a negative"),
    "pr_auc": Entry("ranking.metrics.classification:PR_AUC", "area under precision against recall"),
    "grouped_auc": Entry("ranking.metrics.classification:GROUPED_AUC", "AUC within each user, weighted by rows"),
    "log_loss": Entry("ranking.metrics.classification:LOG_LOSS", "mean negative log likelihood, by action"),
    "relative_cross_entropy": Entry(
        "ranking.metrics.classification:RCE", "percent of log loss saved over the mean's, by action"
    ),
    "calibration_error": Entry(
        "ranking.metrics.calibration:CALIBRATION_ERROR", "mean distance of promised and observed, by action"
    ),
    "expected_over_observed": Entry(
        "ranking.metrics.calibration:EXPECTED_OVER_OBSERVED", "promised over observed, by action"
    ),
    "coverage": Entry("ranking.metrics.beyond_accuracy:COVERAGE", "share of the candidates that is in any list"),
    "gini": Entry("ranking.metrics.beyond_accuracy:GINI", "inequality of how often candidates are in lists"),
    "exposure_gini": Entry(
        "ranking.metrics.beyond_accuracy:EXPOSURE_GINI", "inequality of candidates' attention by place"
    ),
    "author_gini": Entry("ranking.metrics.beyond_accuracy:AUTHOR_GINI", "inequality of authors' attention by place"),
}


def metric(name: str) -> Metric:
    """The metric of a name.

    Raises:
        ConfigError: no such metric.
    """
    found: Metric = lookup("metric", {known: entry.target for known, entry in METRICS.items()}, name)
    return found
