"""From a config to a registered model: split, text heads, examples, training, MLflow run, aliases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from candidates.vectors import VectorIndex
from data.batch import F32, I64, Array
from data.catalogue import lookup, resolve
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import Split, training_part
from experiments.reports.plots import log_curves
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of, understanding_of
from experiments.runs.tracking import ready, tracked_run
from features.offline import offline_features
from features.text.understanding import Understanding
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS
from ranking.processes import first_process_first, joined
from ranking.ranker import BASE_COLUMNS
from ranking.registry import MODEL_NAME, connect, log_bundle, set_alias
from ranking.scorer import Scorer
from ranking.trained_rows import TrainedRows
from ranking.training.checkpoint import Checkpoint
from ranking.training.rankers.impressions import RowsOf, impressions


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
    import mlflow

    kind = lookup("scorer", SCORERS, config.scorer)
    check_settings(kind, config)
    dataset.require("tweets", "engagements", purpose="training")
    ready(home)
    kept = Checkpoint(_checkpoint_folder(dataset, config, home), {})
    with joined() as me:
        split = split_of(dataset, config.split)
        with first_process_first():
            understanding = understanding_of(dataset, split, config.encoder, home)
        learn = Learning(kind, dataset, split, understanding, config, kept.folder)
        if me.rank > 0:
            learn.fit()
            return TrainResult("", "", MODEL_NAME, (), ())
        done = kept.epoch
        if done:
            progress(0, 1, f"going on after epoch {done}")
        tags = {"scorer": config.scorer, "kind": "trained" if hasattr(kind, "trainer") else "formula"}
        parameters = config.model_dump()
        with tracked_run(home, name=config.scorer, dataset=dataset, parameters=parameters, tags=tags) as run_id:
            epochs: list[dict[str, float]] = []
            scorer = learn.fit(logged(epochs), progress)
            left_out = tuple(getattr(scorer, "left_out", ()))
            chosen = chosen_of(epochs)
            mlflow.log_params({f"chosen.{name}": value for name, value in chosen.items()})
            if left_out:
                mlflow.set_tag("value.left_out", ", ".join(left_out))
            bundle = Bundle(config.scorer, scorer, understanding, dataset.name, dataset.content_hash)
            if hasattr(kind, "trainer"):
                rows = TrainedRows.of(dataset, split.train)
                bundle = replace(bundle, split=split.name, tables=dataset.tables, learned=rows)
            version = log_bundle(bundle, _few_rows(dataset, split, scorer, understanding))
            if epochs:
                _log_epochs(epochs)
        kept.remove()
    aliases, columns = _alias(home, version), tuple(epochs[0]) if epochs else ()
    return TrainResult(run_id, version, MODEL_NAME, aliases, columns, epochs, done, left_out, chosen)


def check_settings(kind: Any, config: RunConfig) -> None:
    """Refuses a wrong setting of a scorer before anything is computed.

    Whether settings go together is left to the trainer, whose defaults may be by the data.

    Raises:
        ConfigError: an unknown setting or one out of range.
    """
    if not hasattr(kind, "trainer"):
        _made(kind, config.scorer, config.settings)
        return
    try:
        kind.config_type(**config.settings)
    except ValidationError as error:
        if error.errors()[0]["loc"]:
            config_from(kind.config_type, config.settings, name=config.scorer)


def _checkpoint_folder(dataset: Dataset, config: RunConfig, home: Path) -> Path:
    """Where a run of this config on this data is kept until it has finished."""
    run = json.dumps({"config": config.model_dump(mode="json"), "data": dataset.content_hash}, sort_keys=True)
    return home / "checkpoints" / hashlib.sha256(run.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Learning:
    """What a scorer is fitted from."""

    kind: Any
    dataset: Dataset
    split: Split
    understanding: Understanding | None
    config: RunConfig
    checkpoint: Path | None = None
    rows_of: RowsOf = impressions
    """What makes the training rows of rankers."""

    def fit(
        self, on_epoch: Callable[[Mapping[str, float]], None] | None = None, progress: Progress = no_progress
    ) -> Scorer:
        """A scorer with a `trainer` is fitted by it; one without is made from its settings.

        Raises:
            ConfigError: an unknown setting or one out of range.
        """
        settings = self.config.settings
        if not hasattr(self.kind, "trainer"):
            return _made(self.kind, self.config.scorer, settings)
        trainer = resolve(self.kind.trainer)
        # A closed form has no epochs to go on from, and only a retriever is given an index to mine with.
        takes = signature(trainer).parameters
        lent = {"checkpoint": self.checkpoint, "index": _FaissNeighbours, "rows_of": self.rows_of}
        fitted: Scorer = trainer(
            self.dataset, self.split, self.understanding, settings, seed=self.config.seed,
            on_epoch=on_epoch, progress=progress,
            **{name: value for name, value in lent.items() if name in takes},
        )  # fmt: skip
        return fitted


def chosen_of(tried: list[dict[str, float]]) -> dict[str, float]:
    """The settings that a model of items keeps of those that it tells with their NDCG: the first of the best."""
    measured = next((name for name in (tried[0] if tried else {}) if name.startswith("ndcg@")), "")
    if not measured or "epoch" in tried[0]:
        return {}
    best = max(tried, key=lambda one: one[measured])
    return {name: value for name, value in best.items() if name != measured}


def logged(epochs: list[dict[str, float]]) -> Callable[[Mapping[str, float]], None]:
    """What takes an epoch's numbers into `epochs` and into the active MLflow run."""
    import mlflow

    def on_epoch(values: Mapping[str, float]) -> None:
        epochs.append(dict(values))
        # MLflow's names take no @.
        mlflow.log_metrics({name.replace("@", "_"): float(value) for name, value in values.items()}, step=len(epochs))

    return on_epoch


