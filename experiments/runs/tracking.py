"""Runs in MLflow, in the store under home: each begins with its configuration and its data set."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.dataset import Dataset
from data.home import check_home
from ranking.registry import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

_NOT_IN_NAMES = re.compile(r"[^\w. :-]")
"""Characters that MLflow takes in no parameter's name, or, as a slash, not everywhere."""


def ready(home: Path) -> MlflowClient:
    """A client of the store, for a command that will keep something in it and under `home`; called before it computes.

    Raises:
        ConfigError: the home cannot be written to, its disk is full, or the experiment was deleted.
        DataError: the store cannot be opened.
    """
    check_home(home)
    return connect(home)


@contextmanager
def tracked_run(
    home: Path, *, name: str, dataset: Dataset, parameters: Mapping[str, Any], tags: Mapping[str, str],
    nested: bool = False,
) -> Iterator[str]:  # fmt: skip
    """An MLflow run with its parameters and data set logged; yields the run id. An error marks the run as failed.

    A nested run is a child of the active one.
    """
    connect(home)
    import mlflow
    from mlflow.data.dataset_source_registry import resolve_dataset_source
    from mlflow.data.meta_dataset import MetaDataset

    marks = {**tags, "data_hash": dataset.content_hash}
    with mlflow.start_run(run_name=name, tags=marks, nested=nested) as run:
        mlflow.log_params({_NOT_IN_NAMES.sub("_", key): str(value)[:500] for key, value in flatten(parameters).items()})
        with warnings.catch_warnings():  # MLflow knows two names for a local folder and says so
            warnings.simplefilter("ignore")
            source = resolve_dataset_source(str(dataset.folder))
        mlflow.log_input(MetaDataset(source, name=dataset.name, digest=dataset.content_hash[:32]), context="training")
        yield run.info.run_id


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level with dotted keys."""
    out: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            out |= flatten(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out
