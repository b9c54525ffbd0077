"""The outbox: a write and the event that tells of it commit in one transaction, or neither does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, String, Table

from data.batch import Array
from data.errors import DataError
from data.events import EventBatch
from data.ids import MAX_SEQUENCE, snowflake
from data.schema import table
from serving.kit.clock import Clock
from serving.kit.db import BigId, Database, metadata

T = TypeVar("T")

DATACENTRE = 31
"""Marks ids made by the running network; a world's ids have another."""

events_table = Table(
    "events",
    metadata,
    Column("offset", BigId, primary_key=True),
    Column("name", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""The log: one row an `EventBatch`, its columns as msgpack. An offset is never given twice."""


def encode(events: EventBatch) -> bytes:
    """An event batch as bytes."""
    return msgspec.msgpack.encode({name: column.tolist() for name, column in events.columns.items()})


def decode(name: str, payload: bytes) -> EventBatch:
    """The event batch of table `name` that `encode` wrote."""
    columns: dict[str, Array] = {}
    spec = table(name).columns
    for column, values in msgspec.msgpack.decode(payload).items():
        fill = spec[column].fill
        dtype = object if isinstance(fill, str) else _dtype(name, column)
        columns[column] = np.array(values, dtype=dtype)
    return EventBatch(name, columns)


def event(name: str, /, **values: Any) -> EventBatch:
    """One event of table `name`; nullable columns that are left out or None hold their fill.

    Raises:
        DataError: a column that the table does not have, or one that it needs and does not get.
    """
    spec = table(name).columns
    for given in values:
        if given not in spec:
            raise DataError(f"table {name!r} has no column {given!r}", remedy=f"it takes {', '.join(spec)}")
    columns: dict[str, Array] = {}
    for column, meaning in spec.items():
        value = values.get(column)
        if value is None and not meaning.nullable:
            raise DataError(f"an event of {name!r} lacks {column!r}", remedy=meaning.doc)
        one = np.empty(1, object if isinstance(meaning.fill, str) else _dtype(name, column))
        one[0] = meaning.fill if value is None else value
        columns[column] = one
    return EventBatch(name, columns)


def _dtype(name: str, column: str) -> np.dtype[Any]:
    key = (name, column)
    if key not in _DTYPES:
        dtype = table(name).columns[column].dtype
        _DTYPES[key] = np.dtype(str(dtype).lower().replace("boolean", "bool"))
    return _DTYPES[key]


_APPEND = events_table.insert().inline()

_DTYPES: dict[tuple[str, str], np.dtype[Any]] = {}


@dataclass
class Transaction:
    """One write: its connection, its moment, ids, and the events that commit with it."""

    connection: Connection
    now_us: int
    """The moment of this write; later than every write before it."""
    _ids: Snowflakes
    emitted: int = field(default=0)

    def new_id(self) -> int:
        """An id that no other row has and that sorts after those before it."""
        return self._ids.next(self.now_us)

    def emit(self, events: EventBatch) -> None:
        """Appends events to the log; they exist when this transaction commits."""
        if not len(events):
            return
        row = {
            "name": events.table,
            "time_us": int(events.time_us[-1]),
            "rows": len(events),
            "payload": encode(events),
        }
        self.connection.execute(_APPEND, row)
        self.emitted += len(events)


class Snowflakes:
    """Ids of this process: each is greater than all before it, also where the clock stands still."""

    def __init__(self, after_us: int = 0, *, datacentre: int = DATACENTRE) -> None:
        """Ids begin after the moment `after_us`; makers that run side by side have each their `datacentre`."""
        self._datacentre = datacentre
        self._ms = after_us // 1000
        self._sequence = MAX_SEQUENCE

    def next(self, now_us: int) -> int:
        """The next id, for the moment `now_us` or the first millisecond after it that has one left."""
        ms = max(now_us // 1000, self._ms)
        self._sequence = self._sequence + 1 if ms == self._ms else 0
        if self._sequence > MAX_SEQUENCE:
            ms, self._sequence = ms + 1, 0
        self._ms = ms
        return int(snowflake(ms * 1000, self._sequence, datacentre=self._datacentre))


class Outbox:
    """Runs writes one at a time and tells `committed` when new events are in the log."""

    def __init__(self, database: Database, clock: Clock, *, after_us: int, committed: Callable[[], None]) -> None:
        """Times and ids go on after the moment `after_us`, the last that the network holds."""
        self._database = database
        self._clock = clock
        self._last_us = after_us
        self._ids = Snowflakes(after_us)
        self._committed = committed

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in one transaction; an error leaves neither its rows nor its events."""
        with self._database.write() as connection:
            now = max(self._clock.now_us(), self._last_us + 1)
            tx = Transaction(connection, now, self._ids)
            result = work(tx)
            self._last_us = now
        if tx.emitted:
            self._committed()
        return result
