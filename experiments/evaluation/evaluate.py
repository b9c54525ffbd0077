"""Rankers measured on one sample of requests: every scorer sees the same batches, every number has its interval.

One pass over the protocol scores all of them. What `measurements` keeps of each is a row a request and a row an
impression (for AUC), so that `compare` can pair them later without scoring again.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.batch import CandidateBatch
from data.catalogue import did_you_mean
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.progress import Progress, no_progress
from data.settings import Seed
from data.split import Split
from experiments.datasets.time_ties import tied_rows
from experiments.evaluation.find_runs import ORACLE
from experiments.evaluation.log_runs import log_report
from experiments.evaluation.measurements import Known, Measured, Places, catalogue_of, measure_block, measure_step
from experiments.evaluation.missing_actions import uncounted
from experiments.evaluation.oracle import Oracle
from experiments.evaluation.protocol import EvaluationProtocol, FullCatalogue, protocol_for
from experiments.evaluation.requested_metrics import Asked, Candidates, missing
from experiments.evaluation.results import MMRChange, Report, ScorerResult
from experiments.evaluation.seen_in_training import refuse_split, seen_notes
from experiments.evaluation.segments import segments_of
from experiments.evaluation.separation import sentences
from experiments.runs.splits import split_of, understanding_of
from experiments.runs.tracking import cost, ready, require_run
from experiments.statistics.auc import auc_interval
from experiments.statistics.paired import Interval, mean_interval
from features.catalogue import owners
from features.online import FeatureState
from features.text.understanding import Understanding
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS, untrained_scorers
from ranking.metrics.catalogue import METRICS
from ranking.ranker import check_columns
from ranking.registry import fetch
from ranking.scorer import Scorer, TextScorer
from ranking.untrained import make_scorer


class EvaluateConfig(BaseModel):
    """How much is asked."""

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
    metrics: tuple[str, ...] = ()
    """Shown beside NDCG, recall, AUC and true value: names of `ranking.metrics.catalogue`."""

    @field_validator("metrics")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in METRICS:
                raise ValueError(f"no metric {name!r}; {did_you_mean(name, METRICS)}there are {', '.join(METRICS)}")
        return tuple(dict.fromkeys(names))


def evaluate_references(
    dataset: Dataset, references: Sequence[str], config: EvaluateConfig, home: Path, progress: Progress = no_progress,
    *, scorers: Mapping[str, Scorer] | None = None,
) -> Report:  # fmt: skip
    """Measures models and scorers by reference, and the oracle where the truth is at hand; logs each to MLflow.

    `scorers` are measured too, under their names, and need not be in the catalogue. Gains by segment of users are over
    the interest formula, or else the first model named; that one's over the next.

    Raises:
        NotFoundError: a reference that nothing answers to.
        ModelError: a model that reads columns which the data set cannot fill.
        ConfigError: a model is named twice, or a name of `scorers` stands for something else.
    """
    given = dict(scorers or {})
    if len({*references, *given}) < len(references) + len(given):
        raise ConfigError(f"a model is named twice in {' '.join([*references, *given])}", remedy="name each once")
    for name in given:
        check_name(name)
    client, began = ready(home), time.perf_counter()
    split = split_of(dataset, config.split)
    bundles = bundles_of(dataset, split, references, home, given)
    for reference, one in bundles.items():
        if one.run_id:
            require_run(client, one.run_id, f"model {reference!r}", home, otherwise="train again: rookery train")
    report, measured = evaluate_bundles(dataset, split, bundles, config, progress)
    users = segments_of(dataset, split, report.users)
    spent = cost(began, "evaluation_")
    log_report(dataset, report, measured, bundles, users, config.model_dump(mode="json"), spent, home)
    return report


def evaluate_bundles(
    dataset: Dataset,
    split: Split,
    bundles: Mapping[str, Bundle],
    config: EvaluateConfig,
    progress: Progress = no_progress,
) -> tuple[Report, dict[str, Measured]]:
    """The report and the raw rows by reference. Bundles with the same text understanding share one pass."""
    for reference, bundle in bundles.items():
        check_columns(
            bundle.scorer.reads, model=reference, data=dataset.name, tables=dataset.tables, learned_from=bundle.tables
        )
        if isinstance(bundle.scorer, TextScorer):
            dataset.require_texts(purpose=f"the scorer {reference!r}")
        refuse_split(reference, bundle, dataset, split)
    protocol = protocol_for(dataset, split, requests=config.requests, seed=config.seed)
    seen, ties = seen_notes(bundles, dataset, split, protocol), tied_rows(split)
    groups: dict[str, list[str]] = {}
    for reference, bundle in bundles.items():
        groups.setdefault(bundle.understanding.identity if bundle.understanding else "", []).append(reference)
    asked = Asked.of(config.metrics, dataset, protocol)
    measured: dict[str, Measured] = {}
    known, done, candidates = Known.of(split), 0, Candidates.of(asked)
    for at, members in enumerate(groups.values()):
        scorers: dict[str, Scorer] = {reference: bundles[reference].scorer for reference in members}
        # The truth follows the log request by request, which a catalogue ranked after the log's end does not.
        followed = Oracle.available(dataset) and not isinstance(protocol, FullCatalogue)
        oracle = Oracle.open(dataset) if followed else None
        if oracle is not None and at == 0:
            scorers[ORACLE] = oracle
        understanding = bundles[members[0]].understanding
        for count, batch in _run(protocol, scorers, oracle, understanding, config, asked, measured, known):
            done += count
            if at == 0 and batch is not None:
                candidates.add(batch)
            progress(done, len(protocol) * len(groups), f"{done} of {len(protocol) * len(groups)} requests")
    rows = tuple(_result(name, bundles.get(name), one, config, asked, candidates) for name, one in measured.items())
    words = protocol.describe()
    key = hashlib.sha256(f"{dataset.content_hash} {split.name} {words} k={config.k}".encode()).hexdigest()[:16]
    unit = "Intervals are 95%, by bootstrap over users (AUC: DeLong, clustered by user)."
    users = tuple(next(iter(measured.values())).request_frame()["user_id"].unique().sort().to_list())
    apart = sentences({row.label: row.apart for row in rows}, config.k)
    notes = (*_notes(protocol, measured, asked), *missing(asked, rows), *apart, *uncounted(bundles, split), *seen)
    notes = (*notes, ties.sentence) if ties is not None else notes
    return Report(rows, f"{words} {unit}", key, config.k, notes, users, ties), measured


def _run(
    protocol: EvaluationProtocol,
    scorers: Mapping[str, Scorer],
    oracle: Oracle | None,
    understanding: Understanding | None,
    config: EvaluateConfig,
    asked: Asked,
    measured: dict[str, Measured],
    known: Known,
) -> Iterator[tuple[int, CandidateBatch | None]]:
    """Scores everything; yields how many requests were done, and their candidates where something was relevant."""
    more = asked.features(understanding is not None)
    names = sorted({name for scorer in scorers.values() for name in scorer.reads} | set(more))
    views = sorted({owners()[name] for name in names if name in owners()})
    state = FeatureState(understanding, views=views)
    places = Places(config.k, max(config.k, config.pool), asked.more(understanding is not None))
    for reference in scorers:
        measured[reference] = Measured()
    if isinstance(protocol, FullCatalogue):
        catalogue = None
        for block in protocol.blocks(state):
            catalogue = catalogue or catalogue_of(block, state, list(scorers.values()), more)
            for reference, scorer in scorers.items():
                measure_block(block, catalogue, state, scorer, places, known, measured[reference])
            yield len(block.requests), catalogue
        return
    for step in protocol.steps(state, oracle):
        batch = state.lookup(step.batch, names)
        truth = oracle.score(batch) if oracle is not None else None
        for reference, scorer in scorers.items():
            scores = truth if scorer is oracle and truth is not None else scorer.score(batch)
            measure_step(step, batch, scorer, scores, truth, places, known, measured[reference])
        yield 1, batch if step.relevant.any() else None


def _result(
    reference: str, bundle: Bundle | None, measured: Measured, config: EvaluateConfig, asked: Asked,
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
    value = interval("true_value") if defined("true_value") else None
    name, version, run_id = (bundle.name, bundle.version, bundle.run_id) if bundle else (ORACLE, "", "")
    return ScorerResult(
        name,
        reference,
        version,
        run_id,
        interval("ndcg"),
        interval("recall"),
        auc,
        value,
        change,
        {name: interval(name) for name in asked.requests if defined(name)},
        asked.shares(measured, candidates),
        asked.by_action(measured),
        measured.apart(config.k),
    )


def _notes(protocol: EvaluationProtocol, measured: Mapping[str, Measured], asked: Asked) -> tuple[str, ...]:
    first = next(iter(measured.values())).request_frame()
    judged = int(first["ndcg"].is_not_nan().sum())
    notes = [f"{judged} of {len(protocol)} requests have a relevant candidate and count for NDCG and recall."]
    if any(name in ("coverage", "gini") for name in asked.lists):
        notes.append("Coverage and Gini are of these requests' first places together, among all their candidates.")
    if "novelty" in asked.names:
        notes.append("Novelty: bits, -log2 of the share of the training part's people who engaged with an item.")
    if ORACLE in measured:
        notes.append(
            "True value: engagements to expect among the first places, were all looked at, by the truth at that "
            "moment, over the same requests. The oracle is best at that; it does not know what was shown, and "
            "relevance in a log is known only for what was shown, so a model that learns both may have the higher NDCG."
        )
    return tuple(notes)


def check_name(name: str) -> None:
    """Refuses a name of a scorer by which `compare` would find another one, or none.

    Raises:
        ConfigError: it is a name of the catalogue, a version, or not of small letters, digits and underscores.
    """
    if name in SCORERS or name == ORACLE:
        raise ConfigError(f"the name {name!r} is taken by a scorer of the catalogue", remedy=f"name it my_{name}")
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None or re.fullmatch(r"v\d+|[0-9a-f]{32}", name):
        remedy = "use small letters, digits and _, as my_scorer; v1 and the like are versions"
        raise ConfigError(f"{name!r} cannot name a scorer", remedy=remedy)


def bundles_of(
    dataset: Dataset, split: Split, references: Sequence[str], home: Path, scorers: Mapping[str, Scorer] | None = None
) -> dict[str, Bundle]:
    """References to bundles, then `scorers` under their names; a catalogue name of a scorer that needs no training is
    made on the spot. Scorers without an understanding of texts share the models' or, without any, a new one."""
    given = scorers or {}
    untrained = [name for name in references if name in untrained_scorers()]
    fetched = {name: fetch(name, home=home, also=untrained_scorers()) for name in references if name not in untrained}
    texts = [one.understanding for one in fetched.values() if one.understanding is not None]
    shared = texts[0] if texts else (understanding_of(dataset, split, "static", home) if untrained or given else None)
    made = {name: make_scorer(name) for name in untrained} | dict(given)
    for name, scorer in made.items():
        fetched[name] = Bundle(name, scorer, shared, dataset.name, dataset.content_hash)
    return {name: fetched[name] for name in (*references, *given)}
