"""A model on the state of one network: its ranker, and the vectors that it keeps there."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from candidates.tweet_vectors import TweetVectors
from data.batch import I64, Ragged
from features.online import FeatureState
from ranking.ranker import LocalRanker
from ranking.scorer import Retriever, Scorer, ValuedScorer
from ranking.tower_vectors import TowerVectors
from ranking.value import ValueModel
from serving.model import ServedModel
from serving.settings import Settings

log = logging.getLogger("rookery.serving")

_TRIED = 500
"""Candidates of the request that a model is warmed up with."""


def valued(scorer: Scorer, value: str | None) -> Scorer:
    """The scorer by the value model of that name; as it is where none is named, or where it predicts no actions, which
    the log says.

    Raises:
        ConfigError: no such value model, or it weighs none of the actions that the scorer predicts.
    """
    if value is None:
        return scorer
    if isinstance(scorer, ValuedScorer):
        return scorer.with_value(value)
    ValueModel.preset(value)
    log.warning("feed.value=%s is left out: %s predicts no actions", value, type(scorer).__name__)
    return scorer


@dataclass(frozen=True, eq=False)
class ReadyModel:
    """In the thread that owns the state."""

    model: ServedModel
    ranker: LocalRanker
    kept: TowerVectors | None
    """Of a model of two towers."""
    index: TweetVectors | None
    """Of a model of two towers: what retrieval searches, once it is filled."""

    @classmethod
    def of(cls, model: ServedModel, state: FeatureState, settings: Settings) -> ReadyModel:
        """`model` on `state`, as far as it is without warming up."""
        scorer = model.scorer
        kept = index = None
        if isinstance(scorer, Retriever):
            kept = TowerVectors(state, scorer, settings.tower_vectors)
            version = f"{model.name}-{model.version}"
            index = TweetVectors(scorer, max_age_h=settings.feed.max_age_h, version=version, kept=kept)
        return cls(model, LocalRanker(state, valued(scorer, settings.feed.value), kept), kept, index)

    @property
    def policy(self) -> str:
        """Name and version, as requests and impressions record it."""
        return f"{self.model.name}-{self.model.version}" if self.model.version else self.model.name

    def encode(self, rows: I64, time_us: int) -> None:
        """Makes the vectors of tweet rows, so that the first request finds them."""
        if self.kept is not None and len(rows):
            self.kept.tweets(rows, np.array([0, len(rows)], np.int64), np.array([time_us], np.int64))

    def try_out(self, time_us: int) -> None:
        """Scores the newest tweets for one user and drops the scores: what is compiled or loaded at first use is then.

        Raises:
            ModelError: the model's scores are not finite.
        """
        state = self.ranker.state
        rows = state.network.alive(time_us, np.inf)[-_TRIED:]
        if len(state.network.users) and len(rows):
            requests = state.requests(state.network.users.ids[:1], time_us)
            self.ranker.rank(state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows)))

    def close(self) -> None:
        """Events renew its vectors no more."""
        if self.kept is not None:
            self.kept.close()
