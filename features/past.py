"""Each user's engagements in order, and where in them a moment falls: the offline side of histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import I64
from features.asof import ONE, as_of, counted


@dataclass(frozen=True, slots=True)
class Past:
    """Engagements grouped by user: [E] `tweet_id`, `author_id` (-1 for none); row r has seen `begin[r]:end[r]`."""

    row: I64
    begin: I64
    end: I64
    tweet_id: I64
    author_id: I64


def past(log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> Past:
    """The engagements before each row's time, oldest first; in the order of `rows`."""
    events = log["engagements"].select("user_id", "tweet_id", "author_id", "time_us")
    seen = as_of(rows.select("row", "user_id", "time_us"), counted(events, ["user_id"], count=ONE),
                 {"user_id": "user_id"}, ["count"]).collect()  # fmt: skip
    grouped = events.sort("user_id", maintain_order=True).collect()
    begin = np.searchsorted(grouped["user_id"].to_numpy(), seen["user_id"].to_numpy())
    return Past(
        seen["row"].to_numpy(),
        begin,
        begin + seen["count"].fill_null(0).to_numpy(),
        grouped["tweet_id"].to_numpy(),
        grouped["author_id"].fill_null(-1).to_numpy(),
    )
