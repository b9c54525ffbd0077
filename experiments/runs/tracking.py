"""Runs in MLflow: what each states of itself, and its numbers, tables, figures and files. No other module logs to runs.

A run states its configuration with all defaults, its data set, the versions of the code and of libraries, the device,
the time that it took and its peak memory.
"""

from __future__ import annotations

import json
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import polars.selectors as cs

from data.errors import NotFoundError
from data.home_folder import check_home
from ranking.scorer import ScorerConfig
from ranking.store import connect, one_line, restore_command, tracking_uri
from ranking.store_file import EXPERIMENT

if TYPE_CHECKING:
    from mlflow import MlflowClient

LIBRARIES = ("rookery", "mlflow", "numba", "numpy", "polars", "scikit-learn", "torch")
"""Packages whose versions a run states."""

_NOT_IN_NAMES = re.compile(r"[^\w. :-]")
"""Characters that MLflow takes in no name, or, as a slash, not everywhere."""

_TABLES = "mlflow.loggedArtifacts"
"""MLflow's tag that lists a run's tables."""

_LONGEST = 6_000
"""Characters of a parameter."""


class Data(Protocol):
    """The data that a run reads: a `Dataset`, or another that states as much."""

    @property
    def name(self) -> str:
        """What the data set calls itself."""
        ...

    @property
    def content_hash(self) -> str:
        """sha256 of its content."""
        ...

    @property
    def folder(self) -> Path:
        """Its folder or file."""
        ...


def ready(home: Path) -> MlflowClient:
    """A client of the store, for a command that will write to it and under `home`; called before it computes.

    Raises:
        ConfigError: the home cannot be written to, its disk is full, or the experiment was deleted.
        DataError: the store cannot be opened, or its server cannot be used.
    """
    check_home(home)
    return connect(home)


@contextmanager
def tracked_run(
    home: Path,
    *,
    name: str,
    dataset: Data,
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
    nested: bool = False,
) -> Iterator[str]:
    """An MLflow run that states all of the module's docstring; yields the run id. An error marks the run as failed.

    Nested keys of `parameters` are joined by dots. A nested run is a child of the active one.
    """
    began = time.perf_counter()
    with _started(home, name, dataset, parameters, tags, nested) as run_id:
        yield run_id
        log_numbers(cost(began))


def new_run(home: Path, *, name: str, dataset: Data, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """The id of a run that is finished but for what `log_evaluation` adds."""
    with _started(home, name, dataset, parameters, tags, nested=False) as run_id:
        return run_id


@contextmanager
def continued_run(home: Path, run_id: str) -> Iterator[str]:
    """An earlier run, made active again."""
    connect(home)
    import mlflow

    began = time.perf_counter()
    with mlflow.start_run(run_id=run_id):
        yield run_id
        log_numbers(cost(began))


@contextmanager
def _started(
    home: Path, name: str, dataset: Data, parameters: Mapping[str, Any], tags: Mapping[str, str], nested: bool
) -> Iterator[str]:
    connect(home)
    import mlflow

    stated = {**tags, "data": dataset.name, "data_hash": dataset.content_hash, **code_versions()}
    with mlflow.start_run(run_name=name, tags=stated, nested=nested) as run:
        log_parameters(parameters)
        mlflow.log_input(_input(dataset), context="training")
        yield run.info.run_id
        mlflow.set_tag("device", _device())


def log_parameters(settings: Mapping[str, Any]) -> None:
    """Logs settings as parameters of the active run; a parameter cannot be changed afterwards."""
    import mlflow

    mlflow.log_params({mlflow_name(key): str(value)[:_LONGEST] for key, value in flatten(settings).items()})


@contextmanager
def scorer_settings(given: Mapping[str, Any]) -> Iterator[Callable[[ScorerConfig], None]]:
    """Yields what logs a scorer's config, with all defaults, as parameters `settings.*` of the active run.

    Where an error comes before it is called, the settings that were `given` are logged.
    """
    stated = False

    def log(config: ScorerConfig) -> None:
        nonlocal stated
        stated = True
        log_parameters({"settings": config.model_dump(mode="json")})

    try:
        yield log
    finally:
        if not stated:
            log_parameters({"settings": given})


def log_numbers(numbers: Mapping[str, float], step: int | None = None) -> None:
    """Logs metrics of the active run, by their `mlflow_name`."""
    import mlflow

    mlflow.log_metrics({mlflow_name(name): float(number) for name, number in numbers.items()}, step=step)


def log_tags(tags: Mapping[str, str]) -> None:
    """Tags the active run."""
    import mlflow

    mlflow.set_tags(dict(tags))


def log_figure(figure: Any, file: str) -> None:
    """Keeps a figure of matplotlib as the artifact `file` of the active run."""
    import mlflow

    mlflow.log_figure(figure, file)


def log_table(table: pl.DataFrame, file: str) -> None:
    """Keeps a table as the artifact `file` (`.json`) of the active run, as MLflow's pages show it."""
    import mlflow

    mlflow.log_table(table.to_dict(as_series=False), file)


def log_files(path: Path, folder: str | None = None) -> None:
    """Keeps a file, or all files of a folder, in the artifact folder `folder` of the active run."""
    import mlflow

    log = mlflow.log_artifacts if path.is_dir() else mlflow.log_artifact
    log(str(path), folder)


def log_evaluation(
    client: MlflowClient, run_id: str, dataset: Data, numbers: Mapping[str, float], tags: Mapping[str, str],
    files: Path, tables: Mapping[str, pl.DataFrame], folder: str,
) -> None:  # fmt: skip
    """Adds an evaluation to a run, active or not: metrics on `dataset`, tags, and under `folder` files and tables.

    `files` is a folder whose files are copied. Tables are kept by file name (`.json`), as MLflow's pages show them;
    what an earlier evaluation kept under `folder` is replaced.
    """
    import mlflow

    named = {mlflow_name(name): float(number) for name, number in numbers.items()}
    mlflow.log_metrics(named, run_id=run_id, dataset=_input(dataset))
    for file, table in tables.items():
        (files / file).write_text(_table_json(table), encoding="utf-8")
    client.log_artifacts(run_id, str(files), folder)
    shown = json.loads(client.get_run(run_id).data.tags.get(_TABLES, "[]"))
    added = [{"path": f"{folder}/{file}", "type": "table"} for file in tables]
    listed = {_TABLES: json.dumps([*shown, *(one for one in added if one not in shown)])}
    for name, value in {**tags, **listed}.items():
        client.set_tag(run_id, name, value)


def read_file(run_id: str, path: str, *, remedy: str) -> bytes:
    """An artifact of a run; `remedy` is what makes it again.

    Raises:
        NotFoundError: it was removed, or cannot be read.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        with tempfile.TemporaryDirectory() as room:
            return Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{path}", dst_path=room)).read_bytes()
    except (MlflowException, OSError) as error:
        raise NotFoundError(f"{path} of run {run_id} is gone: {one_line(error)}", remedy=remedy) from error


def find_run(client: MlflowClient, run_id: str) -> Any:
    """The run of an id.

    Raises:
        NotFoundError: there is none.
    """
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        raise NotFoundError(f"no run {run_id!r}", remedy="look it up: mlflow ui") from error


def find_runs(client: MlflowClient, condition: str) -> list[Any]:
    """Runs that meet a condition in MLflow's words: `tags.scorer = 'heavy'`."""
    return list(client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id], condition))


