"""The outbox: a write and its event commit in one transaction, or neither does."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, String, Table

from data.batch import Array
from data.errors import DataError
from data.events import EventBatch
from data.ids import EPOCH_MS, MAX_SEQUENCE, snowflake
from data.schema import table
from serving.kit.clock import Clock
from serving.kit.db import BigId, Database, metadata
from serving.kit.worker_lease import Lease

T = TypeVar("T")

DATACENTRE = 31
"""Datacentre of ids made by the running network; a world's ids have another."""

REQUESTS = 30
"""Datacentre of ids of requests, which are given independently of writes."""

FIRST_US = EPOCH_MS * 1000
LAST_US = FIRST_US + (1 << 41) * 1000 - 1
"""The first and last time that have ids; every event of the network lies between them."""

events_table = Table(
    "events",
    metadata,
    Column("offset", BigId, primary_key=True),
    Column("name", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("passing", Integer, nullable=False, default=0, server_default="0"),
    sqlite_autoincrement=True,
)
"""The log: one row an `EventBatch`, its columns as `encode` writes them. An offset is never given twice; `passing` is 1
for what may be dropped once a checkpoint holds its effect (`serving.events.compaction`)."""

Index("events_passing", events_table.c.offset, sqlite_where=events_table.c.passing == 1)

_COMPRESSED = b"\x78"
"""How what zlib writes begins, and no map of msgpack does."""
_LONG = 512
"""Bytes from which on an event is compressed."""


def encode(events: EventBatch) -> bytes:
    """An event batch as bytes: columns in msgpack, one of equal values as that value; a long batch is compressed."""
    columns: dict[str, Any] = {name: column.tolist() for name, column in events.columns.items()}
    key = events.spec.key
    if len(events) > 1:
        columns = {name: values if name == key else _folded(values) for name, values in columns.items()}
    packed = msgspec.msgpack.encode(columns)
    return zlib.compress(packed, 3) if len(packed) >= _LONG else packed


def _folded(values: list[Any]) -> Any:
    """The value that all are, or all of them."""
    # By its text, as NaN, which stands for what is not known, is equal to nothing.
    return values[0] if len({repr(one) for one in values}) == 1 else values


def decode(name: str, payload: bytes) -> EventBatch:
    """The event batch of table `name` that `encode` wrote.

    Raises:
        DataError: there is no such table, or the bytes are not rows of it.
    """
    try:
        packed = zlib.decompress(payload) if payload[:1] == _COMPRESSED else payload
        given = msgspec.structs.asdict(_decoder(name).decode(packed))
    except (msgspec.MsgspecError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"an event of {name!r} cannot be read: {error}") from error
    columns: dict[str, Array] = {}
    rows = max((len(values) for values in given.values() if isinstance(values, list)), default=0)
    for column, values in given.items():
        if isinstance(values, list):
            columns[column] = np.array(values, dtype=_dtype(name, column))
        elif values is not msgspec.UNSET:
            columns[column] = np.full(rows, values, _dtype(name, column))
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not lengths.pop():
        counts = ", ".join(f"{len(values)} {column}" for column, values in columns.items())
        raise DataError(f"an event of {name!r} has no rows, or columns of unequal length: {counts}")
    return EventBatch(name, columns)


@cache
def _decoder(name: str) -> msgspec.msgpack.Decoder[msgspec.Struct]:
    """Decodes the columns of a table and nothing else: values that its dtype holds."""
    spec = table(name)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for column, meaning in spec.columns.items():
        one: Any = _values(name, column, meaning.nullable)
        if column == spec.time:
            one = Annotated[int, msgspec.Meta(ge=FIRST_US, le=LAST_US)]
        # A value alone stands for all rows; the key tells how many there are.
        values: Any = list[one] if column == spec.key else list[one] | one
        fields.append((column, values | msgspec.UnsetType, msgspec.UNSET) if meaning.nullable else (column, values))
    fields.sort(key=len)  # what must be there comes first
    return msgspec.msgpack.Decoder(msgspec.defstruct(name, fields, forbid_unknown_fields=True))


def _values(name: str, column: str, nullable: bool) -> Any:
    """The type of a column's values. Ids are not negative; -1 stands for none."""
    dtype = _dtype(name, column)
    if dtype.kind == "i":
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        low = (-1 if nullable else 0) if dtype == np.int64 else low
        return Annotated[int, msgspec.Meta(ge=int(low), le=int(high))]
    return {"f": float, "b": bool}.get(dtype.kind, str)


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
        one = np.empty(1, _dtype(name, column))
        one[0] = meaning.fill if value is None else value
        columns[column] = one
    return EventBatch(name, columns)


def _dtype(name: str, column: str) -> np.dtype[Any]:
    key = (name, column)
    if key not in _DTYPES:
        dtype = table(name).columns[column].dtype
        _DTYPES[key] = np.dtype(str(dtype).lower().replace("boolean", "bool").replace("string", "object"))
    return _DTYPES[key]


_APPEND = events_table.insert().inline()

_DTYPES: dict[tuple[str, str], np.dtype[Any]] = {}


@dataclass
class Transaction:
    """One write: its connection, its time, ids, and the events that commit with it."""

    connection: Connection
    now_us: int
    """The time of this write; later than every write before it."""
    _ids: Snowflakes
    _worker: int
    emitted: int = field(default=0)

    def new_id(self) -> int:
        """An id that no other row has and that sorts after those before it."""
        return self._ids.next(self.now_us, self._worker)

    def emit(self, events: EventBatch, *, passing: bool = False) -> None:
        """Appends events to the log; they exist when this transaction commits.

        `passing` ones are dropped some time after a checkpoint holds their effect.
        """
        if not len(events):
            return
        row = {
            "name": events.table,
            "time_us": int(events.time_us[-1]),
            "rows": len(events),
            "payload": encode(events),
            "passing": int(passing),
        }
        self.connection.execute(_APPEND, row)
        self.emitted += len(events)


class Snowflakes:
    """Ids of this process: each is greater than all before it, also when the clock stops or is set back.

    No other source gives one of them: impressions have datacentre 0, a data set's ids reach datacentre 30 only
    from 122,880 events in one millisecond on, and no id is of a millisecond that the data set holds.
    """

    def __init__(self, after_us: int = 0, *, datacentre: int = DATACENTRE) -> None:
        """Ids begin after the time `after_us`; makers that run side by side each have their own `datacentre`."""
        self._datacentre = datacentre
        self._worker = 0
        self._ms = after_us // 1000
        self._sequence = MAX_SEQUENCE

    @property
    def last_us(self) -> int:
        """The millisecond of the last id."""
        return self._ms * 1000

    def next(self, now_us: int, worker: int = 0) -> int:
        """The next id of `worker`, for `now_us` or the first millisecond after it that has one left."""
        ms = max(now_us // 1000, self._ms)
        self._sequence = self._sequence + 1 if ms == self._ms else 0
        # Within a millisecond the ids of another worker may be smaller.
        if self._sequence > MAX_SEQUENCE or (ms == self._ms and worker != self._worker):
            ms, self._sequence = ms + 1, 0
        self._ms, self._worker = ms, worker
        return int(snowflake(ms * 1000, self._sequence, datacentre=self._datacentre, worker=worker))


class Outbox:
    """Runs writes one at a time and calls `committed` when new events are in the log."""

    def __init__(
        self, database: Database, clock: Clock, lease: Lease, *, after_us: int, committed: Callable[[], None]
    ) -> None:
        """Times and ids go on after `after_us`, the last time that the network holds; `lease` gives its number."""
        self._database = database
        self._clock = clock
        self._lease = lease
        self._last_us = after_us
        self._ids = Snowflakes(after_us)
        self._committed = committed

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in one transaction; an error leaves neither its rows nor its events."""
        now = max(self._clock.now_us(), self._last_us + 1)
        worker = self._lease.keep(max(now, self._ids.last_us))
        with self._database.write() as connection:
            tx = Transaction(connection, now, self._ids, worker)
            result = work(tx)
            self._last_us = now
        if tx.emitted:
            self._committed()
        return result
