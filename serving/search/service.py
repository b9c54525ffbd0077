"""Search over what the network holds now, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from starlette.concurrency import run_in_threadpool

from candidates.search.hybrid import Mode
from candidates.search.query import QueryError
from candidates.search.text import Within
from data.batch import I64
from data.events import DAY_US, HOUR_US, MINUTE_US
from serving.context import Context
from serving.kit.answers import rfc3339
from serving.kit.parameters import Window
from serving.kit.problems import ProblemError, invalid_parameter
from serving.search.schemas import Granularity
from serving.users import service as users
from serving.users.store import UserRow

DEEPEST = 1_000
"""Entries of a list in order of relevance that pages reach: each page ranks all before it again."""


STEPS_US: dict[Granularity, int] = {"minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US}
"""The time that one count is of."""

MOST_COUNTS = 50_000
"""Counts of one answer: a month of minutes."""

_COUNTED_US = 7 * DAY_US


@dataclass(frozen=True)
class Counted:
    """Counts over time."""

    edges_us: list[int]
    """[n + 1] where each begins and the last ends."""
    counts: I64
    """[n]"""


@dataclass(frozen=True)
class Found:
    """A page of a search."""

    tweet_ids: list[int]
    mode: Mode
    """The mode used."""
    next_token: str | None
    """The page after it; None where there is none."""


async def newest(
    context: Context, query: str, limit: int, token: str | None, reader_id: int | None, window: Window
) -> Found:  # fmt: skip
    """The newest tweets that have all that the query asks for; the page after that of `token` when given.

    Raises:
        ProblemError: 400 for a query that cannot be understood, with the column of the fault, or a token of another
            search; 503 while the state is built anew.
    """
    scope = f"search newest {query}"
    last = None if token is None else context.paging.keys(scope, token, 2)
    return await context.ask(_newest, context, query, limit, scope, last, reader_id, window)


async def best(
    context: Context,
    query: str,
    limit: int,
    token: str | None,
    reader_id: int | None,
    window: Window,
    mode: Mode | None,
) -> Found:
    """The best tweets for the query, at most `DEEPEST`; without a `mode`, `hybrid` where the model understands text.

    Later pages rank what there was when the first one was made.

    Raises:
        ProblemError: as for `newest`, and 400 for a mode that needs text understanding where the model has none.
    """
    scope = f"search {mode} {query}"
    begin, until_us = (0, None) if token is None else context.paging.keys(scope, token, 2)
    return await context.ask(_best, context, query, limit, scope, begin, until_us, reader_id, window, mode)


async def count(context: Context, query: str, granularity: Granularity, window: Window) -> Counted:
    """How many tweets answer a query, by time: of the last seven days unless `window` says from when to when.

    Raises:
        ProblemError: 400 for a query that cannot be understood, with the column of the fault, for a time that ends
            before it begins, or that has more than `MOST_COUNTS` counts; 503 while the state is built anew.
    """
    end_us = context.now_us() + 1 if window.end_us is None else window.end_us
    begin_us = max(end_us - _COUNTED_US, 0) if window.start_us is None else window.start_us
    if begin_us >= end_us:
        message = f"`start_time` {rfc3339(begin_us)} is not before `end_time` {rfc3339(end_us)}"
        raise invalid_parameter("start_time", rfc3339(begin_us), message)
    step_us = STEPS_US[granularity]
    inner = range((begin_us // step_us + 1) * step_us, end_us, step_us)
    if len(inner) >= MOST_COUNTS:
        message = (
            f"from {rfc3339(begin_us)} to {rfc3339(end_us)} there are {len(inner) + 1} counts by the {granularity}, "
            f"over {MOST_COUNTS}; ask for a shorter time or a coarser `granularity`"
        )
        raise invalid_parameter("granularity", granularity, message)
    return Counted(
        [begin_us, *inner, end_us], await context.ask(_count, context, query, window, begin_us, end_us, step_us)
    )


async def people(
    context: Context, query: str, limit: int, token: str | None, reader_id: int | None
) -> tuple[list[UserRow], str | None]:
    """A page of the users nearest to a name or handle, typos forgiven, best first, and the token of the next one.

    Raises:
        ProblemError: 400 for a token of another search, 503 while the state is built anew.
    """
    scope = f"people {query}"
    begin = 0 if token is None else context.paging.keys(scope, token, 1)[0]
    found = await context.ask(_people, context, query, begin + limit + 1, reader_id)
    more = context.paging.cursor(scope, begin + limit) if len(found) > begin + limit else None
    return await run_in_threadpool(users.by_ids, context, found[begin : begin + limit]), more


async def complete(
    context: Context, prefix: str, limit: int, reader_id: int | None
) -> tuple[list[tuple[str, int]], list[UserRow]]:
    """Hashtags with their tweets, most used first, and users, most followed first, that begin with `prefix`.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    tags, found = await context.ask(_complete, context, prefix, limit, reader_id)
    return tags, await run_in_threadpool(users.by_ids, context, found)


