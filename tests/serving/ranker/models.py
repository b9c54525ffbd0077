"""Models that rank by hand, and a registry whose aliases a test moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from data.batch import F32, CandidateBatch
from data.errors import NotFoundError
from features.text.understanding import Understanding
from ranking.models.calibration import Calibration
from ranking.models.dense import DenseInputs
from ranking.models.heavy import HeavyConfig, HeavyNet, HeavyRanker
from ranking.scorer import Retriever, Scorer
from serving.model import ServedModel


@dataclass(frozen=True, eq=False)
class Model:
    """A model with a version."""

    scorer: Scorer
    version: str
    name: str = "by hand"
    understanding: Understanding | None = None


class ById:
    """A factor times the tweet's id: what ranks can be read off the scores."""

    reads = ("tweet_id",)

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def score(self, batch: CandidateBatch) -> F32:
        return (self.factor * batch.columns["tweet_id"]).astype(np.float32)


class Broken:
    """Knows no number for one tweet."""

    reads = ("tweet_id",)

    def __init__(self, tweet_id: int) -> None:
        self.tweet_id = tweet_id

    def score(self, batch: CandidateBatch) -> F32:
        return np.where(batch.columns["tweet_id"] == self.tweet_id, np.nan, 1).astype(np.float32)


class Likes(Retriever):
    """Two towers: likes times a factor."""

    reads = ("user.following", "tweet.likes")
    dim = 2

    def __init__(self, factor: float) -> None:
        self.factor, self.encoded = factor, 0

    def user_vectors(self, batch: CandidateBatch) -> F32:
        return np.stack([np.ones(len(batch.requests)), np.zeros(len(batch.requests))], axis=1).astype(np.float32)

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        self.encoded += len(batch)
        likes = self.factor * batch.columns["tweet.likes"]
        return np.stack([likes, np.ones(len(batch))], axis=1).astype(np.float32)

    def score(self, batch: CandidateBatch) -> F32:
        return (self.tweet_vectors(batch) * self.user_vectors(batch)[batch.request]).sum(axis=1)


def heavy() -> HeavyRanker:
    """An untrained ranker of three actions."""
    config = HeavyConfig(
        inputs=DenseInputs(columns=("tweet.likes", "user.following"), hour=False, interests=False),
        actions=("like", "reply", "report"), blocks=1, hidden=8, out=4, width=8,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return HeavyRanker(config, HeavyNet(config), Calibration(), np.ones(3, np.bool_))


@dataclass
class Registry:
    """Models by reference."""

    models: dict[str, ServedModel]
    fetched: list[str] = field(default_factory=list)

    def version(self, reference: str) -> str:
        return self._of(reference).version

    def fetch(self, reference: str) -> ServedModel:
        self.fetched.append(reference)
        return self._of(reference)

    def _of(self, reference: str) -> ServedModel:
        if reference not in self.models:
            raise NotFoundError(f"no model answers to {reference!r}")
        return self.models[reference]
