"""The words of tweets as people read them: of a retweet the author and the words of the original."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data.dataset import Dataset


def tweet_texts(dataset: Dataset, tweet_ids: Sequence[int]) -> pl.DataFrame:
    """`tweet_id`, `author` and `text` of those of `tweet_ids` that the data set has; `author` is the handle, or the id
    where the log has none, and the text of a retweet is `RT @name: ` and the original's."""
    tweets = dataset.scan("tweets")
    own = tweets.filter(pl.col("tweet_id").is_in(list(tweet_ids)))
    if "referenced_id" not in tweets.collect_schema():
        return _named(dataset, own.select("tweet_id", "author_id", "text").collect()).select(
            "tweet_id", "author", "text"
        )
    found = own.select("tweet_id", "author_id", "text", "referenced_id").collect()
    first = tweets.filter(pl.col("tweet_id").is_in(found["referenced_id"].drop_nulls().to_list()))
    originals = _named(dataset, first.select("author_id", referenced_id="tweet_id", original="text").collect())
    again = pl.concat_str(pl.lit("RT @"), "original_author", pl.lit(": "), "original")
    text = pl.when(pl.col("text") == "").then(pl.coalesce(again, "text")).otherwise("text")
    originals = originals.select("referenced_id", "original", original_author="author")
    joined = _named(dataset, found).join(originals, on="referenced_id", how="left")
    return joined.select("tweet_id", "author", text=text)


def _named(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """With `author`."""
    if "users" not in dataset.tables:
        return frame.with_columns(author=pl.col("author_id").cast(pl.String))
    names = dataset.scan("users").select(author_id="user_id", author="username").collect()
    joined = frame.join(names, on="author_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("author").fill_null(pl.col("author_id").cast(pl.String)))
