"""The true attributes of tweets, which no table of the log holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.errors import DataError
from data.synthetic.state_columns import empty_tweets

HIDDEN: tuple[str, ...] = (
    "topic", "share", "quality", "virality", "sentiment", "toxicity", "style", "bait", "outrage", "usefulness",
    "named",
)  # fmt: skip
"""Columns that no table of the log holds."""


@dataclass(frozen=True)
class Hidden:
    """The true attributes of every tweet of a log, ordered by tweet id."""

    tweet_id: I64
    columns: dict[str, Array]
    """The columns named in HIDDEN."""

    @classmethod
    def read(cls, folder: Path, day: str = "*") -> Self:
        """From the truth's folder, of the tweets of a day or of all."""
        files = sorted((folder / "tweets").glob(f"{day}.parquet"))
        if not files:
            return cls(np.empty(0, np.int64), {name: getattr(empty_tweets(0), name) for name in HIDDEN})
        frame = pl.concat([pl.read_parquet(file) for file in files])
        columns = {name: frame[name].to_numpy() for name in HIDDEN if name != "topic"}
        topic = np.stack([frame["topic"].to_numpy(), frame["second_topic"].to_numpy()], axis=1)
        return cls(frame["tweet_id"].to_numpy(), {"topic": topic, **columns})

    def of(self, tweet_ids: I64) -> dict[str, Array]:
        """The attributes of some tweets.

        Raises:
            DataError: a tweet that this world did not write.
        """
        rows = np.searchsorted(self.tweet_id, tweet_ids)
        known = rows < len(self.tweet_id)
        known &= self.tweet_id[np.minimum(rows, len(self.tweet_id) - 1)] == tweet_ids if len(self.tweet_id) else False
        if not known.all():
            raise DataError(
                f"tweet {tweet_ids[~known][0]} is not of this world", remedy="apply the events of the same data set"
            )
        return {name: column[rows] for name, column in self.columns.items()}
