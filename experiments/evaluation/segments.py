"""Segments of an evaluation's users, and metrics by segment.

A segment is made only of what was known before the test, never of the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from data.dataset import Dataset
from data.schema import POSITIVE_ACTIONS
from data.split import Split
from experiments.evaluation.results import run_metric
from experiments.statistics.paired import mean_interval

ACTIVITY = (("no history", 0), ("1 to 9 actions", 1), ("10 to 99 actions", 10), ("100 actions and more", 100))
"""Positive actions in the training part, from so many on."""

LEAST_USERS = 5
"""Users with a value from which on a segment has a row."""

EVERYBODY = "all users"
"""The dimension and the only segment that all users belong to."""


def segments_of(dataset: Dataset, split: Split, users: Sequence[int]) -> pl.DataFrame:
    """`user_id` and one column of names a dimension: `activity` in training, and `language` where accounts have one."""
    judged = pl.LazyFrame({"user_id": pl.Series(users, dtype=pl.Int64)})
    positive = split.train.filter(pl.col("action").is_in(POSITIVE_ACTIONS))
    counts = positive.group_by("user_id").agg(actions=pl.len())
    actions = pl.col("actions").fill_null(0)
    activity = pl.lit(ACTIVITY[0][0])
    for name, least in ACTIVITY[1:]:
        activity = pl.when(actions >= least).then(pl.lit(name)).otherwise(activity)
    out = judged.join(counts, on="user_id", how="left", maintain_order="left").select("user_id", activity=activity)
    if "users" in dataset.tables:
        spoken = dataset.scan("users").select("user_id", "language").filter(pl.col("language").is_not_null())
        out = out.join(spoken, on="user_id", how="left", maintain_order="left")
    found = out.collect()
    return found if "language" in found.columns and found["language"].count() else found.select("user_id", "activity")


def rows_by_segment(rows: pl.DataFrame, users: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Dimension, segment and the `rows` of its users: first all users, then dimension after dimension.

    `users` are as `segments_of` gives them. A segment needs `LEAST_USERS`; activity rises, others come by their number
    of users.
    """
    rows = rows.join(users, on="user_id", how="left", maintain_order="left").with_columns(everybody=pl.lit(EVERYBODY))
    for dimension in ("everybody", *(name for name in users.columns if name != "user_id")):
        sizes = rows.drop_nulls(dimension).group_by(dimension).agg(users=pl.col("user_id").n_unique())
        sizes = sizes.filter(pl.col("users") >= LEAST_USERS).sort(["users", dimension], descending=[True, False])
        for segment in _in_order(sizes[dimension].to_list()):
            part = rows.filter(pl.col(dimension) == segment)
            yield EVERYBODY if dimension == "everybody" else dimension, segment, part


def values_by_segment(
    requests: pl.DataFrame, users: pl.DataFrame, metrics: Sequence[str], k: int, seed: int
) -> pl.DataFrame:
    """One row a segment: users, requests, and of each metric the mean over requests and its 95% interval.

    `requests` are as `Measured.request_frame` has them; a metric that it lacks is left out.
    """
    out = []
    for dimension, segment, part in rows_by_segment(requests, users):
        row: dict[str, str | int | float | None] = {"dimension": dimension, "segment": segment}
        row |= {"users": part["user_id"].n_unique(), "requests": len(part)}
        for name in (one for one in metrics if one in part.columns):
            defined = part.filter(pl.col(name).is_not_nan())
            enough = defined["user_id"].n_unique() >= LEAST_USERS
            one = mean_interval(defined[name], defined["user_id"], seed=seed) if enough else None
            low, mean, high = (one.low, one.mean, one.high) if one is not None else (None, None, None)
            metric = run_metric(name, k)
            row |= {metric: mean, f"{metric}_low": low, f"{metric}_high": high}
        out.append(row)
    return pl.DataFrame(out, infer_schema_length=None)


def _in_order(segments: Sequence[str]) -> list[str]:
    known = [name for name, _ in ACTIVITY]
    return sorted(segments, key=lambda one: known.index(one) if one in known else -1)
