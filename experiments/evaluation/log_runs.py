"""An evaluation in MLflow: each model's run gets its numbers, its rows, a table by segment of users, and plots."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from data.dataset import Dataset
from experiments.evaluation.diagnostics import curves_of
from experiments.evaluation.find_runs import FOLDER, evaluated_tags
from experiments.evaluation.measurements import Measured
from experiments.evaluation.plots import draw
from experiments.evaluation.results import Report, ScorerResult, run_metric
from experiments.evaluation.segments import values_by_segment
from experiments.runs.tracking import flatten, log_evaluation, new_run
from ranking.artifact import VALUE, Bundle, describe
from ranking.catalogue import SCORERS
from ranking.model_registry import tag_version
from ranking.store import connect

BASE = "interest_formula"
"""The scorer over which the others' gain by segment is drawn, where it is among them."""

SEGMENTS = "segments.json"
"""The table of metrics by segment of users."""

_SHOWN = ("ndcg", "recall", "true_value", "true_welfare")
"""Metrics of the first places that every result has, where they are known."""


def log_report(
    dataset: Dataset, report: Report, measured: Mapping[str, Measured],
    bundles: Mapping[str, Bundle], users: pl.DataFrame, settings: Mapping[str, Any], cost: Mapping[str, float],
    home: Path,
) -> None:  # fmt: skip
    """Logs an evaluation by `settings`, which took `cost`, to the run of each model; others get a run of their own.

    `users` are as `segments_of` gives them. A registered version is tagged with its numbers.
    """
    client, seed = connect(home), int(settings["seed"])
    curves = curves_of(measured, sorted(bundles, key=lambda one: bundles[one].name != BASE), users, seed=seed)
    names = _labels(report)
    plots = draw(curves, names, {names[one.reference]: one.ndcg for one in report.rows}, k=report.k)
    by = {"data": dataset.name, "data_hash": dataset.content_hash, "protocol": report.protocol, **flatten(settings)}
    for result in report.rows:
        bundle = bundles.get(result.reference)
        run_id = bundle.run_id if bundle and bundle.run_id else _new_run(dataset, result, bundle, home)
        numbers = _numbers(report, result) | curves[result.reference].numbers()
        tags = evaluated_tags(report.key, result.name) | {f"evaluated.{name}": str(value) for name, value in by.items()}
        requests = measured[result.reference].request_frame()
        table = values_by_segment(requests, users, [*_SHOWN, *result.metrics], report.k, seed)
        with tempfile.TemporaryDirectory() as room:
            _write(
                Path(room), dataset, report, result, measured[result.reference], users, plots[result.reference], seed
            )
            log_evaluation(
                client, run_id, dataset, numbers | dict(cost), tags, Path(room), {SEGMENTS: table},
                f"{FOLDER}/{report.key}",
            )  # fmt: skip
        if bundle and bundle.run_id:
            shown = ("auc", *(run_metric(name, report.k) for name in _SHOWN))
            about = {"evaluated.data": dataset.name, "evaluated.split": str(settings["split"])}
            about |= {name: f"{numbers[name]:.6g}" for name in shown if name in numbers}
            tag_version(client, bundle.version, about)


def _labels(report: Report) -> dict[str, str]:
    """What each reference is called in plots: its scorer's name, with the reference where two have the same."""
    names = [row.name for row in report.rows]
    return {
        row.reference: row.name if names.count(row.name) == 1 else f"{row.name} {row.reference}" for row in report.rows
    }


def _numbers(report: Report, result: ScorerResult) -> dict[str, float]:
    """A result by the names of a run's metrics."""
    k = report.k
    shown = (result.ndcg, result.recall, result.true_value, result.true_welfare)
    named = {**dict(zip(_SHOWN, shown, strict=True)), **result.metrics}
    intervals = {run_metric(name, k): one for name, one in named.items()} | {"auc": result.auc}
    out = {
        run_metric(name, k) if report.kinds[name] == "list" else name: share for name, share in result.shares.items()
    }
    for action, numbers in result.by_action.items():
        out |= {f"{name}_{action}": number for name, number in numbers.items()}
    for name, interval in intervals.items():
        if interval is not None:
            out |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return out


def _new_run(dataset: Dataset, result: ScorerResult, bundle: Bundle | None, home: Path) -> str:
    """A run for what was not trained, or for a version by another value than it was trained with."""
    tags = {"scorer": result.name, "kind": "trained" if result.version else "baseline", "version": result.version}
    # The settings of a scorer that is in no catalogue are not known.
    known = bundle is not None and bundle.name.partition(VALUE)[0] in SCORERS
    settings = describe(bundle.scorer)[0] if bundle is not None and known else {}
    parameters = {"scorer": result.name, "settings": settings}
    return new_run(home, name=result.name, dataset=dataset, parameters=parameters, tags=tags)


def _write(
    folder: Path, dataset: Dataset, report: Report, result: ScorerResult, measured: Measured, users: pl.DataFrame,
    plots: Mapping[str, bytes], seed: int,
) -> None:  # fmt: skip
    """The rows, the plots and what `compare` reads of an evaluation."""
    measured.request_frame().write_parquet(folder / "requests.parquet")
    users.write_parquet(folder / "users.parquet")
    if measured.impressions:
        measured.impression_frame().write_parquet(folder / "impressions.parquet")
    for file, content in plots.items():
        (folder / file).write_bytes(content)
    note = result.score_ties.sentence(result.label, report.k) if result.score_ties is not None else ""
    about = {
        "protocol": report.protocol, "key": report.key, "k": report.k, "data": dataset.name, "note": note, "seed": seed,
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about, indent=1))
