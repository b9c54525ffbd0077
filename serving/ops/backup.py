"""Backups of a network: its database as of one moment, taken while it runs, and verified before it counts.

What is in memory follows from the database and the data set, and is built anew at the first start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data.dataset import file_sha256
from data.errors import ConfigError, DataError
from serving.kit.clock import Clock
from serving.kit.database_lock import check_unused
from serving.settings import DATABASE

ABOUT, FILE = "backup.json", DATABASE
_VERSION = "SELECT value FROM about WHERE key = 'schema_version'"


class Backup(BaseModel):
    """What a backup holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    taken_us: int
    """When it was taken, in UTC microseconds."""
    schema_version: str
    sha256: str
    """Of the database's file."""
    bytes: int
    users: int
    tweets: int
    """Accounts, and tweets that were not deleted."""
    events: int
    """The last offset of the event log."""


def take(database: Path, folder: Path, clock: Clock) -> Backup:
    """Copies a network's database into the new `folder`; whoever writes to it goes on.

    All that was committed before is in it, and nothing by half. The folder appears when the copy was verified.

    Raises:
        ConfigError: `folder` is there already, or no network is at `database`.
        DataError: the database is damaged.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already", remedy="name a new folder for each backup")
    if not database.is_file():
        raise ConfigError(f"there is no network at {database}", remedy="name its folder: --network DIR")
    folder.parent.mkdir(parents=True, exist_ok=True)
    taken_us = clock.now_us()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as staging:
        # A folder within: one that was renamed could not be removed by its first name.
        made = Path(staging) / folder.name
        made.mkdir()
        with _named(database), _opened(database) as source, contextlib.closing(sqlite3.connect(made / FILE)) as copy:
            source.backup(copy)
            # One file: without it a reader would write others beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        about = _described(made / FILE, taken_us)
        (made / ABOUT).write_text(about.model_dump_json(indent=1) + "\n")
        os.rename(made, folder)
    return about


def verify(folder: Path) -> Backup:
    """What a backup holds, after reading all of it.

    Raises:
        ConfigError: `folder` holds no backup.
        DataError: it was changed since it was taken.
    """
    try:
        about = Backup.model_validate_json((folder / ABOUT).read_bytes())
    except OSError as error:
        raise ConfigError(f"{folder} holds no backup: {error.strerror}", remedy="see: rookery backup --help") from error
    except ValidationError as error:
        raise DataError(f"{folder / ABOUT} cannot be read: {error.errors()[0]['msg']}") from error
    file = folder / FILE
    if not file.is_file() or file_sha256(file) != about.sha256:
        raise DataError(f"{file} is not as it was when it was taken", remedy="restore another backup")
    if _described(file, about.taken_us) != about:
        raise DataError(f"{file} does not hold what {ABOUT} says", remedy="restore another backup")
    return about


def restore(folder: Path, database: Path) -> Backup:
    """Puts a backup where `database` is to be; the next start builds the rest.

    Raises:
        ConfigError: `folder` holds no backup, or a network is there.
        DataError: the backup was changed since it was taken.
    """
    check_unused(database)
    for one in (database, database.parent / "checkpoints"):
        if one.exists():
            raise ConfigError(f"{one} is there already", remedy="restore into a new folder: --network DIR")
    about = verify(folder)
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=database.parent, prefix=f".{database.name}.", delete=False) as staging:
        path = Path(staging.name)
    try:
        shutil.copyfile(folder / FILE, path)
        if file_sha256(path) != about.sha256:
            raise DataError(f"the copy of {folder / FILE} is damaged", remedy="look after the disk, and try again")
        os.replace(path, database)
    finally:
        path.unlink(missing_ok=True)
    return about


def _described(file: Path, taken_us: int) -> Backup:
    with _named(file), _opened(file) as connection:
        faults = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if faults != "ok":
            raise DataError(f"{file} is damaged: {faults}", remedy="take or restore another backup")

        def number(query: str) -> int:
            return int(connection.execute(query).fetchone()[0] or 0)

        version = str(connection.execute(_VERSION).fetchone()[0])
        users, tweets = number("SELECT count(*) FROM users"), number("SELECT count(*) FROM tweets WHERE deleted = 0")
        events = number('SELECT max("offset") FROM events')
    return Backup(
        taken_us=taken_us,
        schema_version=version,
        sha256=file_sha256(file),
        bytes=file.stat().st_size,
        users=users,
        tweets=tweets,
        events=events,
    )


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


@contextlib.contextmanager
def _named(file: Path) -> Iterator[None]:
    """Reports a fault of the file with its name."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise DataError(f"{file} cannot be read: {error}", remedy="look after the file and its disk") from error
