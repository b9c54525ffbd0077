"""Two towers (Covington et al. 2016; Yi et al. 2019): a vector for the reader, a vector for the tweet, their cosine.

Fields that describe the reader share one space with fields that describe who wrote the tweet or what it is about: the
tables of authors, tweets, topics and the projection of texts serve both towers. Each tower is

    vector = unit( sum over fields of gate * field + MLP(all fields, dense columns) )

so that "follows this author" and "reads about this" are dot products from the first step on, while the MLPs learn
what freshness and counts are worth. Because the towers meet only in the dot product, an index can search tweets.

On a small log two trainings of the same model differ much; several pairs of towers side by side, whose vectors
are laid end to end, are one model that averages their cosines and can be searched like one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from data.batch import F64, Array
from ranking.models.bags import picked
from ranking.models.dropout import RowDropout
from ranking.models.inputs import HASHES, BagTensors, Entities, TweetTensors, UserTensors, dense_names
from ranking.models.tables import HashTable
from ranking.models.two_tower_training import TrainingConfig
from ranking.scorer import ScorerConfig

_USER_DENSE = ("user.followers", "user.following", "user.account_age_d", "user.engagements_7d")
_TWEET_DENSE = (
    "tweet.age_h", "tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.engagements_1h",
    "tweet.engagements_6h", "tweet.media_count", "tweet.length", "tweet.hashtags", "tweet.is_reply", "tweet.is_quote",
    "tweet.sentiment", "author.followers", "author.following", "author.verified", "author.account_age_d",
    "author.engagements_7d",
)  # fmt: skip

_FEW = 250_000
"""Positives up to which several members are worth their time."""


class TwoTowerConfig(ScorerConfig):
    """Shape, inputs and training of a two-tower model."""

    dim: int = Field(64, ge=2)
    """The length of a pair's vectors and of every embedding."""
    members: int = Field(1, ge=1)
    """Pairs of towers, learning side by side from the same batches; the model's vectors have members x dim numbers."""
    hidden: int = Field(128, ge=1)
    """Width of each tower's hidden layer."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of the MLPs' inputs dropped in training."""
    temperature: float = Field(0.07, gt=0)
    """Where the learned temperature starts: logit = cosine / temperature."""
    id_length: float = Field(1.0, gt=0)
    """How long the vector of an id is before anything is learned; short, ids that are hardly met say little."""
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
    history: Literal["pooled", "attentive", "both"] = "pooled"
    """How a history becomes a vector: `pooled`, every engagement alike; `attentive`, weighted by a softmax over what
    each is and how recent it is; `both`, one field each."""
    history_buckets: int = Field(0, ge=0)
    """Rows of a table that tweets have for their part in histories; 0 lets histories share the candidates' vectors."""
    history_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of a history's tweets left out in training."""
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

    by_epoch: ClassVar[bool] = True

    @property
    def objectives(self) -> tuple[str, ...]:
        """See `ScorerConfig`."""
        return ("validation_loss", "validation_recall@20", "train_loss")

    @classmethod
    def tweets(cls) -> Self:
        """For a network of short-lived tweets: what is known about authors, texts, ages and counts."""
        return cls()

    @classmethod
    def items(cls) -> Self:
        """For a catalogue of lasting items (MovieLens): the items' own ids, no authors, no ages.

        A reader is described by what they engaged with: a few hundred readers' own vectors would only be memorised. An
        item has one meaning in a history and another as a candidate, so histories have a table of their own; attention
        learns that the newest engagements matter most. Most items occur a few times: their ids begin with short
        vectors, and a mild temperature and small steps keep the model from memorising them.
        """
        return cls(
            dim=128, temperature=0.2, id_length=0.2, user_buckets=0, tweet_buckets=32_768, author_buckets=0,
            user_dense=(), tweet_dense=(), following=False, history_authors=False, history_tweets=True,
            history="attentive", history_buckets=32_768, history_dropout=0.2, recent=100,
            training=TrainingConfig.items(),
        )  # fmt: skip

    @classmethod
    def timeless_items(cls, positives: int = 0) -> Self:
        """For a catalogue where time plays no part (a random split): what goes with what, whatever came first.

        Histories share the candidates' table; readers with thousands of items are weighed down, or they would dominate.
        With few `positives` two trainings differ much, and several members are better than one; with many, one is
        enough and eight would be slow. The order of items still improves after the loss has stopped falling, so all
        epochs are trained.
        """
        items = cls.items()
        training = {"histories": "others", "validation": "random", "reader_power": 0.5}
        shape = {
            "members": 8 if positives <= _FEW else 1, "history_buckets": 0, "history_dropout": 0.3, "recent": 200,
            "text": False, "topics": False,
        }  # fmt: skip
        return items.model_copy(update=shape | {"training": items.training.model_copy(update=training)})

    @classmethod
    def variants(cls) -> dict[str, Self]:
        """Defaults by the kind of data set, beside those for tweets."""
        return {"lasting items": cls.items(), "items, random split": cls.timeless_items()}

    @model_validator(mode="after")
    def _tables_for_bags(self) -> Self:
        if self.history_tweets and not self.tweet_buckets:
            raise ValueError("history_tweets needs tweet_buckets > 0")
        return self

    def bag(self, columns: Mapping[str, Array], name: str) -> Array:
        """[B, L] padded ids that are pooled of column `name`; of a history the newest `recent`."""
        return columns[name][:, : self.recent] if name.startswith("user.history_") else columns[name]

    @property
    def pools(self) -> int:
        """Fields that a history becomes."""
        return 2 if self.history == "both" else 1

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


