"""A user's own tweets, and the ranked home timeline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data.schema import TWEET_KINDS
from serving.auth.access import Acting, reader
from serving.context import Net
from serving.kit.answers import MaxResults, PageToken, PathId, answer, page
from serving.kit.problems import not_found
from serving.timelines.schemas import home_object
from serving.tweets import store as tweets
from serving.tweets.schemas import tweet_object
from serving.tweets.store import TweetRow
from serving.users import store as users

_KIND = {"replies": "reply", "retweets": "retweet"}

router = APIRouter(prefix="/2/users", tags=["timelines"])


@router.get("/{id}/timelines/reverse_chronological")
async def get_home(
    user_id: Acting, network: Net, max_results: Annotated[int | None, Query(ge=1, le=100)] = None
) -> Response:
    """The home timeline of the token's user, ranked by the served model.

    The path is v2's; the order is the model's. What is shown counts as seen from then on.
    """
    home = await network.home(user_id, max_results or network.settings.home_size)
    rows = await run_in_threadpool(_rows, network, home.tweet_ids)
    response = answer(home_object(home, rows, network.model_card()))
    response.background = BackgroundTask(network.record, home.events)
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
    kinds = [kind for kind in TWEET_KINDS if kind not in left_out] if left_out else []
    scope = f"tweets {user_id}"
    before = network.paging.read(scope, pagination_token)
    with network.database.read() as connection:
        if not users.exists(connection, user_id):
            raise not_found("user", user_id)
        rows = tweets.by_author(connection, user_id, max_results + 1, before_id=before, kinds=kinds)
    more = network.paging.cursor(scope, rows[max_results - 1].tweet_id) if len(rows) > max_results else None
    return page([tweet_object(row) for row in rows[:max_results]], more)


def _rows(network: Net, ids: list[int]) -> list[TweetRow]:
    with network.database.read() as connection:
        return tweets.by_ids(connection, ids)
