"""Lets what a reader was shown lately count less: authors and topics sink with each feed, and rise again with time."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.component import Reranker
from data.batch import F32, F64, I64, Array, CandidateBatch
from data.events import HOUR_US
from features.online import FeatureState


class FatigueConfig(BaseModel):
    """How much an author or a topic sinks, and how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    half_life_h: float = Field(6.0, gt=0)
    """Hours after which an impression counts half."""
    author_strength: float = Field(0.25, ge=0)
    """What one impression of the author a moment ago adds to the tiredness; 0: authors do not tire."""
    topic_strength: float = Field(0.05, ge=0)
    """What one impression of the topic adds: topics are few, so a feed shows each more often. 0: they do not tire."""
    floor: float = Field(0.3, gt=0, le=1)
    """What a tweet keeps of its score however tired its reader is."""


class Fatigue(Reranker):
    """A factor by what the reader was shown in earlier requests; within one request it weighs nothing.

    With `w_author` and `w_topic` the impressions of the candidate's author and of its first topic among the last 200
    that the reader saw (`features.state.shown`), each counted 2^(-age / half-life):

        tired = author_strength * w_author + topic_strength * w_topic
        factor = floor + (1 - floor) / (1 + tired)

    Of two whom the reader is tired of, the one shown less still gains: the curve is not flat where both are far down.
    A score below 0 is divided by it, so that it always moves a tweet down. Whether this makes feeds better is not shown
    yet: the home feed leaves it out unless it is asked for.
    """

    reads = frozenset({"score", "user_row", "time_us", "tweet_row", "author_row"})

    def __init__(self, state: FeatureState, config: FatigueConfig | None = None) -> None:
        """Reads from `state` what was shown, by whom and about what."""
        self.state, self.config = state, config or FatigueConfig()

    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers."""
        config, query = self.config, batch.requests.columns
        tweets = self.state.shown.tweets(query["user_row"])
        age_us = query["time_us"][:, None] - self.state.shown.times(query["user_row"])
        there = (tweets >= 0) & (age_us >= 0)
        owner, shown = np.nonzero(there)[0], tweets[there]
        weight = np.exp2(-age_us[there] / (config.half_life_h * HOUR_US))
        tired = np.zeros(len(batch))
        author, topics = self.state.network.tweet.author_row, self.state.texts.column.topics
        if config.author_strength:
            tired += config.author_strength * _sums(
                owner, author[shown], weight, batch.request, batch.columns["author_row"]
            )
        if config.topic_strength:
            tired += config.topic_strength * _sums(
                owner, topics[shown, 0], weight, batch.request, topics[batch.columns["tweet_row"], 0]
            )
        keep = config.floor + (1.0 - config.floor) / (1.0 + tired)
        return np.where(batch.columns["score"] < 0, 1.0 / keep, keep).astype(np.float32)


def _sums(owner: I64, group: Array, weight: F64, request: I64, wanted: Array) -> F64:
    """[N] the sum of `weight` over the entries of the same request and group; 0 for a group below 0."""
    known = group >= 0
    span = max(int(group.max(initial=0)), int(wanted.max(initial=0))) + 1
    keys, place = np.unique(owner[known] * span + group[known], return_inverse=True)
    if not len(keys):
        return np.zeros(len(wanted))
    totals = np.bincount(place, weight[known], len(keys))
    asked = request * span + wanted
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where((keys[at] == asked) & (wanted >= 0), totals[at], 0.0)
