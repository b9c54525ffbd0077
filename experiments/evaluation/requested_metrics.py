"""Which metrics an evaluation computes: those that it always does, and those that are requested by name or as objects.

All kinds of metrics are computed here: those over requests by `measure`, the others of all that was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError
from data.import_by_name import did_you_mean
from data.schema import TABLES
from experiments.evaluation.diagnostics import LEAST_TAKEN, predicted_actions
from experiments.evaluation.measurements import Measured
from experiments.evaluation.protocols.protocol import TRUE, EvaluationProtocol
from features.catalogue import owners, view
from ranking.metrics.catalogue import METRICS, metric
from ranking.metrics.metric import ActionMetric, ImpressionMetric, Kind, ListMetric, Metric, RequestMetric

if TYPE_CHECKING:
    from experiments.evaluation.results import ScorerResult

SHOWN = ("ndcg", "recall", "auc", *TRUE)
"""In every table, requested or not."""

ALWAYS = ("hit", "recall", "precision", "map", "mrr", "ndcg", "novelty", *TRUE)
"""Metrics over requests that are computed of every scorer; `TRUE` where the truth is known."""

_READ = frozenset({"score", "relevance", "popularity", "population", "tweet_id", "author_id"})
"""Columns that metrics over requests find whatever the data set."""


@dataclass(frozen=True)
class RequestedMetrics:
    """Metrics beside `SHOWN`, in the order of the request."""

    metrics: tuple[Metric, ...] = ()
    truth: bool = False
    """Whether the truth is known."""

    @classmethod
    def of(cls, names: Sequence[str], own: Sequence[Metric], dataset: Dataset, protocol: EvaluationProtocol) -> Self:
        """Metrics of the catalogue by their `names`, then the caller's `own`.

        Raises:
            ConfigError: a metric that does not apply to this data set and protocol, or two of one name.
        """
        taken = [one.name for one in own if one.name in METRICS]
        names_of_own = [one.name for one in own]
        taken += [name for name in names_of_own if names_of_own.count(name) > 1]
        if taken:
            raise ConfigError(f"the name {taken[0]!r} of a metric is taken", remedy=f"name it my_{taken[0]}")
        wanted = (*(metric(name) for name in names), *own)
        known = _READ | {*TRUE} | owners().keys()
        for one in wanted:
            unknown = [name for name in one.reads if name not in known] if one.kind == "request" else []
            if unknown:
                remedy = f"{did_you_mean(unknown[0], known)}see: rookery features list"
                raise ConfigError(f"metric {one.name!r} reads {unknown[0]!r}, which is no column", remedy=remedy)
            if not _applies(one, dataset, protocol):
                available = protocol.available
                if one.kind == "request" and {*one.reads} & {*TRUE} and available.impressions and not available.truth:
                    raise ConfigError(
                        f"metric {one.name!r} needs the truth, and {dataset.folder} has no folder 'truth'",
                        remedy="only a made world has one: make the world again, or leave that metric out",
                    )
                raise ConfigError(
                    f"metric {one.name!r} does not apply to {dataset.name!r}, ranked as {protocol.name}",
                    remedy=f"those that do are {', '.join(applicable(dataset, protocol))}",
                )
        return cls(tuple(one for one in wanted if one.name not in SHOWN), protocol.available.truth)

    @cached_property
    def requests(self) -> tuple[RequestMetric, ...]:
        """Those over requests."""
        return tuple(one for one in self.metrics if one.kind == "request")

    @cached_property
    def lists(self) -> tuple[ListMetric, ...]:
        """Those of all lists together."""
        return tuple(one for one in self.metrics if one.kind == "list")

    @cached_property
    def impressions(self) -> tuple[ImpressionMetric, ...]:
        """Those of all impressions together."""
        return tuple(one for one in self.metrics if one.kind == "impression")

    @cached_property
    def actions(self) -> tuple[ActionMetric, ...]:
        """Those of probabilities, by action."""
        return tuple(one for one in self.metrics if one.kind == "action")

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each, by name."""
        return {one.name: one.kind for one in self.metrics}

    def by_request(self, texts: bool) -> tuple[RequestMetric, ...]:
        """All that are computed for each request; without what reads texts unless `texts` are understood."""
        always = (metric(name) for name in ALWAYS if self.truth or name not in TRUE)
        kept = [one for one in always if one.kind == "request"]
        more = (one for one in self.requests if one.name not in ALWAYS)
        return (*kept, *(one for one in more if texts or not any(_of_text(name) for name in one.reads)))

    def features(self, texts: bool) -> tuple[str, ...]:
        """Columns that a feature state has to fill for `by_request`."""
        return tuple(
            dict.fromkeys(name for one in self.by_request(texts) for name in one.reads if name in owners())
        )  # fmt: skip

    def shares(self, measured: Measured, candidates: Candidates) -> dict[str, float]:
        """The numbers of all requests together: of their lists, then of their impressions."""
        out = {}
        if self.lists and measured.lists:
            listed = measured.all_lists()
            for one in self.lists:
                out[one.name] = one.of(listed.columns[one.counts], listed.offsets, candidates.count(one.counts))
        if self.impressions and measured.impressions:
            shown = measured.impression_frame()
            columns = {name: shown[name].to_numpy() for name in ("score", "label", "user_id")}
            out |= {one.name: one.of(columns) for one in self.impressions}
        return out

    def by_action(self, measured: Measured) -> dict[str, dict[str, float]]:
        """`{action: {metric: number}}` of an action model, of actions that `LEAST_TAKEN` impressions had."""
        if not self.actions or not measured.impressions:
            return {}
        shown = measured.impression_frame()
        out = {}
        for action, p, taken in predicted_actions(shown):
            columns = {"probability": p, "label": taken, "user_id": shown["user_id"].to_numpy()}
            out[action] = {one.name: one.of(columns) for one in self.actions}
        return out


