"""Two towers (Covington et al. 2016; Yi et al. 2019): a vector for the reader, a vector for the tweet, their cosine.

Fields that say who somebody is share one space with fields that say who wrote the tweet or what it is about: the
tables of authors, tweets, topics and the projection of texts serve both towers. Each tower is

    vector = unit( sum over fields of gate * field + MLP(all fields, dense columns) )

so that "follows this author" and "reads about this" are dot products from the first step on, while the MLPs learn
what freshness and counts are worth. Because the towers meet only in the dot product, an index can search tweets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import nn

from data.batch import F32, Array, CandidateBatch
from data.errors import ModelError
from ranking.models.inputs import (
    HASHES,
    Bags,
    BagTensors,
    Entities,
    TweetTensors,
    UserTensors,
    dense,
    dense_names,
    distinct,
    hash_buckets,
    topic_codes,
)  # fmt: skip
from ranking.training.config import TrainingConfig

_USER_DENSE = ("user.followers", "user.following", "user.account_age_d", "user.engagements_7d")
_TWEET_DENSE = (
    "tweet.age_h", "tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.engagements_1h",
    "tweet.engagements_6h", "tweet.media_count", "tweet.length", "tweet.hashtags", "tweet.is_reply", "tweet.is_quote",
    "tweet.sentiment", "author.followers", "author.following", "author.verified", "author.account_age_d",
    "author.engagements_7d",
)  # fmt: skip


class TwoTowerConfig(BaseModel):
    """Shape, inputs and training of a two-tower model."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    dim: int = Field(64, ge=2)
    """D, the length of the vectors and of every embedding."""
    hidden: int = Field(128, ge=1)
    """Width of each tower's hidden layer."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of the MLPs' inputs dropped in training."""
    temperature: float = Field(0.07, gt=0)
    """Where the learned temperature starts: logit = cosine / temperature."""
    user_buckets: int = Field(16_384, ge=0)
    """Rows of the table of readers; 0 leaves the reader's id out."""
    author_buckets: int = Field(16_384, ge=0)
    """Rows of the table of authors; 0 leaves authors out of both towers."""
    tweet_buckets: int = Field(0, ge=0)
    """Rows of the table of tweets; 0 leaves ids out, right for tweets that live two days."""
    user_dense: tuple[str, ...] = _USER_DENSE
    """Numeric columns of the request."""
    tweet_dense: tuple[str, ...] = _TWEET_DENSE
    """Numeric columns of the candidate."""
    following: bool = True
    """Pool the authors that the reader follows."""
    history_authors: bool = True
    """Pool the authors of the reader's recent engagements."""
    history_tweets: bool = False
    """Pool the tweets of the reader's recent engagements; needs `tweet_buckets`."""
    recent: int = Field(50, ge=1)
    """How many of the newest engagements are pooled."""
    text: bool = True
    """Use the tweet's embedding and the reader's taste, where the data set has texts."""
    topics: bool = True
    """Use the tweet's topics and the reader's interests, where topics are known."""
    text_dim: int = Field(0, ge=0)
    """E, the length of text embeddings; found in the data when trained."""
    topic_count: int = Field(0, ge=0)
    """T, the number of topics; found in the data when trained."""
    training: TrainingConfig = TrainingConfig()
    """How it is trained."""

    @classmethod
    def tweets(cls) -> Self:
        """For a network of short-lived tweets: what is known about authors, texts, ages and counts."""
        return cls()

    @classmethod
    def items(cls) -> Self:
        """For a catalogue of lasting items (MovieLens): the items' own ids, no authors, no ages.

        A reader is what they engaged with: with a few hundred readers, vectors of their own only remember them.
        """
        return cls(
            user_buckets=0, tweet_buckets=16_384, author_buckets=0, user_dense=(), tweet_dense=(),
            following=False, history_authors=False, history_tweets=True, training=TrainingConfig.items(),
        )  # fmt: skip

    @model_validator(mode="after")
    def _tables_for_bags(self) -> Self:
        if self.history_tweets and not self.tweet_buckets:
            raise ValueError("history_tweets needs tweet_buckets > 0")
        return self

    def bag(self, columns: Mapping[str, Array], name: str) -> Array:
        """[B, L] padded ids that are pooled of column `name`; of a history the newest `recent`."""
        return columns[name][:, : self.recent] if name.startswith("user.history_") else columns[name]

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of both towers."""
        return self.user_columns + self.tweet_columns

    @property
    def user_columns(self) -> tuple[str, ...]:
        """Columns of the request that the user tower reads."""
        wanted = {
            "user_id": self.user_buckets > 0,
            "user.following_ids": self.following and self.author_buckets > 0,
            "user.history_authors": self.history_authors and self.author_buckets > 0,
            "user.history_tweets": self.history_tweets and self.tweet_buckets > 0,
            "user.taste": self.text,
            "user.interests": self.topics,
        }
        return self.user_dense + tuple(name for name, used in wanted.items() if used)

    @property
    def tweet_columns(self) -> tuple[str, ...]:
        """Columns of the candidate that the tweet tower reads."""
        wanted = {
            "author_id": self.author_buckets > 0,
            "tweet_id": self.tweet_buckets > 0,
            "tweet.embedding": self.text,
            "tweet.topics": self.topics,
        }
        return self.tweet_dense + tuple(name for name, used in wanted.items() if used)

    def fitted(self, *, text_dim: int, topic_count: int) -> Self:
        """The same with the widths found in the data; a width of 0 switches its group off."""
        found = {"text": self.text and text_dim > 0, "topics": self.topics and topic_count > 0}
        return self.model_copy(update=found | {"text_dim": text_dim, "topic_count": topic_count})


class Towers(nn.Module):  # type: ignore[misc]  # torch comes without types
    """The network. Every parameter's shape follows from the config."""

    user_mean: torch.Tensor
    user_std: torch.Tensor
    tweet_mean: torch.Tensor
    tweet_std: torch.Tensor

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        self.config, dim = config, config.dim
        user_columns, tweet_columns = config.user_columns, config.tweet_columns
        self.users = _table(config.user_buckets, dim)
        self.authors = _table(config.author_buckets, dim)
        self.tweets = _table(config.tweet_buckets, dim)
        self.text = nn.Linear(config.text_dim, dim, bias=False) if config.text else None
        self.topics = nn.Embedding(config.topic_count + 1, dim, config.topic_count) if config.topics else None
        with torch.no_grad():
            if self.text is not None:
                nn.init.normal_(self.text.weight, std=dim**-0.5)
            if self.topics is not None:
                self.topics.weight[:-1].normal_(std=dim**-0.5)
        user_fields = len(user_columns) - len(config.user_dense)
        tweet_fields = len(tweet_columns) - len(config.tweet_dense)
        self.user_gate = nn.Parameter(torch.ones(user_fields, dim))
        self.tweet_gate = nn.Parameter(torch.ones(tweet_fields, dim))
        user_width, tweet_width = len(dense_names(config.user_dense)), len(dense_names(config.tweet_dense))
        self.user_mlp = _mlp(user_fields * dim + user_width, config)
        self.tweet_mlp = _mlp(tweet_fields * dim + tweet_width, config)
        self.log_scale = nn.Parameter(torch.tensor(-float(np.log(config.temperature))))
        for side, width in (("user", user_width), ("tweet", tweet_width)):
            self.register_buffer(f"{side}_mean", torch.zeros(width))
            self.register_buffer(f"{side}_std", torch.ones(width))

    @property
    def scale(self) -> torch.Tensor:
        """1 / temperature, kept within 1..100."""
        return self.log_scale.clamp(0.0, float(np.log(100.0))).exp()

    def entities(self, entities: Entities) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """[A, D] vectors of the authors and [T, D] of the tweets, the sums of their buckets' rows."""
        authors = self.authors(entities.authors).sum(1) if self.authors and entities.authors is not None else None
        tweets = self.tweets(entities.tweets).sum(1) if self.tweets and entities.tweets is not None else None
        return authors, tweets

    def encode_users(
        self, inputs: UserTensors, authors: torch.Tensor | None, tweets: torch.Tensor | None
    ) -> torch.Tensor:
        """[B, D] unit vectors."""
        fields: list[torch.Tensor] = []
        if self.users is not None and inputs.user is not None:
            fields.append(self.users(inputs.user).sum(1))
        fields += [
            bag.pool(authors) for bag in (inputs.following, inputs.history_authors) if bag and authors is not None
        ]
        if inputs.history_tweets is not None and tweets is not None:
            fields.append(inputs.history_tweets.pool(tweets))
        if self.text is not None and inputs.taste is not None:
            fields.append(self.text(inputs.taste))
        if self.topics is not None and inputs.interests is not None:
            fields.append(inputs.interests @ self.topics.weight[:-1])
        dense = ((inputs.dense - self.user_mean) / self.user_std).clamp(-5, 5)
        return _unit(fields, dense, self.user_gate, self.user_mlp)

    def encode_tweets(
        self, inputs: TweetTensors, authors: torch.Tensor | None, tweets: torch.Tensor | None
    ) -> torch.Tensor:
        """[N, D] unit vectors."""
        fields: list[torch.Tensor] = []
        if authors is not None and inputs.author is not None:
            fields.append(authors[inputs.author])
        if tweets is not None and inputs.tweet is not None:
            fields.append(tweets[inputs.tweet])
        if self.text is not None and inputs.text is not None:
            fields.append(self.text(inputs.text))
        if self.topics is not None and inputs.topics is not None:
            fields.append(self.topics(inputs.topics).sum(1))
        dense = ((inputs.dense - self.tweet_mean) / self.tweet_std).clamp(-5, 5)
        return _unit(fields, dense, self.tweet_gate, self.tweet_mlp)


