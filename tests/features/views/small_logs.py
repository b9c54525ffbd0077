"""Rows of small logs whose numbers can be counted by eye, and what both engines answer about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from data.batch import Array
from data.events import DAY_US, MINUTE_US
from features.offline import features_of_log
from tests.features.logs import START, TABLES_USED, Log, frame, letters, replay, row_of


def person(one: int, **known: Any) -> dict[str, Any]:
    base = {"user_id": one, "created_us": START - DAY_US, "verified": False}
    return base | {"language": None, "place": None, "device": None, "utc_offset_min": None} | known


def tweet(one: int, minute: int, author: int | None, text: str = "a") -> dict[str, Any]:
    return {"tweet_id": one, "time_us": START + minute * MINUTE_US, "author_id": author, "kind": "original",
            "text": text, "language": "en", "media_count": 0}  # fmt: skip


def deeds(*events: tuple[int, int, int, int | None, str]) -> list[dict[str, Any]]:
    """Engagements from (minute, user, tweet, author, action)."""
    return [
        {"engagement_id": i, "time_us": START + minute * MINUTE_US, "user_id": user, "tweet_id": on,
         "author_id": author, "action": action}
        for i, (minute, user, on, author, action) in enumerate(events)
    ]  # fmt: skip


def shown(*events: tuple[int, int, int, int | None]) -> list[dict[str, Any]]:
    """Impressions from (minute, user, tweet, author)."""
    return [
        {"impression_id": i, "time_us": START + minute * MINUTE_US, "request_id": i, "user_id": user, "tweet_id": on,
         "author_id": author, "position": 0, "source": "test", "score": 0.0}
        for i, (minute, user, on, author) in enumerate(events)
    ]  # fmt: skip


def answers(
    asked: Sequence[tuple[int, int, int]], names: Sequence[str], **tables: Sequence[Mapping[str, Any]]
) -> list[dict[str, Array]]:
    """`names` at each (user, tweet, minute), which the offline engine and both ways of replay agree about."""
    users, tweets, minutes = zip(*asked, strict=True)
    times = [START + minute * MINUTE_US for minute in minutes]
    rows = pl.DataFrame({"user_id": users, "tweet_id": tweets, "time_us": times})
    log = Log({name: frame(name, tables.get(name, [])) for name in TABLES_USED}, rows)
    batch = features_of_log(log.lazy(), rows, names, letters())
    offline = [row_of(batch, row, names) for row in range(len(rows))]
    for one_by_one in (True, False):
        for past, live in zip(offline, replay(log, letters(), names, one_by_one=one_by_one), strict=True):
            for name in names:
                np.testing.assert_allclose(live[name], past[name], rtol=1e-6, err_msg=name)
                assert live[name].shape == past[name].shape
    return offline
