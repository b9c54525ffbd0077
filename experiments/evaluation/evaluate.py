"""Rankers measured on one sample of requests: every scorer sees the same batches, every number has its interval.

One pass over the protocol scores all of them. What `measurements` keeps of each is a row a request and a row an
impression (for AUC), so that `compare` can pair them later without scoring again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.dataset import Dataset
from data.errors import DataError
from data.import_by_name import did_you_mean
from data.progress import Progress, no_progress
from data.settings import Seed
from data.split import Split
from experiments.datasets.time_ties import tied_rows
from experiments.evaluation.action_counts import missing_action_notes
from experiments.evaluation.bundles import bundles_of
from experiments.evaluation.find_runs import ORACLES
from experiments.evaluation.log_runs import log_report
from experiments.evaluation.measurements import Measured, TrainingCounts, measure
from experiments.evaluation.protocols.catalogue import protocol_for
from experiments.evaluation.protocols.protocol import TRUE, Block, EvaluationProtocol, Needs, Scored
from experiments.evaluation.requested_metrics import Candidates, RequestedMetrics, missing_notes
from experiments.evaluation.results import MMRChange, Report, ScorerResult
from experiments.evaluation.score_ties import tie_notes
from experiments.evaluation.seen_in_training import refuse_split, seen_notes
from experiments.evaluation.segments import segments_of
from experiments.runs.models import check_readable
from experiments.runs.splits import split_of
from experiments.runs.tracking import cost, ready, require_run
from experiments.statistics.auc import auc_interval
from experiments.statistics.paired import Interval, mean_interval
from features.catalogue import owners
from features.graph.follow_snapshots import SnapshotTables
from features.online import FeatureState
from ranking.artifact import Bundle
from ranking.metrics.catalogue import METRICS
from ranking.metrics.metric import Metric
from ranking.scorer import Scorer, TextScorer


class EvaluateConfig(BaseModel):
    """How many requests are ranked, and what is computed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(default=1000, ge=2)
    """Requests sampled from the test."""
    k: int = Field(default=20, ge=1)
    """Length of the list that is judged."""
    seed: Seed = 7
    """Seed of the sample and of the bootstrap."""
    pool: int = Field(default=200, ge=1)
    """Best candidates among which MMR chooses."""
    split: str = "auto"
    """As in `RunConfig`; a model that was trained on another split of the same data is refused."""
    negatives: int = Field(default=0, ge=0)
    """Items beside the relevant ones that a full catalogue ranks for each user, drawn; 0 for all items."""
    metrics: tuple[str, ...] = ()
    """Shown beside NDCG, recall, AUC, true value and true welfare: names of `ranking.metrics.catalogue`."""

    @field_validator("metrics")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in METRICS:
                raise ValueError(f"no metric {name!r}; {did_you_mean(name, METRICS)}there are {', '.join(METRICS)}")
        return tuple(dict.fromkeys(names))


def evaluate_references(
    dataset: Dataset,
    references: Sequence[str],
    config: EvaluateConfig,
    home: Path,
    progress: Progress = no_progress,
    *,
    scorers: Mapping[str, Scorer] | None = None,
    metrics: Sequence[Metric] = (),
) -> Report:
    """Measures models and scorers by reference, and the oracles where the truth is known; logs each to MLflow.

    `scorers` are measured too, under their names: objects with `reads` and `score` that need not be in the catalogue.
    So are `metrics`, beside those that `config` names.

    Raises:
        NotFoundError: a reference that nothing answers to.
        ModelError: a model that reads columns which the data set cannot fill.
        ConfigError: a model is named twice, a name of `scorers` or of `metrics` is taken, or a metric does not apply.
    """
    client, began = ready(home), time.perf_counter()
    split = split_of(dataset, config.split)
    bundles = bundles_of(dataset, split, references, home, scorers)
    for reference, one in bundles.items():
        if one.run_id:
            require_run(client, one.run_id, f"model {reference!r}", home, otherwise="train again: rookery train")
    report, measured = evaluate_bundles(dataset, split, bundles, config, progress, metrics=metrics)
    users = segments_of(dataset, split, report.users)
    settings = {**config.model_dump(mode="json"), "split": split.name}
    log_report(dataset, report, measured, bundles, users, settings, cost(began, "evaluation_"), home)
    return report


