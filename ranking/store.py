"""Where MLflow keeps runs and models: the server that `MLFLOW_TRACKING_URI` names, or a SQLite file under home."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import ConfigError, DataError
from data.home_folder import database_url
from ranking.store_file import ARTIFACTS, EXPERIMENT, FILE, prepare_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

ADDRESS = "MLFLOW_TRACKING_URI"
"""MLflow's own variable in the environment."""

_EARLIER = "ROOKERY_TRACKING_URI"
"""What the address was read from before; a team's runs must not end in a local file because of it."""

_FIRST_REQUEST = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""Retries and seconds of the request that shows whether a server answers; by default MLflow tries for minutes."""


def tracking_uri(home: Path) -> str:
    """The address that the user gave MLflow by `MLFLOW_TRACKING_URI`; else the SQLite file under `home`.

    Raises:
        ConfigError: the address is in a variable that is not read.
    """
    if (earlier := os.environ.get(_EARLIER)) and not os.environ.get(ADDRESS):
        raise ConfigError(
            f"{_EARLIER}={earlier} is not read", remedy=f"set {ADDRESS} instead, as MLflow itself reads it"
        )
    return os.environ.get(ADDRESS) or database_url(home / FILE)


def connect(home: Path) -> MlflowClient:
    """A client of the store, and MLflow's own functions set to it; the experiment is made where it is missing.

    Raises:
        DataError: the store cannot be opened, or its server cannot be used.
        ConfigError: it cannot be written, or its experiment was deleted.
    """
    uri = tracking_uri(home)
    own = uri == database_url(home / FILE)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow would print a progress bar for each file, and a server's address into a command's output.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for noisy in ("mlflow", "alembic"):  # after the import, which sets its own levels
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it logs with a traceback it also raises.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    if own:
        prepare_store(home)
    with _environment_kept():
        for name, value in _FIRST_REQUEST.items():
            os.environ.setdefault(name, value)
        mlflow.set_tracking_uri(uri)
        try:
            client = MlflowClient()
            experiment = _experiment(client, None if uri.startswith("http") else (home / ARTIFACTS).as_uri())
        except MlflowException as error:
            raise _unopened(uri, error) from error
        if experiment.lifecycle_stage != "active":
            back = restore_command(uri, "experiments", "--experiment-id", experiment.experiment_id)
            other = "take another home: ROOKERY_HOME=DIR" if own else f"name another server: {ADDRESS}=URI"
            raise ConfigError(f"experiment {EXPERIMENT!r} was deleted in MLflow", remedy=f"{back}; or {other}")
        mlflow.set_experiment(experiment_id=experiment.experiment_id)
    return client


def restore_command(uri: str, *words: str) -> str:
    """A remedy: MLflow's own command that restores what was deleted."""
    group, *which = words
    return f"bring it back: {ADDRESS}={shlex.quote(uri)} mlflow {group} restore {' '.join(which)}"


def one_line(error: Exception) -> str:
    """The first line of an error of MLflow: SQL and links follow it."""
    return str(error).strip().split("\n", 1)[0]


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Puts back the variables of the environment that MLflow or `connect` sets.

    MLflow writes the address there; the next home's store would be taken for one that the user named.
    """
    names = (ADDRESS, "MLFLOW_EXPERIMENT_ID", *_FIRST_REQUEST)
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _experiment(client: MlflowClient, artifacts: str | None) -> Any:
    """The experiment, made where it is missing; where another process is first, the one that it made.

    `artifacts` is where its files go; None leaves that to the server.
    """
    from mlflow.exceptions import MlflowException

    if (found := client.get_experiment_by_name(EXPERIMENT)) is None:
        refused: MlflowException | None = None
        try:
            client.create_experiment(EXPERIMENT, artifact_location=artifacts)
        except MlflowException as error:
            refused = error
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None and refused is not None:
            raise refused
    return found


def _unopened(uri: str, error: Exception) -> DataError:
    """What keeps a store from being opened, in one line."""
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    if not uri.startswith("http"):
        problem = f"MLflow's store {uri} cannot be opened: {one_line(error)}"
        return DataError(problem, remedy="check that it exists and is of this version of MLflow")
    reason = str(cause) if isinstance(cause, OSError) else one_line(error)
    remedy = f"start it, or correct {ADDRESS}; without that variable a file under the home is used"
    return DataError(f"MLflow's server {uri} cannot be used: {reason}", remedy=remedy)
