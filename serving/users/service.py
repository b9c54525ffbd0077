"""The rules of accounts: a handle belongs to one account, and a user who acts has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from serving.context import Context
from serving.events.outbox import Transaction, event
from serving.kit.problems import ProblemError, not_found
from serving.users import store
from serving.users.schemas import NewUser
from serving.users.store import UserRow


def by_ids(context: Context, ids: Sequence[int]) -> list[UserRow]:
    """The accounts of `ids` that there are, in that order."""
    with context.database.read() as connection:
        return store.by_ids(connection, ids)


def by_id(context: Context, user_id: int) -> UserRow:
    """One account.

    Raises:
        ProblemError: 404 where there is none.
    """
    with context.database.read() as connection:
        row = store.by_id(connection, user_id)
    if row is None:
        raise not_found("user", user_id)
    return row


def by_username(context: Context, username: str) -> UserRow:
    """The account with a handle, in upper or lower case.

    Raises:
        ProblemError: 404 where there is none.
    """
    with context.database.read() as connection:
        row = store.by_username(connection, username)
    if row is None:
        raise not_found("user", f"@{username}", "username")
    return row


def by_usernames(context: Context, usernames: Sequence[str]) -> dict[str, UserRow]:
    """The accounts with handles that there are, by handle in lower case."""
    with context.database.read() as connection:
        return {row.username.lower(): row for row in store.by_usernames(connection, usernames)}


def create(tx: Transaction, new: NewUser) -> dict[str, Any]:
    """Makes an account; returns its row.

    Raises:
        ProblemError: 409 for a handle that is taken.
    """
    if store.by_username(tx.connection, new.username) is not None:
        raise ProblemError(409, "username-taken", f"username {new.username!r} is taken; choose another")
    row: dict[str, Any] = {
        "user_id": tx.new_id(),
        "created_us": tx.now_us,
        "username": new.username,
        "name": new.name or new.username,
        "language": new.lang,
        "place": new.place,
        "verified": new.verified,
    }
    store.add(tx.connection, [row])
    tx.emit(event("users", **row))
    return row


def account(tx: Transaction, user_id: int) -> UserRow:
    """The account of the user who acts.

    Raises:
        ProblemError: 403 where the token's user has none.
    """
    row = store.by_id(tx.connection, user_id)
    if row is None:
        detail = f"user {user_id}, for whom the token acts, has no account here; POST /2/users makes one"
        raise ProblemError(403, "no-account", detail)
    return row


def check_known(connection: Connection, user_id: int) -> None:
    """Refuses a user without an account.

    Raises:
        ProblemError: 404 naming the user.
    """
    if not store.exists(connection, user_id):
        raise not_found("user", user_id)


def count(
    tx: Transaction, user_id: int, *, followers: int = 0, following: int = 0, tweets: int = 0, likes: int = 0
) -> None:
    """Adds to an account's kept counts."""
    store.count(tx.connection, user_id, followers=followers, following=following, tweets=tweets, likes=likes)
