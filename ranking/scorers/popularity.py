"""The floor baselines: what most users engaged with so far, or lately.

`Popularity` is for tweets, which live for days: a count fades with the tweet's age. `DecayedPopularity` is for lasting
items, which may come back: every engagement fades by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from data.batch import F32, F64, I64, Array, CandidateBatch, Requests
from data.events import HOUR_US
from ranking.scorer import CatalogueScorer, ConfiguredScorer, ScorerConfig
from ranking.scorers.item_config import ItemConfig, Values
from ranking.scorers.items import check_shape, places_of


class PopularityConfig(ScorerConfig):
    """What counts, and how fast it fades."""

    counts: tuple[str, ...] = ("tweet.engagements",)
    """Columns that are added up. `tweet.engagements` counts every action that makes a tweet relevant."""
    half_life_h: float | None = Field(None, gt=0)
    """Age in hours at which a count is worth half; None never fades."""


class Popularity(ConfiguredScorer):
    """Engagements so far, times 2^(-age / half-life) where a half-life is set."""

    config_type = PopularityConfig
    config: PopularityConfig

    def __init__(self, config: PopularityConfig | None = None) -> None:
        """With the default configuration when none is given."""
        self.config = config or PopularityConfig()

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

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return {}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The scorer that `artifact` described."""
        return cls(PopularityConfig(**config))


class DecayedPopularityConfig(ItemConfig):
    """What is tried; of several values the best on the held-out part is kept."""

    half_life_d: Values = Field((0, 7, 30, 90, 365, 1_095), min_length=1)
    """Days after which an engagement is worth half; 0 never fades."""

    tried: ClassVar[tuple[str, ...]] = ("half_life_d",)


class DecayedPopularity(ConfiguredScorer, CatalogueScorer):
    """Sum over an item's training engagements of 2^(-age / half-life), ages counted from the newest of all."""

    config_type = DecayedPopularityConfig
    config: DecayedPopularityConfig
    reads: ClassVar[tuple[str, ...]] = ("tweet_id",)

    def __init__(self, config: DecayedPopularityConfig, ids: I64, worth: F64) -> None:
        """`worth` [M] of the items `ids` [M], ascending; any other item is worth 0."""
        self.config, self._ids, self.worth = config, ids, worth

    @classmethod
    def fit(cls, config: DecayedPopularityConfig, ids: I64, engaged: I64, time_us: I64) -> Self:
        """From engagements with items `engaged` (places among `ids`) at `time_us`. The config has one value."""
        (days,) = config.half_life_d
        worth = np.ones(len(engaged))
        if days and len(engaged):
            worth = np.exp2((time_us - time_us.max()) / (24 * HOUR_US) / days)
        return cls(config, ids, np.bincount(engaged, weights=worth, minlength=len(ids)).astype(np.float64))

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        place = places_of(self._ids, batch.column("tweet_id"))
        return np.where(place >= 0, self.worth[place] if len(self._ids) else 0.0, 0).astype(np.float32)

    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32, the same for every request."""
        scores = self.score(items)
        return np.broadcast_to(scores, (len(requests), len(scores)))

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return {"items": self._ids, "worth": self.worth}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The scorer that `artifact` described.

        Raises:
            ModelError: weights are missing or of different lengths.
        """
        worth = check_shape(weights, "worth", (len(weights.get("items", ())),), "popularity")
        return cls(DecayedPopularityConfig(**config), check_shape(weights, "items", worth.shape, "popularity"), worth)
