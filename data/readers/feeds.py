"""Shown items become requests, impressions and engagements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from data.readers.lines import Lines


def feeds_of(
    lines: Lines, shown: pl.DataFrame, keys: Sequence[str], *, product: str, policy: str = "unknown"
) -> dict[str, pl.DataFrame]:
    """The tables `requests` and `impressions`, and `engagements` without numbers.

    `shown` [N], in the order of the file: `line` (its place among the lines that were kept), `user_id`, `tweet_id`,
    `time_us`, `action` ("" where nothing was done), perhaps `position` (else the order of a request's rows),
    `propensity` and `author_id`; and the columns `keys`, whose values the rows of one request share.

    The time of a request is that of its first item; requests and impressions are numbered from 1 in order of time,
    then of the file. An action happens at the time of its impression. An item that its request has again is
    one impression, the first; another action on it is one more engagement. Actions are in order of time, then of the
    file.
    """
    requests = shown.group_by(keys, maintain_order=True).agg(
        _time=pl.col("time_us").min(), _who=pl.col("user_id").first()
    )
    requests = requests.sort("_time", maintain_order=True).with_row_index("request_id", offset=1)
    rows = shown.join(requests, on=keys, how="left", maintain_order="left").with_row_index("_at")
    if "position" not in rows.columns:
        rows = rows.with_columns(position=_places(rows["request_id"]))
    acts = rows.filter(pl.col("action") != "")
    acts = acts.filter(_first(acts, ["request_id", "tweet_id", "action"]))
    first = _first(rows, ["request_id", "tweet_id"])
    copies = rows.filter(~first).join(acts, on="_at", how="anti")["line"].unique().sort()
    lines.leave_out(copies, "shows an item again that its request has")
    given = [one for one in ("author_id", "propensity") if one in rows.columns]
    order = ["time_us", "request_id", "position"]
    impressions = rows.filter(first).sort(order, maintain_order=True).select(
        *order, "user_id", "tweet_id", *given, source=pl.lit("log"), score=pl.lit(float("nan"))
    )  # fmt: skip
    return {
        "requests": requests.select(
            "request_id", time_us="_time", user_id="_who", product=pl.lit(product), policy=pl.lit(policy)
        ),
        "impressions": impressions.with_row_index("impression_id", offset=1),
        "engagements": acts.sort("time_us", maintain_order=True).select(
            "time_us", "user_id", "tweet_id", "request_id", "action", *(one for one in given if one == "author_id")
        ),
    }


def _first(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """[N] is a row the first with its values of `columns`?"""
    sorted_ = rows.select(columns).with_row_index("_place").sort(columns, maintain_order=True)
    same = pl.all_horizontal(pl.col(one) == pl.col(one).shift() for one in columns).fill_null(False)
    first = np.ones(len(rows), bool)
    first[sorted_.filter(same)["_place"].to_numpy()] = False
    return pl.Series(first)


def _places(request: pl.Series) -> pl.Series:
    """[N] how many rows of its request come before a row."""
    order = np.argsort(request.to_numpy(), kind="stable")
    ascending = request.to_numpy()[order]
    at = np.arange(len(order))
    begins = np.r_[True, ascending[1:] != ascending[:-1]]
    places = np.empty(len(order), np.int64)
    places[order] = at - np.maximum.accumulate(np.where(begins, at, 0))
    return pl.Series(places)
