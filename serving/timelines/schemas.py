"""Home timelines as the API shows them."""

from __future__ import annotations

from typing import Any

from serving.timelines.chronological import ChronologicalPage
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
    token = {} if home.next_token is None else {"next_token": home.next_token}
    return {
        "data": [tweet_object(row) for row in rows],
        "meta": {
            "result_count": len(rows),
            **token,
            "request_id": str(home.request_id),
            "time_us": home.time_us,
            "model": model,
            "ranking": ranking,
            "fetched": home.fetched,
            "removed": home.removed,
            "removed_after_selection": home.removed_after,
            "degraded": home.degraded,
            "stage_ms": {name: round(ms, 3) for name, ms in home.stage_ms.items()},
        },
    }


def chronological_object(found: ChronologicalPage, rows: list[TweetRow]) -> dict[str, Any]:
    """A page of posts, newest first, in v2 shape."""
    meta: dict[str, Any] = {"result_count": len(rows)}
    if rows:
        meta |= {"newest_id": str(rows[0].tweet_id), "oldest_id": str(rows[-1].tweet_id)}
    for name, token in (("next_token", found.next_token), ("previous_token", found.previous_token)):
        if token is not None:
            meta[name] = token
    return {"data": [tweet_object(row) for row in rows], "meta": meta}
