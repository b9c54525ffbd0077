"""Where a run keeps what it makes: worlds, indexes, caches and MLflow's store, never the source tree's packages."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from data.errors import ConfigError

LEAST_FREE = 64 * 2**20
"""Bytes that must be free before a run begins: its text encoder alone may take half of them."""


def home_folder() -> Path:
    """`ROOKERY_HOME`, or `var/` under the current folder."""
    return Path(os.environ.get("ROOKERY_HOME") or "var").expanduser().resolve()


def check_home(home: Path) -> None:
    """Refuses a home where a run could not be kept, so that nothing is computed for nothing.

    Raises:
        ConfigError: it cannot be written to, or its disk is full.
    """
    remedy = "name another folder: ROOKERY_HOME=DIR"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"\0")
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise ConfigError(f"home {home} cannot be written to: {error.strerror}", remedy=remedy) from error
    if free < LEAST_FREE:
        problem = f"home {home} is on a disk with {free / 2**20:.0f} MiB left, and a run may take {LEAST_FREE >> 20}"
        raise ConfigError(problem, remedy=f"make room, or {remedy}")


def database_url(path: Path) -> str:
    """SQLAlchemy's address of a SQLite file; characters that end a path in an address (`?`, `#`, `%`) are escaped."""
    escaped = quote(str(path))
    # MLflow makes the folder that it reads in an address of plain `sqlite:`, and does not know of escapes.
    return f"sqlite:///{escaped}" if escaped == str(path) else f"sqlite+pysqlite:///{escaped}"
