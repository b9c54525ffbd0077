"""The two towers of `ranking.models.towers` as a scorer and a retriever: columns in, vectors and cosines out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch

from data.batch import F32, Array, CandidateBatch
from data.errors import ModelError
from ranking.models.inputs import (
    Bags,
    BagTensors,
    Entities,
    TweetTensors,
    UserTensors,
    dense,
    distinct,
    hash_buckets,
    topic_codes,
)  # fmt: skip
from ranking.models.towers import TowerPairs, TwoTowerConfig
from ranking.scorer import ConfiguredScorer, Retriever

__all__ = ["TowerPairs", "TwoTower", "TwoTowerConfig"]


class TwoTower(ConfiguredScorer, Retriever):
    """A vector of the reader and one of the tweet, their cosine the score; the trained model, also as a retriever."""

    config_type = TwoTowerConfig
    config: TwoTowerConfig

    def __init__(self, config: TwoTowerConfig, towers: TowerPairs) -> None:
        """Takes over `towers` and puts them into evaluation mode."""
        self.config = config
        self.towers = towers.eval()

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of both towers."""
        return self.config.reads

    @property
    def dim(self) -> int:
        """M D, the length of the vectors."""
        return self.config.members * self.config.dim

    @property
    def temperature(self) -> float:
        """The learned temperature, by which a cosine is divided to be a logit; the members' mean."""
        return float((1 / self.towers.scales.detach()).mean())

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 cosine of reader and tweet; each request and each candidate is encoded once."""
        users, tweets = self.user_vectors(batch), self.tweet_vectors(batch)
        if len(users) == 1:
            one: F32 = tweets @ users[0]
            return one
        scores: F32 = np.einsum("nd,nd->n", tweets, users[batch.request], dtype=np.float32)
        return scores

    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, M D] unit vectors of the batch's requests."""
        columns, config = batch.requests.columns, self.config
        missing = [name for name in config.user_columns if name not in columns]
        if missing:
            raise ModelError(f"the two-tower model needs request column {missing[0]!r}", remedy=_LOOK_UP)
        used = [name for name in ("user.following_ids", "user.history_authors") if name in config.user_columns]
        ids, codes = distinct([config.bag(columns, name) for name in used])
        author_bags = {name: BagTensors.of(Bags.from_padded(c)) for name, c in zip(used, codes, strict=True)}
        tweet_ids, tweet_bag = np.empty(0, np.int64), None
        if "user.history_tweets" in config.user_columns:
            tweet_ids, (history,) = distinct([config.bag(columns, "user.history_tweets")])
            tweet_bag = BagTensors.of(Bags.from_padded(history))
        inputs = UserTensors(
            dense=torch.from_numpy(dense(columns.__getitem__, config.user_dense, len(batch.requests))),
            user=_buckets(columns["user_id"], config.user_buckets) if config.user_buckets else None,
            following=author_bags.get("user.following_ids"),
            history_authors=author_bags.get("user.history_authors"),
            history_tweets=tweet_bag,
            taste=_floats(columns["user.taste"], config.text_dim, "user.taste") if config.text else None,
            interests=_floats(columns["user.interests"], config.topic_count, "user.interests")
            if config.topics
            else None,
        )
        with torch.inference_mode():
            return _numpy(self.towers.encode_users(inputs, self.towers.entities(self._entities(ids, tweet_ids))))

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, M D] unit vectors of the candidates."""
        config = self.config
        authors = tweets = None
        author_ids = tweet_ids = np.empty(0, np.int64)
        if config.author_buckets:
            author_ids, codes = np.unique(batch.column("author_id"), return_inverse=True)
            authors = torch.from_numpy(codes.astype(np.int64))
        if config.tweet_buckets:
            tweet_ids, codes = np.unique(batch.column("tweet_id"), return_inverse=True)
            tweets = torch.from_numpy(codes.astype(np.int64))
        inputs = TweetTensors(
            dense=torch.from_numpy(dense(batch.column, config.tweet_dense, len(batch))),
            author=authors,
            tweet=tweets,
            text=_floats(batch.column("tweet.embedding"), config.text_dim, "tweet.embedding") if config.text else None,
            topics=topic_codes(batch.column("tweet.topics"), config.topic_count) if config.topics else None,
        )
        with torch.inference_mode():
            entities = self.towers.entities(self._entities(author_ids, tweet_ids))
            return _numpy(self.towers.encode_tweets(inputs, entities))

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return {name: value.detach().numpy().copy() for name, value in self.towers.state_dict().items()}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """
        parsed = TwoTowerConfig(**config)
        towers = TowerPairs(parsed)
        try:
            towers.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
        except RuntimeError as error:
            detail = " ".join(str(error).split())[:200]
            raise ModelError(f"two-tower weights do not fit their config: {detail}", remedy="train it again") from error
        return cls(parsed, towers)

    def _entities(self, authors: Array, tweets: Array) -> Entities:
        config = self.config
        return Entities(
            _buckets(authors, config.author_buckets) if config.author_buckets else None,
            _buckets(tweets, config.tweet_buckets) if config.tweet_buckets else None,
            _buckets(tweets, config.history_buckets) if config.history_buckets else None,
        )


_LOOK_UP = "look the model's columns up before scoring: FeatureState.lookup(batch, model.reads)"


def _buckets(ids: Array, buckets: int) -> torch.Tensor:
    return torch.from_numpy(hash_buckets(ids, buckets))


def _floats(column: Array, width: int, name: str) -> torch.Tensor:
    if column.ndim != 2 or column.shape[1] != width:
        raise ModelError(
            f"column {name!r} is {list(column.shape)} but the model was trained with {width} a row",
            remedy="use the text understanding that the model was trained with",
        )
    return torch.from_numpy(np.nan_to_num(np.ascontiguousarray(column, np.float32), posinf=0, neginf=0))


def _numpy(vectors: torch.Tensor) -> F32:
    out: F32 = vectors.numpy()
    return out
