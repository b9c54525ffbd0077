"""A user's own tweets, and the ranked home timeline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.kit.answers import MaxResults, PageToken, PathId, answer, page
from serving.ops.service import model_card
from serving.timelines import home
from serving.timelines.schemas import home_object
from serving.tweets import service as tweets
from serving.tweets.schemas import tweet_object

_KIND = {"replies": "reply", "retweets": "retweet"}

router = APIRouter(prefix="/2/users", tags=["timelines"])


@router.get("/{id}/timelines/reverse_chronological")
async def get_home(
    user_id: Acting, network: Net, max_results: Annotated[int | None, Query(ge=1, le=100)] = None
) -> Response:
    """The home timeline of the token's user, ranked by the served model.

    The path is v2's; the order is the model's. What is shown counts as seen from then on.
    """
    timeline = await home.home(network, user_id, max_results or network.settings.home_size)
    rows = await run_in_threadpool(tweets.by_ids, network, timeline.tweet_ids)
    response = answer(home_object(timeline, rows, model_card(network.model)))
    response.background = BackgroundTask(home.record, network, timeline.events)
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
