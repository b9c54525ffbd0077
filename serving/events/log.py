"""Reading the event log: the protocol, and the engine that keeps it in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sqlalchemy import bindparam, func, select

from data.events import EventBatch
from serving.events.outbox import Transaction, decode, events_table
from serving.kit.db import Database


@dataclass(frozen=True, slots=True)
class Entry:
    """One appended batch and its place in the log."""

    offset: int
    events: EventBatch


class EventLog(Protocol):
    """An ordered log of event batches. Offsets ascend; they need not be consecutive."""

    def append(self, tx: Transaction, events: EventBatch) -> None:
        """Adds `events` when `tx` commits."""
        ...

    def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with an offset greater than `after`, in order."""
        ...

    def end(self) -> int:
        """The last offset, 0 in an empty log."""
        ...


_READ = (
    select(events_table.c.offset, events_table.c.name, events_table.c.payload)
    .where(events_table.c.offset > bindparam("after"))
    .order_by(events_table.c.offset)
    .limit(bindparam("most"))
)
_END = select(func.max(events_table.c.offset))


class DatabaseLog:
    """The log in the database that the writes themselves go to."""

    def __init__(self, database: Database) -> None:
        """Reads the outbox of `database`."""
        self._database = database

    def append(self, tx: Transaction, events: EventBatch) -> None:
        """Adds `events` when `tx` commits."""
        tx.emit(events)

    def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with an offset greater than `after`, in order."""
        with self._database.read() as connection:
            rows = connection.execute(_READ, {"after": after, "most": limit}).all()
        return [Entry(offset, decode(name, payload)) for offset, name, payload in rows]

    def end(self) -> int:
        """The last offset, 0 in an empty log."""
        with self._database.read() as connection:
            return int(connection.scalar(_END) or 0)

    def last_time_us(self) -> int:
        """The moment of the latest event, 0 in an empty log."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.max(events_table.c.time_us))) or 0)


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
