"""Limits that a slate keeps: so many tweets of a topic, or of whatever else a column numbers.

**Topic caps.** Candidates are taken in the order of another selector (best k by score unless one is given). One is
passed over when any of its topics stands in `per_topic` tweets of the slate already. A slate that stays short so is
filled with those passed over, in the same order, so that caps never shorten it. A tweet without topics is never passed
over.

**Source caps** are the same over the source that brought a candidate first, with a cap of its own for each source.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import I64, Array, CandidateBatch, Ragged, offsets_of
from data.errors import ConfigError, DataError
from data.kernel import kernel
from ranking.scorer import Selector
from ranking.slate.topk import TopK


class TopicCapsConfig(BaseModel):
    """How many of a topic."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    per_topic: int = Field(5, ge=1)
    """Most tweets of one topic in a slate, while there are others."""
    topics: str = "tweet.topics"
    """Column [N] or [N, T] of topic numbers, below 0 where there is none."""


class TopicCaps:
    """A selector that takes another's order and passes over what a topic has too many of."""

    def __init__(self, config: TopicCapsConfig | None = None, order: Selector | None = None) -> None:
        """`order` says in which order candidates are taken; by score when None."""
        self.config = config or TopicCapsConfig()
        self.order: Selector = order or TopK()

    @property
    def reads(self) -> tuple[str, ...]:
        """The topics and what the order reads."""
        return (*self.order.reads, self.config.topics)

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request, best first."""
        everything = self.order.select(batch, int(np.diff(batch.offsets).max(initial=0)))
        return topic_caps(everything, batch.column(self.config.topics), k, self.config.per_topic)


def topic_caps(order: Ragged, topics: Array, k: int, per_topic: int) -> Ragged:
    """The first `k` rows of each list of `order` that keep to the caps, then those passed over.

    `order` holds rows of `topics`, [N] or [N, T] integers, below 0 where there is none.

    Raises:
        ConfigError: `k` is negative or `per_topic` below 1.
        DataError: topics that are no integers.
    """
    if k < 0 or per_topic < 1:
        raise ConfigError(f"k is {k} and the cap of a topic {per_topic}", remedy="take at least 0 and 1")
    if not np.issubdtype(topics.dtype, np.integer):
        raise DataError(f"topics are {topics.dtype}", remedy="give topic numbers, -1 for none")
    columns = topics.reshape(len(topics), prod(topics.shape[1:]))
    names, found = np.unique(columns, return_inverse=True)
    code = np.where(columns < 0, -1, found.reshape(columns.shape)).astype(np.int64)
    code.sort(axis=1)
    code[:, 1:][code[:, 1:] == code[:, :-1]] = -1
    return _capped(order, code, k, np.full(len(names), per_topic))


class SourceCaps:
    """A selector that takes another's order and passes over what a source brought too much of."""

    def __init__(self, most: Mapping[str, int], order: Selector) -> None:
        """`most` tweets by the name of the source that brought them first; of others any number."""
        self.most, self.order = most, order

    @property
    def reads(self) -> tuple[str, ...]:
        """The source and what the order reads."""
        return (*self.order.reads, "source")

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request, best first."""
        everything = self.order.select(batch, int(np.diff(batch.offsets).max(initial=0)))
        names, code = np.unique(batch.column("source").astype(str), return_inverse=True)
        limits = np.array([self.most.get(name, k) for name in names.tolist()], np.int64)
        return _capped(everything, code.reshape(-1, 1).astype(np.int64), k, limits)


def _capped(order: Ragged, code: I64, k: int, limits: I64) -> Ragged:
    """The first `k` rows of each list of `order` of whose codes [N, T] no more than `limits` [codes] are there."""
    out = offsets_of(np.minimum(order.lengths, k))
    rows = np.empty(out[-1], np.int64)
    _cap(order.offsets, order.values, code, out, limits, np.zeros(len(limits), np.int64), rows)
    return Ragged(out, rows)


@kernel
def _cap(offsets: I64, order: I64, topics: I64, out: I64, limits: I64, count: I64, rows: I64) -> None:
    """Fills `rows`; `count` [topics] is working memory of zeros and is left so."""
    for b in range(len(offsets) - 1):
        mine = order[offsets[b] : offsets[b + 1]]
        slate = rows[out[b] : out[b + 1]]
        passed = np.zeros(len(mine), np.bool_)
        at = 0
        for place in range(len(mine)):
            if at == len(slate):
                break
            full = False
            for topic in topics[mine[place]]:
                full = full or (topic >= 0 and count[topic] >= limits[topic])
            if full:
                passed[place] = True
                continue
            slate[at] = mine[place]
            at += 1
            for topic in topics[mine[place]]:
                if topic >= 0:
                    count[topic] += 1
        for row in slate[:at]:
            for topic in topics[row]:
                if topic >= 0:
                    count[topic] = 0
        for place in range(len(mine)):
            if at < len(slate) and passed[place]:
                slate[at] = mine[place]
                at += 1
