"""A user's own tweets, and the home timeline: ranked, and in reverse chronological order."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.graph import suggestions
from serving.kit.answers import MaxResults, PageToken, answer, page
from serving.kit.ids import PathId, Whole
from serving.ops.service import model_card
from serving.timelines import chronological, home
from serving.timelines.schemas import HomeAnswer, chronological_object, home_object
from serving.tweets import service as tweets
from serving.tweets.schemas import tweet_object

_KIND = {"replies": "reply", "retweets": "retweet"}

router = APIRouter(prefix="/2/users", tags=["timelines"])


Algorithm = Literal["ranked", "reverse_chronological"]

HomeSize = Annotated[int | None, Whole, Query(ge=1, le=100, description="Entries a page")]


@router.get("/{id}/timelines/reverse_chronological")
async def get_reverse_chronological(
    user_id: Acting, network: Net, max_results: HomeSize = None, pagination_token: PageToken = None
) -> Response:
    """What the token's user and those whom they follow posted, newest first."""
    limit = max_results or network.settings.home_size
    found = await chronological.chronological(network, user_id, limit, pagination_token)
    rows = await run_in_threadpool(tweets.by_ids, network, found.tweet_ids)
    return answer(chronological_object(found, rows))


@router.get("/{id}/timeline", responses={200: {"model": HomeAnswer, "description": "A ranked timeline"}})
async def get_timeline(
    user_id: Acting,
    network: Net,
    algorithm: Algorithm = "ranked",
    max_results: HomeSize = None,
    pagination_token: PageToken = None,
) -> Response:
    """The home timeline of the token's user, ranked by the served model, or newest first.

    What a ranked one shows counts as served and seen from then on.
    """
    if algorithm == "reverse_chronological":
        return await get_reverse_chronological(user_id, network, max_results, pagination_token)
    timeline = await home.home(network, user_id, max_results or network.settings.home_size, pagination_token)
    rows = await run_in_threadpool(tweets.by_ids, network, home.shown_ids(timeline))
    accounts = await run_in_threadpool(suggestions.accounts, network, timeline.blended.suggestions)
    response = answer(home_object(timeline, rows, accounts, model_card(network.model)))
    after = BackgroundTasks()
    after.add_task(home.record, network, timeline.events)
    after.add_task(suggestions.record, network, user_id, timeline.blended.suggestions)
    response.background = after
    return response


@router.get("/{id}/tweets", dependencies=[Depends(reader)])
def get_user_tweets(
    user_id: PathId,
    network: Net,
    max_results: MaxResults = 10,
    pagination_token: PageToken = None,
    exclude: Annotated[str, Query(pattern=r"^((replies|retweets)(,(replies|retweets))*)?$")] = "",
) -> Response:
    """What a user posted, newest first."""
    left_out = [_KIND[one] for one in exclude.split(",") if one]
    scope = f"tweets {user_id}"
    before = network.paging.read(scope, pagination_token)
    rows = tweets.by_author(network, user_id, max_results + 1, before_id=before, left_out=left_out)
    more = network.paging.cursor(scope, rows[max_results - 1].tweet_id) if len(rows) > max_results else None
    return page([tweet_object(row) for row in rows[:max_results]], more)
