"""From a split and settings to the tabular baselines: what `rookery train` calls for `logistic` and `boosting`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from data.batch import F32, Array
from data.dataset import Dataset
from data.errors import DataError, ModelError
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import Split
from ranking.models.calibration import Calibration, calibrated
from ranking.scorers.tabular import Boosting, BoostingConfig, Logistic, LogisticConfig, TabularConfig, normalised, place
from ranking.training.losses import action_loss
from ranking.training.rankers.impressions import Impressions, RowsOf, impressions
from ranking.training.rankers.task import WATCHED

if TYPE_CHECKING:
    from features.text.understanding import Understanding

C = TypeVar("C", bound=TabularConfig)
R = TypeVar("R", Logistic, Boosting)
OnEpoch = Callable[[dict[str, float]], None]
Trees = dict[int, HistGradientBoostingClassifier]
_OF_TREES = {"trees", "patience", "learning_rate", "leaves", "smallest_leaf", "penalty", "seed"}
_FITTED: WeakKeyDictionary[Impressions, tuple[str, Trees]] = WeakKeyDictionary()
"""What `trees_of` grew last of rows, and by which settings: a baseline and the networks' teacher are the same trees."""
_LEAST = 1e-7
"""Probability below which a forecast counts as this much, and above 1 minus which as that: a loss stays finite."""


@dataclass(frozen=True)
class Fit(Generic[C, R]):
    """How one of the baselines is fitted."""

    name: str
    config_type: type[C]
    train: Callable[[C, Impressions, Progress, OnEpoch | None], R]

    def __call__(
        self,
        dataset: Dataset,
        split: Split,
        understanding: Understanding | None,
        settings: Mapping[str, Any],
        *,
        seed: int,
        on_epoch: OnEpoch | None = None,
        progress: Progress = no_progress,
        rows_of: RowsOf = impressions,
    ) -> R:
        """Fits one model an action on impressions of the training part, and tells its `validation_loss` as one epoch.

        `rows_of` makes the training rows.

        Raises:
            ConfigError: an unknown setting or one out of range, or a value that weighs nothing that is predicted.
            DataError: there are no impressions to train on.
            ModelError: an input is infinite.
        """
        config = config_from(self.config_type, settings, name=self.name, seed=seed)
        config.check_value()
        rows = rows_of(
            dataset, split, config.inputs, config.rows, understanding=understanding, actions=config.actions, seed=seed,
            progress=progress,
        )  # fmt: skip
        return self.train(config, rows, progress, on_epoch)


def train_logistic(
    config: LogisticConfig, rows: Impressions, progress: Progress = no_progress, on_epoch: OnEpoch | None = None
) -> Logistic:
    """The regressions of rows that are there already.

    Raises:
        ConfigError: the value weighs nothing that was done.
        ModelError: an input is infinite.
    """
    config = config.predicting(rows)
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
    config: BoostingConfig, rows: Impressions, progress: Progress = no_progress, on_epoch: OnEpoch | None = None
) -> Boosting:
    """The trees of rows that are there already.

    Raises:
        ConfigError: the value weighs nothing that was done.
        ModelError: an input is infinite.
    """
    config = config.predicting(rows)
    trees = trees_of(config, rows, progress)
    return _judged(Boosting(config, trees, rows.known, Calibration(rows.rate)), rows, on_epoch)


def trees_of(config: BoostingConfig, rows: Impressions, progress: Progress = no_progress) -> Trees:
    """A fitted model for each place of an action that was taken.

    Asked again of the same rows with the same settings, it gives those that it made.

    Raises:
        DataError: an action was taken in every training row.
        ModelError: an input is infinite.
    """
    settings = config.model_dump_json(include=_OF_TREES)
    known, trees = _FITTED.get(rows, ("", {}))
    if settings != known:
        trees = _grown(config, rows, progress)
        _FITTED[rows] = settings, trees
    return trees


def _grown(config: BoostingConfig, rows: Impressions, progress: Progress) -> Trees:
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


fit_logistic = Fit("logistic", LogisticConfig, train_logistic)
"""Fits one regression an action."""
fit_boosting = Fit("boosting", BoostingConfig, train_boosting)
"""Fits trees for each action."""


def _each(rows: Impressions, progress: Progress) -> Any:
    """Place and labels [N] bool of each action that was taken in a learned row.

    Raises:
        DataError: one was taken in all of them.
    """
    always = np.flatnonzero((rows.labels[~rows.validation] > 0).all(axis=0))
    if len(always):
        name = rows.actions[always[0]]
        told = (
            f"{name!r} was done in every one of {(~rows.validation).sum()} training rows, which leaves nothing to learn"
        )
        raise DataError(told, remedy="name the other actions in settings.actions")
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


def _judged(made: R, rows: Impressions, on_epoch: OnEpoch | None) -> R:
    """The model, its loss on the held-out rows told, its calibration fitted where the config asks for that."""
    if not made.config.calibrate and on_epoch is None:
        return made
    held = rows.validation
    p = made.of_inputs(rows.x[held], rows.position[held])
    if on_epoch is not None:
        on_epoch({WATCHED: validation_loss(p * rows.known, rows)})
    if made.config.calibrate:
        made.calibration = calibrated(p, rows)
    return made


def validation_loss(p: F32, rows: Impressions) -> float:
    """The networks' validation loss (`ranking.training.rankers.task`) of probabilities [V, A] of the held-out rows.

    Like theirs it is of the rows as they were kept, before calibration.
    """
    kept = np.clip(p.astype(np.float64), _LEAST, 1 - _LEAST)
    logits = torch.from_numpy(np.log(kept) - np.log1p(-kept))
    return float(action_loss(logits, torch.from_numpy(rows.labels[rows.validation]), rows.rate))
