"""The tabular baselines: logistic regression and histogram gradient boosting, one model an action (scikit-learn).

They learn from the rows of the heavy ranker, position among them; when scoring, everything stands on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import skops.io
from pydantic import Field
from sklearn.ensemble import HistGradientBoostingClassifier
from skops.io.exceptions import UntrustedTypesFoundException

from data.batch import F32, F64, Array, CandidateBatch, Mask
from data.errors import ModelError
from ranking.models.action_scorer import ActionConfig, ActionScorer
from ranking.models.calibration import Calibration
from ranking.models.ranker_training import RowsConfig
from ranking.scorers.forest import Forest

TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
"""What skops may make beside scikit-learn's public classes."""
_TREES = "trees."


class TabularConfig(ActionConfig):
    """Settings that both baselines have."""

    rows: RowsConfig = RowsConfig()
    """Which impressions are learned from."""
    calibrate: bool = True
    """Fit an isotonic line an action on the held-out rows, after negative down-sampling is undone."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """See `ScorerConfig`."""
        return ("validation_loss",)


class LogisticConfig(TabularConfig):
    """Settings of the logistic regression."""

    strength: float = Field(1.0, gt=0)
    """C, the inverse of the L2 penalty's weight."""
    iterations: int = Field(60, ge=1)
    """Most steps of L-BFGS."""


class BoostingConfig(TabularConfig):
    """Settings of the gradient boosting."""

    trees: int = Field(150, ge=1)
    """Most trees an action; the held-out loss stops them earlier."""
    patience: int = Field(10, ge=1)
    """Trees without a better held-out loss after which an action is done."""
    learning_rate: float = Field(0.1, gt=0)
    """What each tree's answer is multiplied by."""
    leaves: int = Field(31, ge=2)
    """Most leaves of a tree."""
    smallest_leaf: int = Field(100, ge=1)
    """Fewest rows of a leaf."""
    penalty: float = Field(1.0, ge=0)
    """L2 penalty of a leaf's answer."""


class Logistic(ActionScorer):
    """Logistic regression, one an action: log odds = w . z + b over normalised inputs z.

    In float64, so that a score hangs on its batch by 1e-6 at most.
    """

    kind, config_type = "logistic", LogisticConfig
    config: LogisticConfig

    def __init__(self, config: LogisticConfig, arrays: Mapping[str, Array], calibration: Calibration) -> None:
        """`arrays`: `mean` and `std` [F], `weight` [A, F], `place` [A, 2] (of `place`), `bias` and `taken` [A]."""
        self.config, self.calibration, self._arrays = config, calibration, dict(arrays)
        self.taken: Mask = np.asarray(arrays["taken"], np.bool_)
        actions, width = len(config.actions), len(config.inputs.names)
        shapes = {"mean": (width,), "std": (width,), "weight": (actions, width), "bias": (actions,)}
        for name, shape in (shapes | {"place": (actions, 2)}).items():
            if arrays[name].shape != shape:
                found = list(arrays[name].shape)
                raise ModelError(f"logistic {name} is {found}, not {list(shape)}", remedy="train it again")

    def raw(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """See `ActionScorer`."""
        return self.of_inputs(self.config.inputs.matrix(batch.column, len(batch)), position)

    def of_inputs(self, x: F32, position: F32 | None = None) -> F32:
        """[N, A] uncalibrated probabilities of input rows [N, F] at places [N], on top unless these are given."""
        z = normalised(x, self._arrays["mean"], self._arrays["std"], self.config.inputs.clip)
        logits = z @ self._arrays["weight"].T + self._arrays["bias"]
        if position is not None:
            logits += place(position) @ self._arrays["place"].T
        return (1 / (1 + np.exp(-np.clip(logits, -500, 500)))).astype(np.float32)

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return self._arrays | self.calibration.arrays()

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: arrays are missing or of other shapes than the config says.
        """
        names = ("mean", "std", "weight", "place", "bias", "taken")
        found = _present("logistic", weights, names)
        return cls(LogisticConfig(**config), found, Calibration.of(weights))


class Boosting(ActionScorer):
    """Histogram gradient boosting, trees for each action.

    A row's way through a tree is its own, so scores do not depend on the batch.
    """

    kind, config_type = "boosting", BoostingConfig
    config: BoostingConfig

    def __init__(
        self, config: BoostingConfig, models: Mapping[int, Any], taken: Mask, calibration: Calibration
    ) -> None:
        """`models`: a fitted `HistGradientBoostingClassifier` over inputs and position by the action's place.

        Raises:
            ModelError: one was fitted on another number of columns.
        """
        self.config, self.models, self.taken, self.calibration = config, dict(models), taken, calibration
        width = len(config.inputs.names) + 1
        for action, model in self.models.items():
            if (found := model.n_features_in_) != width:
                trees = f"boosting trees of action {config.actions[action]!r}"
                raise ModelError(f"{trees} read {found} columns, not {width}", remedy="train it again")
        self._forest = Forest.of(list(self.models.values())) if self.models else None

    def raw(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """See `ActionScorer`."""
        return self.of_inputs(self.config.inputs.matrix(batch.column, len(batch)), position)

    def of_inputs(self, x: F32, position: F32 | None = None) -> F32:
        """[N, A] uncalibrated probabilities of input rows [N, F] at places [N], on top unless these are given.

        0 for an action without a model.
        """
        places = np.zeros(len(x), np.float32) if position is None else position
        there = np.concatenate([x, places[:, None]], axis=1)
        out = np.zeros((len(x), len(self.actions)), np.float32)
        if self._forest is not None:
            out[:, list(self.models)] = self._forest(there)
        return out

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        files = {f"{_TREES}{a}": np.frombuffer(skops.io.dumps(one), np.uint8) for a, one in self.models.items()}
        return files | {"taken": self.taken} | self.calibration.arrays()

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: arrays are missing, or a file would make what it may not.
        """
        parsed = BoostingConfig(**config)
        taken = np.asarray(_present("boosting", weights, ("taken",))["taken"], np.bool_)
        trees = _present("boosting", weights, [f"{_TREES}{a}" for a in np.flatnonzero(taken)])
        models = {int(name.removeprefix(_TREES)): _loaded(file) for name, file in trees.items()}
        return cls(parsed, models, taken, Calibration.of(weights))


def normalised(x: F32, mean: F64, std: F64, clip: float) -> F64:
    """[N, F] (x - mean) / std, cut at `clip` deviations."""
    return np.clip((x.astype(np.float64) - mean) / std, -clip, clip)


def place(position: F32) -> F32:
    """[N, 2] of places [N] what the heavy ranker learns from: x / 20 and log(1 + x)."""
    return np.stack([position / 20, np.log1p(position)], axis=1)


def _present(kind: str, weights: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    missing = [name for name in names if name not in weights]
    if missing:
        raise ModelError(f"{kind} model lacks {missing[0]!r}", remedy="train it again")
    return {name: weights[name] for name in names}


def _loaded(file: Array) -> Any:
    try:
        model = skops.io.loads(file.tobytes(), trusted=list(TRUSTED))
    except (UntrustedTypesFoundException, BadZipFile, ValueError, KeyError, OSError) as error:
        detail = " ".join(str(error).split())[:200]
        raise ModelError(f"boosting trees cannot be read: {detail}", remedy="train it again") from error
    if not isinstance(model, HistGradientBoostingClassifier):
        raise ModelError(f"boosting trees cannot be read: {type(model).__name__} found", remedy="train it again")
    return model
