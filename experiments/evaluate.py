"""Rankers measured on one sample of requests: every scorer sees the same batches, every number has its interval.

One pass over the protocol's steps scores all of them. What is kept of each is a row a request (accuracy) and a row an
impression (for AUC), so that `compare` can pair them later without scoring again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, CandidateBatch
from data.catalogue import resolve
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from data.split import Split
from experiments.oracle import Oracle
from experiments.protocol import EvaluationProtocol, Step, protocol_for
from experiments.stats import Interval, auc_interval, mean_interval
from experiments.tracking import log_intervals, tracked_run
from experiments.train import split_of, understanding_of
from features.online import FeatureState
from features.text.understanding import Understanding
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS
from ranking.metrics.accuracy import ndcg, rank, recall
from ranking.metrics.beyond import intra_list_diversity
from ranking.ranker import check_columns
from ranking.registry import connect, fetch
from ranking.scorer import Retriever, Scorer
from ranking.slate.mmr import MMRConfig, mmr
from ranking.slate.topk import top_k

if TYPE_CHECKING:
    from experiments.cli.screen import Advance

ORACLE = "oracle"
FOLDER = "evaluation"
"""The artifact folder of a run that holds its evaluations, one a protocol and data set."""


class EvaluateConfig(BaseModel):
    """How much is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(default=1000, ge=2)
    """Requests sampled from the test."""
    k: int = Field(default=20, ge=1)
    """Length of the list that is judged."""
    seed: int = Field(default=7, ge=0)
    """Seed of the sample and of the bootstrap."""
    pool: int = Field(default=200, ge=1)
    """Best candidates among which MMR chooses."""
    split: str = "auto"
    """As in `RunConfig`; a model that was trained on another split of the same data is refused."""


@dataclass
class Measured:
    """What one scorer did: a row a request and a row an impression."""

    requests: dict[str, list[float]] = field(default_factory=dict)
    impressions: dict[str, list[Any]] = field(default_factory=dict)

    def request(self, **values: float) -> None:
        """Adds a request's row."""
        for name, value in values.items():
            self.requests.setdefault(name, []).append(value)

    def impression(self, **values: Any) -> None:
        """Adds the rows of a request's impressions."""
        for name, value in values.items():
            self.impressions.setdefault(name, []).append(value)

    def request_frame(self) -> pl.DataFrame:
        """request_id, user_id and the metrics, NaN where undefined."""
        return pl.DataFrame(self.requests)

    def impression_frame(self) -> pl.DataFrame:
        """user_id, score, label; no rows for a log without impressions."""
        return pl.DataFrame({name: np.concatenate(parts) for name, parts in self.impressions.items()})


@dataclass(frozen=True)
class MMRChange:
    """What diversifying the first k places did: intra-list diversity over item vectors against NDCG."""

    diversity_before: Interval
    diversity_after: Interval
    ndcg_before: Interval
    ndcg_after: Interval


@dataclass(frozen=True)
class ScorerResult:
    """One row of the table."""

    name: str
    reference: str
    version: str
    run_id: str
    ndcg: Interval
    recall: Interval
    auc: Interval | None
    true_value: Interval | None
    """Expected engagements among the first k, were all looked at, by the truth; None where there is no truth."""
    mmr: MMRChange | None


@dataclass(frozen=True)
class Report:
    """The table, with the words that belong to it."""

    rows: tuple[ScorerResult, ...]
    protocol: str
    key: str
    """Data set and protocol in one word: runs with the same key may be compared."""
    k: int
    notes: tuple[str, ...]
    users: tuple[int, ...]
    """Users of the evaluated requests, ascending."""

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {"protocol": self.protocol, "key": self.key, "k": self.k, "rows": list(self.rows), "notes": self.notes}

    def row(self, name: str) -> ScorerResult:
        """The row of one scorer."""
        return next(one for one in self.rows if one.name == name)


def evaluate_references(
    dataset: Dataset, references: Sequence[str], config: EvaluateConfig, home: Path, advance: Advance | None = None
) -> Report:
    """Measures models and scorers by reference, and the oracle where the truth is at hand; logs each to MLflow.

    Raises:
        NotFoundError: a reference that nothing answers to.
        ModelError: a model that reads columns which the data set cannot fill.
    """
    if len(set(references)) < len(references):
        raise ConfigError(f"a model is named twice in {' '.join(references)}", remedy="name each once")
    split = split_of(dataset, config.split)
    bundles = _bundles(dataset, split, references, home)
    report, measured = evaluate_bundles(dataset, split, bundles, config, advance)
    for result in report.rows:
        bundle = bundles.get(result.reference)
        _log(dataset, report, result, measured[result.reference], bundle.run_id if bundle else "", home)
    return report


