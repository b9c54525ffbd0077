"""The contracts of everything that ranks: what a scorer must have, and what it may offer beside its scores.

`Scorer` is all that ranking and evaluation need; any object with `reads` and `score` is one. A class that offers more
says so by deriving from the class here that stands for it.

All scorers are pointwise: a candidate's score never depends on its neighbours in the batch. Only rerankers and
selectors (`ranking.slate`, `candidates`) see the slate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict

from data.batch import F32, F64, Array, CandidateBatch, Mask, Ragged, Requests


@runtime_checkable
class Scorer(Protocol):
    """One number a candidate."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""
        ...

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32, higher first."""
        ...


class ActionModel(Protocol):
    """A probability for each action a user may take."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""
        ...

    @property
    def actions(self) -> tuple[str, ...]:
        """The A actions, names from `data.schema.ACTIONS`."""
        ...

    @property
    def taken(self) -> Mask:
        """[A] False for an action that nobody took in training: its probability is 0."""
        ...

    def predict(self, batch: CandidateBatch) -> F32:
        """[N, A] probabilities."""
        ...


class ScorerConfig(BaseModel):
    """Settings of a scorer, and what its training does with them; every setting has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    by_epoch: ClassVar[bool] = False
    """Whether training reports its numbers after each epoch, so that a bad run can be stopped early."""
    tried: ClassVar[tuple[str, ...]] = ()
    """Settings that may have several values, of which training keeps the best."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """Numbers that training reports and that a sweep may choose by."""
        return ()

    @property
    def chosen(self) -> dict[str, Any]:
        """Of a fitted scorer: the value of each setting in `tried`."""
        return {}

    @classmethod
    def variants(cls) -> dict[str, Self]:
        """Other defaults, by the kind of data set that they are for."""
        return {}


class ConfiguredScorer(Scorer, ABC):
    """A scorer with a config and perhaps weights, which an artifact holds."""

    config_type: ClassVar[type[ScorerConfig]]
    """Its settings."""
    config: ScorerConfig

    @abstractmethod
    def weights(self) -> dict[str, Array]:
        """What an artifact holds beside the config, by name."""

    def artifact(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Config (plain JSON) and weights by name."""
        return self.config.model_dump(mode="json"), self.weights()

    @classmethod
    @abstractmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The scorer that `artifact` described; without weights, one that needs no training, from its settings.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """


class Retriever(Scorer, ABC):
    """A scorer that factors into a user vector and a tweet vector, so that an index can search it."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """D, the length of the vectors."""

    @abstractmethod
    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, D] unit vectors of the batch's requests."""

    @abstractmethod
    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, D] unit vectors of the candidates."""


class CatalogueScorer(Scorer, ABC):
    """A scorer that scores many candidates for many requests at once, faster than pair by pair."""

    @abstractmethod
    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32 scores of the M candidates of `items`, a batch of one request, for each of B `requests`.

        Equal to `score` of each pair, up to the rounding of sums.
        """


class ValuedScorer(Scorer, ABC):
    """A scorer whose score is the value of the actions that it predicts."""

    @property
    @abstractmethod
    def actions(self) -> tuple[str, ...]:
        """The A actions, names from `data.schema.ACTIONS`."""

    @property
    @abstractmethod
    def left_out(self) -> tuple[str, ...]:
        """Weighted actions that it has not learned to predict."""

    @property
    @abstractmethod
    def value_reads(self) -> tuple[str, ...]:
        """Columns that the value alone reads: where a data set lacks them, that part of the value counts nothing."""

    @abstractmethod
    def with_value(self, value: str | Mapping[str, float]) -> Self:
        """The same model whose actions have other weights: see `ranking.value.ValueModel.of`.

        Raises:
            ConfigError: no such value, or it weighs none of the actions that were learned.
        """

    @abstractmethod
    def predict(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """[N, A] probabilities, as if every candidate stood on top or, where these are given, at places [N]."""


class LabelModel(Scorer, ABC):
    """A scorer that gives the probability of a label: that the value of a row reaches a bound."""

    @property
    @abstractmethod
    def positive_from(self) -> float:
        """The bound."""

    @abstractmethod
    def probability(self, batch: CandidateBatch) -> F64:
        """[N] probabilities of the candidates."""


class TextScorer:
    """A scorer of texts alone: a data set without texts is refused, not ranked at random."""


class Selector(Protocol):
    """Picks and orders a slate; it may look at all candidates of a request together."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch; always `score`."""
        ...

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request, best first."""
        ...


class DrawingSelector(Selector, ABC):
    """A selector that draws some of its places, and knows how likely each was to go as it did."""

    @abstractmethod
    def draw(self, batch: CandidateBatch, k: int) -> tuple[Ragged, F64]:
        """What `select` gives, and the propensity of each place in (0, 1]: 1 where nothing is drawn."""

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """See `Selector`."""
        return self.draw(batch, k)[0]
