"""What MLflow holds of a run: its configuration, data set, metrics, plots and artifacts, in the store under home."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from ranking.registry import connect


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
        mlflow.log_params({key: str(value)[:500] for key, value in flatten(parameters).items()})
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


def log_curves(curves: Mapping[str, Sequence[float]], file: str, *, title: str, ylabel: str) -> None:
    """A plot of values by epoch, as an artifact of the active run."""
    import mlflow
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for label, values in curves.items():
        axes.plot(range(1, len(values) + 1), values, marker="o", markersize=3, label=label)
    axes.set(title=title, xlabel="epoch", ylabel=ylabel)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    mlflow.log_figure(figure, file)


def log_intervals(rows: Mapping[str, tuple[float, float, float]], file: str, *, title: str, xlabel: str) -> None:
    """A plot of estimates with their intervals, one line a name, as an artifact of the active run."""
    import mlflow
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 0.5 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    names = list(rows)[::-1]
    for at, (value, low, high) in enumerate(rows[name] for name in names):
        axes.errorbar(value, at, xerr=[[value - low], [high - value]], fmt="o", capsize=3, color="#1d6fa5")
    axes.set(title=title, xlabel=xlabel, yticks=range(len(rows)), yticklabels=names)
    axes.grid(axis="x", alpha=0.3)
    mlflow.log_figure(figure, file)