def evaluate_bundles(
    dataset: Dataset,
    split: Split,
    bundles: Mapping[str, Bundle],
    config: EvaluateConfig,
    advance: Advance | None = None,
) -> tuple[Report, dict[str, Measured]]:
    """The report and the raw rows by reference. Bundles with the same text understanding share one pass."""
    for reference, bundle in bundles.items():
        check_columns(bundle.scorer.reads, model=reference, data=dataset.name, tables=dataset.tables)
        if bundle.split not in ("", split.name) and bundle.data_hash == dataset.content_hash:
            raise ModelError(
                f"model {reference!r} learned from split {bundle.split!r} of this data, which overlaps the test of "
                f"{split.name!r}",
                remedy="train it with the split that is evaluated",
            )
    protocol = protocol_for(dataset, split, requests=config.requests, seed=config.seed)
    groups: dict[str, list[str]] = {}
    for reference, bundle in bundles.items():
        groups.setdefault(bundle.understanding.identity if bundle.understanding else "", []).append(reference)
    measured: dict[str, Measured] = {}
    done = 0
    for at, members in enumerate(groups.values()):
        scorers: dict[str, Scorer] = {reference: bundles[reference].scorer for reference in members}
        oracle = Oracle.open(dataset) if Oracle.available(dataset) else None
        if oracle is not None and at == 0:
            scorers[ORACLE] = oracle
        understanding = bundles[members[0]].understanding
        for step in _run(protocol, scorers, oracle, understanding, config, measured):
            done += 1
            if advance and step:
                advance(done, len(protocol) * len(groups), f"{done} of {len(protocol) * len(groups)} requests")
    rows = tuple(_result(reference, bundles.get(reference), one, config.seed) for reference, one in measured.items())
    words = protocol.describe()
    key = hashlib.sha256(f"{dataset.content_hash} {words} k={config.k}".encode()).hexdigest()[:16]
    unit = "Intervals are 95%, by bootstrap over users (AUC: DeLong, clustered by user)."
    users = tuple(sorted({int(user) for user in next(iter(measured.values())).requests["user_id"]}))
    return Report(rows, f"{words} {unit}", key, config.k, _notes(protocol, measured), users), measured


def _run(
    protocol: EvaluationProtocol,
    scorers: Mapping[str, Scorer],
    oracle: Oracle | None,
    understanding: Understanding | None,
    config: EvaluateConfig,
    measured: dict[str, Measured],
) -> Any:
    """Scores all steps; yields True after each."""
    state = FeatureState(understanding)
    names = sorted({name for scorer in scorers.values() for name in scorer.reads})
    for reference in scorers:
        measured[reference] = Measured()
    for step in protocol.steps(state, oracle):
        batch = state.lookup(step.batch, names)
        truth = oracle.score(batch) if oracle is not None else None
        for reference, scorer in scorers.items():
            scores = truth if scorer is oracle and truth is not None else scorer.score(batch)
            _measure(step, batch, scorer, scores, truth, config, measured[reference])
        yield True


def _measure(
    step: Step,
    batch: CandidateBatch,
    scorer: Scorer,
    scores: F32,
    truth: F32 | None,
    config: EvaluateConfig,
    out: Measured,
) -> None:
    ranking = rank(scores, step.relevant, batch.offsets, config.k)
    row = {"ndcg": float(ndcg(ranking)[0]), "recall": float(recall(ranking)[0])}
    full = bool(step.relevant.any())
    if truth is not None:
        first = top_k(scores, batch.offsets, config.k).values
        row["true_value"] = float(truth[first].sum()) if full else float("nan")
    if isinstance(scorer, Retriever):
        empty = dict.fromkeys(("ild", "ild_mmr", "ndcg_mmr"), float("nan"))
        row |= _diversify(step, batch, scorer, scores, config) if full else empty
    out.request(request_id=step.request_id, user_id=step.user_id, **row)
    if step.shown.any():
        label = step.relevant[step.shown]
        users = np.full(len(label), step.user_id, np.int64)
        out.impression(user_id=users, score=scores[step.shown], label=label)


def _diversify(
    step: Step, batch: CandidateBatch, scorer: Retriever, scores: F32, config: EvaluateConfig
) -> dict[str, float]:
    """Intra-list diversity of the first k by score and by MMR, and MMR's NDCG."""
    best = top_k(scores, batch.offsets, config.pool)
    pool, pool_rows = batch.take(best), best.values
    vectors = scorer.tweet_vectors(pool)
    settings = MMRConfig(depth=config.k)
    chosen = mmr(
        scores[pool_rows],
        vectors,
        pool.offsets,
        config.k,
        relevance_weight=settings.relevance_weight,
        depth=settings.depth,
    )
    # The chosen ones stand above all others, in MMR's order; what follows keeps its own.
    rescored = scores.astype(np.float64)
    rescored[pool_rows[chosen.values]] = scores.max() + 1.0 + np.arange(len(chosen.values), 0, -1)
    first = np.arange(min(config.k, len(pool)), dtype=np.int64)
    offsets = np.array([0, len(first)], np.int64)
    return {
        "ild": float(intra_list_diversity(vectors[first], offsets)[0]),
        "ild_mmr": float(intra_list_diversity(vectors[chosen.values], chosen.offsets)[0]),
        "ndcg_mmr": float(ndcg(rank(rescored, step.relevant, batch.offsets, config.k))[0]),
    }


