"""What all learned action models have in common: calibrated probabilities, and one number by a value model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import nn

from data.batch import F32, Array, CandidateBatch
from data.errors import ConfigError, ModelError
from data.schema import ACTIONS
from ranking.models.dense import DenseInputs
from ranking.training.calibration import Calibration
from ranking.value import ValueModel, ValueScorer

RANKER_BATCH = 16_384
"""Candidates that go through a network at once; bounds memory."""


class ActionConfig(BaseModel):
    """What every action model is told."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    inputs: DenseInputs = DenseInputs()
    """Columns that it reads."""
    actions: tuple[str, ...] = ()
    """Actions that it predicts; none named means those that the data set has. One that nobody took has probability
    0."""
    value: str = "engagement"
    """Preset of `ranking.value` that turns probabilities into one score."""
    seed: int = Field(0, ge=0)
    """Seed that it was trained with; set by training."""

    @field_validator("actions")
    @classmethod
    def _known(cls, actions: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [action for action in actions if action not in ACTIONS]
        if unknown:
            raise ValueError(f"unknown action {unknown[0]!r}; use {', '.join(ACTIONS)}")
        return actions

    @field_validator("value")
    @classmethod
    def _preset(cls, value: str) -> str:
        try:
            ValueModel.preset(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value


class ActionScorer(ABC):
    """An action model that is also a scorer: `predict` gives [N, A], `score` their value."""

    config: ActionConfig
    calibration: Calibration
    taken: Array
    """[A] bool; False for an action that nobody took in training: its probability is 0."""

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The A actions."""
        return self.config.actions

    @cached_property
    def valued(self) -> ValueScorer:
        """Itself with what its actions are worth."""
        return ValueScorer(self, ValueModel.preset(self.config.value))

    @abstractmethod
    def raw(self, batch: CandidateBatch) -> F32:
        """[N, A] probabilities as the training rows had them, with the negatives that were left out missing."""

    def predict(self, batch: CandidateBatch) -> F32:
        """[N, A] float32 probabilities, calibrated.

        Raises:
            ModelError: one is not finite.
        """
        p = self.raw(batch) if len(batch) else np.zeros((0, len(self.actions)), np.float32)
        if not np.isfinite(p).all():
            action = self.actions[int(np.flatnonzero(~np.isfinite(p).all(axis=0))[0])]
            raise ModelError(f"a probability of {action!r} is not finite", remedy="look for damaged weights")
        calibrated: F32 = self.calibration(p) * self.taken.astype(np.float32)
        return calibrated

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 expected value."""
        return self.valued.score(batch)


def state_of(module: nn.Module) -> dict[str, Array]:
    """Weights and buffers by name, as NumPy."""
    return {name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()}


def load_state(module: nn.Module, weights: Mapping[str, Array], kind: str) -> None:
    """Puts weights into a module.

    Raises:
        ModelError: some are missing or of other shapes than the config says.
    """
    try:
        module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:200]
        raise ModelError(f"{kind} weights do not fit their config: {detail}", remedy="train it again") from error


def without(weights: Mapping[str, Array], prefixes: Sequence[str]) -> dict[str, Any]:
    """The weights whose names begin with none of `prefixes`."""
    return {name: value for name, value in weights.items() if not name.startswith(tuple(prefixes))}
