"""Builds logs of a few rows for the tests of the realism report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.events import HOUR_US
from experiments.realism.figure import Figure, Row, judge
from experiments.realism.log import Encode, Log
from experiments.realism.report import FIGURES, measured

START = 1_767_571_200_000_000
"""2026-01-05 00:00 UTC."""

DAY_H = 24
Rows = Sequence[dict[str, Any]]


def write_log(
    folder: Path,
    *,
    users: Rows = (),
    follows: Iterable[tuple[Any, ...]] = (),
    tweets: Rows = (),
    impressions: Rows = (),
    engagements: Rows = (),
    requests: Rows = (),
    surveys: Rows = (),
    name: str = "by hand",
) -> Dataset:
    """A data set; what a row leaves out gets a plain value. Follows are (follower, followee[, hour[, ended]])."""
    filled = {
        "users": [{"created_us": START, "verified": False} | row for row in users],
        "follows": [
            {
                "follow_id": at,
                "follower_id": edge[0],
                "followee_id": edge[1],
                "time_us": START + int(HOUR_US * (edge[2] if len(edge) > 2 else -1)),
                "ended": bool(edge[3]) if len(edge) > 3 else False,
            }
            for at, edge in enumerate(follows)
        ],
        "tweets": [
            {"tweet_id": at, "kind": "original", "text": "", "media_count": 0} | row for at, row in enumerate(tweets)
        ],
        "impressions": [
            {"impression_id": at, "request_id": 0, "user_id": 0, "position": 0, "source": "s", "score": 0.0} | row
            for at, row in enumerate(impressions)
        ],
        "engagements": [{"engagement_id": at, "user_id": 0} | row for at, row in enumerate(engagements)],
        "requests": [{"request_id": at, "product": "home", "policy": "p"} | row for at, row in enumerate(requests)],
        "surveys": [
            {"survey_id": at, "kind": "tweet", "request_id": 0, "propensity": 0.1} | row
            for at, row in enumerate(surveys)
        ],
    }
    with DatasetWriter(folder, name=name, config={}, seed=0) as out:
        for table, rows in filled.items():
            if rows:
                out.write(table, pl.DataFrame(rows, infer_schema_length=None))
        return out.commit()


def at(hours: float) -> int:
    """A time, in hours from the log's start."""
    return START + int(hours * HOUR_US)


def figure(name: str) -> Figure:
    """The figure of that name."""
    return next(one for one in FIGURES if one.name == name)


def row_of(dataset: Dataset, name: str, encode: Encode | None = None) -> Row:
    """One row of the report."""
    return judge(figure(name), measured(Log(dataset, encode), figure(name)))


def values_of(dataset: Dataset, name: str, encode: Encode | None = None) -> list[float]:
    """The numbers of one row."""
    value = row_of(dataset, name, encode).value
    assert value is not None
    return value if isinstance(value, list) else [value]
