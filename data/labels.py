"""Rows with labels: ratings, of which those from some value on are positive. What models of clicks on ids learn."""

from __future__ import annotations

import polars as pl

from data.dataset import Dataset
from data.errors import DataError

POSITIVE_FROM = 4.0
"""Stars from which a rating is positive, unless it is said otherwise."""


def labelled(dataset: Dataset, rows: pl.LazyFrame, positive_from: float) -> pl.DataFrame:
    """`user_id`, `tweet_id`, `time_us` and `label` (Int8) of the engagements `rows` that have a value, in their order.

    Raises:
        DataError: no row has a value, or all labels are the same.
    """
    label = (pl.col("value") >= positive_from).cast(pl.Int8)
    named = rows.collect_schema().names()
    if "value" not in named:
        raise DataError(f"data set {dataset.name!r} has no values, so no labels", remedy=_IMPORT)
    rated = rows.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
    out = rated.select("user_id", "tweet_id", "time_us", label=label).collect()
    if not len(out):
        raise DataError(f"data set {dataset.name!r} has no values, so no labels", remedy=_IMPORT)
    if out["label"].n_unique() < 2:
        every = "positive" if out["label"][0] else "negative"
        raise DataError(
            f"all {len(out):,} rows of {dataset.name!r} are {every} at {positive_from:g}",
            remedy="choose another value from which a row is positive, and import the log without a least value",
        )
    return out


_IMPORT = "import a log of ratings, or name the column of values in its mapping"
