"""Rules of filtered streams, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, delete, or_, select

from serving.kit.db import BigId, metadata

rules = Table(
    "stream_rules",
    metadata,
    Column("rule_id", BigId, primary_key=True),
    Column("owner", String, nullable=False),
    Column("value", String, nullable=False),
    Column("tag", String, nullable=False),
    Index("rules_of_owner", "owner", "value", unique=True),
)
"""`owner` is the app that made the rule, "" for tokens of the lab."""


def of(connection: Connection, owner: str, ids: Sequence[int] | None = None) -> list[Row[Any]]:
    """An owner's rules, those of `ids` where given, in the order in which they were made."""
    wanted = select(rules).where(rules.c.owner == owner).order_by(rules.c.rule_id)
    if ids is not None:
        wanted = wanted.where(rules.c.rule_id.in_(ids))
    return list(connection.execute(wanted))


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Adds a rule."""
    connection.execute(rules.insert(), row)


def remove(connection: Connection, owner: str, ids: Sequence[int], values: Sequence[str]) -> int:
    """Removes an owner's rules by id or by value; returns how many there were."""
    named = or_(rules.c.rule_id.in_(ids), rules.c.value.in_(values))
    return int(connection.execute(delete(rules).where(rules.c.owner == owner, named)).rowcount)
