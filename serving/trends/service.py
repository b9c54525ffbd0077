"""What trends now."""

from __future__ import annotations

from candidates.trends.engine import WORLD, Trend
from serving.projections import Projections


def trending(parts: Projections, now_us: int, woeid: int, limit: int) -> tuple[list[Trend], int]:
    """Trends of a place in the window that ends now or, where that is empty, with the last tweet; and its end."""
    place = None if woeid == WORLD else woeid
    now = max(now_us, parts.last_tweet_us + 1)
    found = parts.trends.trends(now, place, limit)
    if found or not parts.last_tweet_us:
        return found, now
    return parts.trends.trends(parts.last_tweet_us + 1, place, limit), parts.last_tweet_us + 1
