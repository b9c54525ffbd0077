"""Joins as of a time, in Polars: what was known strictly before each row's time."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

ONE = pl.col("time_us").is_not_null().cast(pl.Int64)
"""The amount of an event that is counted; a literal would be one number, not one a row."""


def as_of(
    rows: pl.LazyFrame, events: pl.LazyFrame, by: dict[str, str], values: Sequence[str], *, at: str = "time_us"
) -> pl.LazyFrame:
    """`rows` with `values` of the last event before the time `at`, null where there is none.

    `by` maps columns of `rows` to the events' columns that must be equal. `events` has `time_us` and comes in order;
    among events of one time the last one wins.
    """
    right = events.select(*by.values(), "time_us", *values).rename({"time_us": "_time_us"})
    joined = rows.sort(at).join_asof(
        right,
        left_on=at,
        right_on="_time_us",
        by_left=list(by),
        by_right=list(by.values()),
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return joined.drop("_time_us", strict=False)


def counted(events: pl.LazyFrame, by: Sequence[str], **amounts: pl.Expr) -> pl.LazyFrame:
    """`events` with running totals of `amounts` within each group of `by`, this event included."""
    return events.with_columns(**{name: amount.cum_sum().over(by) for name, amount in amounts.items()})


def changes(edges: pl.LazyFrame, source: str, target: str) -> pl.LazyFrame:
    """Edge events in order, without those that change nothing.

    A beginning of an edge that exists, or an end of one that does not, leaves the graph as it is.
    """
    before = pl.col("ended").shift(1).over(source, target).fill_null(True)
    return edges.filter(pl.col("ended") != before)
