"""What all learned action models have in common: calibrated probabilities, and one number by a value model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import nn

from data.batch import F32, Array, CandidateBatch, Mask
from data.errors import ConfigError, ModelError
from data.schema import ACTIONS
from data.settings import Seed
from ranking.models.calibration import Calibration
from ranking.models.dense import DenseInputs
from ranking.models.ranker_training import RankerTraining
from ranking.scorer import ConfiguredScorer, ScorerConfig, ValuedScorer
from ranking.value import ValueModel, ValueScorer, learned, with_value_columns

RANKER_BATCH = 16_384
"""Candidates that go through a network at once; bounds memory."""


class ActionConfig(ScorerConfig):
    """Settings that every action model has."""

    inputs: DenseInputs = DenseInputs()
    """Columns that it reads."""
    actions: tuple[str, ...] = ()
    """Actions that it predicts; none named means those that the data set has. One that nobody took has probability
    0."""
    value: str | dict[str, float] = "engagement"
    """What turns probabilities into one score: a preset of `ranking.value` (engagement, x_2023, x_2026_08, x_2026_10)
    or weights by action, with an `offset` among them if wanted: `settings.value={like=1, reply=10, report=-50}`."""
    seed: Seed = 0
    """Seed that it was trained with; set by training."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""
        return self.inputs.reads

    @field_validator("actions")
    @classmethod
    def _known(cls, actions: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [action for action in actions if action not in ACTIONS]
        if unknown:
            raise ValueError(f"unknown action {unknown[0]!r}; use {', '.join(ACTIONS)}")
        return actions

    @field_validator("value", mode="before")
    @classmethod
    def _worth(cls, value: Any) -> Any:
        try:
            ValueModel.of(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value

    def check_value(self, actions: Sequence[str] = ACTIONS) -> None:
        """Refuses a value that weighs none of `actions`, or none of those that the model is to predict.

        Raises:
            ConfigError: naming these actions.
        """
        ValueModel.of(self.value).check([action for action in self.actions or actions if action in actions])

    def predicting(self, actions: Sequence[str], taken: Mask) -> Self:
        """Itself with the A actions of its training rows, of which those `taken` [A] occurred.

        Raises:
            ConfigError: the value weighs none of those that were taken.
        """
        self.check_value([action for action, known in zip(actions, taken, strict=True) if known])
        return self.model_copy(update={"actions": tuple(actions)})


class NetConfig(ActionConfig):
    """Settings of an action model that is a network: the trunk over its inputs, and how it is trained."""

    trunk: Literal["masknet", "dcn", "mmoe"] = "masknet"
    """MaskNet's parallel blocks, DCN V2's crosses beside a deep tower, or MMoE's gated experts."""
    blocks: int = Field(4, ge=1)
    """Mask blocks, cross layers or experts."""
    hidden: int = Field(192, ge=1)
    """Width of a block's hidden layer."""
    out: int = Field(64, ge=1)
    """Width of what a block gives."""
    width: int = Field(128, ge=1)
    """Width of the trunk's last layer, which the heads read."""
    buckets: int = Field(16_384, ge=1)
    """Rows of each table of vectors, of readers and of authors."""
    training: RankerTraining = RankerTraining()
    """How it is trained."""

    by_epoch: ClassVar[bool] = True

    @property
    def objectives(self) -> tuple[str, ...]:
        """See `ScorerConfig`."""
        return ("validation_loss", "train_loss")


class ActionScorer(ConfiguredScorer, ValuedScorer):
    """An action model that is also a scorer: `predict` gives [N, A], `score` their value."""

    kind: ClassVar[str]
    """Its name in `ranking.catalogue`."""
    config_type: ClassVar[type[ActionConfig]]
    config: ActionConfig
    calibration: Calibration
    taken: Mask
    """[A] False for an action that nobody took in training: its probability is 0."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""
        return with_value_columns(self.config.reads, ValueModel.of(self.config.value), learned(self))

    @property
    def actions(self) -> tuple[str, ...]:
        """The A actions."""
        return self.config.actions

    @cached_property
    def valued(self) -> ValueScorer:
        """Itself with what its actions are worth."""
        return ValueScorer(self, ValueModel.of(self.config.value))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Weighted actions that it has not learned to predict."""
        return ValueModel.of(self.config.value).left_out(learned(self))

    @property
    def value_reads(self) -> tuple[str, ...]:
        """Columns that the value reads and the model does not."""
        return tuple(name for name in self.reads if name not in self.config.reads)

    def with_value(self, value: str | Mapping[str, float]) -> Self:
        """The same model whose actions are worth something else: see `ValueModel.of`.

        Raises:
            ConfigError: no such value, or it weighs none of the actions that were learned.
        """
        ValueModel.of(value).check(learned(self))
        other = copy(self)
        weights = value if isinstance(value, str) else {name: float(weight) for name, weight in value.items()}
        other.config = self.config.model_copy(update={"value": weights})
        other.__dict__.pop("valued", None)
        return other

    @abstractmethod
    def raw(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """[N, A] probabilities as the training rows had them, with the negatives that were left out missing."""

    def predict(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """[N, A] float32 probabilities, calibrated, as if every candidate stood on top: what ranks.

        With places `position` [N] in a feed, 0 the top, as if each stood there: what a log can be compared with.

        Raises:
            ModelError: one is not finite.
        """
        p = self.raw(batch, position) if len(batch) else np.zeros((0, len(self.actions)), np.float32)
        if not np.isfinite(p).all():
            action = self.actions[int(np.flatnonzero(~np.isfinite(p).all(axis=0))[0])]
            raise ModelError(f"a probability of {action!r} is not finite", remedy="look for damaged weights")
        calibrated: F32 = self.calibration(p) * self.taken.astype(np.float32)
        return calibrated

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 expected value."""
        return self.valued.score(batch)


class NetScorer(ActionScorer):
    """An action model whose probabilities a network gives."""

    config_type: ClassVar[type[NetConfig]]
    net_type: ClassVar[type[nn.Module]]
    """Made of a config alone; every parameter's shape follows from it."""

    def __init__(self, config: NetConfig, net: nn.Module, calibration: Calibration, taken: Array) -> None:
        """Takes over `net` and puts it into evaluation mode, on the CPU."""
        self.config, self.net = config, net.eval().cpu()
        self.calibration, self.taken = calibration, taken

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        state = {name: value.detach().cpu().numpy().copy() for name, value in self.net.state_dict().items()}
        return state | self.calibration.arrays() | {"taken": self.taken}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """
        parsed = cls.config_type(**config)
        net = cls.net_type(parsed)
        others = ("calibration.", "taken")
        state = {n: torch.from_numpy(np.array(value)) for n, value in weights.items() if not n.startswith(others)}
        try:
            net.load_state_dict(state)
        except RuntimeError as error:
            detail = " ".join(str(error).split())[:200]
            problem = f"{cls.kind} weights do not fit their config: {detail}"
            raise ModelError(problem, remedy="train it again") from error
        return cls(parsed, net, Calibration.of(weights), np.asarray(weights["taken"], np.bool_))
