"""Home timelines as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from serving.graph.suggestions import suggestions_object
from serving.timelines.chronological import ChronologicalPage
from serving.timelines.home import HomeTimeline
from serving.tweets.schemas import tweet_object
from serving.tweets.store import TweetRow
from serving.users.store import UserRow


class HomeEntry(BaseModel):
    """One place of a ranked home timeline, from the top."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["tweet", "promoted", "who_to_follow"]
    """A tweet of `data`, a promoted tweet of `includes.tweets`, or the accounts of `includes.users`."""
    id: str | None = None
    """Of the tweet."""
    advertiser_id: str | None = None
    """Who pays for a promoted tweet."""


class HomeAnswer(BaseModel):
    """A page of a ranked home timeline."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    data: list[dict[str, Any]]
    """The ranked tweets, best first."""
    timeline: list[HomeEntry]
    """What is shown, in order: all of `data`, and what stands between."""
    includes: dict[str, list[dict[str, Any]]]
    """`tweets` that are promoted, and `users` to follow, best first."""
    meta: dict[str, Any]
    """How it was made; `who_to_follow` has the reason for each account."""


def home_object(
    home: HomeTimeline, found: list[TweetRow], accounts: Mapping[int, UserRow], model: dict[str, str]
) -> dict[str, Any]:
    """A home timeline in the shape of `HomeAnswer`, from the rows that it names."""
    ranked = set(home.tweet_ids)
    rows = [row for row in found if row.tweet_id in ranked]
    paid = [row for row in found if row.tweet_id not in ranked]
    there, promoted = {row.tweet_id for row in rows}, {row.tweet_id for row in paid}
    follow = suggestions_object(home.blended.suggestions, accounts)
    timeline = [
        HomeEntry(
            kind=one.kind,
            id=str(one.tweet_id) if one.tweet_id >= 0 else None,
            advertiser_id=str(one.advertiser_id) if one.kind == "promoted" else None,
        ).model_dump(exclude_none=True)
        for one in home.blended.entries
        if one.tweet_id in there or one.tweet_id in promoted or (one.kind == "who_to_follow" and follow["data"])
    ]
    ranking = [
        {"id": str(one), "score": score, "sources": sources}
        for one, score, sources in zip(home.tweet_ids, home.scores, home.sources, strict=True)
        if one in there
    ]
    token = {} if home.next_token is None else {"next_token": home.next_token}
    return {
        "data": [tweet_object(row) for row in rows],
        "timeline": timeline,
        "includes": {"tweets": [tweet_object(row) for row in paid], "users": follow["data"]},
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
            "left_out": home.left_out,
            "who_to_follow": follow["meta"]["suggestions"],
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
