"""Who follows whom at present, in SQL, listed both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, delete, select

from serving.kit.db import BigId, metadata, nearest
from serving.users.store import users

follows = Table(
    "follows",
    metadata,
    Column("follower_id", BigId, primary_key=True),
    Column("followee_id", BigId, primary_key=True),
    Column("follow_id", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Index("follows_of_follower", "follower_id", "follow_id"),
    Index("follows_of_followee", "followee_id", "follow_id"),
    sqlite_with_rowid=False,
)
"""One row an edge that stands; `follow_id` orders both lists."""

Side = Literal["followers", "following"]
"""Which accounts of a user's edges: who follows the user, or whom the user follows."""


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds edges."""
    if rows:
        connection.execute(follows.insert(), rows)


def standing(connection: Connection, follower_id: int, followee_id: int) -> bool:
    """Whether the edge stands."""
    edge = select(1).where(follows.c.follower_id == follower_id, follows.c.followee_id == followee_id)
    return connection.scalar(edge) is not None


def remove(connection: Connection, follower_id: int, followee_id: int) -> bool:
    """Ends an edge; False where there was none."""
    edge = delete(follows).where(follows.c.follower_id == follower_id, follows.c.followee_id == followee_id)
    return bool(connection.execute(edge).rowcount)


def page(
    connection: Connection,
    user_id: int,
    side: Side,
    limit: int,
    *,
    newer: bool = False,
    at: int | None = None,
) -> list[Row[Any]]:
    """The accounts on one side of a user's edges, with `follow_id`: the `limit` nearest to `at`, nearest first.

    Of older edges, or of newer ones if `newer`; without `at`, from the newest on.
    """
    mine, theirs = ("followee_id", "follower_id") if side == "followers" else ("follower_id", "followee_id")
    wanted = (
        select(users, follows.c.follow_id)
        .join(follows, follows.c[theirs] == users.c.user_id)
        .where(follows.c[mine] == user_id)
    )
    return list(connection.execute(nearest(wanted, follows.c.follow_id, limit, newer=newer, at=at)))
