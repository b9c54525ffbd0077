"""Worker numbers for ids, leased: no two living processes hold one number, and no moment is told twice over a restart.

A number is held for some seconds and renewed before a time or an id is given beyond what was written down. So a
process that is killed leaves behind two things: a number that nobody takes until its lease is over, and a moment after
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
"""How long a number is held, and how far ahead moments are written down."""

workers = Table(
    "workers",
    metadata,
    Column("worker", Integer, primary_key=True),
    Column("holder", String, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("told_us", BigInteger, nullable=False),
)
"""One row a number ever held. `expires_us` is a moment of the machine's clock, `told_us` one of the network's: no time
or id given under this number lies after it."""


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
        self._told_us = 0
        now = self._wall.now_us()
        with database.write() as connection:
            self.floor_us = int(connection.scalar(select(func.max(workers.c.told_us))) or 0)
            """The last moment that any process may have told before this one began."""
            self._worker = self._take(connection, now, self.floor_us)
        self._expires_us = now + SPAN_US

    def keep(self, moment_us: int) -> int:
        """The number to give ids with at `moment_us`. Writes to the database, in a transaction of its own, when the
        lease is half over or the moment comes near the last one written down.

        Raises:
            ConfigError: the lease ran out, another process took the number, and none is free.
        """
        with self._lock:
            now = self._wall.now_us()
            if now > self._expires_us - SPAN_US // 2 or moment_us > self._told_us - SPAN_US // 2:
                self._renew(now, max(moment_us + SPAN_US, self._told_us))
            return self._worker

    def release(self, moment_us: int) -> None:
        """Gives the number back; `moment_us` is the last that was told under it, where anything was."""
        with self._lock, self._database.write() as connection:
            told = {"told_us": moment_us} if self._told_us else {}
            connection.execute(self._own().values(expires_us=0, **told))

    def _renew(self, now: int, told_us: int) -> None:
        worker = self._worker
        with self._database.write() as connection:
            if not connection.execute(self._own().values(expires_us=now + SPAN_US, told_us=told_us)).rowcount:
                worker = self._take(connection, now, told_us)
        self._worker, self._expires_us, self._told_us = worker, now + SPAN_US, told_us

    def _own(self) -> Update:
        return update(workers).where(workers.c.worker == self._worker, workers.c.holder == self._holder)

    def _take(self, connection: Connection, now: int, told_us: int) -> int:
        held = set(connection.scalars(select(workers.c.worker).where(workers.c.expires_us > now)))
        free = [one for one in range(WORKERS) if one not in held]
        if not free:
            raise ConfigError(
                f"all {WORKERS} worker numbers of {self._database.path} are held",
                remedy=f"stop a process that writes to it, or wait {SPAN_US // 1_000_000} seconds",
            )
        row = {"worker": free[0], "holder": self._holder, "expires_us": now + SPAN_US, "told_us": told_us}
        connection.execute(workers.insert().prefix_with("OR REPLACE", dialect="sqlite"), row)
        return free[0]
