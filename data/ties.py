"""Which of a user's engagements with the same time is the later: a split of each user's past needs it beside time.

A log's own order decides where it has a meaning: the order of the lines of a file, or that in which a world's events
were written. It has none where it was not kept, or where the file is sorted by item within each time: the larger id
would always be the later, and ids go with age and popularity. There a draw decides, by seed, user and tweet alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import polars as pl

from data.batch import I64
from data.dataset import Dataset
from data.errors import DataError
from data.rng import Stream
from data.schema import POSITIVE_ACTIONS

Ties = Literal["auto", "file", "drawn"]
"""`auto`: the log's order where it has a meaning, else a draw; `file`: the log's order; `drawn`: a draw."""

KEPT = {"ties": "file"}
"""What a reader adds to a data set's config when it numbers engagements with the same time in the order of lines."""

_LEAST_PAIRS = 100
"""Neighbours with the same time that must all ascend before a file counts as sorted by item: fewer could be chance."""
_LOOKED_AT = 5_000_000
"""How many of the first rows are searched for them."""


@dataclass(frozen=True)
class TieOrder:
    """The order of a user's engagements with the same time."""

    seed: int | None
    """Of the draw; None where the log's order decides."""
    words: str
    """Which of them is the later, and why so."""

    @classmethod
    def of(cls, dataset: Dataset, ties: Ties = "auto", seed: int = 1) -> Self:
        """What `ties` means for a data set.

        Raises:
            DataError: the log's order is wanted and was not kept.
        """
        imported = "reader" in dataset.config
        kept = not imported or all(dataset.config.get(key) == value for key, value in KEPT.items())
        own = f"the later in the {'file' if imported else 'log'}'s order"
        drawn = f"one drawn with seed {seed}"
        if ties == "drawn":
            return cls(seed, drawn)
        if not kept:
            if ties == "file":
                raise DataError(f"data set {dataset.name!r} does not keep its file's order", remedy="import it again")
            return cls(seed, f"{drawn}, for the order of its file was not kept,")
        if ties == "auto" and imported and _sorted_by_item(dataset):
            return cls(seed, f"{drawn}, for its file is sorted by item, which says nothing of time,")
        return cls(None, own)

    def sort(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` of engagements, each user's from the first to the last."""
        return rows.sort("user_id", "time_us", self.key(rows), "engagement_id")

    def key(self, rows: pl.DataFrame) -> pl.Series:
        """[N] sort key of the rows of one user and time."""
        if self.seed is None:
            return rows["engagement_id"]
        lots = Stream(self.seed, "ties").words(rows["user_id"].to_numpy(), rows["tweet_id"].to_numpy(), n=1)
        return pl.Series("lot", lots[:, 0])

    def rank(self, rows: pl.DataFrame) -> I64:
        """[N] place of each row by time, and within a user's rows of one time by this order."""
        place = np.empty(len(rows), np.int64)
        order = np.lexsort((self.key(rows).to_numpy(), rows["user_id"].to_numpy(), rows["time_us"].to_numpy()))
        place[order] = np.arange(len(rows))
        return place


def positives(dataset: Dataset) -> pl.LazyFrame:
    """The engagements that a split speaks of, in order of (time, engagement_id)."""
    dataset.require("engagements", purpose="a split")
    return dataset.scan("engagements").filter(pl.col("action").is_in(POSITIVE_ACTIONS))


def decided_by_ties(train: pl.LazyFrame, test: pl.LazyFrame) -> int:
    """How many test rows share their user and time with a training row of another tweet."""
    shared = ["user_id", "time_us"]
    tested = test.select(*shared, "tweet_id", "engagement_id")
    both = tested.join(train.select(*shared, other="tweet_id"), on=shared, how="inner")
    found = both.filter(pl.col("tweet_id") != pl.col("other")).select(pl.col("engagement_id").n_unique())
    return int(found.collect().item())


def _sorted_by_item(dataset: Dataset) -> bool:
    """Whether the lines of every user and time ascend by item, by its number or by its original id."""
    rows = positives(dataset).head(_LOOKED_AT).select("user_id", "time_us", "engagement_id", "tweet_id").collect()
    item = rows["tweet_id"]
    texts = dataset.ids("tweets").texts
    names = [item] if texts is None else [item, texts.rank("ordinal").cast(pl.Int64).gather(item)]
    return any(_ascends(rows.with_columns(item=name)) for name in names)


def _ascends(rows: pl.DataFrame) -> bool:
    ordered = rows.sort("user_id", "time_us", "engagement_id")
    same = (pl.col("user_id") == pl.col("user_id").shift()) & (pl.col("time_us") == pl.col("time_us").shift())
    step = pl.col("item") - pl.col("item").shift()
    up, down = ordered.select(up=(same & (step > 0)).sum(), down=(same & (step < 0)).sum()).row(0)
    return bool(up >= _LEAST_PAIRS and not down)