@dataclass
class Candidates:
    """The ids that were candidates of any request, by column of lists; nothing where no metric counts them."""

    names: frozenset[str]
    parts: dict[str, list[Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, requested: RequestedMetrics) -> Self:
        """None yet, of the columns that the metrics count."""
        return cls(frozenset(one.counts for one in requested.lists))

    def add(self, batch: CandidateBatch) -> None:
        """Takes the candidates of a request."""
        for name in self.names:
            self.parts.setdefault(name, []).append(batch.columns[name])

    def count(self, name: str) -> int:
        """Distinct ids in a column; one below 0 is none."""
        ids = np.unique(np.concatenate(self.parts[name]))
        return int((ids >= 0).sum())


def applicable(dataset: Dataset, protocol: EvaluationProtocol) -> tuple[str, ...]:
    """Names of the catalogue's metrics that an evaluation can give, in the catalogue's order."""
    return tuple(name for name in METRICS if _applies(metric(name), dataset, protocol))


def missing_notes(requested: RequestedMetrics, rows: Sequence[ScorerResult]) -> list[str]:
    """Sentences on what scorers do not have of what was requested, and why."""
    notes = []
    for one in requested.requests:
        if without := [row.name for row in rows if one.name not in row.metrics]:
            notes.append(
                f"No {one.name} of {', '.join(without)}: undefined in every request, or no text is understood."
            )
    if requested.actions:
        notes.append(
            f"{', '.join(one.name for one in requested.actions)}: by action, of those that at least {LEAST_TAKEN} "
            "impressions had, by the probability at the place where each stood."
        )
        if without := [row.name for row in rows if not row.by_action]:
            notes.append(f"None of {', '.join(without)}: no action is predicted, or none was taken so often.")
    return notes


def _applies(one: Metric, dataset: Dataset, protocol: EvaluationProtocol) -> bool:
    """Whether an evaluation can give a metric."""
    if one.kind == "request":
        filled = all(_filled(column, dataset, protocol) for column in one.reads)
        return filled and (protocol.available.all_candidates or not one.whole)
    if one.kind == "list":
        return one.counts != "author_id" or _has_authors(dataset)
    return protocol.available.impressions


def _filled(column: str, dataset: Dataset, protocol: EvaluationProtocol) -> bool:
    """Whether a metric over requests finds a column."""
    if column in _READ or (column in TRUE and protocol.available.truth):
        return True
    if column not in owners() or not protocol.fills(column):
        return False
    if _of_text(column) and not protocol.available.texts:
        return False
    needed = [name for name in view(owners()[column]).tables if name in TABLES]
    return not needed or bool(set(dataset.tables) & set(needed))


def _has_authors(dataset: Dataset) -> bool:
    return bool(dataset.scan("tweets").select((pl.col("author_id") >= 0).any()).collect().item())


def _of_text(column: str) -> bool:
    return column in owners() and "understanding" in view(owners()[column]).tables
