"""Derived tables of a log: what the text of each tweet says, read once a log and kept while the process lives."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data.batch import Array
from data.tweet_text import text_counts
from features.text.fields import TOPICS

if TYPE_CHECKING:
    from features.text.understanding import Understanding

_KEPT = 4
_memo: OrderedDict[tuple[str, str], pl.DataFrame] = OrderedDict()


def tweet_counts(tweets: pl.LazyFrame, key: str = "") -> pl.LazyFrame:
    """`tweet_id`, `length` (weighted characters) and `hashtags` (how many) of each tweet."""

    def read(texts: pl.DataFrame) -> pl.DataFrame:
        length, hashtags = text_counts(texts["text"].to_numpy())
        return texts.select("tweet_id").with_columns(pl.Series("length", length), pl.Series("hashtags", hashtags))

    return _once(tweets, "counts", key, read)


def understanding_tables(
    tweets: pl.LazyFrame, understanding: Understanding | None, key: str = ""
) -> dict[str, pl.LazyFrame]:
    """`understanding` (tweet_id, topics, sentiment, embedding) and `topic_count` (one number), for views."""

    def read(texts: pl.DataFrame) -> pl.DataFrame:
        ids, size = texts.select("tweet_id"), len(texts)
        if understanding is None:
            topics, sentiment = np.full((size, TOPICS), -1, np.int16), np.zeros(size, np.float32)
            embedding = np.zeros((size, 0), np.float32)
        else:
            fields = understanding(texts["text"].to_list())
            topics, sentiment, embedding = fields.topics, fields.sentiment, fields.embedding
        series = [_matrix("topics", topics), pl.Series("sentiment", sentiment), _matrix("embedding", embedding)]
        return ids.with_columns(series)

    identity = understanding.identity if understanding else "none"
    topics = len(understanding.topics) if understanding else 0
    table = _once(tweets, identity, key, read)
    return {"understanding": table, "topic_count": pl.LazyFrame({"topics": [topics]})}


def _once(tweets: pl.LazyFrame, kind: str, key: str, read: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.LazyFrame:
    """`read` over the tweets by id, or what it gave for the same log before; a log without a key is read each time."""
    if key and (kind, key) in _memo:
        _memo.move_to_end((kind, key))
        return _memo[kind, key].lazy()
    table = read(tweets.select("tweet_id", "text").collect().sort("tweet_id"))
    if key:
        _memo[kind, key] = table
        while len(_memo) > _KEPT:
            _memo.popitem(last=False)
    return table.lazy()


def _matrix(name: str, values: Array) -> pl.Series:
    inner = pl.Int16 if values.dtype == np.int16 else pl.Float32
    if not values.size:
        return pl.Series(name, [[]] * len(values), pl.Array(inner, values.shape[1]))
    return pl.Series(name, values, pl.Array(inner, values.shape[1]))
