"""The database in one place: engine, metadata, schema creation, and short write transactions behind one lock.

SQLite in WAL mode: readers never wait for the writer. A commit survives a crash of the process; the last
writes before a power cut may be lost, never half written (`synchronous=NORMAL`).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError

from data.errors import DataError
from serving.kit.storage import FullError, StorageError

log = logging.getLogger("rookery.serving")

SCHEMA_VERSION = "7"

LACKS = "lacks_{}"
"""Key in `about` of a database that was loaded before a table (blocks, mutes) was kept in it."""

_STEPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1": ("2", ("ALTER TABLE dead_letters ADD COLUMN state VARCHAR NOT NULL DEFAULT 'dead'",)),
    "2": (
        "3",
        (
            "CREATE INDEX retweets_of_tweet ON tweets (referenced_id, author_id) WHERE kind = 'retweet'",
            "UPDATE tweets SET deleted = 1 WHERE kind = 'retweet' AND deleted = 0 "
            "AND referenced_id IN (SELECT tweet_id FROM tweets WHERE deleted = 1)",
            "UPDATE users SET tweets = "
            "(SELECT count(*) FROM tweets WHERE tweets.author_id = users.user_id AND tweets.deleted = 0)",
            "INSERT INTO about (key, value) VALUES ('lacks_blocks', 'yes')",
        ),
    ),
    "3": (
        "4",
        (
            "ALTER TABLE events ADD COLUMN passing INTEGER NOT NULL DEFAULT 0",
            'CREATE INDEX events_passing ON events ("offset") WHERE passing = 1',
        ),
    ),
    "4": (
        "5",
        (
            "ALTER TABLE users ADD COLUMN likes INTEGER NOT NULL DEFAULT 0",
            "UPDATE users SET likes = (SELECT count(*) FROM likes WHERE likes.user_id = users.user_id)",
            "CREATE INDEX users_by_handle ON users (lower(username))",
            "ALTER TABLE tweets ADD COLUMN bookmarks INTEGER NOT NULL DEFAULT 0",
        ),
    ),
    "5": (
        "6",
        (
            "CREATE INDEX quotes_of_tweet ON tweets (referenced_id, tweet_id) WHERE kind = 'quote'",
            "CREATE INDEX likes_of_tweet ON likes (tweet_id, user_id)",
        ),
    ),
    "6": ("7", ("INSERT INTO about (key, value) VALUES ('lacks_mutes', 'yes')",)),
}
"""The next version of each older version, and the statements that lead to it."""

_UNUSABLE: dict[int, type[DataError]] = {
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), DataError),
    **dict.fromkeys(
        (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY), StorageError
    ),
    sqlite3.SQLITE_FULL: FullError,
}
"""Faults of the file and its disk, as SQLite numbers them; all others are faults of a statement."""

_ROOM = 65_536
"""Bytes that must be written before a disk that was full counts as usable again."""
_PROBE, _IDENTITY = "probe", "identity"

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
        self.fault: StorageError | None = None
        """Why the last write that the disk refused failed; None once `heal` wrote again."""
        self._told = False
        self.engine = _engine(path)
        self._writing = self.engine.execution_options(rookery_write=True)
        self._writer = threading.RLock()
        try:
            self._create()
        except BaseException:
            self.engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state.

        Raises:
            DataError: the file is damaged, or its disk fails.
        """
        with self._naming_faults(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on an error. Keep it short.

        Raises:
            FullError: the disk is full.
            StorageError: the disk fails, or the file is read-only.
            DataError: the file is damaged.
        """
        try:
            with self._naming_faults(), self._writer, self._writing.begin() as connection:
                yield connection
        except StorageError as error:
            self.fault = error
            raise

    def heal(self) -> bool:
        """Whether writes succeed; where one failed it is tried, with some room to spare."""
        if self.fault is None:
            return True
        if not self._told:
            log.error("nothing can be written: %s", self.fault)
            self._told = True
        with contextlib.suppress(StorageError):
            for value in ("x" * _ROOM, ""):
                with self.write() as connection:
                    connection.execute(
                        about.insert().prefix_with("OR REPLACE", dialect="sqlite"), {"key": _PROBE, "value": value}
                    )
            self.fault, self._told = None, False
            log.warning("%s can be written again", self.path)
        return self.fault is None

    def identity(self) -> str:
        """A random name of what is held here, which no other database has but its copies."""
        wanted = select(about.c.value).where(about.c.key == _IDENTITY)
        with self.read() as connection:
            found = connection.scalar(wanted)
        if found is None:
            found = secrets.token_hex(16)
            with self.write() as connection:
                connection.execute(about.insert(), {"key": _IDENTITY, "value": found})
        return str(found)

    def checkpoint(self) -> None:
        """Moves what is in the write-ahead log into the file, and empties the log.

        Raises:
            DataError: the file cannot be written; the log keeps all that was committed.
        """
        with self._naming_faults(), self.engine.connect().execution_options(rookery_plain=True) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    @contextmanager
    def _naming_faults(self) -> Iterator[None]:
        """Reports a fault of the file or its disk with the file's name."""
        try:
            yield
        except DatabaseError as error:
            # An extended code holds the kind in its lowest byte. Faults that Python itself found have none.
            kind = _UNUSABLE.get(vars(error.orig).get("sqlite_errorcode", 0) & 0xFF)
            if kind is None:
                raise
            remedy = "look after the file and its disk, or name another folder"
            raise kind(f"{self.path} cannot be used: {error.orig}", remedy=remedy) from error

    def _create(self) -> None:
        with self.read() as connection:
            if self._complete(connection):
                return
        # One transaction: a crash leaves either every table or none.
        with self.write() as connection:
            fresh = not inspect(connection).has_table(about.name)
            if not fresh:
                self._migrate(connection)
            metadata.create_all(connection)
            if fresh:
                connection.execute(about.insert(), {"key": "schema_version", "value": SCHEMA_VERSION})

    def _complete(self, connection: Connection) -> bool:
        """Whether every table exists: then opening needs no write, and waits for no writer."""
        if set(metadata.tables) - set(inspect(connection).get_table_names()):
            return False
        return self._version(connection) == SCHEMA_VERSION

    @staticmethod
    def _version(connection: Connection) -> str | None:
        return connection.scalar(select(about.c.value).where(about.c.key == "schema_version"))

    def _migrate(self, connection: Connection) -> None:
        """Brings the tables of an older version to this one."""
        found = self._version(connection)
        while found in _STEPS:
            found, statements = _STEPS[found]
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.execute(update(about).where(about.c.key == "schema_version").values(value=found))
        if found != SCHEMA_VERSION:
            raise DataError(
                f"{self.path} has schema version {found}, not {SCHEMA_VERSION}", remedy="name another home folder"
            )


def nearest(
    wanted: Select[Any], key: ColumnElement[int], limit: int, *, newer: bool, at: int | None
) -> Select[Any]:  # fmt: skip
    """The `limit` rows of `wanted` whose `key` is nearest to `at`, nearest first, on one side of it.

    On the side of greater keys if `newer`, else of smaller ones; from the greatest key on where `at` is None.
    """
    if at is not None:
        wanted = wanted.where(key > at if newer else key < at)
    return wanted.order_by(key.asc() if newer else key.desc()).limit(limit)


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Adds `rows`, whose values are in the order of the table's columns; three times as fast as dictionaries."""
    if rows:
        connection.exec_driver_sql(str(table.insert().compile(dialect=connection.dialect)), list(rows))


def _engine(path: Path) -> Engine:
    # Not as text: a path may hold what means something in a URL.
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"check_same_thread": False}, pool_size=16)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: `_begin` does, so that a writer locks from the start.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("rookery_plain", False):
            return
        immediate = options.get("rookery_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
