"""What an evaluation protocol is: it says what is ranked against what, and yields blocks of requests to be scored.

Every scorer sees the same candidates, with the feature state replayed up to just before their request. The words of
`describe()` stand beside every number that is printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from data.batch import F32, F64, I64, Array, CandidateBatch
from data.dataset import Dataset
from data.errors import ModelError
from data.split import Split
from features.online import FeatureState
from ranking.scorer import Scorer

IDS = ("tweet_id", "author_id")
"""Columns that the candidates of `Scored` have, whatever metrics read."""

TRUE = ("true_value", "true_welfare")
"""Columns that candidates have where the truth is known: probability of any engagement, and welfare in [-1, 1]."""

PROBABILITY = "p."
"""What the names of impressions' columns with an action's probability begin with."""

LOWEST = np.float32(np.finfo(np.float32).min)
"""The score that a candidate without one (NaN) is ranked by: last."""


@dataclass(frozen=True)
class Available:
    """What a protocol can measure with."""

    impressions: bool
    """What was shown, and what users did with it."""
    truth: bool
    """True value and welfare of the candidates."""
    texts: bool
    """Texts of the candidates."""
    all_candidates: bool
    """All candidates of a request with their scores, not only the best places and what is relevant."""
    new_items: bool
    """Relevant are only items that the user had not engaged with in the training part."""


@dataclass(frozen=True)
class Needs:
    """What the blocks of one pass have to give."""

    scorers: tuple[str, ...]
    """Columns that the scorers read."""
    metrics: tuple[str, ...]
    """Feature columns that metrics over requests read."""
    k: int
    """Length of the list that is judged."""
    pool: int
    """Best candidates among which MMR chooses; at least `k`."""


@dataclass(frozen=True)
class Scored:
    """What one scorer made of a block's B requests: all that is measured of it."""

    first: CandidateBatch
    """Of each request the best candidates, best first, and below them what else is relevant.

    Columns `score`, `relevance`, `IDS`, those of `Needs.metrics`, and `TRUE` where the truth is known.
    To a metric of the first places that is as good as all candidates.
    """
    every: CandidateBatch | None
    """All candidates with the same columns; None where the protocol keeps only the best."""
    ties: F64
    """[B, 3] as `experiments.evaluation.score_ties.count_ties` gives it."""
    unscored: I64
    """[B] candidates whose score was NaN."""
    vectors: F32 | None = None
    """[P, D] of the first `Needs.pool` candidates of each request, of a scorer that has vectors of items."""
    impressions: Mapping[str, Array] | None = None
    """[M] `user_id`, `score`, `label`, `position`, `acts` (as in `Step`) of what was shown, and of an action model a
    column `p.ACTION` each; None where nothing was."""


class Block(Protocol):
    """B requests that are scored together."""

    @property
    def request_id(self) -> I64:
        """[B]."""
        ...

    @property
    def user_id(self) -> I64:
        """[B]."""
        ...

    @property
    def candidates(self) -> CandidateBatch | None:
        """All candidates that lists can be made of; None where no list is judged."""
        ...

    def scored(self, scorer: Scorer) -> Scored:
        """Scores the candidates.

        Raises:
            ModelError: the scorer gives something else than one number a candidate.
        """
        ...

    def by_truth(self) -> Mapping[str, Scored]:
        """The candidates scored by each of the oracles, by name; none where the truth is not known."""
        ...


class EvaluationProtocol(Protocol):
    """A way to evaluate rankers."""

    def __init__(self, dataset: Dataset, split: Split, *, requests: int, seed: int) -> None:
        """Samples at most `requests` with `seed`.

        Raises:
            DataError: the data set or the split lacks what the protocol ranks.
        """

    @classmethod
    def applies(cls, dataset: Dataset, split: Split) -> bool:
        """Whether it fits the data set and the split."""
        ...

    @property
    def name(self) -> str:
        """Short name, part of what makes two evaluations comparable."""
        ...

    @property
    def available(self) -> Available:
        """What it can measure with."""
        ...

    @property
    def held_out(self) -> pl.LazyFrame:
        """The engagements of the test that can be relevant."""
        ...

    def describe(self) -> str:
        """One sentence: split, requests, candidates, relevance, tie rule."""
        ...

    def fills(self, column: str) -> bool:
        """Whether a metric over requests can read this feature column."""
        ...

    def blocks(self, state: FeatureState, needs: Needs) -> Iterator[Block]:
        """All requests, in blocks; brings `state`, which must be empty, forward with the log."""
        ...

    def __len__(self) -> int:
        """How many requests there are in all blocks."""
        ...


def check_scores(scores: Array, scorer: Scorer, shape: tuple[int, ...]) -> F32:
    """Scores as float32 of `shape`.

    Raises:
        ModelError: they have another shape.
    """
    found = np.asarray(scores, np.float32)
    if found.shape != shape:
        raise ModelError(
            f"{type(scorer).__name__} gave scores of shape {found.shape} for {shape}",
            remedy="score(batch) returns one number a candidate",
        )
    return found


def lowest_for_nan(scores: F32) -> tuple[F32, Array]:
    """The scores with `LOWEST` for NaN, and where these were."""
    missing = np.isnan(scores)
    return (np.where(missing, LOWEST, scores) if missing.any() else scores), missing
