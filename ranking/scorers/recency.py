"""The other floor baseline: newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from data.batch import F32, Array, CandidateBatch


class RecencyConfig(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Recency:
    """Minus the age in hours."""

    config_type: ClassVar[type[RecencyConfig]] = RecencyConfig
    """Its settings."""

    def __init__(self, config: RecencyConfig | None = None, **settings: Any) -> None:
        """With a configuration, or its settings by name; there are none."""
        self.config = config or RecencyConfig(**settings)

    @property
    def reads(self) -> tuple[str, ...]:
        """The age."""
        return ("tweet.age_h",)

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 minus the age in hours."""
        return np.negative(batch.column("tweet.age_h"), dtype=np.float32)

    def artifact(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Config and weights (none)."""
        return {}, {}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The scorer that `artifact` described."""
        return cls(RecencyConfig(**config))
