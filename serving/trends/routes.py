"""Trends by place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from data.events import MINUTE_US
from serving.auth.access import reader
from serving.context import Net
from serving.kit.answers import page
from serving.kit.ids import Whole
from serving.trends import service

router = APIRouter(prefix="/2/trends", tags=["trends"], dependencies=[Depends(reader)])


@router.get("/by/woeid/{woeid}")
async def get_trends(
    woeid: Annotated[int, Whole, Path(ge=1, le=1 << 31)],
    network: Net,
    max_trends: Annotated[int, Whole, Query(ge=1, le=50)] = 20,
) -> Response:
    """Hashtags, names and phrases that rise at a place or in a country (1: worldwide), best first.

    Counts of the window that ends now or, while there are no tweets, with the last tweet (`meta.as_of_us`). Where few
    things happen the window is longer than five minutes: `meta.window_min`.
    """
    found = await service.trends(network, woeid, max_trends)
    data = [
        {
            "trend_name": one.name, "tweet_count": one.volume, "score": one.score, "kind": one.kind,
            "people": one.unique_users, "expected": round(one.expected, 3),
        }
        for one in found.trends
    ]  # fmt: skip
    return page(data, as_of_us=found.end_us, window_min=found.window_us / MINUTE_US)
