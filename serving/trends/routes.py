"""Trends by place, and those of the reader's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response

from data.events import MINUTE_US
from serving.auth.access import User, reader
from serving.context import Net
from serving.kit.answers import answer, listed
from serving.kit.ids import Whole
from serving.kit.openapi import NOT_FOUND
from serving.trends import service
from serving.trends.schemas import (
    PersonalTrendParameters,
    PersonalTrends,
    TrendAnswer,
    TrendParameters,
    personal_trend_object,
    trend_object,
)

router = APIRouter(prefix="/2", tags=["trends"], dependencies=[Depends(reader)])


@router.get("/trends/by/woeid/{woeid}", response_model=TrendAnswer)
async def get_trends(
    woeid: Annotated[int, Field(ge=1, le=1 << 31), Whole, Path()],
    query: Annotated[TrendParameters, Query()],
    network: Net,
) -> Response:
    """Hashtags, names and phrases that rise at a place or in a country (1: worldwide), best first.

    Counts of the window that ends now or, while there are no tweets, with the last tweet (`meta.as_of_us`). Where few
    things happen the window is longer than five minutes: `meta.window_min`.
    """
    found = await service.trends(network, woeid, query.max_trends)
    data = [trend_object(one, query.fields) for one in found.trends]
    return listed(data, as_of_us=found.end_us, window_min=found.window_us / MINUTE_US)


@router.get("/users/personalized_trends", response_model=PersonalTrends, responses=NOT_FOUND)
async def get_personalized_trends(
    user_id: User, query: Annotated[PersonalTrendParameters, Query()], network: Net
) -> Response:
    """What rises where the token's user is at home, then in the country and worldwide, at most ten."""
    found = await service.personal(network, user_id)
    data = [personal_trend_object(one, query.fields) for one in found]
    return answer({"data": data} if data else {})
