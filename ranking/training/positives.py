"""The positives that models of engagements learn from."""

from __future__ import annotations

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.schema import POSITIVE_ACTIONS

CHUNK = 524_288
"""Rows whose columns are looked up at once; bounds memory."""


def training_positives(
    dataset: Dataset, *, before_us: int | None = None, engagements: pl.LazyFrame | None = None
) -> pl.DataFrame:
    """`user_id`, `tweet_id`, `time_us`, `engagement_id` of each pair's first positive action, in order of time.

    From the data set's engagements before `before_us`, or from rows of `engagements` where a split gives them. The
    time is that of the request where one is known.

    Raises:
        DataError: the data set has no engagements, or none in that time.
    """
    dataset.require("engagements", "tweets", purpose="training")
    rows = dataset.scan("engagements", before_us=before_us) if engagements is None else engagements
    rows = rows.filter(pl.col("action").is_in(POSITIVE_ACTIONS))
    if "requests" in dataset.tables:
        requests = dataset.scan("requests", before_us=before_us).select("request_id", requested_us="time_us")
        rows = rows.join(requests, on="request_id", how="left")
        rows = rows.with_columns(time_us=pl.coalesce("requested_us", "time_us"))
    shown = dataset.scan("tweets").filter(pl.col("kind") != "retweet").select("tweet_id")
    out = (
        rows.join(shown, on="tweet_id", how="semi")
        .group_by("user_id", "tweet_id")
        .agg(pl.col("time_us").min(), pl.col("engagement_id").min())
        .sort("time_us", "user_id", "tweet_id")
        .collect()
    )
    if not len(out):
        raise DataError(f"data set {dataset.name!r} has no engagements to train on", remedy="use a longer period")
    return out
