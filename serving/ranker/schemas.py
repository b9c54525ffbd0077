"""Scores as the API shows them."""

from __future__ import annotations

from serving.kit.answers import Answer
from serving.ops.schemas import ModelCard


class Score(Answer):
    """The score of one tweet."""

    tweet_id: str
    score: float


class Scores(Answer):
    """Scores for a user, in the order requested."""

    user_id: str
    scores: list[Score]
    missing: list[str]
    """Tweets that are not there."""


class RankMeta(Answer):
    """What the scores are of."""

    model: ModelCard
    time_us: int
    """The time that they are for, in UTC microseconds."""


class RankAnswer(Answer):
    """The answer to POST /v1/rank."""

    data: Scores
    meta: RankMeta