@dataclass(frozen=True)
class Vectors:
    """Vectors of a batch's distinct entities; a group that the model does not use is None."""

    authors: torch.Tensor | None
    """[A, D]."""
    tweets: torch.Tensor | None
    """[T, D]."""
    histories: torch.Tensor | None
    """[H, D] of the tweets that stand in histories; those of `tweets` where they have no table of their own."""


class Towers(nn.Module):  # type: ignore[misc]  # torch comes without types
    """One pair of towers. Every parameter's shape follows from the config."""

    user_mean: torch.Tensor
    user_std: torch.Tensor
    tweet_mean: torch.Tensor
    tweet_std: torch.Tensor

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        self.config, dim = config, config.dim
        user_columns, tweet_columns = config.user_columns, config.tweet_columns
        self.users = _table(config.user_buckets, config)
        self.authors = _table(config.author_buckets, config)
        self.tweets = _table(config.tweet_buckets, config)
        self.histories = _table(config.history_buckets if config.history_tweets else 0, config)
        self.text = nn.Linear(config.text_dim, dim, bias=False) if config.text else None
        self.topics = nn.Embedding(config.topic_count + 1, dim, config.topic_count) if config.topics else None
        with torch.no_grad():
            if self.text is not None:
                nn.init.normal_(self.text.weight, std=dim**-0.5)
            if self.topics is not None:
                self.topics.weight[:-1].normal_(std=dim**-0.5)
        histories = sum(name.startswith("user.history_") for name in user_columns)
        attends = config.history != "pooled"
        self.attention = nn.ModuleList(Attention(config) for _ in range(histories if attends else 0))
        user_fields = len(user_columns) - len(config.user_dense) + histories * (config.pools - 1)
        tweet_fields = len(tweet_columns) - len(config.tweet_dense)
        self.user_gate = nn.Parameter(torch.ones(user_fields, dim))
        self.tweet_gate = nn.Parameter(torch.ones(tweet_fields, dim))
        user_width, tweet_width = len(dense_names(config.user_dense)), len(dense_names(config.tweet_dense))
        self.user_mlp = _mlp(user_fields * dim + user_width, config)
        self.tweet_mlp = _mlp(tweet_fields * dim + tweet_width, config)
        self.dropout = RowDropout(config.dropout)
        self.log_scale = nn.Parameter(torch.tensor(-float(np.log(config.temperature))))
        for side, width in (("user", user_width), ("tweet", tweet_width)):
            self.register_buffer(f"{side}_mean", torch.zeros(width))
            self.register_buffer(f"{side}_std", torch.ones(width))

    def set_scales(self, user: tuple[F64, F64] | None, tweet: tuple[F64, F64] | None) -> None:
        """Takes the means and deviations [F] of each tower's dense columns; None for a tower without any."""
        for mean, std, scales in ((self.user_mean, self.user_std, user), (self.tweet_mean, self.tweet_std, tweet)):
            if scales is not None:
                mean.copy_(torch.from_numpy(scales[0]))
                std.copy_(torch.from_numpy(scales[1]))

    @property
    def scale(self) -> torch.Tensor:
        """1 / temperature, kept within 1..100."""
        return self.log_scale.clamp(0.0, float(np.log(100.0))).exp()

    @property
    def tables(self) -> list[HashTable]:
        """The tables of hashed ids, whose training touches single rows."""
        return [table for table in (self.users, self.authors, self.tweets, self.histories) if table is not None]

    def entities(self, entities: Entities) -> Vectors:
        """Vectors of the distinct authors and tweets, the sums of their buckets' rows."""
        tweets = self.tweets(entities.tweets) if self.tweets and entities.tweets is not None else None
        histories = self.histories(entities.histories) if self.histories and entities.histories is not None else tweets
        authors = self.authors(entities.authors) if self.authors and entities.authors is not None else None
        return Vectors(authors, tweets, histories)

    def encode_users(self, inputs: UserTensors, vectors: Vectors) -> torch.Tensor:
        """[B, D] unit vectors."""
        fields: list[torch.Tensor] = []
        if self.users is not None and inputs.user is not None:
            fields.append(self.users(inputs.user))
        if inputs.following is not None and vectors.authors is not None:
            fields.append(inputs.following.pool(vectors.authors))
        attention = iter(self.attention)
        for bag, of in ((inputs.history_authors, vectors.authors), (inputs.history_tweets, vectors.histories)):
            if bag is not None and of is not None:
                fields += [bag.pool(of)] if self.config.history != "attentive" else []
                fields += [next(attention)(bag, of)] if self.config.history != "pooled" else []
        if self.text is not None and inputs.taste is not None:
            fields.append(self.text(inputs.taste))
        if self.topics is not None and inputs.interests is not None:
            fields.append(inputs.interests @ self.topics.weight[:-1])
        dense = ((inputs.dense - self.user_mean) / self.user_std).clamp(-5, 5)
        return self._unit(fields, dense, self.user_gate, self.user_mlp, inputs.keys)

    def encode_tweets(self, inputs: TweetTensors, vectors: Vectors) -> torch.Tensor:
        """[N, D] unit vectors."""
        fields: list[torch.Tensor] = []
        if vectors.authors is not None and inputs.author is not None:
            fields.append(picked(vectors.authors, inputs.author))
        if vectors.tweets is not None and inputs.tweet is not None:
            fields.append(picked(vectors.tweets, inputs.tweet))
        if self.text is not None and inputs.text is not None:
            fields.append(self.text(inputs.text))
        if self.topics is not None and inputs.topics is not None:
            fields.append(self.topics(inputs.topics).sum(1))
        dense = ((inputs.dense - self.tweet_mean) / self.tweet_std).clamp(-5, 5)
        return self._unit(fields, dense, self.tweet_gate, self.tweet_mlp, inputs.keys)

    def _unit(
        self,
        fields: list[torch.Tensor],
        dense: torch.Tensor,
        gate: torch.Tensor,
        mlp: nn.Sequential,
        keys: torch.Tensor | None,
    ) -> torch.Tensor:
        rows = torch.cat([*fields, dense], dim=1)
        if keys is not None:
            rows = self.dropout(rows, keys)
        out: torch.Tensor = mlp(rows)
        for weight, field in zip(gate, fields, strict=True):
            out = torch.addcmul(out, weight, field)
        return nn.functional.normalize(out, dim=1)


