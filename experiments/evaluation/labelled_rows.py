"""Models judged by labelled rows of a test: no lists and no impressions, each row a user, an item and what came of it.

AUC needs only an order; log loss and calibration need a probability, which `LabelModel`s give. Users with only
positives or only negatives count as all others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, CandidateBatch, Ragged
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from data.labels import POSITIVE_FROM, labelled
from data.settings import Seed
from data.split import Split, parse_split
from experiments.evaluation.bundles import bundles_of
from experiments.evaluation.protocols.full_catalogue import Catalogue
from experiments.evaluation.seen_in_training import refuse_split
from experiments.runs.models import check_readable
from experiments.statistics.auc import auc_interval
from experiments.statistics.paired import Interval, mean_interval
from features.catalogue import owners
from features.online import FeatureState
from ranking.artifact import Bundle
from ranking.scorer import LabelModel
from ranking.scorers.factorisation import row_losses

RANDOM = "random_ratio fraction=0.2 within=log"
"""The split of papers on click models: a random fifth of all rows."""


class LabelConfig(BaseModel):
    """Which rows are judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str = RANDOM
    """As for `evaluate`."""
    positive_from: float = Field(default=POSITIVE_FROM, allow_inf_nan=False)
    """Value from which a row is positive."""
    seed: Seed = 7
    """Of the bootstrap."""


@dataclass(frozen=True)
class LabelResult:
    """What one model reaches."""

    name: str
    auc: Interval | None
    """None for the mean, which orders nothing."""
    log_loss: Interval | None
    """None for a scorer without probabilities."""
    promised: float | None
    """Mean probability over the mean label."""


@dataclass(frozen=True)
class LabelReport:
    """The models, and the mean of the training labels as the least of baselines."""

    rows: tuple[LabelResult, ...]
    protocol: str
    test_rows: int
    positive: float
    """Share of positives in the test."""


def evaluate_labels(dataset: Dataset, references: Sequence[str], config: LabelConfig, home: Path) -> LabelReport:
    """Measures models on the labelled rows of the test.

    Raises:
        DataError: the log has no values, or a part has labels of one kind.
        ModelError: a model learned rows of the test, another label, or reads what the data set lacks.
    """
    split = parse_split(config.split).apply(dataset)
    test = labelled(dataset, split.test, config.positive_from)
    learned = labelled(dataset, split.train, config.positive_from)
    bundles = bundles_of(dataset, split, references, home)
    label, users = test["label"].to_numpy(), test["user_id"].to_numpy()
    rate = float(learned["label"].to_numpy().mean())
    results = [_result("mean of the training labels", None, np.full(len(test), rate), label, users, config.seed)]
    for reference, bundle in bundles.items():
        _check(reference, bundle, dataset, split, config)
        batch, order = _batch(bundle, dataset, split, test)
        score = bundle.scorer.score(batch)
        p = bundle.scorer.probability(batch) if isinstance(bundle.scorer, LabelModel) else None
        results.append(_result(reference, score.astype(np.float64), p, label[order], users[order], config.seed))
    words = (
        f"Split: {split.promise}. {len(test):,} labelled rows of the test ({label.mean():.1%} positive: values of at "
        f"least {config.positive_from:g}), each scored after the log's end with the training part alone known. "
        "Intervals are 95%: DeLong clustered by user for AUC, a bootstrap over users for log loss."
    )
    return LabelReport(tuple(results), words, len(test), float(label.mean()))


def _check(reference: str, bundle: Bundle, dataset: Dataset, split: Split, config: LabelConfig) -> None:
    check_readable(bundle, reference, dataset)
    refuse_split(reference, bundle, dataset, split)
    if bundle.learned is not None and (found := bundle.learned.overlap(dataset, split.test)).rows:
        raise ModelError(
            f"model {reference!r} learned {found.rows:,} of the {found.looked_up:,} rows of this test",
            remedy=f"train it with the split that is evaluated: --set 'split={split.name}'",
        )
    scorer = bundle.scorer
    if isinstance(scorer, LabelModel) and scorer.positive_from != config.positive_from:
        raise ConfigError(
            f"model {reference!r} learned values of at least {scorer.positive_from:g} as positive, not "
            f"{config.positive_from:g}",
            remedy=f"say --positive-from {scorer.positive_from:g}, or train it again",
        )


def _batch(bundle: Bundle, dataset: Dataset, split: Split, test: pl.DataFrame) -> tuple[CandidateBatch, np.ndarray]:
    """The rows as candidates of their users, and their places in `test`."""
    names = [name for name in bundle.scorer.reads if name in owners()]
    state = FeatureState(bundle.understanding, views=sorted({owners()[name] for name in names}))
    Catalogue.of(dataset, split).bring(state)
    order = np.argsort(test["user_id"].to_numpy(), kind="stable")
    users, counts = np.unique(test["user_id"].to_numpy()[order], return_counts=True)
    requests = state.requests(users, dataset.time_range_us()[1] + 1)
    rows = state.network.tweets.rows(test["tweet_id"].to_numpy()[order])
    batch = state.base(requests, Ragged.from_lengths(counts, rows))
    return state.lookup(batch, names), order


def _result(
    name: str, score: F64 | None, p: F64 | None, label: np.ndarray, users: np.ndarray, seed: int
) -> LabelResult:
    return LabelResult(
        name,
        None if score is None else auc_interval(score, label, users),
        None if p is None else mean_interval(row_losses(p, label), users, seed=seed),
        None if p is None else float(p.mean() / label.mean()),
    )