def cost(began: float, prefix: str = "") -> dict[str, float]:
    """As metrics: seconds since `began` (of `time.perf_counter`), and the peak memory of this process in GiB."""
    out = {
        f"{prefix}wall_seconds": time.perf_counter() - began,
        f"{prefix}peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        out[f"{prefix}peak_gpu_memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
    return out


@cache
def code_versions() -> dict[str, str]:
    """As tags: the versions of Python and of `LIBRARIES`, and the git commit where the code is in a repository."""
    out = {"version.python": platform.python_version()} | {f"version.{name}": version(name) for name in LIBRARIES}
    commit, _, changed = _commit().partition("-")
    if commit:
        out |= {"mlflow.source.git.commit": commit, "mlflow.source.git.dirty": str(bool(changed)).lower()}
    return out


def _commit() -> str:
    """The commit of this code, with `-dirty` where files were changed since; empty where git does not track it."""
    here = Path(__file__)

    def git(*words: str) -> str:
        command = ["git", "--no-optional-locks", *words]
        done = subprocess.run(command, cwd=here.parent, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        # Where this package is installed into an environment, the repository around it is another project's.
        git("ls-files", "--error-unmatch", here.name)
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return ""


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level with dotted keys."""
    out: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            out |= flatten(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def require_run(client: MlflowClient, run_id: str, of: str, home: Path, *, otherwise: str) -> None:
    """Refuses a run that cannot be written to; `of` says whose it is, `otherwise` is a remedy that needs no such run.

    Raises:
        NotFoundError: there is no such run, or it was deleted.
    """
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise NotFoundError(f"run {run_id} of {of} is not in MLflow's store", remedy=otherwise) from error
    if run.info.lifecycle_stage != "active":
        back = restore_command(tracking_uri(home), "runs", "--run-id", run_id)
        raise NotFoundError(f"run {run_id} of {of} was deleted in MLflow", remedy=f"{back}; or {otherwise}")


def _table_json(table: pl.DataFrame) -> str:
    """A table in the format of `mlflow.log_table`, which would append to what is there."""
    plain = table.with_columns(cs.float().fill_nan(None))
    return json.dumps({"columns": plain.columns, "data": [list(row) for row in plain.iter_rows()]})


def mlflow_name(name: str) -> str:
    """A name that MLflow takes for a parameter, metric or tag: `recall@20` becomes `recall_20`."""
    return _NOT_IN_NAMES.sub("_", name)


def _input(dataset: Data) -> Any:
    """The data set as MLflow describes one."""
    from mlflow.data.dataset_source_registry import resolve_dataset_source
    from mlflow.data.meta_dataset import MetaDataset

    with warnings.catch_warnings():  # MLflow has two names for a local folder and warns about it
        warnings.simplefilter("ignore")
        source = resolve_dataset_source(str(dataset.folder))
    return MetaDataset(source, name=dataset.name, digest=dataset.content_hash[:32])


def _device() -> str:
    """`cpu`, or the name of the GPU that this process has computed on."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch is not None and torch.cuda.is_initialized() else "cpu"
