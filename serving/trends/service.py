"""What trends now."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from candidates.trends.engine import Trend, TrendList
from candidates.trends.places import COUNTRY_OF, WORLD
from serving.context import Context
from serving.users import service as users

PERSONAL = 10
"""Trends of one answer."""


async def trends(context: Context, woeid: int, limit: int) -> TrendList:
    """Trends of a place in the window that ends now or, where none holds any, with the last tweet.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    return await context.ask(lambda: context.projections.trends.trends(context.clock.now_us(), woeid, limit))


async def personal(context: Context, user_id: int) -> list[Trend]:
    """Trends where a user is at home, then in the country and worldwide: `PERSONAL` at most, none twice.

    Raises:
        ProblemError: 404 where there is no such user, 503 while the state is built anew.
    """
    account = await run_in_threadpool(users.by_id, context, user_id)
    near = [] if account.place is None else [account.place]
    found: dict[str, Trend] = {}
    for woeid in dict.fromkeys((*near, *(COUNTRY_OF[one] for one in near if one in COUNTRY_OF), WORLD)):
        for one in (await trends(context, woeid, PERSONAL)).trends:
            found.setdefault(one.name, one)
    return list(found.values())[:PERSONAL]
