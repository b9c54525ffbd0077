"""A home timeline as the API shows it."""

from __future__ import annotations

from typing import Any

from serving.timelines.home import HomeTimeline
from serving.tweets.schemas import tweet_object
from serving.tweets.store import TweetRow


def home_object(home: HomeTimeline, rows: list[TweetRow], model: dict[str, str]) -> dict[str, Any]:
    """A home timeline in v2 shape; `meta` says how it was made."""
    there = {row.tweet_id for row in rows}
    ranking = [
        {"id": str(one), "score": score, "source": source}
        for one, score, source in zip(home.tweet_ids, home.scores, home.sources, strict=True)
        if one in there
    ]
    return {
        "data": [tweet_object(row) for row in rows],
        "meta": {
            "result_count": len(rows),
            "request_id": str(home.request_id),
            "time_us": home.time_us,
            "model": model,
            "ranking": ranking,
            "fetched": home.fetched,
            "removed": home.removed,
            "degraded": home.degraded,
            "stage_ms": {name: round(ms, 3) for name, ms in home.stage_ms.items()},
        },
    }