def evaluate_bundles(
    dataset: Dataset,
    split: Split,
    bundles: Mapping[str, Bundle],
    config: EvaluateConfig,
    progress: Progress = no_progress,
    *,
    metrics: Sequence[Metric] = (),
) -> tuple[Report, dict[str, Measured]]:
    """The report and the raw rows by reference; nothing is logged.

    Raises:
        ModelError: a model reads columns which the data set cannot fill, or learned rows of the test.
        ConfigError: a metric does not apply.
        DataError: nothing is relevant in any sampled request.
    """
    for reference, bundle in bundles.items():
        check_readable(bundle, reference, dataset)
        if isinstance(bundle.scorer, TextScorer):
            dataset.require_texts(purpose=f"the scorer {reference!r}")
        refuse_split(reference, bundle, dataset, split)
    protocol = protocol_for(dataset, split, requests=config.requests, seed=config.seed, negatives=config.negatives)
    seen, ties = seen_notes(bundles, dataset, split, protocol), tied_rows(split)
    requested = RequestedMetrics.of(config.metrics, metrics, dataset, protocol)
    candidates = Candidates.of(requested)
    measured = _measured(_Pass(protocol, config, requested, TrainingCounts.of(split)), bundles, candidates, progress)
    rows = tuple(_result(name, bundles.get(name), one, config, requested, candidates) for name, one in measured.items())
    words = protocol.describe()
    key = hashlib.sha256(f"{dataset.content_hash} {split.name} {words} k={config.k}".encode()).hexdigest()[:16]
    unit = "Intervals are 95%, by bootstrap over users (AUC: DeLong, clustered by user)."
    users = tuple(next(iter(measured.values())).request_frame()["user_id"].unique().sort().to_list())
    notes = [*_notes(protocol, measured, requested), *missing_notes(requested, rows)]
    notes += tie_notes({row.label: row.score_ties for row in rows}, config.k)
    notes += [*missing_action_notes(bundles, split), *seen]
    notes += [ties.sentence] if ties is not None else []
    report = Report(rows, f"{words} {unit}", key, config.k, tuple(notes), users, ties, requested.kinds)
    return report, measured


@dataclass(frozen=True)
class _Pass:
    """What all passes over the protocol share."""

    protocol: EvaluationProtocol
    config: EvaluateConfig
    requested: RequestedMetrics
    counts: TrainingCounts
    snapshots: SnapshotTables = field(default_factory=SnapshotTables)
    """Tables of the follow graph, which do not depend on texts."""

    def blocks(self, bundles: Sequence[Bundle]) -> Iterator[Block]:
        """Of scorers with the same understanding of texts."""
        understanding = bundles[0].understanding
        scorers = tuple({name for one in bundles for name in one.scorer.reads})
        metrics = self.requested.features(understanding is not None)
        names = {name for name in (*scorers, *metrics) if name in owners()}
        state = FeatureState(understanding, views=sorted({owners()[name] for name in names}), snapshots=self.snapshots)
        k = self.config.k
        yield from self.protocol.blocks(state, Needs(scorers, metrics, k, max(k, self.config.pool)))


