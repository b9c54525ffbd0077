"""Search among recent tweets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from candidates.search.hybrid import Mode
from candidates.search.query import MAX_QUERY
from serving.auth.access import reader
from serving.context import Net
from serving.kit.answers import page
from serving.search import service
from serving.tweets import service as tweets
from serving.tweets.schemas import tweet_object

router = APIRouter(prefix="/2/tweets/search", tags=["search"], dependencies=[Depends(reader)])


@router.get("/recent")
async def search_recent(
    query: Annotated[str, Query(min_length=1, max_length=MAX_QUERY)],
    network: Net,
    max_results: Annotated[int, Query(ge=1, le=100)] = 10,
    mode: Mode | None = None,
) -> Response:
    """Tweets that answer `query`, best first: by words (`text`), by meaning (`semantic`), or both."""
    hits, chosen = await service.search(network, query, max_results, mode)
    rows = await run_in_threadpool(tweets.by_ids, network, hits.tweet_ids.tolist())
    return page([tweet_object(row) for row in rows], mode=chosen)
