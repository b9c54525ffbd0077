"""The rules of follows: an edge, the counts of both accounts and its event commit together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from serving.context import Context
from serving.events.outbox import Transaction, event
from serving.graph import store
from serving.graph.store import Side
from serving.kit.problems import ProblemError
from serving.users import service as users


def accounts(context: Context, user_id: int, side: Side, limit: int, *, before: int | None) -> list[Row[Any]]:
    """The accounts on one side of a user's edges, newest edge first, with `follow_id` (under `before` when given).

    Raises:
        ProblemError: 404 where there is no such user.
    """
    with context.database.read() as connection:
        users.check_known(connection, user_id)
        return store.page(connection, user_id, side, limit, before=before)


def follow(tx: Transaction, follower: int, followee: int) -> None:
    """Begins an edge; an existing one stays as it is.

    Raises:
        ProblemError: 422 for the user themselves, 403 for a follower without account, 404 for an unknown followee.
    """
    if follower == followee:
        raise ProblemError(422, "self-follow", f"user {follower} cannot follow themselves; name another user")
    users.account(tx, follower)
    users.check_known(tx.connection, followee)
    if store.standing(tx.connection, follower, followee):
        return
    edge = _edge(tx, follower, followee)
    store.add(tx.connection, [edge])
    _changed(tx, edge, ended=False)


def unfollow(tx: Transaction, follower: int, followee: int) -> None:
    """Ends an edge; where there is none, nothing changes."""
    if store.remove(tx.connection, follower, followee):
        _changed(tx, _edge(tx, follower, followee), ended=True)


def _edge(tx: Transaction, follower: int, followee: int) -> dict[str, int]:
    return {"follow_id": tx.new_id(), "time_us": tx.now_us, "follower_id": follower, "followee_id": followee}


def _changed(tx: Transaction, edge: dict[str, int], *, ended: bool) -> None:
    change = -1 if ended else 1
    users.count(tx, edge["follower_id"], following=change)
    users.count(tx, edge["followee_id"], followers=change)
    tx.emit(event("follows", **edge, ended=ended))