def _measured(
    one: _Pass, bundles: Mapping[str, Bundle], candidates: Candidates, progress: Progress
) -> dict[str, Measured]:
    """Scores everything: one pass for all scorers with the same understanding of texts, the oracles in the first."""
    groups: dict[str, list[str]] = {}
    for reference, bundle in bundles.items():
        groups.setdefault(bundle.understanding.identity if bundle.understanding else "", []).append(reference)
    measured: dict[str, Measured] = {}
    done, total, pool = 0, len(one.protocol) * len(groups), max(one.config.k, one.config.pool)
    for at, members in enumerate(groups.values()):
        metrics = one.requested.by_request(bundles[members[0]].understanding is not None)
        for block in one.blocks([bundles[name] for name in members]):
            for name in members:
                out = measured.setdefault(name, Measured())
                measure(block, _scored(block, name, bundles[name].scorer), metrics, one.config.k, pool, one.counts, out)
            for oracle, best in block.by_truth().items() if at == 0 else ():
                measure(block, best, metrics, one.config.k, pool, one.counts, measured.setdefault(oracle, Measured()))
            if at == 0 and block.candidates is not None:
                candidates.add(block.candidates)
            done += len(block.request_id)
            progress(done, total, f"{done} of {total} requests")
    return measured


def _scored(block: Block, name: str, scorer: Scorer) -> Scored:
    try:
        return block.scored(scorer)
    except Exception as error:
        error.add_note(f"scorer {name!r} failed")
        raise


def _result(
    reference: str, bundle: Bundle | None, measured: Measured, config: EvaluateConfig, requested: RequestedMetrics,
    candidates: Candidates,
) -> ScorerResult:  # fmt: skip
    rows = measured.request_frame()
    users = rows["user_id"].to_numpy()

    def interval(name: str) -> Interval:
        return mean_interval(rows[name].to_numpy(), users, seed=config.seed)

    def defined(name: str) -> bool:
        return name in rows.columns and bool(rows[name].is_not_nan().any())

    if not defined("ndcg"):
        raise DataError(
            f"none of the {len(rows)} sampled requests has a relevant candidate, so there is no NDCG",
            remedy="sample more (--requests) or others (--seed)",
        )
    auc = None
    if measured.impressions and (shown := measured.impression_frame())["label"].n_unique() > 1:
        auc = auc_interval(shown["score"].to_numpy(), shown["label"].to_numpy(), shown["user_id"].to_numpy())
    change = None
    if defined("ild") and defined("ild_mmr"):
        change = MMRChange(interval("ild"), interval("ild_mmr"), interval("ndcg"), interval("ndcg_mmr"))
    value, welfare = (interval(one) if defined(one) else None for one in TRUE)
    name, version, run_id = (bundle.name, bundle.version, bundle.run_id) if bundle else (reference, "", "")
    return ScorerResult(
        name,
        reference,
        version,
        run_id,
        interval("ndcg"),
        interval("recall"),
        auc,
        value,
        welfare,
        change,
        {name: interval(name) for name in (one.name for one in requested.requests) if defined(name)},
        requested.shares(measured, candidates),
        requested.by_action(measured),
        measured.score_ties(config.k),
    )


def _notes(
    protocol: EvaluationProtocol, measured: Mapping[str, Measured], requested: RequestedMetrics
) -> tuple[str, ...]:
    first = next(iter(measured.values())).request_frame()
    judged = int(first["ndcg"].is_not_nan().sum())
    notes = [f"{judged} of {len(protocol)} requests have a relevant candidate and count for NDCG and recall."]
    if any(one.name in ("coverage", "gini") for one in requested.lists):
        notes.append("Coverage and Gini are of these requests' first places together, among all their candidates.")
    if "novelty" in requested.kinds:
        notes.append("Novelty: bits, -log2 of the share of the training part's people who engaged with an item.")
    if any(name in measured for name in ORACLES):
        notes.append(
            "True value: engagements to expect among the first places, were all looked at, by the truth at that "
            "time, over the same requests; true welfare: how glad the user would be to have seen each, -1 to 1, "
            "summed alike. The oracle is best at the first and the welfare oracle at the second; they do not know what "
            "was shown, and relevance in a log is known only for what was shown, so a model that learns both may have "
            "the higher NDCG."
        )
    return tuple(notes)
