"""Reading the event log: the protocol, and the engine that keeps it in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sqlalchemy import LargeBinary, bindparam, cast, func, select

from data.errors import DataError
from data.events import EventBatch
from serving.events.outbox import FIRST_US, LAST_US, Transaction, decode, events_table
from serving.kit.db import Database


@dataclass(frozen=True, slots=True)
class Entry:
    """One appended batch and its place in the log."""

    offset: int
    events: EventBatch


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that holds no events, and why."""

    offset: int
    table: str
    """The table that it names."""
    error: str


class EventLog(Protocol):
    """An ordered log of event batches. Offsets ascend; they need not be consecutive."""

    def append(self, tx: Transaction, events: EventBatch) -> None:
        """Adds `events` when `tx` commits."""
        ...

    def read(
        self, after: int, limit: int, *, tables: frozenset[str] = frozenset(), until: int = 0
    ) -> list[Entry | Unreadable]:
        """At most `limit` entries with offsets over `after`, in order; up to `until` those of `tables` alone."""
        ...

    def end(self) -> int:
        """The last offset, 0 in an empty log."""
        ...


# As bytes: the driver refuses the whole result for one text in it that is not UTF-8.
_READ = (
    select(events_table.c.offset, cast(events_table.c.name, LargeBinary), cast(events_table.c.payload, LargeBinary))
    .where(events_table.c.offset > bindparam("after"))
    .order_by(events_table.c.offset)
    .limit(bindparam("most"))
)
_END = select(func.max(events_table.c.offset))
_LAST = select(func.max(events_table.c.time_us)).where(
    func.typeof(events_table.c.time_us) == "integer", events_table.c.time_us.between(FIRST_US, LAST_US)
)


class DatabaseLog:
    """The log in the database that the writes themselves go to."""

    def __init__(self, database: Database) -> None:
        """Reads the outbox of `database`."""
        self._database = database

    def append(self, tx: Transaction, events: EventBatch) -> None:
        """Adds `events` when `tx` commits."""
        tx.emit(events)

    def read(
        self, after: int, limit: int, *, tables: frozenset[str] = frozenset(), until: int = 0
    ) -> list[Entry | Unreadable]:
        """At most `limit` entries with offsets over `after`, in order; up to `until` those of `tables` alone."""
        wanted = _READ
        if after < until:
            wanted = wanted.where((events_table.c.offset > until) | events_table.c.name.in_(tables))
        with self._database.read() as connection:
            rows = connection.execute(wanted, {"after": after, "most": limit}).all()
        return [_entry(offset, name, payload) for offset, name, payload in rows]

    def end(self) -> int:
        """The last offset, 0 in an empty log."""
        with self._database.read() as connection:
            return int(connection.scalar(_END) or 0)

    def time_at(self, offset: int) -> int | None:
        """The time of the event at `offset`; None where there is none."""
        with self._database.read() as connection:
            found = connection.scalar(select(events_table.c.time_us).where(events_table.c.offset == offset))
        return None if found is None else int(found)

    def last_time_us(self) -> int:
        """The time of the latest event, 0 in an empty log."""
        with self._database.read() as connection:
            return int(connection.scalar(_LAST) or 0)


def stored(database: Database, offset: int) -> dict[str, Any]:
    """The event at `offset` as the log holds it: its table and its columns, or its bytes where they are no events."""
    row = events_table.c
    wanted = select(cast(row.name, LargeBinary), cast(row.payload, LargeBinary)).where(row.offset == offset)
    with database.read() as connection:
        found = connection.execute(wanted).first()
    if found is None:
        return {"offset": offset, "gone": True}
    entry = _entry(offset, *found)
    if isinstance(entry, Unreadable):
        return {"offset": offset, "table": entry.table, "bytes": (found[1] or b"").hex()[:_SHOWN]}
    columns = {name: values.tolist() for name, values in entry.events.columns.items()}
    return {"offset": offset, "table": entry.events.table, **columns}


_SHOWN = 4_096
"""Characters of an event's bytes that are shown, two a byte."""


def _entry(offset: int, name: bytes | None, payload: bytes | None) -> Entry | Unreadable:
    table = (name or b"").decode(errors="replace")
    try:
        return Entry(offset, decode(table, payload or b""))
    except DataError as error:
        return Unreadable(offset, table, error.problem)


def runs(entries: Sequence[Entry]) -> list[Entry]:
    """Neighbouring entries of one table joined, each run with the offset of its last entry."""
    out: list[Entry] = []
    start = 0
    for i in range(1, len(entries) + 1):
        if i == len(entries) or not _alike(entries[start].events, entries[i].events):
            out.append(Entry(entries[i - 1].offset, _joined([one.events for one in entries[start:i]])))
            start = i
    return out


def _alike(one: EventBatch, other: EventBatch) -> bool:
    return one.table == other.table and one.columns.keys() == other.columns.keys()


def _joined(batches: Sequence[EventBatch]) -> EventBatch:
    if len(batches) == 1:
        return batches[0]
    names = batches[0].columns
    return EventBatch(batches[0].table, {c: np.concatenate([b.columns[c] for b in batches]) for c in names})
