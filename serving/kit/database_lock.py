"""One writer a database: a lock of the operating system's, which a killed process loses with its life."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

from data.errors import ConfigError


class WriterLock:
    """Held by the one process that writes to a database; the file beside the database names the process."""

    def __init__(self, database: Path) -> None:
        """Takes the lock of `database`, and makes its folder where there is none.

        Raises:
            ConfigError: another process holds it, or another network of this one.
        """
        database.parent.mkdir(parents=True, exist_ok=True)
        path = _beside(database)
        # Of the process, not of a thread: whichever thread closes a network gives it back.
        self._lock = FileLock(path, thread_local=False, on_acquired=_name_holder)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            holder = _holder(path)
            if holder == str(os.getpid()):
                raise ConfigError(
                    f"{database} is open in this process",
                    remedy="close the network that has it open, or name another folder",
                ) from error
            raise ConfigError(
                f"{database} is in use by process {holder}",
                remedy="stop that process, or name another folder: rookery serve --network DIR",
            ) from error

    def release(self) -> None:
        """Gives the lock back; again: no change."""
        self._lock.release()


def check_unused(database: Path) -> None:
    """Refuses a database that a process writes to.

    Raises:
        ConfigError: naming the process.
    """
    if _beside(database).exists():
        WriterLock(database).release()


def _beside(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")


def _name_holder(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _holder(path: Path) -> str:
    """The process id that the holder wrote down; it does so just after it took the lock."""
    return path.read_text() or "(not known yet)"
