"""Who the users of an evaluation are: the segments by which a comparison is broken down.

Only what was known before the test tells them apart, so that no segment is made of the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data.dataset import Dataset
from data.schema import POSITIVE_ACTIONS
from data.split import Split

ACTIVITY = (("no history", 0), ("1 to 9 actions", 1), ("10 to 99 actions", 10), ("100 actions and more", 100))
"""Positive actions in the training part, from so many on."""


def segments_of(dataset: Dataset, split: Split, users: Sequence[int]) -> pl.DataFrame:
    """`user_id` and one column of names a dimension: `activity` in training, and `language` where accounts have one."""
    asked = pl.LazyFrame({"user_id": pl.Series(users, dtype=pl.Int64)})
    positive = split.train.filter(pl.col("action").is_in(POSITIVE_ACTIONS))
    counts = positive.group_by("user_id").agg(actions=pl.len())
    actions = pl.col("actions").fill_null(0)
    activity = pl.lit(ACTIVITY[0][0])
    for name, least in ACTIVITY[1:]:
        activity = pl.when(actions >= least).then(pl.lit(name)).otherwise(activity)
    out = asked.join(counts, on="user_id", how="left", maintain_order="left").select("user_id", activity=activity)
    if "users" in dataset.tables:
        spoken = dataset.scan("users").select("user_id", "language").filter(pl.col("language").is_not_null())
        out = out.join(spoken, on="user_id", how="left", maintain_order="left")
    found = out.collect()
    return found if "language" in found.columns and found["language"].count() else found.select("user_id", "activity")
