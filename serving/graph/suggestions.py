"""Whom a user may want to follow: found in the state in memory, recorded in the event log once it was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from candidates.products.follow import Suggestion
from data.events import EventBatch
from serving.context import Context
from serving.events.outbox import Transaction
from serving.users import service as users
from serving.users.schemas import user_object
from serving.users.store import UserRow


async def suggest(context: Context, user_id: int, limit: int) -> list[Suggestion]:
    """The best `limit` accounts for a user now. None counts as shown before `record` writes it.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 503 while the state is built anew.
    """
    return await context.ask(_suggest, context, user_id, limit)


def accounts(context: Context, found: Sequence[Suggestion]) -> dict[int, UserRow]:
    """The accounts that were found and those that their reasons name, by id."""
    ids = [one.user_id for one in found] + [other for one in found for other in one.followed_by]
    return {row.user_id: row for row in users.by_ids(context, list(dict.fromkeys(ids)))}


async def record(context: Context, user_id: int, found: Sequence[Suggestion]) -> None:
    """Writes what was shown to the log, so that it is not suggested again soon."""

    def append(tx: Transaction) -> None:
        size = len(found)
        tx.emit(EventBatch("suggestions", {
            "suggestion_id": np.array([tx.new_id() for _ in found], np.int64), "time_us": np.full(size, tx.now_us),
            "user_id": np.full(size, user_id), "suggested_id": np.array([one.user_id for one in found], np.int64),
            "position": np.arange(size, dtype=np.int16), "score": np.array([one.score for one in found], np.float32),
        }), passing=True)  # fmt: skip

    if found and context.settings.record_impressions:
        await context.note(append)


def suggestions_object(
    found: Sequence[Suggestion], rows: Mapping[int, UserRow], fields: Set[str] = frozenset()
) -> dict[str, Any]:
    """Accounts in v2 shape, with `fields`; `meta` says why each is there."""
    handles = {row.user_id: row.username for row in rows.values() if row.username}
    there = [one for one in found if one.user_id in rows]
    return {
        "data": [user_object(rows[one.user_id], fields) for one in there],
        "meta": {
            "result_count": len(there),
            "suggestions": [
                {
                    "id": str(one.user_id), "score": one.score, "reason": one.reason(handles),
                    "followed_by": [str(other) for other in one.followed_by], "others": one.others, "topic": one.topic,
                }
                for one in there
            ],
        },
    }  # fmt: skip


def _suggest(context: Context, user_id: int, limit: int) -> list[Suggestion]:
    return context.projections.who_to_follow.suggest(user_id, limit, context.now_us())
