"""What an evaluation gives: a result a scorer, and the report over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.datasets.time_ties import TiedRows
from experiments.evaluation.score_ties import ScoreTies
from experiments.statistics.paired import Interval
from ranking.metrics.metric import Kind


@dataclass(frozen=True)
class MMRChange:
    """What diversifying the first k places did: intra-list diversity over item vectors against NDCG."""

    diversity_before: Interval
    diversity_after: Interval
    ndcg_before: Interval
    ndcg_after: Interval


@dataclass(frozen=True)
class ScorerResult:
    """One row of the table."""

    name: str
    reference: str
    version: str
    run_id: str
    ndcg: Interval
    recall: Interval
    auc: Interval | None
    true_value: Interval | None
    """Expected engagements among the first k, were all looked at, by the truth; None where there is no truth."""
    true_welfare: Interval | None
    """Expected welfare of the first k, were all looked at, by the truth, in [-k, k]; None where there is no truth."""
    mmr: MMRChange | None
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    """The metrics over requests that were requested."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Those of all requests together: of their lists, and of their impressions."""
    by_action: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Those of probabilities, by action and metric; empty for a scorer that predicts none."""
    score_ties: ScoreTies | None = None
    """How its scores tie; None where no request had two candidates."""

    @property
    def label(self) -> str:
        """The scorer with its version, where it has one."""
        return f"{self.name} v{self.version}" if self.version else self.name


def run_metric(name: str, k: int) -> str:
    """The name in an MLflow run of a metric over the first `k` places: `ndcg_20` is what is shown as NDCG@20."""
    return f"{name}_{k}"


@dataclass(frozen=True)
class Report:
    """The table, with the words that belong to it."""

    rows: tuple[ScorerResult, ...]
    protocol: str
    key: str
    """Data set and protocol in one word: runs with the same key may be compared."""
    k: int
    notes: tuple[str, ...]
    users: tuple[int, ...]
    """Users of the evaluated requests, ascending."""
    ties: TiedRows | None = None
    """Test rows that the split's tie rule decided; None for a split without such a rule."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """What each requested metric is one number of, by name."""

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "protocol": self.protocol, "key": self.key, "k": self.k, "rows": self.rows, "notes": self.notes,
            "ties": self.ties,
        }  # fmt: skip

    def heading(self, metric: str) -> str:
        """A requested metric as a table's column: those of lists are of the first `k` places."""
        return f"{metric}@{self.k}" if self.kinds[metric] in ("request", "list") else metric

    def row(self, name: str) -> ScorerResult:
        """The row of one scorer."""
        return next(one for one in self.rows if one.name == name)