class TowerPairs(nn.Module):  # type: ignore[misc]
    """All members of a model, which differ by their first weights and by what the MLPs' dropout takes from each.

    A vector is the members' unit vectors end to end, divided by the root of their number: a unit vector, and the dot
    product of two is the mean of the members' cosines.
    """

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        self.members = nn.ModuleList(Towers(config) for _ in range(config.members))

    @property
    def scales(self) -> torch.Tensor:
        """[M] each member's 1 / temperature."""
        return torch.stack([member.scale for member in self.members])

    @property
    def tables(self) -> list[HashTable]:
        """The tables of hashed ids of all members."""
        return [table for member in self.members for table in member.tables]

    def entities(self, entities: Entities) -> list[Vectors]:
        """Each member's vectors of the distinct authors and tweets."""
        return [member.entities(entities) for member in self.members]

    def encode_users(self, inputs: UserTensors, vectors: list[Vectors]) -> torch.Tensor:
        """[B, M D] unit vectors."""
        return self._joined([m.encode_users(inputs, v) for m, v in zip(self.members, vectors, strict=True)])

    def encode_tweets(self, inputs: TweetTensors, vectors: list[Vectors]) -> torch.Tensor:
        """[N, M D] unit vectors."""
        return self._joined([m.encode_tweets(inputs, v) for m, v in zip(self.members, vectors, strict=True)])

    def parts(self, vectors: torch.Tensor) -> list[torch.Tensor]:
        """[N, D] each member's unit vectors, out of [N, M D]."""
        if len(self.members) == 1:
            return [vectors]
        # Products of what lies in one piece are faster.
        return [part.contiguous() for part in (vectors * len(self.members) ** 0.5).chunk(len(self.members), dim=1)]

    def _joined(self, parts: list[torch.Tensor]) -> torch.Tensor:
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1) / len(parts) ** 0.5