def _result(reference: str, bundle: Bundle | None, measured: Measured, seed: int) -> ScorerResult:
    rows = measured.request_frame()
    users = rows["user_id"].to_numpy()

    def interval(name: str) -> Interval:
        return mean_interval(rows[name].to_numpy(), users, seed=seed)

    auc = None
    if measured.impressions:
        shown = measured.impression_frame()
        auc = auc_interval(shown["score"].to_numpy(), shown["label"].to_numpy(), shown["user_id"].to_numpy())
    change = None
    if "ild_mmr" in rows.columns:
        change = MMRChange(interval("ild"), interval("ild_mmr"), interval("ndcg"), interval("ndcg_mmr"))
    value = interval("true_value") if "true_value" in rows.columns else None
    name, version, run_id = (bundle.name, bundle.version, bundle.run_id) if bundle else (ORACLE, "", "")
    return ScorerResult(name, reference, version, run_id, interval("ndcg"), interval("recall"), auc, value, change)


def _notes(protocol: EvaluationProtocol, measured: Mapping[str, Measured]) -> tuple[str, ...]:
    first = next(iter(measured.values())).request_frame()
    judged = int(first["ndcg"].is_not_nan().sum())
    notes = [f"{judged} of {len(protocol)} requests have a relevant candidate and count for NDCG and recall."]
    if ORACLE in measured:
        notes.append(
            "True value: engagements to expect among the first places, were all looked at, by the truth at that "
            "moment, over the same requests. The oracle is best at that; it does not know what was shown, and "
            "relevance in a log is known only for what was shown, so a model that learns both may have the higher NDCG."
        )
    return tuple(notes)


def _bundles(dataset: Dataset, split: Split, references: Sequence[str], home: Path) -> dict[str, Bundle]:
    """References to bundles; a catalogue name of a scorer that needs no training is made on the spot."""
    untrained = [name for name in references if name in SCORERS and not hasattr(resolve(SCORERS[name]), "trainer")]
    fetched = {name: fetch(name, home=home) for name in references if name not in untrained}
    texts = [one.understanding for one in fetched.values() if one.understanding is not None]
    shared = texts[0] if texts else (understanding_of(dataset, split, "static", home) if untrained else None)
    for name in untrained:
        scorer = resolve(SCORERS[name])()
        fetched[name] = Bundle(name, scorer, shared, dataset.name, dataset.content_hash)
    return {name: fetched[name] for name in references}


def _log(dataset: Dataset, report: Report, result: ScorerResult, measured: Measured, run_id: str, home: Path) -> None:
    """The metrics, the rows and the plot into the model's run, or into a run of its own for what was not trained."""
    client = connect(home)
    if not run_id:
        tags = {"scorer": result.name, "kind": "baseline"}
        with tracked_run(home, name=result.name, dataset=dataset, parameters={"scorer": result.name}, tags=tags) as new:
            run_id = new
    shown = {f"ndcg_{report.k}": result.ndcg, f"recall_{report.k}": result.recall, "auc": result.auc}
    shown["true_value"] = result.true_value
    for name, interval in shown.items():
        if interval is not None:
            client.log_metric(run_id, name, interval.mean)
            client.log_metric(run_id, f"{name}_low", interval.low)
            client.log_metric(run_id, f"{name}_high", interval.high)
    client.set_tag(run_id, "evaluation", report.key)
    client.set_tag(run_id, "scorer", result.name)
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / report.key
        folder.mkdir()
        measured.request_frame().write_parquet(folder / "requests.parquet")
        if measured.impressions:
            measured.impression_frame().write_parquet(folder / "impressions.parquet")
        about = {"protocol": report.protocol, "key": report.key, "k": report.k, "data": dataset.name}
        (folder / "about.json").write_text(json.dumps(about, indent=1))
        client.log_artifacts(run_id, str(folder), f"{FOLDER}/{report.key}")
    import mlflow

    rows = {one.name: (one.ndcg.mean, one.ndcg.low, one.ndcg.high) for one in report.rows}
    with mlflow.start_run(run_id=run_id):
        log_intervals(rows, f"{FOLDER}/{report.key}/ndcg.png", title=f"NDCG@{report.k}", xlabel="mean and 95% interval")