def _newest(
    context: Context,
    query: str,
    limit: int,
    scope: str,
    last: tuple[int, ...] | None,
    reader_id: int | None,
    window: Window,
) -> Found:
    within = _within(window, window.end_us, None if last is None else (last[0], last[1]))
    ids = _search(context, query, "text", limit + 1, reader_id, within, newest=True)
    if len(ids) <= limit:
        return Found(ids, "text", None)
    end = ids[limit - 1]
    tweets = context.state.network
    time_us = int(tweets.tweet.time_us[tweets.tweets.rows(np.array([end], np.int64))[0]])
    return Found(ids[:limit], "text", context.paging.cursor(scope, time_us, end))


def _best(
    context: Context,
    query: str,
    limit: int,
    scope: str,
    begin: int,
    until_us: int | None,
    reader_id: int | None,
    window: Window,
    mode: Mode | None,
) -> Found:
    understands = context.projections.search.understands
    chosen: Mode = mode or ("hybrid" if understands else "text")
    if chosen != "text" and not understands:
        detail = f"mode {chosen!r} needs a model that understands text; the one served does not: use mode=text"
        raise ProblemError(400, "no-understanding", detail)
    until_us = context.now_us() + 1 if until_us is None else until_us
    within = _within(window, min(until_us, window.end_us or until_us), None)
    end = min(begin + limit, DEEPEST)
    ids = _search(context, query, chosen, end + 1, reader_id, within, newest=False)
    more = context.paging.cursor(scope, end, until_us) if len(ids) > end and end < DEEPEST else None
    return Found(ids[begin:end], chosen, more)


def _count(context: Context, query: str, window: Window, begin_us: int, end_us: int, step_us: int) -> I64:
    within = Within(since_id=window.since_id, until_id=window.until_id)
    with _understood():
        return context.projections.search.counts(query, begin_us, end_us, step_us, within)


def _within(window: Window, before_us: int | None, last: tuple[int, int] | None) -> Within:
    return Within(window.start_us, before_us, window.since_id, window.until_id, last)


def _search(
    context: Context, query: str, mode: Mode, limit: int, reader_id: int | None, within: Within, *, newest: bool
) -> list[int]:
    with _understood():
        hits = context.projections.search.search(
            query, mode, limit, reader_id=reader_id, within=within, newest=newest
        )  # fmt: skip
    ids: list[int] = hits.tweet_ids.tolist()
    return ids


@contextmanager
def _understood() -> Iterator[None]:
    """Answers 400 where a query cannot be understood."""
    try:
        yield
    except QueryError as error:
        raise ProblemError(400, "bad-query", str(error), column=error.column) from error


def _people(context: Context, query: str, limit: int, reader_id: int | None) -> list[int]:
    found = context.projections.search.people(query, limit, reader_id)
    return [int(one) for one in found.user_ids]


def _complete(
    context: Context, prefix: str, limit: int, reader_id: int | None
) -> tuple[list[tuple[str, int]], list[int]]:
    tags, found = context.projections.search.complete(prefix, limit, reader_id)
    return tags, found.tolist()
