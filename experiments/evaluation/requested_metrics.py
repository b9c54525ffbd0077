"""Metrics of the catalogue that an evaluation is asked for by name: which it can give, and what each scorer has."""

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
from data.schema import TABLES
from experiments.evaluation.diagnostics import LEAST_TAKEN, predicted_actions
from experiments.evaluation.measurements import ALWAYS, Measured, of_item
from experiments.evaluation.oracle import Oracle
from experiments.evaluation.protocol import EvaluationProtocol, FullCatalogue
from features.catalogue import owners, view
from ranking.metrics.catalogue import IMPRESSIONS, LISTS, REQUESTS, impression_metric, list_metric, metric

if TYPE_CHECKING:
    from experiments.evaluation.results import ScorerResult

SHOWN = ("ndcg", "recall", "auc", "true_value")
"""In every table, asked for or not."""

_READ = frozenset({"score", "relevance", "popularity", "population"})
"""Columns that metrics over requests find whatever the data set."""


@dataclass(frozen=True)
class Asked:
    """Names of metrics beside `SHOWN`, in the order in which they were asked for."""

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], dataset: Dataset, protocol: EvaluationProtocol) -> Self:
        """What was asked for.

        Raises:
            ConfigError: a metric that does not apply to this data set and protocol.
        """
        possible = applicable(dataset, protocol) if names else ()
        for name in names:
            if name not in possible:
                raise ConfigError(
                    f"metric {name!r} does not apply to {dataset.name!r}, ranked as {protocol.name}",
                    remedy=f"those that do are {', '.join(possible)}",
                )
        return cls(tuple(name for name in names if name not in SHOWN))

    @cached_property
    def requests(self) -> tuple[str, ...]:
        """Those over requests."""
        return tuple(name for name in self.names if name in REQUESTS)

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """Those of all lists together."""
        return tuple(name for name in self.names if name in LISTS)

    @cached_property
    def impressions(self) -> tuple[str, ...]:
        """Those over impressions that read scores."""
        own = (name for name in self.names if name in IMPRESSIONS)
        return tuple(name for name in own if "probability" not in impression_metric(name).reads)

    @cached_property
    def probabilities(self) -> tuple[str, ...]:
        """Those over impressions that read probabilities of actions."""
        return tuple(name for name in self.names if name in IMPRESSIONS and name not in self.impressions)

    def more(self, texts: bool) -> tuple[str, ...]:
        """Those over requests that are not measured anyway; without what reads texts unless `texts` are understood."""
        own = (name for name in self.requests if name not in ALWAYS)
        return tuple(name for name in own if texts or not any(_of_text(one) for one in metric(name).reads))

    def features(self, texts: bool) -> tuple[str, ...]:
        """Columns that a feature state has to fill for `more`."""
        return tuple(dict.fromkeys(one for name in self.more(texts) for one in metric(name).reads if one in owners()))

    def shares(self, measured: Measured, candidates: Candidates) -> dict[str, float]:
        """The numbers of all requests together: of their lists, then of their impressions."""
        out = {}
        if self.lists and measured.shown:
            listed = measured.listed()
            for name in self.lists:
                one = list_metric(name)
                out[name] = one.of(listed.columns[one.counts], listed.offsets, candidates.count(one.counts))
        if self.impressions and measured.impressions:
            shown = measured.impression_frame()
            columns = {name: shown[name].to_numpy() for name in ("score", "label", "user_id")}
            out |= {name: impression_metric(name).of(columns) for name in self.impressions}
        return out

    def by_action(self, measured: Measured) -> dict[str, dict[str, float]]:
        """`{action: {metric: number}}` of an action model, of actions that `LEAST_TAKEN` impressions had."""
        if not self.probabilities or not measured.impressions:
            return {}
        shown = measured.impression_frame()
        out = {}
        for action, p, taken in predicted_actions(shown):
            columns = {"probability": p, "label": taken, "user_id": shown["user_id"].to_numpy()}
            out[action] = {name: impression_metric(name).of(columns) for name in self.probabilities}
        return out


@dataclass
class Candidates:
    """The ids that were candidates of any request, by column of lists; nothing where no metric counts them."""

    names: frozenset[str]
    parts: dict[str, list[Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """None yet, of the columns that the metrics count."""
        return cls(frozenset(list_metric(name).counts for name in asked.lists))

    def add(self, batch: CandidateBatch) -> None:
        """Takes the candidates of a request."""
        for name in self.names:
            self.parts.setdefault(name, []).append(batch.columns[name])

    def count(self, name: str) -> int:
        """Distinct ids in a column; one below 0 is none."""
        ids = np.unique(np.concatenate(self.parts[name]))
        return int((ids >= 0).sum())


def applicable(dataset: Dataset, protocol: EvaluationProtocol) -> tuple[str, ...]:
    """Names of the catalogue's metrics that an evaluation can give, in the catalogue's order.

    A whole catalogue is ranked without impressions and without truth, and only its best places are kept.
    """
    whole = isinstance(protocol, FullCatalogue)
    truth = Oracle.available(dataset) and not whole
    texts = dataset.has_texts
    requests = []
    for name in REQUESTS:
        one = metric(name)
        filled = (_filled(column, dataset, truth=truth, texts=texts, whole=whole) for column in one.reads)
        if all(filled) and not (whole and one.whole):
            requests.append(name)
    authors = dataset.scan("tweets").select((pl.col("author_id") >= 0).any()).collect().item()
    lists = [name for name in LISTS if authors or list_metric(name).counts != "author_id"]
    return (*requests, *([] if whole else IMPRESSIONS), *lists)


def missing(asked: Asked, rows: Sequence[ScorerResult]) -> list[str]:
    """Sentences on what scorers do not have of what was asked for, and why."""
    notes = []
    for name in asked.requests:
        if without := [row.name for row in rows if name not in row.metrics]:
            notes.append(f"No {name} of {', '.join(without)}: undefined in every request, or no text is understood.")
    if asked.probabilities:
        notes.append(
            f"{', '.join(asked.probabilities)}: by action, of those that at least {LEAST_TAKEN} impressions had, by "
            "the probability at the place where each stood."
        )
        if without := [row.name for row in rows if not row.by_action]:
            notes.append(f"None of {', '.join(without)}: no action is predicted, or none was taken so often.")
    return notes


def _filled(column: str, dataset: Dataset, *, truth: bool, texts: bool, whole: bool) -> bool:
    """Whether a metric over requests finds a column."""
    if column in _READ or (column == "true_value" and truth):
        return True
    if column not in owners() or (whole and not of_item(column)) or (_of_text(column) and not texts):
        return False
    needed = [name for name in view(owners()[column]).tables if name in TABLES]
    return not needed or bool(set(dataset.tables) & set(needed))


def _of_text(column: str) -> bool:
    return column in owners() and "understanding" in view(owners()[column]).tables
