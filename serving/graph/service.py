"""The rules of follows, blocks and mutes: an edge, the counts of both accounts and its event commit together.

A block ends the follows between two people, either way. While it stands neither follows the other, nor likes, retweets,
quotes or answers what the other posted. What was done before stays, and can be taken back. A mute changes what one sees
alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from serving.context import Context
from serving.events.outbox import Transaction, event
from serving.graph import store
from serving.graph.relations import Relation, blocks, mutes
from serving.graph.store import Side
from serving.kit.problems import ProblemError
from serving.users import service as users


def accounts(
    context: Context, user_id: int, side: Side, limit: int, token: str | None
) -> tuple[list[Row[Any]], dict[str, str]]:
    """A page of the accounts on one side of a user's edges, newest edge first, and its tokens.

    Raises:
        ProblemError: 404 where there is no such user, 400 for a token of another list.
    """
    with context.database.read() as connection:
        users.check_known(connection, user_id)

        def fetch(newer: bool, at: int | None, count: int) -> list[Row[Any]]:
            return store.page(connection, user_id, side, count, newer=newer, at=at)

        return context.paging.page(f"{side} {user_id}", token, limit, fetch, lambda row: int(row.follow_id))


def related(
    context: Context, relation: Relation, user_id: int, limit: int, token: str | None
) -> tuple[list[Row[Any]], dict[str, str]]:
    """A page of the accounts that a user blocks or mutes, the last first, and its tokens.

    Raises:
        ProblemError: 404 where there is no such user, 400 for a token of another list.
    """
    with context.database.read() as connection:
        users.check_known(connection, user_id)

        def fetch(newer: bool, at: int | None, count: int) -> list[Row[Any]]:
            return relation.page(connection, user_id, newer, at, count)

        def key(row: Row[Any]) -> int:
            return int(row._mapping[relation.key])

        return context.paging.page(f"{relation.name} {user_id}", token, limit, fetch, key)


def follow(tx: Transaction, follower: int, followee: int) -> None:
    """Begins an edge; an existing one stays as it is.

    Raises:
        ProblemError: 400 for the user themselves, 403 for a follower without account or where either blocks the
            other, 404 for an unknown followee.
    """
    if follower == followee:
        raise ProblemError(400, "self-follow", f"user {follower} cannot follow themselves; name another user")
    users.account(tx, follower)
    users.check_known(tx.connection, followee)
    check_apart(tx, follower, followee)
    if store.standing(tx.connection, follower, followee):
        return
    edge = _edge(tx, follower, followee)
    store.add(tx.connection, [edge])
    _changed(tx, edge, ended=False)


def unfollow(tx: Transaction, follower: int, followee: int) -> None:
    """Ends an edge; where there is none, nothing changes."""
    if store.remove(tx.connection, follower, followee):
        _changed(tx, _edge(tx, follower, followee), ended=True)


def block(tx: Transaction, user_id: int, blocked_id: int) -> None:
    """Begins a block; one that stands stays as it is.

    Raises:
        ProblemError: 400 for the user themselves, 403 for a user without account, 404 for an unknown user to block.
    """
    if _begin(tx, blocks, user_id, blocked_id, "block"):
        unfollow(tx, user_id, blocked_id)
        unfollow(tx, blocked_id, user_id)


def unblock(tx: Transaction, user_id: int, blocked_id: int) -> None:
    """Ends a block; where there is none, nothing changes. Follows that it ended do not begin again."""
    _end(tx, blocks, user_id, blocked_id)


def mute(tx: Transaction, user_id: int, muted_id: int) -> None:
    """Begins a mute; one that stands stays as it is.

    Raises:
        ProblemError: 400 for the user themselves, 403 for a user without account, 404 for an unknown user to mute.
    """
    _begin(tx, mutes, user_id, muted_id, "mute")


def unmute(tx: Transaction, user_id: int, muted_id: int) -> None:
    """Ends a mute; where there is none, nothing changes."""
    _end(tx, mutes, user_id, muted_id)


def check_apart(tx: Transaction, user_id: int, other_id: int | None) -> None:
    """Refuses that a user acts on another where either blocks the other.

    Raises:
        ProblemError: 403 naming who blocks whom.
    """
    blocker = None if other_id is None else blocks.between(tx.connection, user_id, other_id)
    if blocker is None:
        return
    if blocker == user_id:
        raise ProblemError(403, "blocked", f"user {user_id} blocks user {other_id}; end the block first")
    raise ProblemError(403, "blocked", f"user {blocker} blocks user {user_id}, who cannot act on what is theirs")


def _begin(tx: Transaction, relation: Relation, user_id: int, other_id: int, verb: str) -> bool:
    """Whether it began: False where it stood already."""
    if user_id == other_id:
        raise ProblemError(400, f"self-{verb}", f"user {user_id} cannot {verb} themselves; name another user")
    users.account(tx, user_id)
    users.check_known(tx.connection, other_id)
    if relation.standing(tx.connection, user_id, other_id):
        return False
    row = relation.row(tx.new_id(), tx.now_us, user_id, other_id)
    relation.add(tx.connection, [row])
    tx.emit(event(relation.name, **row, ended=False))
    return True


def _end(tx: Transaction, relation: Relation, user_id: int, other_id: int) -> None:
    if relation.remove(tx.connection, user_id, other_id):
        tx.emit(event(relation.name, **relation.row(tx.new_id(), tx.now_us, user_id, other_id), ended=True))


def _edge(tx: Transaction, follower: int, followee: int) -> dict[str, int]:
    return {"follow_id": tx.new_id(), "time_us": tx.now_us, "follower_id": follower, "followee_id": followee}


def _changed(tx: Transaction, edge: dict[str, int], *, ended: bool) -> None:
    change = -1 if ended else 1
    users.count(tx, edge["follower_id"], following=change)
    users.count(tx, edge["followee_id"], followers=change)
    tx.emit(event("follows", **edge, ended=ended))
