"""Trends by place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response

from data.events import MINUTE_US
from serving.auth.access import reader
from serving.context import Net
from serving.kit.answers import listed
from serving.kit.ids import Whole
from serving.trends import service
from serving.trends.schemas import TrendAnswer, TrendParameters, trend_object

router = APIRouter(prefix="/2/trends", tags=["trends"], dependencies=[Depends(reader)])


@router.get("/by/woeid/{woeid}", response_model=TrendAnswer)
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
