"""Runs and qrels in TREC's form, of whatever made them: read, checked and measured.

A line of a run is `query Q0 item rank score tag`, one of qrels `query 0 item relevance`. The order is trec_eval's: by
score, the highest first, whatever the rank says, and equal scores by item in descending order of its text. Every query
of the qrels with something relevant counts, with 0 where the run does not have it, as `trec_eval -c` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from data.batch import F64
from data.errors import ConfigError, DataError
from experiments.statistics.paired import Interval, mean_interval
from ranking.metrics.accuracy import FORMULAS
from ranking.metrics.ranked import Ranking

_RUN, _QRELS = ("query", "q0", "item", "rank", "score", "tag"), ("query", "iteration", "item", "relevance")


@dataclass(frozen=True)
class RunResult:
    """What one run reaches."""

    run: str
    """The file."""
    tag: str
    """The run's own name, of its first line."""
    queries: int
    """Queries that count."""
    missing: int
    """Of these, how many the run does not have."""
    unjudged: int
    """Queries of the run that the qrels do not have, or have with nothing relevant: they do not count."""
    tied: int
    """Queries with equal scores in the run."""
    metrics: dict[str, Interval]
    """Mean over queries with its 95% interval, by name."""


def evaluate_runs(runs: Sequence[Path], qrels: Path, k: int = 20, seed: int = 7) -> list[RunResult]:
    """Every metric of `ranking.metrics.accuracy` at `k` of each of `runs`.

    Raises:
        DataError: a file is missing, or a line of it does not fit.
        ConfigError: k is below 1.
    """
    if k < 1:
        raise ConfigError(f"k is {k}", remedy="take at least 1")
    judged = _relevant(read_qrels(qrels), qrels)
    return [_result(run, judged, k, seed) for run in runs]


def per_query(run: pl.DataFrame, judged: pl.DataFrame, k: int) -> tuple[list[str], dict[str, F64]]:
    """The queries of `judged` [B], sorted, and each metric [B]. Columns as `read_run` and `read_qrels` give them."""
    queries = judged["query"].unique().sort()
    at = pl.DataFrame({"query": queries, "at": np.arange(len(queries))})
    relevance = judged.join(at, on="query").filter(pl.col("relevance") > 0)
    ideal = _places(relevance.sort("at", "relevance", descending=[False, True]), len(queries), k)
    ranked = run.join(at, on="query").sort("at", "score", "item", descending=[False, True, True])
    found = ranked.join(relevance, on=["at", "item"], how="left", maintain_order="left").with_columns(
        pl.col("relevance").fill_null(0)
    )
    counts = np.bincount(relevance["at"].to_numpy(), minlength=len(queries)).astype(np.float64)
    ranking = Ranking(_places(found, len(queries), k), ideal, counts)
    return queries.to_list(), {name: formula(ranking) for name, formula in FORMULAS.items()}


def read_run(path: Path) -> pl.DataFrame:
    """`query`, `item`, `score` and `tag` of a run.

    Raises:
        DataError: a line does not have six fields, a score is no number, or an item stands twice in a query.
    """
    return _read(path, _RUN, "score").select("query", "item", "score", "tag")


def read_qrels(path: Path) -> pl.DataFrame:
    """`query`, `item` and `relevance` of qrels.

    Raises:
        DataError: a line does not have four fields, a relevance is no number, or an item stands twice in a query.
    """
    return _read(path, _QRELS, "relevance").select("query", "item", "relevance")


def _read(path: Path, names: Sequence[str], number: str) -> pl.DataFrame:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", remedy="name a file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8", remedy="name a text file in TREC's form") from error
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", offset=1)
    lines = lines.with_columns(pl.col("text").str.replace_all(r"\s+", " ").str.strip_chars())
    fields = lines.filter(pl.col("text") != "").with_columns(pl.col("text").str.split(" "))
    if not len(fields):
        raise DataError(f"{path} has no lines", remedy=f"write {' '.join(names)} a line")
    _refuse(path, fields, pl.col("text").list.len() != len(names), f"does not have the fields {' '.join(names)}")
    out = fields.with_columns(pl.col("text").list.to_struct(fields=list(names))).unnest("text")
    out = out.with_columns(value=pl.col(number).cast(pl.Float64, strict=False))
    _refuse(path, out, ~pl.col("value").is_finite().fill_null(False), f"has no number as its {number}")
    _refuse(path, out, ~pl.struct("query", "item").is_first_distinct(), "has an item again that its query has")
    return out.drop(number).rename({"value": number})


def _refuse(path: Path, rows: pl.DataFrame, which: pl.Expr, words: str) -> None:
    bad = rows.filter(which)
    if len(bad):
        raise DataError(f"{path} line {bad['line'][0]} {words} ({len(bad):,} such lines)", remedy="mend the file")


def _relevant(qrels: pl.DataFrame, path: Path) -> pl.DataFrame:
    found = qrels.filter((pl.col("relevance") > 0).any().over("query"))
    if not len(found):
        raise DataError(f"{path} has nothing relevant", remedy="a relevance above 0 is relevant")
    return found


def _result(path: Path, judged: pl.DataFrame, k: int, seed: int) -> RunResult:
    run = read_run(path)
    queries, values = per_query(run, judged, k)
    asked = set(run["query"].unique().to_list())
    tied = run.filter(pl.struct("query", "score").is_duplicated())["query"].n_unique()
    groups = np.arange(len(queries))
    return RunResult(
        str(path), run["tag"][0], len(queries), len(set(queries) - asked), len(asked - set(queries)), tied,
        {name: mean_interval(one, groups, seed=seed) for name, one in values.items()},
    )  # fmt: skip


def _places(rows: pl.DataFrame, queries: int, k: int) -> F64:
    """[queries, k] the `relevance` of the first k rows of each query `at`, in the frame's order."""
    first = rows.with_columns(place=pl.int_range(pl.len()).over("at")).filter(pl.col("place") < k)
    out = np.zeros((queries, k))
    out[first["at"].to_numpy(), first["place"].to_numpy()] = first["relevance"].to_numpy()
    return out
