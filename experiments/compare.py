"""Evaluated runs held against each other, request by request.

Paired differences to the first run with bootstrap intervals over users, effect sizes, Wilcoxon's test on users' means,
and Holm's correction over all runs and metrics; the same by segment of users. Only runs that were evaluated on the
same data by the same protocol are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from data.errors import ConfigError, NotFoundError
from experiments.evaluate import FOLDER
from experiments.stats import (
    Difference,
    Effect,
    Interval,
    effect_size,
    holm,
    mean_interval,
    paired_difference,
    signed_rank,
)
from ranking.registry import EXPERIMENT, connect, resolve_reference

METRICS = ("ndcg", "recall", "true_value")
"""Compared unless asked otherwise, where all runs have them."""

_KEYS = ("request_id", "user_id")
_LEAST_USERS = 5
"""Users from which on a segment is compared."""


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
    effect: Effect | None
    wilcoxon_p: float | None
    corrected_p: float | None
    """The bootstrap's p-value, Holm-corrected over all rows."""


@dataclass(frozen=True)
class SegmentRow:
    """One run against the base in one metric, over the users of one segment."""

    dimension: str
    segment: str
    reference: str
    metric: str
    base: Interval
    value: Interval
    difference: Difference
    corrected_p: float = 1.0
    """Holm-corrected over all segments' rows."""


@dataclass(frozen=True)
class Comparison:
    """The tables, with the protocol that all runs share."""

    base: str
    rows: tuple[Row, ...]
    segments: tuple[SegmentRow, ...]
    protocol: str
    data: str
    """Name of the data set."""
    k: int


@dataclass(frozen=True)
class _Evaluated:
    """A run's rows of one evaluation."""

    run: Any
    requests: pl.DataFrame
    users: pl.DataFrame


def compare_runs(references: Sequence[str], home: Path, metrics: Sequence[str] = ()) -> Comparison:
    """Compares the first run with the others, in `METRICS` or in the metrics named.

    Raises:
        NotFoundError: a reference that nothing answers to, or a run that was never evaluated.
        ConfigError: fewer than two runs, runs evaluated on other data or by another protocol, or a metric that one of
            them lacks.
    """
    if len(set(references)) < 2 or len(set(references)) < len(references):
        raise ConfigError(f"compare got {' '.join(references)}", remedy="name two or more different runs")
    client = connect(home)
    runs = {reference: _run(client, reference) for reference in references}
    if len({run.info.run_id for run in runs.values()}) < len(runs):
        raise ConfigError(f"{' '.join(references)} name one run twice", remedy="name different runs")
    key = _shared_key(client, runs)
    found = {reference: _evaluated(run, key) for reference, run in runs.items()}
    about = json.loads(_download(runs[references[0]].info.run_id, f"{FOLDER}/{key}/about.json").read_text())
    rows = [_row(name, found, references[0], metric) for metric in _metrics(found, metrics) for name in references]
    corrected = holm({f"{r.metric} {r.reference}": r.difference.p_value for r in rows if r.difference})
    finished = tuple(replace(row, corrected_p=corrected.get(f"{row.metric} {row.reference}")) for row in rows)
    parts = list(_segments(found, references[0], _metrics(found, metrics)))
    fixed = holm({str(at): part.difference.p_value for at, part in enumerate(parts)})
    segments = tuple(replace(part, corrected_p=fixed[str(at)]) for at, part in enumerate(parts))
    return Comparison(references[0], finished, segments, about["protocol"], about["data"], int(about["k"]))


def _metrics(found: Mapping[str, _Evaluated], asked: Sequence[str]) -> list[str]:
    shared = [
        name
        for name in next(iter(found.values())).requests.columns
        if name not in _KEYS and all(name in one.requests.columns for one in found.values())
    ]
    for name in asked:
        if name not in shared:
            raise ConfigError(f"not all runs have metric {name!r}", remedy=f"all have {', '.join(shared)}")
    return list(dict.fromkeys(asked)) or [name for name in METRICS if name in shared]


