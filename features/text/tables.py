"""Derived tables of a log: what the text of each tweet contains, read once a log."""

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


class TextTables:
    """Owner of the last four tables; `key` names the content of a log, and a log without a key is read each time."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._tables: OrderedDict[tuple[str, str], pl.DataFrame] = OrderedDict()

    def counts(self, tweets: pl.LazyFrame, key: str = "") -> pl.LazyFrame:
        """`tweet_id`, `length` (weighted characters) and `hashtags` (how many) of each tweet."""
        return self._once(tweets, "counts", key, _counts)

    def understanding(
        self, tweets: pl.LazyFrame, understanding: Understanding | None, key: str = ""
    ) -> dict[str, pl.LazyFrame]:
        """`understanding` (tweet_id, topics, sentiment, embedding) and `topic_count` (one number), for views."""
        identity = understanding.identity if understanding else "none"
        topics = len(understanding.topics) if understanding else 0
        table = self._once(tweets, identity, key, lambda texts: _understood(texts, understanding))
        return {"understanding": table, "topic_count": pl.LazyFrame({"topics": [topics]})}

    def _once(
        self, tweets: pl.LazyFrame, kind: str, key: str, read: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> pl.LazyFrame:
        """`read` over the tweets by id, or the kept table of the same kind and log."""
        if key and (kind, key) in self._tables:
            self._tables.move_to_end((kind, key))
            return self._tables[kind, key].lazy()
        table = read(tweets.select("tweet_id", "text").collect().sort("tweet_id"))
        if key:
            self._tables[kind, key] = table
            while len(self._tables) > _KEPT:
                self._tables.popitem(last=False)
        return table.lazy()


def _counts(texts: pl.DataFrame) -> pl.DataFrame:
    length, hashtags = text_counts(texts["text"].to_numpy())
    return texts.select("tweet_id").with_columns(pl.Series("length", length), pl.Series("hashtags", hashtags))


def _understood(texts: pl.DataFrame, understanding: Understanding | None) -> pl.DataFrame:
    ids, size = texts.select("tweet_id"), len(texts)
    if understanding is None:
        topics, sentiment = np.full((size, TOPICS), -1, np.int16), np.zeros(size, np.float32)
        embedding = np.zeros((size, 0), np.float32)
    else:
        fields = understanding(texts["text"].to_list())
        topics, sentiment, embedding = fields.topics, fields.sentiment, fields.embedding
    series = [_matrix("topics", topics), pl.Series("sentiment", sentiment), _matrix("embedding", embedding)]
    return ids.with_columns(series)


def _matrix(name: str, values: Array) -> pl.Series:
    inner = pl.Int16 if values.dtype == np.int16 else pl.Float32
    if not values.size:
        return pl.Series(name, [[]] * len(values), pl.Array(inner, values.shape[1]))
    return pl.Series(name, values, pl.Array(inner, values.shape[1]))