class TwoTower:
    """The trained model as a scorer and a retriever."""

    trainer: ClassVar[str] = "ranking.training.fit:fit_two_tower"
    """What `rookery train` calls to fit it."""

    def __init__(self, config: TwoTowerConfig, towers: Towers) -> None:
        """Takes over `towers` and puts them into evaluation mode."""
        self.config = config
        self.towers = towers.eval()

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of both towers."""
        return self.config.reads

    @property
    def dim(self) -> int:
        """D, the length of the vectors."""
        return self.config.dim

    @property
    def temperature(self) -> float:
        """The learned temperature."""
        return float(1 / self.towers.scale.detach())

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 cosine of reader and tweet; each request and each candidate is encoded once."""
        users, tweets = self.user_vectors(batch), self.tweet_vectors(batch)
        if len(users) == 1:
            one: F32 = tweets @ users[0]
            return one
        scores: F32 = np.einsum("nd,nd->n", tweets, users[batch.request], dtype=np.float32)
        return scores

    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, D] unit vectors of the batch's requests."""
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
            return _numpy(self.towers.encode_users(inputs, *self.towers.entities(self._entities(ids, tweet_ids))))

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, D] unit vectors of the candidates."""
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
            return _numpy(self.towers.encode_tweets(inputs, *entities))

    def artifact(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Config (plain JSON) and weights by name."""
        weights = {name: value.detach().numpy().copy() for name, value in self.towers.state_dict().items()}
        return self.config.model_dump(mode="json"), weights

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """
        parsed = TwoTowerConfig(**config)
        towers = Towers(parsed)
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
        )


_LOOK_UP = "look the model's columns up before scoring: FeatureState.lookup(batch, model.reads)"


def _table(buckets: int, dim: int) -> nn.Embedding | None:
    if not buckets:
        return None
    table = nn.Embedding(buckets, dim)
    nn.init.normal_(table.weight, std=(HASHES * dim) ** -0.5)
    return table


def _mlp(width: int, config: TwoTowerConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(config.dropout), nn.Linear(width, config.hidden), nn.ReLU(), nn.Linear(config.hidden, config.dim)
    )


def _unit(fields: list[torch.Tensor], dense: torch.Tensor, gate: torch.Tensor, mlp: nn.Sequential) -> torch.Tensor:
    out: torch.Tensor = mlp(torch.cat([*fields, dense], dim=1))
    for weight, field in zip(gate, fields, strict=True):
        out = out + weight * field
    return nn.functional.normalize(out, dim=1)


def _buckets(ids: Array, buckets: int) -> torch.Tensor:
    return torch.from_numpy(hash_buckets(ids, buckets))


def _floats(column: Array, width: int, name: str) -> torch.Tensor:
    if column.ndim != 2 or column.shape[1] != width:
        raise ModelError(
            f"column {name!r} is {list(column.shape)} but the model was trained with {width} a row",
            remedy="use the text understanding that the model was trained with",
        )
    return torch.from_numpy(np.nan_to_num(np.ascontiguousarray(column, np.float32)))


def _numpy(vectors: torch.Tensor) -> F32:
    out: F32 = vectors.numpy()
    return out