class _FaissNeighbours:
    """Vectors in FAISS, where hard negatives are mined."""

    def __init__(self, vectors: F32) -> None:
        self._index = VectorIndex(vectors.shape[1])
        self._index.add(np.arange(len(vectors)), vectors)

    def search(self, queries: F32, k: int) -> I64:
        return self._index.search(queries, min(k, len(self._index)))[0]


def _made(kind: Any, name: str, settings: Mapping[str, Any]) -> Scorer:
    """A scorer from its settings: its one `config`, or the fields of a dataclass."""
    if hasattr(kind, "config_type"):
        made: Scorer = kind(config=config_from(kind.config_type, settings, name=name))
        return made
    known = [one.name for one in fields(kind)]
    unknown = [key for key in settings if key not in known]
    if unknown:
        remedy = f"the keys are {', '.join(known) or 'none'}"
        raise ConfigError(f"unknown key {unknown[0]!r} in the settings of {name}", remedy=remedy)
    try:
        plain: Scorer = kind(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the settings {dict(settings)} of {name}: {error}", remedy="change that value") from error
    return plain


def _few_rows(dataset: Dataset, split: Split, scorer: Scorer, understanding: Understanding) -> dict[str, Array]:
    """Columns of a few training rows: they tell MLflow what the model reads.

    Raises:
        ModelError: the model's scores of these rows are not finite.
    """
    rows = split.train.select("user_id", "tweet_id", "time_us").head(4).collect()
    batch = offline_features(
        training_part(dataset, split), rows, [n for n in scorer.reads if n not in BASE_COLUMNS], understanding
    )
    scores = scorer.score(batch)
    if not np.isfinite(scores).all():
        raise ModelError(
            f"the trained model scores rows that it learned from as {scores}", remedy="lower the learning rate"
        )
    return {name: batch.column(name) for name in scorer.reads}


def _log_epochs(epochs: list[dict[str, float]]) -> None:
    names = epochs[0]
    for group in ("loss", "recall"):
        curves = {name: [one[name] for one in epochs] for name in names if group in name}
        if curves:
            log_curves(curves, f"plots/{group}.png", title=f"Learning curve: {group}", ylabel=group)


def _alias(home: Path, version: str) -> tuple[str, ...]:
    client = connect(home)
    taken = client.get_registered_model(MODEL_NAME).aliases
    aliases = ("challenger",) if "champion" in taken else ("champion", "challenger")
    for alias in aliases:
        set_alias(client, alias, version)
    return aliases
