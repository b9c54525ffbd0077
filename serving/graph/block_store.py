"""Who blocks whom at present, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, and_, bindparam, delete, or_, select

from serving.kit.db import BigId, metadata, nearest
from serving.users.store import users

blocks = Table(
    "blocks",
    metadata,
    Column("user_id", BigId, primary_key=True),
    Column("blocked_id", BigId, primary_key=True),
    Column("block_id", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Index("blocks_of_user", "user_id", "block_id"),
    sqlite_with_rowid=False,
)
"""One row a block that stands; `block_id` orders a user's."""

_BETWEEN = (
    select(blocks.c.user_id)
    .where(
        or_(
            and_(blocks.c.user_id == bindparam("one"), blocks.c.blocked_id == bindparam("other")),
            and_(blocks.c.user_id == bindparam("other"), blocks.c.blocked_id == bindparam("one")),
        )
    )
    .limit(1)
)


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds blocks."""
    if rows:
        connection.execute(blocks.insert(), rows)


def remove(connection: Connection, user_id: int, blocked_id: int) -> bool:
    """Ends a block; False where there was none."""
    wanted = delete(blocks).where(blocks.c.user_id == user_id, blocks.c.blocked_id == blocked_id)
    return bool(connection.execute(wanted).rowcount)


def standing(connection: Connection, user_id: int, blocked_id: int) -> bool:
    """Whether `user_id` blocks `blocked_id`."""
    wanted = select(1).where(blocks.c.user_id == user_id, blocks.c.blocked_id == blocked_id)
    return connection.scalar(wanted) is not None


def between(connection: Connection, one: int, other: int) -> int | None:
    """Which of two users blocks the other; None where neither does."""
    found = connection.scalar(_BETWEEN, {"one": one, "other": other})
    return None if found is None else int(found)


def page(connection: Connection, user_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
    """Accounts that a user blocks, with `block_id`: the `limit` nearest to `at`, nearest first.

    Of older blocks, or of newer ones if `newer`; without `at`, from the newest on.
    """
    wanted = select(users, blocks.c.block_id).join(blocks, blocks.c.blocked_id == users.c.user_id)
    wanted = wanted.where(blocks.c.user_id == user_id)
    return list(connection.execute(nearest(wanted, blocks.c.block_id, limit, newer=newer, at=at)))
