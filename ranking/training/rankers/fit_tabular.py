"""Trainers of the tabular baselines, `logistic` and `boosting`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from data.batch import F32, Array
from data.errors import DataError, ModelError
from data.progress import Progress, no_progress
from ranking.models.calibration import Calibration
from ranking.models.ranker_training import RowsConfig
from ranking.scorers.tabular import Boosting, BoostingConfig, Logistic, LogisticConfig, TabularConfig, normalised, place
from ranking.training.losses import action_loss
from ranking.training.rankers.impressions import Impressions
from ranking.training.rankers.task import WATCHED
from ranking.training.rankers.trainer import RankerTrainer
from ranking.training.shared import SharedRows
from ranking.training.trainer import Report, TrainingContext

C = TypeVar("C", bound=TabularConfig)
R = TypeVar("R", Logistic, Boosting)
Trees = dict[int, HistGradientBoostingClassifier]
_OF_TREES = {"trees", "patience", "learning_rate", "leaves", "smallest_leaf", "penalty", "seed"}
_LEAST = 1e-7
"""Probability below which a forecast counts as this much, and above 1 minus which as that: a loss stays finite."""


@dataclass(frozen=True, kw_only=True)
class TabularTrainer(RankerTrainer[C, R]):
    """Fits one of the baselines, one model an action, and reports its `validation_loss` once."""

    train: Callable[[C, Impressions, Progress, Report | None, SharedRows | None], R]

    def rows_config(self, config: C) -> RowsConfig:
        """See `RankerTrainer`."""
        return config.rows

    def fit_rows(self, config: C, rows: Impressions, context: TrainingContext) -> R:
        """See `RankerTrainer`."""
        return self.train(config, rows, context.progress, context.report, context.shared)


def train_logistic(
    config: LogisticConfig, rows: Impressions, progress: Progress = no_progress, on_epoch: Report | None = None,
    shared: SharedRows | None = None,
) -> Logistic:  # fmt: skip
    """The regressions of rows that are there already.

    Raises:
        ConfigError: the value weighs nothing that was done.
        ModelError: an input is infinite.
    """
    config = config.predicting(rows.actions, rows.known)
    learned = _finite(rows)
    mean, std = rows.x[learned].mean(axis=0, dtype=np.float64), rows.x[learned].std(axis=0, dtype=np.float64)
    std = np.where(std > 1e-6, std, 1.0)
    z = normalised(rows.x[learned], mean, std, config.inputs.clip).astype(np.float32)
    z = np.concatenate([z, place(rows.position[learned])], axis=1)
    weight, bias = np.zeros((len(rows.actions), z.shape[1])), np.zeros(len(rows.actions))
    for action, label in _each(rows, progress):
        model = LogisticRegression(C=config.strength, max_iter=config.iterations, tol=1e-3)
        _fit_quietly(model, z, label[learned], rows.learning_weight(action)[learned])
        weight[action], bias[action] = model.coef_[0], model.intercept_[0]
    width = len(rows.names)
    arrays = {
        "mean": mean,
        "std": std,
        "weight": weight[:, :width],
        "place": weight[:, width:],
        "bias": bias,
        "taken": rows.known,
    }
    return _judged(Logistic(config, arrays, Calibration(rows.rate)), rows, on_epoch)


def train_boosting(
    config: BoostingConfig, rows: Impressions, progress: Progress = no_progress, on_epoch: Report | None = None,
    shared: SharedRows | None = None,
) -> Boosting:  # fmt: skip
    """The trees of rows that are there already, or those that `shared` has of them by the same settings.

    Raises:
        ConfigError: the value weighs nothing that was done.
        ModelError: an input is infinite.
    """
    config = config.predicting(rows.actions, rows.known)
    settings = config.model_dump_json(include=_OF_TREES)
    trees = (shared or SharedRows()).trees((rows, settings), lambda: _grown(config, rows, progress))
    return _judged(Boosting(config, trees, rows.known, Calibration(rows.rate)), rows, on_epoch)


def _grown(config: BoostingConfig, rows: Impressions, progress: Progress) -> Trees:
    """A fitted model for each place of an action that was taken."""
    learned, held = _finite(rows), rows.validation
    x = np.concatenate([rows.x, rows.position[:, None]], axis=1)
    models = {}
    for action, label in _each(rows, progress):
        # Trees stop by the held-out rows, where these have both outcomes.
        stops = bool(label[held].any()) and not bool(label[held].all())
        model = HistGradientBoostingClassifier(
            max_iter=config.trees, learning_rate=config.learning_rate, max_leaf_nodes=config.leaves,
            min_samples_leaf=config.smallest_leaf, l2_regularization=config.penalty, early_stopping=stops,
            n_iter_no_change=config.patience, tol=0.0, random_state=config.seed,
        )  # fmt: skip
        weight = rows.learning_weight(action)
        watched = {"X_val": x[held], "y_val": label[held], "sample_weight_val": weight[held]} if stops else {}
        models[action] = model.fit(x[learned], label[learned], sample_weight=weight[learned], **watched)
    return models


logistic_trainer = TabularTrainer(Logistic, LogisticConfig, train=train_logistic)
"""Fits one regression an action."""
boosting_trainer = TabularTrainer(Boosting, BoostingConfig, train=train_boosting)
"""Fits trees for each action."""


def _each(rows: Impressions, progress: Progress) -> Iterator[tuple[int, Array]]:
    """Place and labels [N] bool of each action that was taken in a learned row.

    Raises:
        DataError: one was taken in all of them.
    """
    always = np.flatnonzero((rows.labels[~rows.validation] > 0).all(axis=0))
    if len(always):
        name = rows.actions[always[0]]
        problem = (
            f"{name!r} was done in every one of {(~rows.validation).sum()} training rows, which leaves nothing to learn"
        )
        raise DataError(problem, remedy="name the other actions in settings.actions")
    for action in np.flatnonzero(rows.known):
        progress(int(action), len(rows.actions), f"{rows.actions[action]} over {len(rows)} rows")
        yield int(action), rows.labels[:, action] > 0


def _finite(rows: Impressions) -> Array:
    """[N] True for the rows to learn from."""
    bad = np.flatnonzero(~np.isfinite(rows.x).all(axis=0))
    if len(bad):
        raise ModelError(f"input {rows.names[bad[0]]!r} is not finite in a training row", remedy="mend that column")
    return ~rows.validation


def _fit_quietly(model: LogisticRegression, z: F32, label: Array, weight: F32) -> None:
    """Fits; that L-BFGS used up its steps is no fault here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(z, label, sample_weight=weight)


def _judged(made: R, rows: Impressions, on_epoch: Report | None) -> R:
    """The model, calibrated where the config says so; its loss on the held-out rows is reported."""
    if not made.config.calibrate and on_epoch is None:
        return made
    held = rows.validation
    p = made.of_inputs(rows.x[held], rows.position[held])
    if on_epoch is not None:
        on_epoch({WATCHED: validation_loss(p * rows.known, rows)})
    if made.config.calibrate:
        made.calibration = rows.calibration(p)
    return made


def validation_loss(p: F32, rows: Impressions) -> float:
    """The networks' validation loss (`ranking.training.rankers.task`) of probabilities [V, A] of the held-out rows.

    Like theirs it is of the rows as they were kept, before calibration.
    """
    kept = np.clip(p.astype(np.float64), _LEAST, 1 - _LEAST)
    logits = torch.from_numpy(np.log(kept) - np.log1p(-kept))
    return float(action_loss(logits, torch.from_numpy(rows.labels[rows.validation]), rows.rate))
