"""Evaluated runs held against each other, request by request.

Paired differences to the first run with bootstrap intervals over users, effect sizes, Wilcoxon's test on users' means,
and Holm's correction of both tests over all runs and metrics; the same differences by segment of users. Only runs that
were evaluated on the same data by the same protocol are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.errors import ConfigError, DataError
from data.import_by_name import did_you_mean
from experiments.evaluation.find_runs import download, shared_evaluation
from experiments.evaluation.segments import LEAST_USERS
from experiments.statistics.paired import (
    SEED,
    Difference,
    Effect,
    Interval,
    Pair,
    effect_size,
    holm,
    mean_interval,
    paired_differences,
    signed_rank,
)
from ranking.store import connect

METRICS = ("ndcg", "recall", "true_value", "true_welfare")
"""Compared unless others are named, where all runs have them."""

_KEYS = ("request_id", "user_id")


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
    corrected_wilcoxon_p: float | None
    """Wilcoxon's, Holm-corrected over the same rows."""


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
    corrected_p: float
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
    notes: tuple[str, ...] = ()
    """Sentences on single runs: those whose scores tie."""


@dataclass(frozen=True)
class _Evaluated:
    """A run's rows of one evaluation."""

    run: Any
    requests: pl.DataFrame
    users: pl.DataFrame
    about: Mapping[str, Any]

    @property
    def note(self) -> str:
        """The sentence on ties of its scores that its evaluation recorded; empty where there is none."""
        return str(self.about.get("note") or self.about.get("told", ""))  # `told`: its name in earlier runs


def compare_runs(references: Sequence[str], home: Path, metrics: Sequence[str] = ()) -> Comparison:
    """Compares the first run with the others, in `METRICS` or in the metrics named.

    Raises:
        NotFoundError: a reference that nothing answers to, or a run that was never evaluated.
        ConfigError: fewer than two runs, runs evaluated on other data or by another protocol, or a metric that one of
            them lacks.
        DataError: a metric that no request of two runs has defined.
    """
    if len(set(references)) < 2 or len(set(references)) < len(references):
        raise ConfigError(f"compare got {' '.join(references)}", remedy="name two or more different runs")
    key, runs = shared_evaluation(connect(home), references)
    if len({run.info.run_id for run in runs.values()}) < len(runs):
        raise ConfigError(f"{' '.join(references)} name one run twice", remedy="name different runs")
    found = {reference: _evaluated(run, key) for reference, run in runs.items()}
    about = found[references[0]].about
    names, seed = _metrics(found, metrics), int(about.get("seed", SEED))
    rows = _rows(found, references[0], names, seed)
    segments = _by_segment(found, references[0], names, seed)
    notes = tuple(dict.fromkeys(one.note for one in found.values() if one.note))
    return Comparison(references[0], rows, segments, about["protocol"], about["data"], int(about["k"]), notes)


def _metrics(found: Mapping[str, _Evaluated], wanted: Sequence[str]) -> list[str]:
    shared = [
        name
        for name in next(iter(found.values())).requests.columns
        if name not in _KEYS and all(name in one.requests.columns for one in found.values())
    ]
    for name in wanted:
        if name not in shared:
            remedy = f"{did_you_mean(name, shared)}all have {', '.join(shared)}"
            raise ConfigError(f"not all runs have metric {name!r}", remedy=remedy)
    return list(dict.fromkeys(wanted)) or [name for name in METRICS if name in shared]


