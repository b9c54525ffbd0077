"""Scores and models as the API shows them."""

from __future__ import annotations

from serving.kit.answers import Answer
from serving.ops.schemas import ModelCard


class Score(Answer):
    """The score of one tweet."""

    tweet_id: str
    score: float
    probabilities: dict[str, float] | None = None
    """By action, if they were asked for."""


class Scores(Answer):
    """Scores for a user, in the order requested."""

    user_id: str
    scores: list[Score]
    missing: list[str]
    """Tweets that are not there."""


class RankMeta(Answer):
    """What the scores are of."""

    model: ModelCard
    alias: str
    """Whose model it is, or should have been."""
    time_us: int
    """The time that they are for, in UTC microseconds."""
    degraded: dict[str, str] | None = None
    """What was left out, and why; absent where nothing was."""


class RankAnswer(Answer):
    """Scores for one user."""

    data: Scores
    meta: RankMeta


class RankAnswers(Answer):
    """Of several requests, in their order."""

    data: list[RankAnswer]


class LoadedModel(ModelCard):
    """A model that is loaded."""

    alias: str
    share: float
    """Share of all users whom it scores where the request names no alias."""
    shadow: bool
    """Whether it also scores what another one answers, after the answer."""


class ModelsMeta(Answer):
    """What a reload did."""

    changed: list[str]
    """Aliases that have another model than before."""


class ModelsAnswer(Answer):
    """The models that are loaded."""

    data: list[LoadedModel]
    meta: ModelsMeta
