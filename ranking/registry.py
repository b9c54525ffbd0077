"""Models in MLflow: log a bundle with its signature, register it, move aliases, fetch it by any reference.

A reference is an alias (`champion`, `challenger`), a version of the registered model (`3` or `v3`), a run id, or the
path of an artifact folder. `?value=` after it has the same model rank by another value: `v3?value=home_2026`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import shlex
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batch import Array
from data.catalogue import did_you_mean
from data.errors import ConfigError, DataError, NotFoundError
from data.home import database_url
from ranking.artifact import CARD, VALUE, Bundle, read_card
from ranking.catalogue import trained_scorers
from ranking.store import ARTIFACTS, EXPERIMENT, FILE, prepare_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "rookery-ranker"
"""The registered model whose versions all rankers are."""

_VERSION, _RUN, _ALIAS = re.compile(r"v?\d{1,9}"), re.compile(r"[0-9a-f]{32}"), re.compile(r"[\w-]+")


def tracking_uri(home: Path) -> str:
    """The embedded SQLite store under `home`, unless `ROOKERY_TRACKING_URI` names a server.

    MLflow's own variable is not read: its `set_tracking_uri` writes it, and one home's store would become another's.
    """
    return os.environ.get("ROOKERY_TRACKING_URI") or database_url(home / FILE)


def connect(home: Path) -> MlflowClient:
    """A client of the store under `home`, with the experiment made when it is missing.

    Raises:
        DataError: the store cannot be opened.
        ConfigError: it cannot be written, or its experiment was deleted.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Bars of its own, one a file, between what a command says.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for noisy in ("mlflow", "alembic"):  # after the import, which sets its own levels
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it logs with a traceback it raises, too.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    uri = tracking_uri(home)
    if not os.environ.get("ROOKERY_TRACKING_URI"):
        prepare_store(home)
    mlflow.set_tracking_uri(uri)
    try:
        client = MlflowClient()
        experiment = _experiment(client, home)
    except MlflowException as error:
        raise DataError(
            f"MLflow's store {uri} cannot be opened: {one_line(error)}",
            remedy="see that it is there and of this version of MLflow",
        ) from error
    if experiment.lifecycle_stage != "active":
        back = restored(uri, "experiments", "--experiment-id", experiment.experiment_id)
        raise ConfigError(
            f"experiment {EXPERIMENT!r} was deleted in MLflow",
            remedy=f"{back}; or take another home: ROOKERY_HOME=DIR",
        )
    mlflow.set_experiment(experiment_id=experiment.experiment_id)
    return client


def _experiment(client: MlflowClient, home: Path) -> Any:
    """The experiment, made where it is missing; where another process is first, the one that it made."""
    from mlflow.exceptions import MlflowException

    if (found := client.get_experiment_by_name(EXPERIMENT)) is None:
        with contextlib.suppress(MlflowException):
            client.create_experiment(EXPERIMENT, artifact_location=(home / ARTIFACTS).as_uri())
        found = client.get_experiment_by_name(EXPERIMENT)
    return found


def restored(uri: str, *words: str) -> str:
    """In words, MLflow's own command that brings back what was deleted."""
    group, *which = words
    return f"bring it back: MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow {group} restore {' '.join(which)}"


def one_line(error: Exception) -> str:
    """What MLflow says, without the lines of SQL and links after it."""
    return str(error).strip().split("\n", 1)[0]


def require_run(client: MlflowClient, run_id: str, of: str, home: Path, *, otherwise: str) -> None:
    """Refuses a run into which nothing can be written; `of` says whose it is, `otherwise` what helps without it.

    Raises:
        NotFoundError: the run was deleted.
    """
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise NotFoundError(f"run {run_id} of {of} is not in MLflow's store", remedy=otherwise) from error
    if run.info.lifecycle_stage != "active":
        back = restored(tracking_uri(home), "runs", "--run-id", run_id)
        raise NotFoundError(f"run {run_id} of {of} was deleted in MLflow", remedy=f"{back}; or {otherwise}")


def log_bundle(bundle: Bundle, columns: Mapping[str, Array]) -> str:
    """Logs `bundle` in the active MLflow run and registers it; returns the new version.

    `columns` are a few rows of what the model reads: the signature states their types and shapes.
    """
    import mlflow
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import Schema, TensorSpec

    inputs = [TensorSpec(c.dtype, (-1, *c.shape[1:]), n) for n, c in columns.items() if n in bundle.scorer.reads]
    signature = ModelSignature(Schema(inputs), Schema([TensorSpec(np.dtype("float32"), (-1,), "score")]))
    # MLflow tells of each step on stderr; what fails still raises.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundle.save(Path(folder) / "bundle")
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module="ranking.artifact",
            data_path=str(Path(folder) / "bundle"),
            signature=signature,
            registered_model_name=MODEL_NAME,
            pip_requirements=[],
        )
    return str(info.registered_model_version)


