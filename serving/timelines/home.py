"""One ranked home timeline: the funnel asked for one reader at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.events import EventBatch
from serving.projections import Projections


@dataclass(frozen=True)
class HomeTimeline:
    """One ranked home timeline, and what there is to say about it."""

    request_id: int
    time_us: int
    """The moment it was ranked for."""
    tweet_ids: list[int]
    scores: list[float]
    sources: list[str]
    """Which source brought each tweet."""
    fetched: dict[str, int]
    """Candidates by source."""
    removed: dict[str, int]
    """Candidates dropped, by reason."""
    degraded: dict[str, str]
    """Parts that were left out, and why."""
    stage_ms: dict[str, float]
    events: list[EventBatch]
    """What to record once the answer has gone out."""


def ranked_home(
    parts: Projections, user_id: int, limit: int, *, time_us: int, request_id: int, deadline_ms: float | None
) -> HomeTimeline:
    """The best `limit` tweets for a user at `time_us`. Nothing of it counts as seen before its events are recorded.

    Raises:
        NotFoundError: there is no such user.
    """
    parts.settle(time_us)
    requests = parts.state.requests(np.array([user_id], np.int64), np.array([time_us], np.int64))
    requests = requests.with_columns({"request_id": np.array([request_id], np.int64)})
    parts.sink.take()
    result = parts.funnel.run(requests, limit, deadline_ms=deadline_ms)
    slate = result.slate.columns
    return HomeTimeline(
        request_id=request_id,
        time_us=time_us,
        tweet_ids=slate["tweet_id"].tolist(),
        scores=slate["score"].tolist(),
        sources=slate["source"].tolist(),
        fetched=dict(result.trace.fetched),
        removed=dict(result.trace.removed),
        degraded=dict(result.degraded),
        stage_ms=dict(result.trace.stage_ms),
        events=parts.sink.take(),
    )
