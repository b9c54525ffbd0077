"""Models of labels by ids alone: two biases, and a factorisation machine of user and item (Rendle, ICDM 2010).

    p(label = 1) = sigmoid(b + b_user + b_item + v_user' v_item)

An id that was never met has a bias of 0 and no vector. The score is the logit, so that the order is that of p.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from data.batch import F32, F64, I64, Array, CandidateBatch, Mask, Requests
from data.kernel import kernel
from data.labels import POSITIVE_FROM
from data.settings import Seed
from ranking.scorer import CatalogueScorer, ConfiguredScorer, LabelModel, ScorerConfig
from ranking.scorers.item_config import Counts, Values
from ranking.scorers.items import check_shape, places_of


class BiasesConfig(ScorerConfig):
    """Settings of two biases. Of several values the best log loss on held-out training rows is kept."""

    positive_from: float = Field(POSITIVE_FROM, allow_inf_nan=False)
    """Value from which a row is positive; all rows with a value are learned from."""
    l2: Values = Field((0.001, 0.01, 0.1), min_length=1)
    """Weight of the squared biases, each time that a row has them."""
    learning_rate: float = Field(0.05, gt=0, le=1)
    """Of Adagrad."""
    epochs: int = Field(30, ge=1)
    """Most passes over the rows; as many are made as were best on the held-out rows."""
    validation_share: float = Field(0.1, gt=0, lt=1)
    """Share of the training rows that is held out, at random, to choose settings by."""
    seed: Seed = 1
    """Of the order of rows, the held-out rows and first vectors; the run's own when trained."""

    tried: ClassVar[tuple[str, ...]] = ("l2",)

    @property
    def objectives(self) -> tuple[str, ...]:
        """See `ScorerConfig`."""
        return ("validation_loss",)

    @property
    def chosen(self) -> dict[str, Any]:
        """See `ScorerConfig`."""
        return {name: values[0] for name, values in self.model_dump(include=set(self.tried)).items()}

    @property
    def dims(self) -> tuple[int, ...]:
        """Lengths of vectors that are tried."""
        return (0,)

    @property
    def of_vectors(self) -> tuple[float, ...]:
        """Weights of the squared vectors that are tried."""
        return (0.0,)


class FactorisationConfig(BiasesConfig):
    """Settings of a factorisation machine."""

    l2: Values = Field((0.001, 0.01), min_length=1)
    """Weight of the squared biases, each time that a row has them."""
    dim: Counts = Field((16,), min_length=1)
    """Length of the vectors."""
    vector_l2: Values = Field((0.05, 0.1, 0.2), min_length=1)
    """Weight of the squared vectors."""

    tried: ClassVar[tuple[str, ...]] = ("l2", "dim", "vector_l2")

    @property
    def dims(self) -> tuple[int, ...]:
        """See `BiasesConfig`."""
        return self.dim

    @property
    def of_vectors(self) -> tuple[float, ...]:
        """See `BiasesConfig`."""
        return self.vector_l2


