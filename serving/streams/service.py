"""What may be a rule, and which of the tweets that are posted match which rules.

A stream has no queue of its own: it reads on in the event log from where it is, so that a slow reader costs no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Row
from starlette.concurrency import run_in_threadpool

from candidates.search.query import QueryError, parse
from serving.context import Context
from serving.events.log import Entry
from serving.events.outbox import Transaction
from serving.kit.fields import View
from serving.kit.problems import ProblemError
from serving.streams import store
from serving.streams.schemas import MAX_RULES, NewRule
from serving.tweets import service as tweets
from serving.tweets.expansions import shown

_TYPE = "https://api.twitter.com/2/problems/"
_READ = 512
"""Events read at a time."""

Errors = list[dict[str, Any]]


def add(tx: Transaction, owner: str, wanted: Sequence[NewRule]) -> tuple[list[dict[str, Any]], Errors]:
    """Makes those of `wanted` that can be rules; returns them, and why the others are none.

    Raises:
        ProblemError: 400 where the owner would have more than `MAX_RULES`.
    """
    there = {row.value: row.rule_id for row in store.of(tx.connection, owner)}
    made, errors = list[dict[str, Any]](), Errors()
    for one in wanted:
        if one.value in there:
            error = _refused(one.value, "DuplicateRule", "there is a rule with this value", "duplicate-rules")
            errors.append(error | {"id": str(there[one.value])})
            continue
        try:
            parse(one.value)
        except QueryError as error:
            errors.append(_refused(one.value, "UnprocessableEntity", str(error), "invalid-rules"))
            continue
        rule_id = tx.new_id()
        store.add(tx.connection, {"rule_id": rule_id, "owner": owner, "value": one.value, "tag": one.tag})
        there[one.value] = rule_id
        made.append({"id": str(rule_id), "value": one.value, **({"tag": one.tag} if one.tag else {})})
    if len(there) > MAX_RULES:
        raise ProblemError(400, "too-many-rules", f"these would be {len(there)} rules, over {MAX_RULES}; delete some")
    return made, errors


def _refused(value: str, title: str, detail: str, kind: str) -> dict[str, Any]:
    return {"value": value, "title": title, "detail": detail, "type": _TYPE + kind}


async def stream(context: Context, owner: str, view: View, *, offset: int, expires_s: int) -> AsyncIterator[bytes]:
    """Lines of JSON: the tweets that come after `offset` in the log and match rules of `owner`, with `view`.

    It ends with the token, at `expires_s`, and when the server stops.

    An empty line where nothing was sent for a while; a line with `errors` before it ends.
    """
    config, clock = context.settings.streams, asyncio.get_running_loop().time
    sent_at = clock()
    context.streams[owner] += 1
    try:
        while not context.stopping and context.tokens.now_s() < expires_s:
            ids, last, behind = await run_in_threadpool(_posted, context, offset)
            if behind > config.max_lag:
                yield _line({"errors": [_too_slow(behind, config.max_lag)]})
                return
            lines: list[bytes] | None = None
            # While the state is built anew nothing is known to match: the same events are looked at again.
            with contextlib.suppress(ProblemError):
                found = await _matching(context, owner, ids, last)
                lines = None if found is None else await run_in_threadpool(_lines, context, found, view)
            if lines is not None:
                offset = last
                for one in lines:
                    sent_at = clock()
                    yield one
            if clock() - sent_at >= config.keep_alive_s:
                sent_at = clock()
                yield b"\r\n"
            if lines is None or behind < _READ:
                await asyncio.sleep(config.poll_ms / 1000)
    finally:
        context.streams[owner] -= 1


def _posted(context: Context, after: int) -> tuple[list[int], int, int]:
    """Tweets of the next events, the last of those events, and how many events there are after `after`."""
    end = context.log.end()
    if end <= after:
        return [], after, 0
    found = context.log.read(after, _READ, tables=frozenset({"tweets"}), until=end)
    last = found[-1].offset if len(found) == _READ else max(end, found[-1].offset if found else 0)
    posted = [
        one.events.columns["tweet_id"] for one in found if isinstance(one, Entry) and one.events.table == "tweets"
    ]
    return [int(one) for ids in posted for one in ids], last, end - after


async def _matching(
    context: Context, owner: str, ids: list[int], last: int
) -> dict[int, list[Row[Any]]] | None:  # fmt: skip
    """The rules that each of the tweets matches; None where the index of texts has not come to `last` yet.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    if not ids:
        return {}
    rules = await run_in_threadpool(_rules, context, owner)
    if not rules:
        return {}
    return await context.ask(_matched, context, rules, ids, last)


def _rules(context: Context, owner: str) -> list[Row[Any]]:
    with context.database.read() as connection:
        return store.of(connection, owner)


def _matched(
    context: Context, rules: Sequence[Row[Any]], ids: list[int], last: int
) -> dict[int, list[Row[Any]]] | None:  # fmt: skip
    search = context.projections.search
    if search.offset < last:
        return None
    out: dict[int, list[Row[Any]]] = {}
    posted = np.array(ids, np.int64)
    for rule in rules:
        for one in posted[search.matches(rule.value, posted)].tolist():
            out.setdefault(one, []).append(rule)
    return out


def _lines(context: Context, found: dict[int, list[Row[Any]]], view: View) -> list[bytes]:
    out = []
    for row in tweets.by_ids(context, sorted(found)):
        data, more = shown(context, [row], view)
        rules = [{"id": str(one.rule_id), "tag": one.tag} for one in found[row.tweet_id]]
        out.append(_line({"data": data[0], **more, "matching_rules": rules}))
    return out


def _line(content: dict[str, Any]) -> bytes:
    return msgspec.json.encode(content) + b"\r\n"


def _too_slow(behind: int, most: int) -> dict[str, Any]:
    return {
        "title": "operational-disconnect",
        "disconnect_type": "SlowReader",
        "detail": f"the reader is {behind:,} events behind, over {most:,}; read faster, or ask for fewer tweets",
        "type": f"{_TYPE}operational-disconnect",
    }
