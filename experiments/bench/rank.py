"""Two-tower scoring of looked-up columns beside the bare arithmetic of the same network in torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from data.batch import CandidateBatch, Requests
from experiments.bench.harness import Case
from features.state.history import LENGTH
from features.views.history import FOLLOWING
from ranking.models.inputs import Entities, TweetTensors, dense_names
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig

_TEXT, _TOPICS = 256, 20
_BAG = {"user.following_ids": FOLLOWING, "user.history_authors": LENGTH, "user.history_tweets": LENGTH}


class RankBench:
    """One request with 500 and with 10,000 candidates."""

    peer = "the same towers and dot product in torch on tensors made ready before; it leaves out the reader's tower"

    def cases(self) -> Iterator[Case]:
        """A live request's size, and an evaluation's."""
        torch.manual_seed(1)
        model = _model()
        for candidates in (500, 10_000):
            batch = _batch(model.config, candidates)
            ready = _tensors(model.config, candidates)
            yield Case(
                f"1 x {candidates:,} candidates",
                lambda b=batch: model.score(b),  # type: ignore[misc]
                lambda r=ready: _arithmetic(model.towers, *r),  # type: ignore[misc]
                candidates,
                "candidates",
            )


def _model() -> TwoTower:
    config = TwoTowerConfig.tweets().fitted(text_dim=_TEXT, topic_count=_TOPICS)
    return TwoTower(config, TowerPairs(config))


def _batch(config: TwoTowerConfig, candidates: int) -> CandidateBatch:
    """Random columns of the widths that the model reads."""
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {name: rng.random(candidates, np.float32) for name in config.tweet_dense}
    columns["tweet.embedding"] = rng.normal(size=(candidates, _TEXT)).astype(np.float32)
    columns["tweet.topics"] = rng.integers(-1, _TOPICS, (candidates, 3)).astype(np.int16)
    columns["author_id"] = rng.integers(0, 5_000, candidates)
    columns["tweet_id"] = columns["tweet_row"] = np.arange(candidates, dtype=np.int64)
    request: dict[str, Any] = {name: rng.random(1, np.float32) for name in config.user_dense}
    request |= {name: rng.integers(0, 5_000, (1, width)) for name, width in _BAG.items()}
    request["user.taste"] = rng.normal(size=(1, _TEXT)).astype(np.float32)
    request["user.interests"] = rng.random((1, _TOPICS), np.float32)
    request |= {name: np.ones(1, np.int64) for name in ("user_id", "user_row", "time_us")}
    return CandidateBatch(Requests(request), np.array([0, candidates]), columns)


def _tensors(config: TwoTowerConfig, candidates: int) -> tuple[torch.Tensor, TweetTensors, Entities]:
    """A reader's vector, and what the tweet tower takes, already hashed and stacked."""
    width = len(dense_names(config.tweet_dense))
    inputs = TweetTensors(
        dense=torch.rand(candidates, width),
        author=torch.arange(candidates) % min(candidates, 5_000),
        text=torch.rand(candidates, _TEXT),
        topics=torch.randint(0, _TOPICS, (candidates, 3)),
    )
    authors = torch.randint(0, config.author_buckets, (min(candidates, 5_000), 2))
    return torch.rand(1, config.members * config.dim), inputs, Entities(authors=authors)


def _arithmetic(towers: TowerPairs, user: torch.Tensor, inputs: TweetTensors, entities: Entities) -> torch.Tensor:
    with torch.inference_mode():
        return towers.encode_tweets(inputs, towers.entities(entities)) @ user[0]
