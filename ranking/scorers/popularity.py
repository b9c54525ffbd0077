"""The floor baseline: what most people engaged with so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, Array, CandidateBatch


class PopularityConfig(BaseModel):
    """What counts, and how fast it fades."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    counts: tuple[str, ...] = ("tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.ratings")
    """Columns that are added up."""
    half_life_h: float | None = Field(None, gt=0)
    """Age in hours at which a count is worth half; None never fades."""


class Popularity:
    """Engagements so far, times 2^(-age / half-life) where a half-life is set."""

    def __init__(self, config: PopularityConfig | None = None, **settings: Any) -> None:
        """With a configuration, or its settings by name."""
        self.config = config or PopularityConfig(**settings)

    @property
    def reads(self) -> tuple[str, ...]:
        """The counts, and the age where they fade."""
        return self.config.counts + (("tweet.age_h",) if self.config.half_life_h else ())

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 (faded) number of engagements."""
        total = np.zeros(len(batch), np.float64)
        for name in self.config.counts:
            total += batch.column(name)
        if self.config.half_life_h:
            total *= np.exp2(-batch.column("tweet.age_h").astype(np.float64) / self.config.half_life_h)
        return total.astype(np.float32)

    def artifact(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Config and weights (none)."""
        return self.config.model_dump(mode="json"), {}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The scorer that `artifact` described."""
        return cls(PopularityConfig(**config))
