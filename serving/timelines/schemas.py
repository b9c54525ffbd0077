"""Home timelines as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from serving.context import Context
from serving.graph.schemas import Why
from serving.graph.suggestions import suggestions_object
from serving.kit.answers import Answer, Missing, PageMeta
from serving.kit.fields import View
from serving.ops.schemas import ModelCard
from serving.timelines.home import HomeTimeline
from serving.tweets.expansions import shown
from serving.tweets.schemas import Includes, TweetObject
from serving.tweets.store import TweetRow
from serving.users.store import UserRow


class HomeEntry(Answer):
    """One place of a ranked home timeline, from the top."""

    kind: Literal["tweet", "promoted", "who_to_follow"]
    """A tweet of `data`, a promoted tweet of `includes.tweets`, or the accounts of `includes.users`."""
    id: str | None = None
    """Of the tweet."""
    advertiser_id: str | None = None
    """Who pays for a promoted tweet."""


class Ranked(Answer):
    """How a tweet came to its place."""

    id: str
    score: float
    sources: list[str]
    """Which sources brought it, in the funnel's order."""


class HomeMeta(PageMeta):
    """How a home timeline was made."""

    request_id: str
    time_us: int
    """The time that it was ranked for, in UTC microseconds."""
    model: ModelCard
    ranking: list[Ranked]
    fetched: dict[str, int]
    """Candidates by source."""
    removed: dict[str, int]
    """Candidates dropped, by reason."""
    removed_after_selection: dict[str, int]
    """Candidates dropped after selection, by reason."""
    degraded: dict[str, str]
    """Parts that were left out, and why."""
    left_out: list[str]
    """What the preset names and is not there."""
    who_to_follow: list[Why]
    """The reason for each account to follow."""
    stage_ms: dict[str, float]
    """Milliseconds of each stage; empty for a later page."""


class HomeAnswer(Answer):
    """A page of a ranked home timeline."""

    data: list[TweetObject]
    """The ranked tweets, best first."""
    timeline: list[HomeEntry]
    """What is shown, in order: all of `data`, and what stands between."""
    includes: Includes
    """`tweets` that are promoted and `users` to follow, best first; then what `expansions` ask for."""
    errors: list[Missing] | None = None
    meta: HomeMeta


def home_object(
    context: Context,
    home: HomeTimeline,
    found: list[TweetRow],
    accounts: Mapping[int, UserRow],
    view: View,
    model: dict[str, str],
) -> dict[str, Any]:
    """A home timeline in the shape of `HomeAnswer`, from the rows that it names."""
    suggested = home.blended.suggestions
    follow = suggestions_object(suggested, accounts)
    people = [accounts[one.user_id] for one in suggested if one.user_id in accounts]
    objects, more = shown(context, found, view, accounts=people)
    ranked = set(home.tweet_ids)
    there = {row.tweet_id: one for row, one in zip(found, objects, strict=True) if row.tweet_id in ranked}
    promoted = {row.tweet_id: one for row, one in zip(found, objects, strict=True) if row.tweet_id not in ranked}
    timeline = [
        HomeEntry(
            kind=one.kind,
            id=str(one.tweet_id) if one.tweet_id >= 0 else None,
            advertiser_id=str(one.advertiser_id) if one.kind == "promoted" else None,
        ).model_dump(exclude_none=True)
        for one in home.blended.entries
        if one.tweet_id in there or one.tweet_id in promoted or (one.kind == "who_to_follow" and people)
    ]
    ranking = [
        {"id": str(one), "score": score, "sources": sources}
        for one, score, sources in zip(home.tweet_ids, home.scores, home.sources, strict=True)
        if one in there
    ]
    included = more.pop("includes", {})
    referred = [one for one in included.get("tweets", ()) if int(one["id"]) not in promoted]
    token = {} if home.next_token is None else {"next_token": home.next_token}
    return {
        "data": list(there.values()),
        "timeline": timeline,
        "includes": {"tweets": [*promoted.values(), *referred], "users": included.get("users", [])},
        **more,
        "meta": {
            "result_count": len(there),
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
