"""The protocols of everything that ranks: scorers, action models, retrievers and scorers of catalogues.

All are pointwise: a candidate's score never depends on its neighbours in the batch. Only rerankers and selectors
(`ranking.slate`, `candidates`) see the slate.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from data.batch import F32, CandidateBatch, Mask, Ragged, Requests


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
    """A probability for each action a person may take."""

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


@runtime_checkable
class Retriever(Protocol):
    """A scorer that factors into a user vector and a tweet vector, so that an index can search it."""

    @property
    def dim(self) -> int:
        """D, the length of the vectors."""
        ...

    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, D] unit vectors of the batch's requests."""
        ...

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, D] unit vectors of the candidates."""
        ...


@runtime_checkable
class CatalogueScorer(Protocol):
    """A scorer that scores many candidates for many requests at once, faster than pair by pair."""

    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32 scores of the M candidates of `items`, a batch of one request, for each of B `requests`.

        Equal to `score` of each pair, up to the rounding of sums.
        """
        ...


class Selector(Protocol):
    """Picks and orders a slate; it may look at all candidates of a request together."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch; always `score`."""
        ...

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request, best first."""
        ...