def set_alias(client: MlflowClient, alias: str, version: str) -> None:
    """Points an alias at a version.

    Raises:
        ConfigError: no name for an alias.
    """
    from mlflow.exceptions import MlflowException

    if _VERSION.fullmatch(alias) or _RUN.fullmatch(alias) or not _ALIAS.fullmatch(alias):
        problem = f"alias {alias!r} would be read as no alias"
        raise ConfigError(problem, remedy="name it champion, challenger or the like: letters, digits, _ and -")
    try:
        client.set_registered_model_alias(MODEL_NAME, alias, version)
    except MlflowException as error:
        told = " ".join(error.message.split())
        raise ConfigError(f"alias {alias!r}: {told}", remedy="name it champion, challenger or the like") from error


def has_models(client: MlflowClient) -> bool:
    """Whether any model was registered yet."""
    return bool(client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=1))


def resolve_reference(client: MlflowClient, reference: str, *, also: Sequence[str] = ()) -> Any:
    """The registered version that an alias, a version number or a run id stands for.

    Raises:
        NotFoundError: nothing answers to it; the message lists what there is, and of that and what the caller `also`
            takes the nearest.
    """
    from mlflow.exceptions import MlflowException

    try:
        if _VERSION.fullmatch(reference):
            return client.get_model_version(MODEL_NAME, reference.removeprefix("v"))
        if _RUN.fullmatch(reference):
            found = client.search_model_versions(f"run_id = '{reference}'")
            if found:
                return found[0]
        elif _ALIAS.fullmatch(reference):
            return client.get_model_version_by_alias(MODEL_NAME, reference)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
    there = _known(client)
    known = [*also, *there, *(alias for aliases in there.values() for alias in aliases)]
    trained = reference in trained_scorers()
    remedy = f"train it: rookery train --data DIR --set scorer={reference}; or " if trained else ""
    remedy = remedy or did_you_mean(reference, known)
    others = f", or one of {', '.join(also)}" if also else ""
    raise NotFoundError(
        f"no model answers to {reference!r}",
        remedy=f"{remedy}name an alias, a version or a run id{others}; there is: {_in_words(there)}",
    )


def fetch(reference: str, *, home: Path, also: Sequence[str] = ()) -> Bundle:
    """The bundle that a reference stands for; `also` are names that the caller takes beside references.

    Raises:
        NotFoundError: nothing answers to it.
        ModelError: its artifact is damaged or does not fit this code.
        ConfigError: a value that the model cannot be given.
    """
    model, chosen, value = reference.partition(VALUE)
    bundle = _fetched(model, home, also)
    return bundle.valued(value) if chosen else bundle


def _fetched(reference: str, home: Path, also: Sequence[str]) -> Bundle:
    cache = home / "cache"
    if (Path(reference) / CARD).is_file():
        return Bundle.load(Path(reference), cache=cache)
    client = connect(home)
    try:
        found = resolve_reference(client, reference, also=also)
    except NotFoundError:
        if Path(reference).exists():
            read_card(Path(reference))  # says that it is no model, and why
        raise
    import mlflow
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as room:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL_NAME}/{found.version}", dst_path=room))
        except (MlflowException, OSError):
            folder = Path(room)
        # MLflow copies the folder under the name that it had when it was logged.
        cards: Sequence[Path] = sorted(folder.rglob(CARD))
        if not cards:
            raise NotFoundError(
                f"the files of model version {found.version} are gone from MLflow's store",
                remedy=f"train it again, or name another; there is: {_in_words(_known(client))}",
            )
        return Bundle.load(cards[0].parent, cache=cache, version=str(found.version), run_id=str(found.run_id))


def _known(client: MlflowClient) -> dict[str, list[str]]:
    """The newest versions, as `v3`, with their aliases."""
    versions = client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=20)
    known: dict[str, list[str]] = {f"v{one.version}": [] for one in versions}
    if known:
        # A search gives versions without their aliases.
        for alias, version in client.get_registered_model(MODEL_NAME).aliases.items():
            known.setdefault(f"v{version}", []).append(alias)
    return known


def _in_words(known: Mapping[str, Sequence[str]]) -> str:
    rows = [version + (f" ({', '.join(sorted(aliases))})" if aliases else "") for version, aliases in known.items()]
    return ", ".join(rows) or "none yet: rookery train"
