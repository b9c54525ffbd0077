"""MLflow's store under home: one SQLite file, written whole by one process, whose paths follow a home that is moved."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Engine, event

from data.errors import ConfigError, DataError
from data.home_folder import database_url

EXPERIMENT = "rookery"
"""The MLflow experiment that all runs belong to."""

FILE, ARTIFACTS = "mlflow.db", "mlartifacts"

_MOVES = (
    "UPDATE experiments SET artifact_location = :new || substr(artifact_location, :cut)"
    " WHERE substr(artifact_location || '/', 1, :cut) = :old || '/'",
    "UPDATE runs SET artifact_uri = :new || substr(artifact_uri, :cut)"
    " WHERE substr(artifact_uri, 1, :cut) = :old || '/'",
    "UPDATE logged_models SET artifact_location = :new || substr(artifact_location, :cut)"
    " WHERE substr(artifact_location, 1, :cut) = :old || '/'",
    "UPDATE model_versions SET source = :new || substr(source, :cut)"
    " WHERE substr(source, 1, :cut) = :old || '/'",
    "UPDATE model_versions SET storage_location = :new || substr(storage_location, :cut)"
    " WHERE substr(storage_location, 1, :cut) = :old || '/'",
)  # fmt: skip
"""One statement for each column in which MLflow keeps the path of an artifact."""


def prepare_store(home: Path) -> None:
    """Makes the store where there is none; where the home was moved, corrects the paths that the store keeps.

    Several processes may call it at once: one makes the store, the others wait.

    Raises:
        DataError: the file exists and cannot be read.
        ConfigError: it cannot be written.
    """
    path, here = home / FILE, (home / ARTIFACTS).as_uri()
    if path.exists() and not _moved(_artifacts_of(path), here):
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f".{FILE}.lock"):
            if not path.exists():
                _make(path, here)
            elif _moved(known := _artifacts_of(path), here):
                _move(path, known, here)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"MLflow's store {path} cannot be written: {reason}", remedy="name another home: ROOKERY_HOME=DIR"
        ) from error


def _artifacts_of(path: Path) -> str:
    """URI of the experiment's artifacts as the store has it; empty where it has no such experiment yet."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=20)) as store:
            if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone():
                return ""
            row = store.execute("SELECT artifact_location FROM experiments WHERE name = ?", (EXPERIMENT,)).fetchone()
    except sqlite3.Error as error:
        raise DataError(
            f"MLflow's store {path} cannot be read: {error}",
            remedy="put back a copy of it, or move it away: the next run makes a new one",
        ) from error
    return str(row[0]) if row else ""


def _moved(known: str, here: str) -> bool:
    """Whether the artifacts were under another home. A folder elsewhere, chosen by the user, does not count."""
    return known != here and known.startswith("file:") and known.endswith(f"/{ARTIFACTS}")


def _make(path: Path, artifacts: str) -> None:
    """A store with the experiment in it, renamed to `path` when it is complete and on disk."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    staging = path.with_name(f".{path.name}.partial")
    for left in (staging, staging.with_name(f"{staging.name}-journal")):
        left.unlink(missing_ok=True)
    # Making the tables takes hundreds of commits. Waiting for the disk at each would double the time.
    event.listen(Engine, "connect", _without_sync)
    try:
        store = SqlAlchemyStore(database_url(staging), artifacts)
        store.create_experiment(EXPERIMENT, artifact_location=artifacts)
        store.engine.dispose()
    finally:
        event.remove(Engine, "connect", _without_sync)
    with staging.open("rb+") as file:
        os.fsync(file.fileno())
    staging.rename(path)


def _without_sync(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _move(path: Path, old: str, new: str) -> None:
    with closing(sqlite3.connect(path, timeout=20)) as store, store:
        for move in _MOVES:
            store.execute(move, {"old": old, "new": new, "cut": len(old) + 1})
