"""Search among recent tweets and among users, and completion of what is being typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from candidates.search.hybrid import Mode
from candidates.search.query import MAX_QUERY
from candidates.search.text import Within
from serving.auth.access import Reader, reader
from serving.context import Net
from serving.kit.answers import answer, page
from serving.kit.ids import Whole
from serving.search import service
from serving.tweets import service as tweets
from serving.tweets.schemas import tweet_object
from serving.users.schemas import user_object

router = APIRouter(prefix="/2", tags=["search"], dependencies=[Depends(reader)])

_Name = Annotated[str, Query(min_length=1, max_length=64)]


@router.get("/tweets/search/recent")
async def search_recent(
    query: Annotated[str, Query(min_length=1, max_length=MAX_QUERY)],
    network: Net,
    claims: Reader,
    max_results: Annotated[int, Whole, Query(ge=1, le=100)] = 10,
    mode: Mode | None = None,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
) -> Response:
    """Tweets that answer `query`, best first: by words (`text`), by meaning (`semantic`), or both.

    docs/search.md has the operators. Tweets of users whom the token's user muted or blocked, or who block that user,
    are left out. `start_time` is included, `end_time` is not.
    """
    within = Within(_time_us(start_time), _time_us(end_time))
    hits, chosen = await service.search(network, query, max_results, mode, claims.user_id, within)
    rows = await run_in_threadpool(tweets.by_ids, network, hits.tweet_ids.tolist())
    return page([tweet_object(row) for row in rows], mode=chosen)


@router.get("/users/search")
async def search_users(
    query: _Name, network: Net, claims: Reader, max_results: Annotated[int, Whole, Query(ge=1, le=100)] = 10
) -> Response:
    """Users near a name or handle, typos forgiven, best first."""
    rows = await service.people(network, query, max_results, claims.user_id)
    return page([user_object(row) for row in rows])


@router.get("/search/complete")
async def complete(
    prefix: _Name, network: Net, claims: Reader, max_results: Annotated[int, Whole, Query(ge=1, le=20)] = 10
) -> Response:
    """Hashtags and users that begin with what was typed; `#` or `@` before it asks for one of the two."""
    tags, rows = await service.complete(network, prefix, max_results, claims.user_id)
    hashtags = [{"tag": tag, "tweet_count": count} for tag, count in tags]
    return answer({"data": {"hashtags": hashtags, "users": [user_object(row) for row in rows]}})


def _time_us(time: datetime | None) -> int | None:
    if time is None:
        return None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return int(aware.timestamp()) * 1_000_000 + aware.microsecond
