"""What the training part of a split knows of its test, and what it has never met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import polars as pl


@dataclass(frozen=True)
class Warmth:
    """How many test rows, users and tweets the training part knows (warm) and how many it has never met (cold)."""

    test_rows: int
    warm_rows: int
    warm_users: int
    cold_users: int
    warm_tweets: int
    cold_tweets: int
    repeated_rows: int
    """Test rows whose user has that tweet in the training part too: when a catalogue is ranked, they are no queries."""

    @classmethod
    def of(cls, train: pl.LazyFrame, test: pl.LazyFrame) -> Self:
        """Counts rows of engagements."""
        pairs = ["user_id", "tweet_id"]
        test = test.select(pairs)
        known_users = test.join(train.select(pl.col("user_id").unique()), on="user_id", how="semi")
        train_tweets = train.select(pl.col("tweet_id").unique())
        unique = pl.all().n_unique()
        rows, warm_rows, users, warm_users, warm_tweets, again = pl.collect_all(
            [
                test.select(pl.len()),
                known_users.join(train_tweets, on="tweet_id", how="semi").select(pl.len()),
                test.select(unique),
                known_users.select(unique),
                test.join(train_tweets, on="tweet_id", how="semi").select(unique),
                test.join(train.select(pairs), on=pairs, how="semi").select(pl.len()),
            ]
        )
        return cls(
            test_rows=rows.item(),
            warm_rows=warm_rows.item(),
            warm_users=warm_users["user_id"].item(),
            cold_users=users["user_id"].item() - warm_users["user_id"].item(),
            warm_tweets=warm_tweets["tweet_id"].item(),
            cold_tweets=users["tweet_id"].item() - warm_tweets["tweet_id"].item(),
            repeated_rows=again.item(),
        )
