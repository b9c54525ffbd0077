"""Models in MLflow: log a bundle with its signature, register it, move aliases, fetch it by any reference.

A reference is an alias (`champion`, `challenger`), a version of the registered model (`3` or `v3`), a run id, or the
path of an artifact folder. `?value=` after it has the same model rank by another value: `v3?value=home_2026`.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batch import Array
from data.errors import ConfigError, NotFoundError
from ranking.artifact import CARD, VALUE, Bundle

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "rookery-ranker"
"""The registered model whose versions all rankers are."""

EXPERIMENT = "rookery"
"""The MLflow experiment that all runs belong to."""


def tracking_uri(home: Path) -> str:
    """The embedded SQLite store under `home`, unless `ROOKERY_TRACKING_URI` names a server.

    MLflow's own variable is not read: its `set_tracking_uri` writes it, and one home's store would become another's.
    """
    import os

    return os.environ.get("ROOKERY_TRACKING_URI") or f"sqlite:///{home / 'mlflow.db'}"


def connect(home: Path) -> MlflowClient:
    """A client of the store under `home`, with the experiment made when it is missing."""
    import logging
    import os

    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Bars of its own, one a file, between what a command says.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):  # after the import, which sets its own levels
        logging.getLogger(noisy).setLevel(logging.WARNING)
    home.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri(home))
    client = MlflowClient()
    if client.get_experiment_by_name(EXPERIMENT) is None:
        client.create_experiment(EXPERIMENT, artifact_location=(home / "mlartifacts").as_uri())
    mlflow.set_experiment(EXPERIMENT)
    return client


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

    try:
        client.set_registered_model_alias(MODEL_NAME, alias, version)
    except MlflowException as error:
        told = " ".join(error.message.split())
        raise ConfigError(f"alias {alias!r}: {told}", remedy="name it champion, challenger or the like") from error


def has_models(client: MlflowClient) -> bool:
    """Whether any model was registered yet."""
    return bool(client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=1))


def resolve_reference(client: MlflowClient, reference: str) -> Any:
    """The registered version that an alias, a version number or a run id stands for.

    Raises:
        NotFoundError: nothing answers to it; the message lists what there is.
    """
    from mlflow.exceptions import MlflowException

    try:
        if re.fullmatch(r"v?\d{1,9}", reference):
            return client.get_model_version(MODEL_NAME, reference.removeprefix("v"))
        if re.fullmatch(r"[0-9a-f]{32}", reference):
            found = client.search_model_versions(f"run_id = '{reference}'")
            if found:
                return found[0]
        elif re.fullmatch(r"[\w-]+", reference):
            return client.get_model_version_by_alias(MODEL_NAME, reference)
    except MlflowException:
        pass
    raise NotFoundError(
        f"no model answers to {reference!r}",
        remedy=f"name an alias, a version or a run id; there is: {_known(client) or 'none yet: rookery train'}",
    )


def fetch(reference: str, *, home: Path) -> Bundle:
    """The bundle that a reference stands for.

    Raises:
        NotFoundError: nothing answers to it.
        ModelError: its artifact is damaged or does not fit this code.
        ConfigError: a value that the model cannot be given.
    """
    model, chosen, value = reference.partition(VALUE)
    bundle = _fetched(model, home)
    return bundle.valued(value) if chosen else bundle


def _fetched(reference: str, home: Path) -> Bundle:
    cache = home / "cache"
    if (Path(reference) / CARD).is_file():
        return Bundle.load(Path(reference), cache=cache)
    client = connect(home)
    found = resolve_reference(client, reference)
    import mlflow

    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL_NAME}/{found.version}"))
    # MLflow copies the folder under the name that it had when it was logged.
    cards: Sequence[Path] = sorted(folder.rglob(CARD))
    if not cards:
        raise NotFoundError(f"version {found.version} has no {CARD} in {folder}", remedy="train it again")
    return Bundle.load(cards[0].parent, cache=cache, version=str(found.version), run_id=str(found.run_id))


def _known(client: MlflowClient) -> str:
    versions = client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=20)
    rows = [f"v{v.version}" + (f" ({', '.join(v.aliases)})" if v.aliases else "") for v in versions]
    return ", ".join(rows)
