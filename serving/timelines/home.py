"""The ranked home timeline of one user at one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.events import EventBatch
from serving.context import Context
from serving.events.outbox import Transaction


@dataclass(frozen=True)
class HomeTimeline:
    """One ranked home timeline, and how it was made."""

    request_id: int
    time_us: int
    """The time that it was ranked for."""
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
    """What to record once the answer is sent."""


async def home(context: Context, user_id: int, limit: int) -> HomeTimeline:
    """The ranked home timeline of a user now. Nothing of it counts as seen before `record` writes its events.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 503 while the state is built anew.
    """
    return await context.ask(_home, context, user_id, limit, None)


def home_now(context: Context, user_id: int, limit: int, *, time_us: int | None = None) -> HomeTimeline:
    """`home`, waiting for it; ranked for `time_us` when given."""
    return context.call(_home, context, user_id, limit, time_us)


async def record(context: Context, events: Sequence[EventBatch]) -> None:
    """Writes what a served timeline caused to the log."""

    def append(tx: Transaction) -> None:
        for one in events:
            tx.emit(one)

    if events:
        await context.write(append)


def _home(context: Context, user_id: int, limit: int, time_us: int | None) -> HomeTimeline:
    time_us = context.now_us() if time_us is None else time_us
    request_id = context.new_request_id()
    result, events = context.projections.home(
        user_id, limit, time_us=time_us, request_id=request_id, deadline_ms=context.settings.deadline_ms
    )
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
        events=events,
    )
