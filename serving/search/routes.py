"""Search among recent tweets and among users, and completion of what is being typed."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Reader, reader
from serving.context import Context, Net
from serving.kit.answers import answer, listed, rfc3339
from serving.kit.fields import View
from serving.kit.ids import PathId
from serving.kit.openapi import NOT_FOUND
from serving.kit.problems import invalid_parameter
from serving.search import service
from serving.search.schemas import (
    Completion,
    CompletionParameters,
    CountParameters,
    Counts,
    MentionParameters,
    SearchPage,
    SearchParameters,
    UserSearchParameters,
)
from serving.search.service import Found
from serving.tweets import service as tweets
from serving.tweets.expansions import shown
from serving.users import service as users
from serving.users.schemas import UserPage, user_object

router = APIRouter(prefix="/2", tags=["search"], dependencies=[Depends(reader)])


@router.get("/tweets/search/recent", response_model=SearchPage)
async def search_recent(query: Annotated[SearchParameters, Query()], claims: Reader, network: Net) -> Response:
    """Tweets that answer a query, the newest first, or the best by words, by meaning, or both.

    docs/search.md has the operators. Tweets of users whom the token's user muted or blocked, or who block that user,
    are left out.
    """
    order = query.sort_order or ("recency" if query.mode is None else "relevancy")
    if query.next_token is not None and query.pagination_token is not None:
        message = "The `pagination_token` query parameter is `next_token` by another name; give one of the two"
        raise invalid_parameter("pagination_token", query.pagination_token, message)
    token = query.next_token if query.pagination_token is None else query.pagination_token
    if order == "relevancy":
        found = await service.best(
            network, query.query, query.max_results, token, claims.user_id, query, query.mode
        )  # fmt: skip
    elif query.mode in (None, "text"):
        found = await service.newest(network, query.query, query.max_results, token, claims.user_id, query)
    else:
        message = f"The `mode` query parameter value [{query.mode}] is not taken with sort_order=recency"
        raise invalid_parameter("mode", str(query.mode), message)
    return await run_in_threadpool(_tweets, network, found, query.view)


@router.get("/tweets/counts/recent", response_model=Counts)
async def count_recent(query: Annotated[CountParameters, Query()], network: Net) -> Response:
    """How many tweets answer a query, by minute, hour or day: of the last seven days, or of the time asked for.

    Hours and days are those of UTC; the first and the last may be parts of one.
    """
    found = await service.count(network, query.query, query.granularity, query)
    data = [
        {"start": rfc3339(begin), "end": rfc3339(end), "tweet_count": count}
        for (begin, end), count in zip(pairwise(found.edges_us), found.counts.tolist(), strict=True)
    ]
    return answer({"data": data, "meta": {"total_tweet_count": int(found.counts.sum())}})


@router.get("/users/{id}/mentions", response_model=SearchPage, responses=NOT_FOUND)
async def get_mentions(
    user_id: PathId, query: Annotated[MentionParameters, Query()], claims: Reader, network: Net
) -> Response:
    """Tweets that mention a user, the newest first, as a search for `@` and the handle finds them."""
    row = await run_in_threadpool(users.by_id, network, user_id)
    if row.username is None:
        return listed([], mode="text")
    found = await service.newest(
        network, f"@{row.username}", query.max_results, query.pagination_token, claims.user_id, query
    )
    return await run_in_threadpool(_tweets, network, found, query.view)


@router.get("/users/search", response_model=UserPage)
async def search_users(query: Annotated[UserSearchParameters, Query()], claims: Reader, network: Net) -> Response:
    """Users near a name or handle, typos forgiven, best first."""
    rows, token = await service.people(network, query.query, query.max_results, query.next_token, claims.user_id)
    data = [user_object(row, query.view.user) for row in rows]
    return listed(data, tokens={} if token is None else {"next_token": token})


@router.get("/search/complete", response_model=Completion)
async def complete(query: Annotated[CompletionParameters, Query()], claims: Reader, network: Net) -> Response:
    """Hashtags and users that begin with what was typed; `#` or `@` before it asks for one of the two."""
    tags, rows = await service.complete(network, query.prefix, query.max_results, claims.user_id)
    hashtags = [{"tag": tag, "tweet_count": count} for tag, count in tags]
    return answer({"data": {"hashtags": hashtags, "users": [user_object(row, query.view.user) for row in rows]}})


def _tweets(context: Context, found: Found, view: View) -> Response:
    data, more = shown(context, tweets.by_ids(context, found.tweet_ids), view)
    tokens = {} if found.next_token is None else {"next_token": found.next_token}
    return listed(data, more, tokens=tokens, ids=True, mode=found.mode)