def _row(reference: str, found: Mapping[str, _Evaluated], base: str, metric: str) -> Row:
    pair = _paired(found[reference].requests, found[base].requests)
    ours, theirs, users = (pair[column].to_numpy() for column in (metric, f"{metric}_base", "user_id"))
    run = found[reference].run
    row = Row(reference, run.data.tags.get("scorer", ""), run.info.run_id, metric, mean_interval(ours, users),
              None, None, None, None)  # fmt: skip
    if reference == base:
        return row
    both = pair.filter(pl.col(metric).is_not_nan() & pl.col(f"{metric}_base").is_not_nan())
    defined = [both[column].to_numpy() for column in (metric, f"{metric}_base", "user_id")]
    return replace(
        row,
        difference=paired_difference(ours, theirs, users),
        effect=effect_size(ours, theirs, users),
        wilcoxon_p=signed_rank(*defined).p_value,
    )


def _segments(found: Mapping[str, _Evaluated], base: str, metrics: Sequence[str]) -> Iterator[SegmentRow]:
    """Every run but the base, by every segment with users enough; segments in order of their size."""
    dimensions = [name for name in found[base].users.columns if name != "user_id"]
    for dimension in dimensions:
        for reference in found:
            if reference == base:
                continue
            pair = _paired(found[reference].requests, found[base].requests)
            pair = pair.join(found[base].users, on="user_id", how="left", maintain_order="left")
            sizes = pair.drop_nulls(dimension).group_by(dimension).agg(pl.col("user_id").n_unique())
            sizes = sizes.filter(pl.col("user_id") >= _LEAST_USERS).sort(
                ["user_id", dimension], descending=[True, False]
            )
            for segment in sizes[dimension].to_list():
                part = pair.filter(pl.col(dimension) == segment)
                yield from _of_segment(part, dimension, segment, reference, metrics)


def _of_segment(
    part: pl.DataFrame, dimension: str, segment: str, reference: str, metrics: Sequence[str]
) -> Iterator[SegmentRow]:
    users = part["user_id"].to_numpy()
    for metric in metrics:
        ours, theirs = part[metric].to_numpy(), part[f"{metric}_base"].to_numpy()
        if part.select((pl.col(metric) - pl.col(f"{metric}_base")).is_not_nan().any()).item():
            yield SegmentRow(
                dimension, segment, reference, metric, mean_interval(theirs, users), mean_interval(ours, users),
                paired_difference(ours, theirs, users),
            )  # fmt: skip


def _paired(ours: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    return ours.join(base, on=list(_KEYS), suffix="_base", maintain_order="left")


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


def _shared_key(client: Any, runs: Mapping[str, Any]) -> str:
    """The evaluation that all runs have: the first run's last one, if the others have it too."""
    keys = {reference: _keys(client, run.info.run_id) for reference, run in runs.items()}
    for reference, found in keys.items():
        if not found:
            raise NotFoundError(
                f"run {reference!r} was never evaluated", remedy=f"rookery evaluate {reference} --data DIR"
            )
    shared = set.intersection(*(set(found) for found in keys.values()))
    if not shared:
        raise ConfigError(
            f"{' and '.join(runs)} were evaluated on other data or by other protocols",
            remedy=f"evaluate them together: rookery evaluate {' '.join(runs)} --data DIR",
        )
    last = next(iter(runs.values())).data.tags.get("evaluation", "")
    return str(last) if last in shared else min(shared)


def _keys(client: Any, run_id: str) -> list[str]:
    return [Path(one.path).name for one in client.list_artifacts(run_id, FOLDER) if one.is_dir]


def _evaluated(run: Any, key: str) -> _Evaluated:
    parts = [
        pl.read_parquet(_download(run.info.run_id, f"{FOLDER}/{key}/{name}.parquet")) for name in ("requests", "users")
    ]
    return _Evaluated(run, *parts)


def _download(run_id: str, path: str) -> Path:
    import mlflow

    return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path))
