"""What trends now."""

from __future__ import annotations

from candidates.trends.engine import TrendList
from serving.context import Context


async def trends(context: Context, woeid: int, limit: int) -> TrendList:
    """Trends of a place in the window that ends now or, where none holds any, with the last tweet.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    return await context.ask(lambda: context.projections.trends.trends(context.clock.now_us(), woeid, limit))
