"""Who blocks and who mutes whom at present, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, and_, bindparam, delete, or_, select

from serving.kit.db import BigId, metadata, nearest
from serving.users.store import users


class Relation:
    """What holds from one user to another until it is ended; its events are rows of the data's table of that name."""

    def __init__(self, name: str, other: str, key: str) -> None:
        """The table `name`: `user_id` to `other`, with `key`, the id of its event, which orders a user's."""
        self.name = name
        self.table = Table(
            name,
            metadata,
            Column("user_id", BigId, primary_key=True),
            Column(other, BigId, primary_key=True),
            Column(key, BigInteger, nullable=False),
            Column("time_us", BigInteger, nullable=False),
            Index(f"{name}_of_user", "user_id", key),
            sqlite_with_rowid=False,
        )
        self.other, self.key = self.table.c[other], self.table.c[key]
        self._user = self.table.c.user_id
        pair = and_(self._user == bindparam("one"), self.other == bindparam("two"))
        back = and_(self._user == bindparam("two"), self.other == bindparam("one"))
        self._standing = select(1).where(pair)
        self._between = select(self._user).where(or_(pair, back)).limit(1)
        self._ending = delete(self.table).where(pair)

    def row(self, event_id: int, time_us: int, user_id: int, other_id: int) -> dict[str, int]:
        """One row, as the table and its events have it."""
        return {self.key.name: event_id, "time_us": time_us, "user_id": user_id, self.other.name: other_id}

    def add(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Adds what begins."""
        if rows:
            connection.execute(self.table.insert(), rows)

    def remove(self, connection: Connection, user_id: int, other_id: int) -> bool:
        """Ends one; False where there was none."""
        return bool(connection.execute(self._ending, {"one": user_id, "two": other_id}).rowcount)

    def standing(self, connection: Connection, user_id: int, other_id: int) -> bool:
        """Whether it holds from `user_id` to `other_id`."""
        return connection.scalar(self._standing, {"one": user_id, "two": other_id}) is not None

    def between(self, connection: Connection, one: int, two: int) -> int | None:
        """From which of two users it holds to the other; None where from neither."""
        found = connection.scalar(self._between, {"one": one, "two": two})
        return None if found is None else int(found)

    def page(self, connection: Connection, user_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
        """Accounts that it holds to from a user, each with its key: the `limit` nearest to `at`, nearest first.

        Of older ones, or of newer ones if `newer`; without `at`, from the newest on.
        """
        wanted = select(users, self.key).join(self.table, self.other == users.c.user_id).where(self._user == user_id)
        return list(connection.execute(nearest(wanted, self.key, limit, newer=newer, at=at)))


blocks = Relation("blocks", "blocked_id", "block_id")
"""Neither of the two acts on the other, or sees what the other posts."""

mutes = Relation("mutes", "muted_id", "mute_id")
"""The user does not see what the other posts; the other is not told."""