class Biases(ConfiguredScorer, CatalogueScorer, LabelModel):
    """A bias of the user and one of the item: what a model of labels by ids must beat."""

    config_type: ClassVar[type[BiasesConfig]] = BiasesConfig
    config: BiasesConfig
    reads: ClassVar[tuple[str, ...]] = ("user_id", "tweet_id")

    def __init__(self, config: BiasesConfig, users: I64, items: I64, bias: float, of_users: F32, of_items: F32) -> None:
        """For ids `users` [U] and `items` [M], ascending; a row of `of_users` [U, 1 + D] is a bias and a vector."""
        self.config, self.users, self.items, self.bias = config, users, items, bias
        self.of_users, self.of_items = of_users, of_items

    @property
    def positive_from(self) -> float:
        """See `LabelModel`."""
        return self.config.positive_from

    @classmethod
    def fit(
        cls, config: BiasesConfig, users: I64, items: I64, user: I64, item: I64, label: Array, held: Mask
    ) -> tuple[Self, list[float]]:
        """From rows [N] of places among `users` and `items` and labels 0 or 1; log loss of `held` after each epoch.

        The config has one value of each setting. With rows held out the model is that of the best epoch.
        """
        (dim,), (l2,), (of_vectors,) = config.dims, config.l2, config.of_vectors
        weigh = np.r_[l2, np.full(dim, of_vectors)]
        rng = np.random.default_rng(config.seed)
        learn, judge = np.flatnonzero(~held), np.flatnonzero(held)
        rate = float(label[learn].mean())
        bias = float(np.log(max(rate, 1e-6) / max(1 - rate, 1e-6)))
        weights = [np.zeros((len(ids), 1 + dim)) for ids in (users, items)]
        for one in weights:
            one[:, 1:] = rng.normal(0, 0.1, (len(one), dim))
        past = [np.full_like(one, 1e-2) for one in weights]
        losses: list[float] = []
        best = [one.copy() for one in weights]
        for _ in range(config.epochs):
            order = rng.permutation(learn)
            _pass(order, user, item, label.astype(np.float64), bias, weigh, config.learning_rate, *weights, *past)
            if not len(judge):
                continue
            p = _sigmoid(_logits(bias, weights[0][user[judge]], weights[1][item[judge]]))
            losses.append(log_loss(p, label[judge]))
            if losses[-1] == min(losses):
                best = [one.copy() for one in weights]
        kept = best if len(judge) else weights
        of_users, of_items = (one.astype(np.float32) for one in kept)
        return cls(config, users, items, bias, of_users, of_items), losses

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 logits."""
        user = _rows(self.of_users, places_of(self.users, batch.column("user_id")))
        item = _rows(self.of_items, places_of(self.items, batch.column("tweet_id")))
        return _logits(self.bias, user, item).astype(np.float32)

    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32 logits."""
        user = _rows(self.of_users, places_of(self.users, requests.columns["user_id"]))
        item = _rows(self.of_items, places_of(self.items, items.columns["tweet_id"]))
        return np.float32(self.bias) + user[:, :1] + item[:, 0] + user[:, 1:] @ item[:, 1:].T

    def probability(self, batch: CandidateBatch) -> F64:
        """See `LabelModel`."""
        return _sigmoid(self.score(batch).astype(np.float64))

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return {
            "users": self.users, "items": self.items, "bias": np.array([self.bias]), "of_users": self.of_users,
            "of_items": self.of_items,
        }  # fmt: skip

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """
        parsed = cls.config_type(**config)
        width, what = 1 + int(parsed.dims[0]), "the model of labels"
        users, items = (weights.get(name, np.empty(0, np.int64)) for name in ("users", "items"))
        of_users = check_shape(weights, "of_users", (len(users), width), what)
        of_items = check_shape(weights, "of_items", (len(items), width), what)
        bias = float(check_shape(weights, "bias", (1,), what)[0])
        return cls(parsed, users, items, bias, of_users, of_items)


class Factorisation(Biases):
    """A factorisation machine of user and item: the two biases and the product of two vectors."""

    config_type: ClassVar[type[FactorisationConfig]] = FactorisationConfig


def log_loss(p: F64, label: Array) -> float:
    """Mean negative log likelihood of labels [N] by probabilities [N], which are clipped to 1e-7 and 1 less that."""
    return float(row_losses(p, label).mean())


def row_losses(p: F64, label: Array) -> F64:
    """[N] the loss of each row."""
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.where(label > 0, np.log(clipped), np.log1p(-clipped))


def _rows(weights: F32, places: I64) -> F32:
    """[N, 1 + D] rows at places; zeros where a place is negative."""
    if not len(weights):
        return np.zeros((len(places), weights.shape[1]), np.float32)
    return np.where(places[:, None] >= 0, weights[np.maximum(places, 0)], np.float32(0))


def _logits(bias: float, user: Array, item: Array) -> Array:
    out: Array = bias + user[:, 0] + item[:, 0] + np.einsum("nd,nd->n", user[:, 1:], item[:, 1:])
    return out


def _sigmoid(x: F64) -> F64:
    return 1 / (1 + np.exp(-x))


@kernel
def _pass(
    order: I64, user: I64, item: I64, label: F64, bias: float, weigh: F64, rate: float, of_users: F64, of_items: F64,
    past_users: F64, past_items: F64,
) -> None:  # fmt: skip
    """One epoch of Adagrad (Duchi, Hazan and Singer 2011), row by row."""
    width = of_users.shape[1]
    for n in order:
        u, i = of_users[user[n]], of_items[item[n]]
        squares_u, squares_i = past_users[user[n]], past_items[item[n]]
        x = bias + u[0] + i[0]
        for d in range(1, width):
            x += u[d] * i[d]
        error = 1 / (1 + np.exp(-x)) - label[n]
        for d in range(width):
            by_u, by_i = (1.0, 1.0) if d == 0 else (i[d], u[d])
            slope_u, slope_i = error * by_u + weigh[d] * u[d], error * by_i + weigh[d] * i[d]
            squares_u[d] += slope_u * slope_u
            squares_i[d] += slope_i * slope_i
            u[d] -= rate * slope_u / np.sqrt(squares_u[d])
            i[d] -= rate * slope_i / np.sqrt(squares_i[d])
