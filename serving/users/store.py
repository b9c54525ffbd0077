"""Accounts in SQL, with their kept counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
    update,
)

from serving.kit.db import BigId, metadata

users = Table(
    "users",
    metadata,
    Column("user_id", BigId, primary_key=True),
    Column("created_us", BigInteger, nullable=False),
    Column("username", String, unique=True),
    Column("name", String),
    Column("language", String),
    Column("place", BigInteger),
    Column("utc_offset_min", Integer),
    Column("verified", Boolean, nullable=False),
    Column("followers", Integer, nullable=False, default=0),
    Column("following", Integer, nullable=False, default=0),
    Column("tweets", Integer, nullable=False, default=0),
    Column("likes", Integer, nullable=False, default=0),
    Index("users_by_handle", text("lower(username)")),
)
"""One row an account. `username` is kept as written; two that differ in case alone are one."""

UserRow = Row[Any]


# Statements of the hot path are built once: building one costs as much as running it.
_ONE = select(users).where(users.c.user_id == bindparam("one"))
_EXISTS = select(1).where(users.c.user_id == bindparam("one"))
_COUNTS = ("followers", "following", "tweets", "likes")
_COUNT = (
    update(users)
    .where(users.c.user_id == bindparam("one"))
    .values({name: users.c[name] + bindparam(f"more_{name}") for name in _COUNTS})
)


def exists(connection: Connection, user_id: int) -> bool:
    """Whether there is such an account."""
    return connection.scalar(_EXISTS, {"one": user_id}) is not None


def by_id(connection: Connection, user_id: int) -> UserRow | None:
    """One account."""
    return connection.execute(_ONE, {"one": user_id}).first()


def by_ids(connection: Connection, ids: Sequence[int]) -> list[UserRow]:
    """The accounts of `ids` that there are, in that order."""
    found = {row.user_id: row for row in connection.execute(select(users).where(users.c.user_id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def by_username(connection: Connection, username: str) -> UserRow | None:
    """The account with a handle, whatever its case."""
    exact = connection.execute(select(users).where(users.c.username == username)).first()
    if exact is not None:
        return exact
    found = by_usernames(connection, [username])
    return found[0] if found else None


def by_usernames(connection: Connection, usernames: Sequence[str]) -> list[UserRow]:
    """The accounts with handles, whatever their case, that there are, in no order."""
    # SQLite's lower() changes ASCII letters alone: all that a handle has.
    wanted = list({one.lower() for one in usernames})
    return list(connection.execute(select(users).where(func.lower(users.c.username).in_(wanted))))


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds accounts."""
    if rows:
        connection.execute(users.insert(), rows)


def count(
    connection: Connection, user_id: int, *, followers: int = 0, following: int = 0, tweets: int = 0, likes: int = 0
) -> None:
    """Adds to an account's kept counts."""
    more = {"more_followers": followers, "more_following": following, "more_tweets": tweets, "more_likes": likes}
    connection.execute(_COUNT, {"one": user_id, **more})