def _rows(found: Mapping[str, _Evaluated], base: str, metrics: Sequence[str], seed: int) -> tuple[Row, ...]:
    """Every run in every metric, metric after metric; with the evaluation's `seed` intervals are as it logged them.

    The rows of all runs but the base are one family of tests.
    """
    rows: list[Row] = []
    pairs: dict[int, Pair] = {}
    for metric in metrics:
        for reference, one in found.items():
            pair = _pair(_paired(one.requests, found[base].requests), metric)
            if not _users_of_both(pair):
                raise DataError(
                    f"metric {metric!r} is defined in no request of both {reference!r} and {base!r}",
                    remedy="compare another one",
                )
            if reference != base:
                pairs[len(rows)] = pair
            scorer, run_id = one.run.data.tags.get("scorer", ""), one.run.info.run_id
            value = mean_interval(pair.a, pair.users, seed=seed)
            rows.append(Row(reference, scorer, run_id, metric, value, None, None, None, None, None))
    signed = {at: signed_rank(pair.a, pair.b, pair.users).p_value for at, pair in pairs.items()}
    differences = dict(zip(pairs, paired_differences(list(pairs.values())), strict=True))
    corrected = _corrected({at: one.p_value for at, one in differences.items()})
    corrected_signed = _corrected(signed)
    for at, pair in pairs.items():
        rows[at] = replace(
            rows[at],
            difference=differences[at],
            effect=effect_size(pair.a, pair.b, pair.users),
            wilcoxon_p=signed[at],
            corrected_p=corrected[at],
            corrected_wilcoxon_p=corrected_signed[at],
        )
    return tuple(rows)


def _corrected(p_values: Mapping[int, float]) -> dict[int, float]:
    """Holm's correction of a family, by row."""
    corrected = holm({str(at): p for at, p in p_values.items()})
    return {at: corrected[str(at)] for at in p_values}


def _pair(frame: pl.DataFrame, metric: str) -> Pair:
    return Pair(*(frame[column].to_numpy() for column in (metric, f"{metric}_base", "user_id")))


def _by_segment(
    found: Mapping[str, _Evaluated], base: str, metrics: Sequence[str], seed: int
) -> tuple[SegmentRow, ...]:
    """Every run but the base in every metric, by every segment with users enough: one family of tests."""
    where, pairs = [], []
    for dimension, segment, reference, frame in _segments(found, base):
        for metric in metrics:
            pair = _pair(frame, metric)
            if _users_of_both(pair) >= LEAST_USERS:
                where.append((dimension, segment, reference, metric))
                pairs.append(pair)
    differences = paired_differences(pairs)
    corrected = _corrected({at: one.p_value for at, one in enumerate(differences)})
    return tuple(
        SegmentRow(
            *where[at], mean_interval(pair.b, pair.users, seed=seed), mean_interval(pair.a, pair.users, seed=seed),
            differences[at], corrected[at],
        )
        for at, pair in enumerate(pairs)
    )  # fmt: skip


def _users_of_both(pair: Pair) -> int:
    """Users with a request for which both runs have a value."""
    both = ~np.isnan(np.asarray(pair.a) - np.asarray(pair.b))
    return len(np.unique(np.asarray(pair.users)[both]))


def _segments(found: Mapping[str, _Evaluated], base: str) -> Iterator[tuple[str, str, str, pl.DataFrame]]:
    """Dimension, segment, reference and their paired requests; segments in order of their size."""
    dimensions = [name for name in found[base].users.columns if name != "user_id"]
    for dimension in dimensions:
        for reference in found:
            if reference == base:
                continue
            pair = _paired(found[reference].requests, found[base].requests)
            pair = pair.join(found[base].users, on="user_id", how="left", maintain_order="left")
            sizes = pair.drop_nulls(dimension).group_by(dimension).agg(pl.col("user_id").n_unique())
            for segment in sizes.sort(["user_id", dimension], descending=[True, False])[dimension].to_list():
                yield dimension, segment, reference, pair.filter(pl.col(dimension) == segment)


def _paired(ours: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    return ours.join(base, on=list(_KEYS), suffix="_base", maintain_order="left")


def _evaluated(run: Any, key: str) -> _Evaluated:
    requests, users = (
        pl.read_parquet(download(run.info.run_id, key, f"{name}.parquet")) for name in ("requests", "users")
    )
    about = json.loads(download(run.info.run_id, key, "about.json"))
    return _Evaluated(run, requests, users, about)
