"""The database in one place: engine, metadata, schema creation, and short write transactions behind one lock.

SQLite in WAL mode: readers never wait for the writer. A commit survives a crash of the process; the last moments
before a power cut may be lost, never torn (`synchronous=NORMAL`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.exc import DatabaseError

from data.errors import DataError

SCHEMA_VERSION = "1"

metadata = MetaData()
"""Every domain's tables; a domain defines its own in its `store.py`."""

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))
"""Facts about the database itself: its schema version."""

BigId = Integer().with_variant(Integer(), "sqlite")
"""An int64 id. SQLite's INTEGER holds 64 bits and, as a primary key, is the row's own number."""


class Database:
    """One SQLite file: any number of readers, one writer at a time."""

    def __init__(self, path: Path) -> None:
        """Opens `path`, creating the file and its tables when they are missing.

        Raises:
            DataError: the file is no database, or one of another schema version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.engine = _engine(path)
        self._writing = self.engine.execution_options(rookery_write=True)
        self._writer = threading.RLock()
        try:
            self._create()
        except DatabaseError as error:
            self.engine.dispose()
            raise DataError(f"{path} cannot be used: {error.orig}", remedy="name another home folder") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent moment."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on an error. Keep it short."""
        with self._writer, self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    def _create(self) -> None:
        with self.write() as connection:
            if inspect(connection).has_table(about.name):
                found = connection.scalar(select(about.c.value).where(about.c.key == "schema_version"))
                if found != SCHEMA_VERSION:
                    raise DataError(
                        f"{self.path} has schema version {found}, not {SCHEMA_VERSION}",
                        remedy="name another home folder",
                    )
                return
            # One transaction: a crash leaves either every table or none.
            metadata.create_all(connection)
            connection.execute(about.insert(), {"key": "schema_version", "value": SCHEMA_VERSION})


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Adds `rows`, whose values stand in the order of the table's columns; three times as fast as dictionaries."""
    if rows:
        connection.exec_driver_sql(str(table.insert().compile(dialect=connection.dialect)), list(rows))


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)), connect_args={"check_same_thread": False}, pool_size=16
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: `_begin` does, so that a writer locks from the start.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("rookery_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
