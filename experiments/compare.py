"""Evaluated runs held against each other, request by request.

Paired differences to the first run with bootstrap intervals over users, Wilcoxon's test on users' means, and
Holm's correction over all runs and metrics. Only runs evaluated on the same data by the same protocol are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.errors import ConfigError, NotFoundError
from experiments.evaluate import FOLDER
from experiments.stats import Difference, Interval, holm, mean_interval, paired_difference, signed_rank
from ranking.registry import EXPERIMENT, connect, resolve_reference

METRICS = ("ndcg", "recall")


@dataclass(frozen=True)
class Row:
    """One run against the base in one metric."""

    reference: str
    scorer: str
    run_id: str
    metric: str
    value: Interval
    difference: Difference | None
    """None for the base itself."""
    wilcoxon_p: float | None
    corrected_p: float | None
    """The bootstrap's p-value, Holm-corrected over all rows."""


@dataclass(frozen=True)
class Comparison:
    """The table, with the protocol that all runs share."""

    base: str
    rows: tuple[Row, ...]
    protocol: str
    k: int


def compare_runs(references: Sequence[str], home: Path) -> Comparison:
    """Compares the first run with the others.

    Raises:
        NotFoundError: a reference that nothing answers to, or a run that was never evaluated.
        ConfigError: fewer than two runs, or runs evaluated on other data or by another protocol.
    """
    if len(set(references)) < 2 or len(set(references)) < len(references):
        raise ConfigError(f"compare got {' '.join(references)}", remedy="name two or more different runs")
    client = connect(home)
    runs = {reference: _run(client, reference) for reference in references}
    if len({run.info.run_id for run in runs.values()}) < len(runs):
        raise ConfigError(f"{' '.join(references)} name one run twice", remedy="name different runs")
    keys = {reference: _keys(client, run.info.run_id) for reference, run in runs.items()}
    for reference, found in keys.items():
        if not found:
            raise NotFoundError(
                f"run {reference!r} was never evaluated", remedy=f"rookery evaluate {reference} --data DIR"
            )
    shared = set.intersection(*(set(found) for found in keys.values()))
    if not shared:
        raise ConfigError(
            f"{' and '.join(references)} were evaluated on other data or by other protocols",
            remedy=f"evaluate them together: rookery evaluate {' '.join(references)} --data DIR",
        )
    last = runs[references[0]].data.tags.get("evaluation", "")
    key = last if last in shared else min(shared)
    frames = {reference: _requests(run.info.run_id, key) for reference, run in runs.items()}
    about = json.loads(_download(runs[references[0]].info.run_id, f"{FOLDER}/{key}/about.json").read_text())
    rows = [
        _row(reference, runs[reference], frames[reference], frames[references[0]], metric)
        for metric in METRICS
        for reference in references
    ]
    p_values = {f"{r.metric} {r.reference}": r.difference.p_value for r in rows if r.difference}
    corrected = holm(p_values)
    finished = tuple(Row(**{**r.__dict__, "corrected_p": corrected.get(f"{r.metric} {r.reference}")}) for r in rows)
    return Comparison(references[0], finished, about["protocol"], int(about["k"]))


def _row(reference: str, run: Any, frame: pl.DataFrame, base: pl.DataFrame, metric: str) -> Row:
    pair = frame.join(base, on=["request_id", "user_id"], suffix="_base", maintain_order="left")
    ours, theirs, users = (pair[c].to_numpy() for c in (metric, f"{metric}_base", "user_id"))
    scorer = run.data.tags.get("scorer", "")
    value = mean_interval(ours, users)
    if frame is base:
        return Row(reference, scorer, run.info.run_id, metric, value, None, None, None)
    both = ~(np.isnan(ours) | np.isnan(theirs))
    wilcoxon = signed_rank(ours[both], theirs[both], users[both]).p_value
    difference = paired_difference(ours, theirs, users)
    return Row(reference, scorer, run.info.run_id, metric, value, difference, wilcoxon, None)


def _run(client: Any, reference: str) -> Any:
    """The MLflow run of a reference; a scorer's name stands for its last evaluated run."""
    from mlflow.exceptions import MlflowException

    if re.fullmatch(r"[0-9a-f]{32}", reference):
        try:
            return client.get_run(reference)
        except MlflowException as error:
            raise NotFoundError(f"no run {reference!r}", remedy="look it up: mlflow ui") from error
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if re.fullmatch(r"[a-z][a-z0-9_]*", reference):
        named = client.search_runs(
            [experiment.experiment_id],
            f"tags.scorer = '{reference}' AND tags.evaluation != ''",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        if named:
            return named[0]
    return client.get_run(resolve_reference(client, reference).run_id)


def _keys(client: Any, run_id: str) -> list[str]:
    return [Path(one.path).name for one in client.list_artifacts(run_id, FOLDER) if one.is_dir]


def _requests(run_id: str, key: str) -> pl.DataFrame:
    return pl.read_parquet(_download(run_id, f"{FOLDER}/{key}/requests.parquet"))


def _download(run_id: str, path: str) -> Path:
    import mlflow

    return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path))
