"""Holds a share of tweets back from a group of readers, to measure what those tweets are worth to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.component import Filter, QueryHydrator
from data.batch import Array, CandidateBatch, Mask, Requests
from data.rng import Stream
from data.schema import KIND_CODE
from features.state.network import NetworkState


class HoldoutConfig(BaseModel):
    """Who is held out, and from how much. Groups and tweets are drawn by hash: the same key draws the same again."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    key: int = Field(0, ge=0, lt=1 << 64)
    """Another key draws other readers and other tweets, independently."""
    readers: float = Field(0.01, ge=0, le=1)
    """Share of the readers in the group."""
    originals: float = Field(0.0, ge=0, le=1)
    """Share of the originals and quotes that the group is never shown."""
    replies: float = Field(0.0, ge=0, le=1)
    """Share of the replies that the group is never shown."""
    retweets: float = Field(0.0, ge=0, le=1)
    """Share of the retweets that the group is never shown."""


class HoldoutGroup(QueryHydrator):
    """`holdout`: whether the reader is of the group. It is logged with the request's policy."""

    reads = frozenset({"user_id"})
    writes = frozenset({"holdout"})

    def __init__(self, config: HoldoutConfig) -> None:
        """The group of `config`."""
        self._draw, self.share = Stream(config.key, "holdout readers"), config.readers

    def hydrate(self, requests: Requests) -> Mapping[str, Array]:
        """[B] bool."""
        return {"holdout": self._draw.uniform(requests.columns["user_id"])[:, 0] < self.share}


class Holdout(Filter):
    """Drops the drawn tweets for readers of the group: the same tweets for all of them, from every source.

    A retweet is drawn by its own id and as a retweet. Fails closed, so that what is held out stays so.
    """

    reads = frozenset({"holdout", "tweet_id", "tweet_row"})
    reason = "holdout"
    protects = True

    def __init__(self, network: NetworkState, config: HoldoutConfig) -> None:
        """Looks kinds up in `network`."""
        self.network, self._draw = network, Stream(config.key, "holdout tweets")
        self._share = np.full(len(KIND_CODE) + 1, config.originals)  # the last one, at -1, is of unknown kind
        self._share[KIND_CODE["reply"]], self._share[KIND_CODE["retweet"]] = config.replies, config.retweets

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] False for what is held out."""
        keep = np.ones(len(batch), np.bool_)
        at = np.flatnonzero(batch.column("holdout"))
        if len(at):
            kind = self.network.tweet.kind[batch.columns["tweet_row"][at]]
            keep[at] = self._draw.uniform(batch.columns["tweet_id"][at])[:, 0] >= self._share[kind]
        return keep
