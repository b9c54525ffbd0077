"""The ranked home timeline of one user, page by page.

The first page runs the funnel and keeps its ranking as a snapshot; later pages read on from that, without what may
not be shown any more. So the pages of one snapshot repeat nothing, whatever is posted and served meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from candidates.products.blender import Blended
from candidates.snapshots import Snapshot
from data.batch import CandidateBatch, Ragged
from data.events import EventBatch
from serving.context import Context
from serving.events.outbox import Transaction
from serving.events.sample import TABLES, in_sample, thinned
from serving.kit.problems import ProblemError


@dataclass(frozen=True)
class HomeTimeline:
    """One page of a ranked home timeline, and how it was made."""

    request_id: int
    time_us: int
    """The time that it was ranked for."""
    tweet_ids: list[int]
    scores: list[float]
    sources: list[list[str]]
    """Which sources brought each tweet, in the funnel's order."""
    blended: Blended
    """The page with who to follow and promoted tweets between the tweets."""
    left_out: list[str]
    """What the preset and the value name and what is not there."""
    fetched: Mapping[str, int]
    """Candidates by source."""
    removed: Mapping[str, int]
    """Candidates dropped, by reason."""
    removed_after: Mapping[str, int]
    """Candidates dropped after selection, by reason."""
    degraded: Mapping[str, str]
    """Parts that were left out, and why."""
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of each stage; empty for a later page."""
    next_token: str | None = None
    """Where the next page begins; None when nothing is left."""
    events: Sequence[EventBatch] = ()
    """What to record once the answer is sent."""


async def home(context: Context, user_id: int, limit: int, token: str | None = None) -> HomeTimeline:
    """A page of the ranked home timeline of a user: the first one now, or the one after that of `token`.

    Nothing of it counts as served before `record` writes its events.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 400 for a token of another list or one that expired, 503 while the state is built anew.
    """
    if token is None:
        return await context.ask(_first, context, user_id, limit, None)
    request_id, begin = context.paging.keys(_scope(user_id), token, 2)
    return await context.ask(_later, context, user_id, limit, request_id, begin)


def home_now(context: Context, user_id: int, limit: int, *, time_us: int | None = None) -> HomeTimeline:
    """The first page of `home`, waiting for it; ranked for `time_us` when given."""
    return context.call(_first, context, user_id, limit, time_us)


async def record(context: Context, events: Sequence[EventBatch]) -> None:
    """Writes what a served timeline caused to the log."""

    sample = context.settings.impressions.sample

    def append(tx: Transaction) -> None:
        for one in events:
            kept = one.table not in TABLES or in_sample(int(one.columns["request_id"][0]), sample)
            tx.emit(one if kept else thinned(one), passing=not kept)

    if events:
        await context.note(append)


def shown_ids(home: HomeTimeline) -> list[int]:
    """The ids of all tweets of a page: the ranked ones, then the promoted."""
    return home.tweet_ids + [one.tweet_id for one in home.blended.entries if one.kind == "promoted"]


def _scope(user_id: int) -> str:
    return f"home {user_id}"


def _first(context: Context, user_id: int, limit: int, time_us: int | None) -> HomeTimeline:
    time_us = context.now_us() if time_us is None else time_us
    parts, request_id = context.projections, context.new_request_id()
    result, events = parts.home(
        user_id, limit, time_us=time_us, request_id=request_id, deadline_ms=context.settings.deadline_ms
    )
    snapshot = Snapshot.of(result, parts.snapshots.config.tweets)
    parts.snapshots.keep(snapshot)
    return _page(context, snapshot, result.slate, events, result.trace.stage_ms, first=True)


def _later(context: Context, user_id: int, limit: int, request_id: int, begin: int) -> HomeTimeline:
    parts, now = context.projections, context.now_us()
    snapshot = parts.snapshots.find(request_id, now)
    if snapshot is None:
        raise ProblemError(
            400,
            "expired-cursor",
            "pagination_token has expired: its feed is no longer kept; ask for the first page again",
        )
    ranked = snapshot.ranked
    standing = np.flatnonzero(parts.still(ranked))
    rows = standing[standing >= begin][:limit]
    slate = ranked.take(Ragged(np.array([0, len(rows)], np.int64), rows))
    slate = slate.with_requests({"time_us": np.array([now], np.int64)})
    return _page(context, snapshot, slate, parts.show(slate), {}, first=False)


def _page(
    context: Context,
    snapshot: Snapshot,
    slate: CandidateBatch,
    events: Sequence[EventBatch],
    stage_ms: Mapping[str, float],
    *,
    first: bool,
) -> HomeTimeline:
    tweet_ids, parts = slate.columns["tweet_id"].tolist(), context.projections
    time_us = int(slate.requests.columns["time_us"][0])
    blended = parts.blender.page(snapshot.user_id, tweet_ids, time_us, snapshot.request_id, first=first)
    columns, end = slate.columns, int(slate.columns["position"].max(initial=-1)) + 1
    more = len(slate) and end < len(snapshot.ranked)
    return HomeTimeline(
        request_id=snapshot.request_id,
        time_us=snapshot.time_us,
        tweet_ids=tweet_ids,
        scores=columns["score"].tolist(),
        sources=[parts.sources_of(bits) for bits in columns["sources"].tolist()],
        blended=blended,
        left_out=parts.left_out,
        fetched=snapshot.fetched,
        removed=snapshot.removed,
        removed_after=snapshot.removed_after,
        degraded={**snapshot.degraded, **blended.degraded},
        stage_ms=stage_ms,
        next_token=context.paging.cursor(_scope(snapshot.user_id), snapshot.request_id, end) if more else None,
        events=events,
    )
