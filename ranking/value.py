"""Action probabilities to one number: value = sum over actions of weight x probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from data.batch import F32, CandidateBatch
from data.errors import ConfigError
from data.schema import ACTIONS, POSITIVE_ACTIONS
from ranking.scorer import ActionModel

PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "engagement": MappingProxyType(dict.fromkeys(POSITIVE_ACTIONS, 1.0)),
        "heavy_ranker_2023": MappingProxyType(
            {"like": 0.5, "retweet": 1.0, "quote": 1.0, "reply": 13.5, "profile_click": 12.0, "click": 11.0,
             "not_interested": -74.0}
        ),
    }
)  # fmt: skip
"""Weights by name. `engagement`: every positive action counts one. `heavy_ranker_2023`: those published with
twitter/the-algorithm-ml (projects/home/recap/README.md) for
the actions that exist here; a quote counts as a retweet."""


@dataclass(frozen=True)
class ValueModel:
    """Weights by action; an action without a weight counts nothing."""

    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuses a weight for an action that does not exist."""
        for action in self.weights:
            if action not in ACTIONS:
                raise ConfigError(f"value weight for unknown action {action!r}", remedy=f"use {', '.join(ACTIONS)}")

    @classmethod
    def preset(cls, name: str) -> ValueModel:
        """The weights of one of `PRESETS`.

        Raises:
            ConfigError: no such preset.
        """
        if name not in PRESETS:
            raise ConfigError(f"unknown value preset {name!r}", remedy=f"choose one of {', '.join(PRESETS)}")
        return cls(PRESETS[name])

    def value(self, p: F32, actions: Sequence[str]) -> F32:
        """[N] float32 from probabilities [N, A] of the actions named."""
        weights = np.array([self.weights.get(a, 0.0) for a in actions], np.float32)
        # A sum along each row, not a matrix product: a score must not depend on how many rows are scored with it.
        value: F32 = (p.astype(np.float32) * weights).sum(axis=1, dtype=np.float32)
        return value


@dataclass(frozen=True)
class ValueScorer:
    """An action model and its value model as one scorer."""

    model: ActionModel
    value: ValueModel

    @property
    def reads(self) -> tuple[str, ...]:
        """What the action model reads."""
        return self.model.reads

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 expected value."""
        return self.value.value(self.model.predict(batch), self.model.actions)
