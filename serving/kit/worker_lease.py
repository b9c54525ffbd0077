"""Worker numbers for ids, leased: no two running processes hold one number, and no time is given twice over a restart.

A number is held for some seconds, and the lease is renewed before a time or an id beyond the recorded time is given. So
a process that is killed leaves two things behind: a number that no other takes until its lease ends, and a time after
which the next process begins.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Update, func, select, update

from data.errors import ConfigError
from serving.kit.clock import Clock, WallClock
from serving.kit.db import Database, metadata

WORKERS = 32
"""Numbers that there are: the 5 bits that an id has for them."""

SPAN_US = 10_000_000
"""How long a number is held, and how far ahead times are recorded."""

workers = Table(
    "workers",
    metadata,
    Column("worker", Integer, primary_key=True),
    Column("holder", String, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("told_us", BigInteger, key="given_us", nullable=False),
)
"""One row for each number ever held. `expires_us` is a time of the machine's clock, `given_us` one of the network's: no
time or id given under this number lies after it."""


class Lease:
    """The number that this process holds."""

    def __init__(self, database: Database, wall: Clock | None = None) -> None:
        """Takes the lowest number that is free.

        Raises:
            ConfigError: all are held.
        """
        self._database = database
        self._wall = wall or WallClock()
        self._holder = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._given_us = 0
        now = self._wall.now_us()
        with database.write() as connection:
            self.floor_us = int(connection.scalar(select(func.max(workers.c.given_us))) or 0)
            """The last time that any process may have given before this one began."""
            self._worker = self._take(connection, now, self.floor_us)
        self._expires_us = now + SPAN_US

    @property
    def worker(self) -> int:
        """The number, which `keep` may have to renew."""
        return self._worker

    def keep(self, time_us: int) -> int:
        """The number to give ids with at `time_us`. Writes to the database, in a transaction of its own, when the lease
        is half over or the time comes near the last one recorded.

        Raises:
            ConfigError: the lease ran out, another process took the number, and none is free.
            StorageError: the disk takes no write.
        """
        with self._lock:
            now = self._wall.now_us()
            if now > self._expires_us - SPAN_US // 2 or time_us > self._given_us - SPAN_US // 2:
                self._renew(now, max(time_us + SPAN_US, self._given_us))
            return self._worker

    def release(self, time_us: int) -> None:
        """Gives the number back; `time_us` is the last time given under it, if any was."""
        with self._lock, self._database.write() as connection:
            given = {"given_us": time_us} if self._given_us else {}
            connection.execute(self._own().values(expires_us=0, **given))

    def _renew(self, now: int, given_us: int) -> None:
        worker = self._worker
        with self._database.write() as connection:
            if not connection.execute(self._own().values(expires_us=now + SPAN_US, given_us=given_us)).rowcount:
                worker = self._take(connection, now, given_us)
        self._worker, self._expires_us, self._given_us = worker, now + SPAN_US, given_us

    def _own(self) -> Update:
        return update(workers).where(workers.c.worker == self._worker, workers.c.holder == self._holder)

    def _take(self, connection: Connection, now: int, given_us: int) -> int:
        held = set(connection.scalars(select(workers.c.worker).where(workers.c.expires_us > now)))
        free = [one for one in range(WORKERS) if one not in held]
        if not free:
            raise ConfigError(
                f"all {WORKERS} worker numbers of {self._database.path} are held",
                remedy=f"stop a process that writes to it, or wait {SPAN_US // 1_000_000} seconds",
            )
        row = {"worker": free[0], "holder": self._holder, "expires_us": now + SPAN_US, "given_us": given_us}
        connection.execute(workers.insert().prefix_with("OR REPLACE", dialect="sqlite"), row)
        return free[0]
