"""From a config to a registered model: split, text understanding, training, MLflow run, aliases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from candidates.vectors import VectorIndex
from data.batch import F32, I64, Array
from data.dataset import Dataset
from data.errors import ModelError
from data.import_by_name import entry
from data.progress import Progress, no_progress
from data.split import Split, training_part
from experiments.reports.plots import curves
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of, understanding_of
from experiments.runs.tracking import (
    log_figure,
    log_numbers,
    log_parameters,
    log_tags,
    mlflow_name,
    ready,
    scorer_settings,
    tracked_run,
)
from features.offline import offline_features
from features.offline_cache import OfflineCache
from features.text.understanding import Understanding
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS
from ranking.model_registry import MODEL_NAME, log_bundle, set_alias
from ranking.processes import first_process_first, joined
from ranking.ranker import BASE_COLUMNS
from ranking.scorer import ConfiguredScorer, Scorer, ValuedScorer
from ranking.store import connect
from ranking.trained_rows import TrainedRows
from ranking.training.checkpoint import Checkpoint
from ranking.training.shared import SharedRows
from ranking.training.trainer import Configured, Report, TrainingContext, check_settings, fit_scorer


@dataclass(frozen=True)
class TrainResult:
    """What a training run left behind."""

    run_id: str
    version: str
    registered_as: str
    aliases: tuple[str, ...]
    columns: tuple[str, ...]
    """What was measured each epoch, or of each combination of settings that was tried."""
    epochs: list[dict[str, float]] = field(default_factory=list)
    went_on_after: int = 0
    """Epochs that a killed run of the same config had left in a checkpoint."""
    value_left_out: tuple[str, ...] = ()
    """Actions that the value model weighs and the ranker does not predict."""
    chosen: dict[str, float] = field(default_factory=dict)
    """The settings with the best NDCG, of a model of items that tries several."""


def train(dataset: Dataset, config: RunConfig, home: Path, progress: Progress = no_progress) -> TrainResult:
    """Trains what the config names, logs the run and registers the model.

    The first version becomes `champion`; every new one becomes `challenger`. A run that was killed goes on from its
    last epoch. Of several processes that torchrun started only the first logs; the others' result has no run.

    Raises:
        ConfigError: an unknown scorer or setting.
        DataError: the data set lacks what the scorer learns from.
        ModelError: the loss diverged.
    """
    trained = entry("scorer", SCORERS, config.scorer).trained
    check_settings(config.scorer, config.settings)
    dataset.require("tweets", "engagements", purpose="training")
    ready(home)
    kept, cache = Checkpoint(_checkpoint_folder(dataset, config, home), {}), OfflineCache()
    with joined() as me:
        split = split_of(dataset, config.split)
        with first_process_first():
            understanding = understanding_of(dataset, split, config.encoder, home)

        def fit(
            configured: Configured | None = None, report: Report | None = None, progress: Progress = no_progress
        ) -> Scorer:
            """A context of its own, so that its rows are gone when it has ended."""
            context = TrainingContext(
                dataset, split, config.seed, understanding, progress=progress, report=report, configured=configured,
                checkpoint=kept.folder, index=FaissNeighbours, shared=SharedRows(cache=cache),
            )  # fmt: skip
            return fit_scorer(config.scorer, context, config.settings)

        if me.rank > 0:
            fit()
            return TrainResult("", "", MODEL_NAME, (), ())
        done = kept.epoch
        if done:
            progress(0, 1, f"going on after epoch {done}")
        tags = {"scorer": config.scorer, "kind": "trained" if trained else "formula"}
        parameters = {**config.model_dump(exclude={"settings"}), "split": split.name}
        epochs: list[dict[str, float]] = []
        with tracked_run(home, name=config.scorer, dataset=dataset, parameters=parameters, tags=tags) as run_id:
            with scorer_settings(config.settings) as configured:
                scorer = fit(configured, logged(epochs), progress)
            left_out = scorer.left_out if isinstance(scorer, ValuedScorer) else ()
            chosen = scorer.config.chosen if epochs and isinstance(scorer, ConfiguredScorer) else {}
            log_parameters({"chosen": chosen})
            if left_out:
                log_tags({"value.left_out": ", ".join(left_out)})
            bundle = Bundle(config.scorer, scorer, understanding, dataset.name, dataset.content_hash)
            if trained:
                rows = TrainedRows.of(dataset, split.train)
                bundle = replace(bundle, split=split.name, tables=dataset.tables, learned=rows)
            version = log_bundle(
                bundle, _few_rows(dataset, split, scorer, understanding, cache), _best_numbers(scorer, epochs)
            )
            if epochs:
                _log_epochs(epochs)
        kept.remove()
    aliases, columns = _alias(home, version), tuple(epochs[0]) if epochs else ()
    return TrainResult(run_id, version, MODEL_NAME, aliases, columns, epochs, done, left_out, chosen)


def _checkpoint_folder(dataset: Dataset, config: RunConfig, home: Path) -> Path:
    """Where a run of this config on this data is kept until it has finished."""
    run = json.dumps({"config": config.model_dump(mode="json"), "data": dataset.content_hash}, sort_keys=True)
    return home / "checkpoints" / hashlib.sha256(run.encode()).hexdigest()[:16]


def logged(epochs: list[dict[str, float]]) -> Callable[[Mapping[str, float]], None]:
    """A report of training that puts its numbers into `epochs` and into the active MLflow run."""

    def on_epoch(values: Mapping[str, float]) -> None:
        epochs.append(dict(values))
        log_numbers({_in_run(name): value for name, value in values.items()}, step=len(epochs))

    return on_epoch


class FaissNeighbours:
    """Vectors in FAISS, where hard negatives are mined."""

    def __init__(self, vectors: F32) -> None:
        """Over `vectors` [V, D]."""
        self._index = VectorIndex(vectors.shape[1])
        self._index.add(np.arange(len(vectors)), vectors)

    def search(self, queries: F32, k: int) -> I64:
        """See `ranking.training.neighbours.Neighbours`."""
        return self._index.search(queries, min(k, len(self._index)))[0]


def _few_rows(
    dataset: Dataset, split: Split, scorer: Scorer, understanding: Understanding, cache: OfflineCache
) -> dict[str, Array]:
    """Columns of a few training rows, from which MLflow makes the model's signature.

    Raises:
        ModelError: the model's scores of these rows are not finite.
    """
    rows = split.train.select("user_id", "tweet_id", "time_us").head(4).collect()
    names = [n for n in scorer.reads if n not in BASE_COLUMNS]
    batch = offline_features(training_part(dataset, split), rows, names, understanding, cache)
    scores = scorer.score(batch)
    if not np.isfinite(scores).all():
        raise ModelError(
            f"the trained model scores rows that it learned from as {scores}", remedy="lower the learning rate"
        )
    return {name: batch.column(name) for name in scorer.reads}


def _best_numbers(scorer: Scorer, epochs: list[dict[str, float]]) -> dict[str, float]:
    """What training reported of the model that it kept: the numbers that a sweep may choose by."""
    names = scorer.config.objectives if isinstance(scorer, ConfiguredScorer) else ()
    if not epochs or not names:
        return {}
    sign = 1 if "loss" in names[0] else -1
    best = min(epochs, key=lambda one: sign * one[names[0]])
    return {mlflow_name(_in_run(name)): best[name] for name in names if name in best}


def _in_run(name: str) -> str:
    """The name in a run of a number of training: the NDCG of held-out rows is not mistaken for an evaluation's."""
    return f"validation_{name}" if name.startswith("ndcg@") else name


def _log_epochs(epochs: list[dict[str, float]]) -> None:
    names = epochs[0]
    for group in ("loss", "recall"):
        drawn = {name: [one[name] for one in epochs] for name in names if group in name}
        if drawn:
            log_figure(curves(drawn, title=f"Learning curve: {group}", ylabel=group), f"plots/{group}.png")


def _alias(home: Path, version: str) -> tuple[str, ...]:
    client = connect(home)
    taken = client.get_registered_model(MODEL_NAME).aliases
    aliases = ("challenger",) if "champion" in taken else ("champion", "challenger")
    for alias in aliases:
        set_alias(client, alias, version)
    return aliases