class Attention(nn.Module):  # type: ignore[misc]
    """A bag as a weighted sum: weights are a softmax of what each member is and of how recent it is.

    score_j = q . v_j + b[place_j], place 0 being the newest; the sum is scaled so that random vectors keep their length
    whatever the weights are (the softmax's denominator cancels). With q = 0 and b = 0, where it starts, it is the
    pooled history.
    """

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(config.dim))
        self.place = nn.Parameter(torch.zeros(config.recent))

    def forward(self, bag: BagTensors, vectors: torch.Tensor) -> torch.Tensor:
        """[B, D] from the rows of `vectors` [V, D] that the bags name; zeros for an empty bag."""
        bags, width = len(bag.starts), vectors.shape[1]
        if len(bag.codes) == 0:
            # With gradients all the same: processes that train together wait for each other's.
            return vectors.new_zeros((bags, width)) + 0 * (self.query.sum() + self.place.sum())
        scores = (vectors @ self.query)[bag.codes] + self.place[bag.places]
        # Scores stay within +-20, so that no exponential overflows and no sum is zero.
        weights = (20 * torch.tanh(scores / 20)).exp()
        squares = weights.new_zeros(bags).index_add(0, bag.members, weights**2)
        pooled = nn.functional.embedding_bag(bag.codes, vectors, bag.starts, mode="sum", per_sample_weights=weights)
        return pooled / squares.clamp_min(1e-12).sqrt()[:, None]


def _table(buckets: int, config: TwoTowerConfig) -> HashTable | None:
    std = config.id_length * (HASHES * config.dim) ** -0.5
    return HashTable(buckets, config.dim, std=std) if buckets else None


def _mlp(width: int, config: TwoTowerConfig) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, config.hidden), nn.ReLU(), nn.Linear(config.hidden, config.dim))
