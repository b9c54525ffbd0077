"""What is measured of a ranker: a row a request, and a row an impression where impressions were logged.

`measure_step` takes one request with its candidates. `measure_block` takes many that ask about one catalogue: their
scores are a dense block of which only the best places are kept, the same places as request by request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, F64, I64, Array, CandidateBatch, Ragged, Requests, offsets_of
from data.split import Split
from experiments.evaluation.protocol import Block, Step
from experiments.evaluation.separation import LOWEST, Apart, summary, told_apart, told_apart_dense
from features.catalogue import owners, view
from features.online import FeatureState
from ranking.metrics.accuracy import FORMULAS, Ranking, ndcg, rank
from ranking.metrics.beyond import intra_list_diversity, novelty
from ranking.metrics.catalogue import measure
from ranking.metrics.metric import refuse_nan
from ranking.models.action_scorer import ActionScorer
from ranking.scorer import CatalogueScorer, Retriever, Scorer
from ranking.slate.diverse import DiversityConfig
from ranking.slate.mmr import mmr
from ranking.slate.topk import top_k
from ranking.slate.whole import Best, best_of_scores, best_of_vectors

_SAMPLE = 1_024
"""Items by which it is judged whether a retriever tells them apart."""

_ROWS = 1 << 19
"""Pairs of request and item that are scored at once by a scorer that knows no catalogue."""

PROBABILITY = "p."
"""What the names of impressions' columns with an action's probability begin with."""

ALWAYS = (*FORMULAS, "novelty", "true_value")
"""Metrics over requests that are kept of every scorer; the last one where there is truth."""

LISTED = ("tweet_id", "author_id")
"""Columns of what stands in lists."""

_BATCH_COLUMNS = ("user_id", "tweet_id", "author_id")


@dataclass(frozen=True)
class Listed:
    """Lists of B requests, best first."""

    offsets: I64
    """[B + 1]."""
    columns: Mapping[str, Array]
    """`LISTED`, [N] each."""

    @classmethod
    def of(cls, candidates: CandidateBatch, places: Ragged) -> Listed:
        """The candidates at `places`, rows of a batch or of a catalogue."""
        return cls(places.offsets, {name: candidates.columns[name][places.values] for name in LISTED})


@dataclass
class Measured:
    """What one scorer did: columns of parts, a row a request and a row an impression."""

    requests: dict[str, list[Array]] = field(default_factory=dict)
    impressions: dict[str, list[Array]] = field(default_factory=dict)
    shown: list[Listed] = field(default_factory=list)
    """What stood in the first k places, some requests at a time."""
    tied: list[F64] = field(default_factory=list)
    """How well candidates are told apart, some requests at a time, as `separation.told_apart` gives it."""
    unscored: list[I64] = field(default_factory=list)
    """[B] candidates whose score was NaN, some requests at a time."""

    def request(self, **values: Array) -> None:
        """Adds rows of requests."""
        for name, value in values.items():
            self.requests.setdefault(name, []).append(value)

    def impression(self, **values: Array) -> None:
        """Adds the rows of a request's impressions."""
        for name, value in values.items():
            self.impressions.setdefault(name, []).append(value)

    def listed(self) -> Listed:
        """What stood in the first k places of all requests, in their order."""
        columns = {name: np.concatenate([part.columns[name] for part in self.shown]) for name in LISTED}
        lengths = np.concatenate([np.diff(part.offsets) for part in self.shown])
        return Listed(offsets_of(lengths), columns)

    def apart(self, k: int) -> Apart | None:
        """How well candidates are told apart over the requests with a relevant one; None where there was no choice."""
        judged = ~np.isnan(np.concatenate(self.requests["ndcg"]))
        return summary(np.concatenate(self.tied), np.concatenate(self.unscored), judged, k)

    def request_frame(self) -> pl.DataFrame:
        """request_id, user_id and the metrics, NaN where undefined."""
        return pl.DataFrame({name: np.concatenate(parts) for name, parts in self.requests.items()})

    def impression_frame(self) -> pl.DataFrame:
        """user_id, score, label, `position`, `acts` (as in `Step`) and of an action model a column `p.ACTION` each.

        No rows for a log without impressions.
        """
        return pl.DataFrame({name: np.concatenate(parts) for name, parts in self.impressions.items()})


@dataclass(frozen=True)
class Known:
    """How many people engaged with each tweet in the training part: what novelty is counted by."""

    ids: I64
    """[T] tweet ids, ascending."""
    counts: I64
    """[T] people."""
    people: int

    @classmethod
    def of(cls, split: Split) -> Known:
        """From the training part."""
        pairs = split.train.select("user_id", "tweet_id").unique().collect()
        counted = pairs.group_by("tweet_id").len().sort("tweet_id")
        return cls(
            counted["tweet_id"].to_numpy(), counted["len"].to_numpy().astype(np.int64), pairs["user_id"].n_unique()
        )

    def novelty(self, tweet_ids: I64, offsets: I64) -> F64:
        """[B] novelty of the slates [N] of `offsets`, in bits."""
        return novelty(self.of_tweets(tweet_ids), self.people, offsets)

    def of_tweets(self, tweet_ids: I64) -> I64:
        """[N] people who engaged with each tweet."""
        if not len(self.ids):
            return np.zeros(len(tweet_ids), np.int64)
        at = np.minimum(np.searchsorted(self.ids, tweet_ids), len(self.ids) - 1)
        return np.where(self.ids[at] == tweet_ids, self.counts[at], 0)


@dataclass(frozen=True)
class Places:
    """How long the lists are that are judged."""

    k: int
    pool: int
    """Best candidates among which MMR chooses."""
    more: tuple[str, ...] = ()
    """Metrics of the catalogue over requests that are measured beside `ALWAYS`."""


def measure_step(
    step: Step, batch: CandidateBatch, scorer: Scorer, scores: F32, truth: F32 | None, places: Places, known: Known,
    out: Measured,
) -> None:  # fmt: skip
    """Adds one request to `out`: `scores` [N] of its candidates, and what is true of them where that is at hand.

    A candidate whose score is NaN stands last.
    """
    missing = np.isnan(scores)
    scores = np.where(missing, np.float32(LOWEST), scores).astype(np.float32) if missing.any() else scores
    out.unscored.append(np.array([missing.sum()]))
    out.tied.append(told_apart(scores, batch.offsets))
    ranking = rank(scores, step.relevant, batch.offsets, places.k)
    first = top_k(scores, batch.offsets, places.k)
    full = bool(step.relevant.any())
    row = _accuracy(ranking)
    if truth is not None:
        row["true_value"] = np.array([truth[first.values].sum() if full else np.nan])
    if isinstance(scorer, Retriever):
        pool = top_k(scores, batch.offsets, places.pool)
        vectors = scorer.tweet_vectors(batch.take(pool))
        change = _diversify(vectors, scores[pool.values], pool.offsets, step.relevant[pool.values], ranking, places)
        row |= {name: np.where(full, value, np.nan) for name, value in change.items()}
    listed = Listed.of(batch, first)
    row["novelty"] = np.where(full, known.novelty(listed.columns["tweet_id"], first.offsets), np.nan)
    if places.more:
        judged = _judged(batch, scores, step.relevant, known, truth)
        row |= {name: np.where(full, one, np.nan) for name, one in measure(places.more, judged, places.k).items()}
    if full:
        out.shown.append(listed)
    out.request(request_id=np.array([step.request_id]), user_id=np.array([step.user_id]), **row)
    if step.shown.any():
        shown = Ragged.from_mask(batch.offsets, step.shown)
        at, users = shown.values, np.full(len(shown.values), step.user_id, np.int64)
        row = {"user_id": users, "score": scores[at], "label": step.relevant[at]}
        row |= {"position": step.position[at], "acts": step.acts[at]}
        if isinstance(scorer, ActionScorer):
            p = scorer.predict(batch.take(shown), row["position"].astype(np.float32))
            row |= {f"{PROBABILITY}{action}": p[:, a] for a, action in enumerate(scorer.actions)}
        out.impression(**row)


def measure_block(
    block: Block, catalogue: CandidateBatch, state: FeatureState, scorer: Scorer, places: Places, known: Known,
    out: Measured,
) -> None:  # fmt: skip
    """Adds the requests of a block to `out`. `catalogue` is its items as `catalogue_of` gives them."""
    retriever = isinstance(scorer, Retriever)
    deep = max(places.k, places.pool) if retriever else places.k
    best, vectors, tied, unscored = _best(block, catalogue, state, scorer, deep)
    out.tied.append(tied)
    out.unscored.append(unscored)
    first = Best(best.items[:, : places.k], best.scores[:, : places.k])
    ranking = Ranking.of_hits(first.hits(block.relevant), block.relevant.lengths)
    row = _accuracy(ranking)
    if retriever and vectors is not None:
        pool, scores = Best(best.items[:, : places.pool], best.scores[:, : places.pool]).ragged()
        relevant = Best(best.items[:, : places.pool], best.scores).hits(block.relevant)
        there = best.items[:, : places.pool] >= 0
        row |= _diversify(vectors[pool.values], scores, pool.offsets, relevant[there] > 0, ranking, places)
    shown, _ = first.ragged()
    listed = Listed.of(catalogue, shown)
    row["novelty"] = known.novelty(listed.columns["tweet_id"], shown.offsets)
    if places.more:
        row |= measure(places.more, _judged_block(block, catalogue, first, known), places.k)
    out.shown.append(listed)
    out.request(request_id=block.request_id, user_id=block.requests.columns["user_id"], **row)


def catalogue_of(
    block: Block, state: FeatureState, scorers: Sequence[Scorer], more: Sequence[str] = ()
) -> CandidateBatch:
    """The block's items as candidates of one request, with the columns of items that `scorers` read, and `more`."""
    one = block.requests.take(np.zeros(1, np.int64))
    batch = state.base(one, Ragged(np.array([0, len(block.items)], np.int64), block.items))
    names = {name for scorer in scorers for name in scorer.reads}
    return state.lookup(batch, sorted({name for name in names if of_item(name)} | set(more)))


def _best(
    block: Block, catalogue: CandidateBatch, state: FeatureState, scorer: Scorer, k: int
) -> tuple[Best, F32 | None, F64, I64]:
    """The best places of the catalogue, the items' vectors of a retriever, and how well candidates are told apart.

    Of a retriever, whose scores are never all held, by a sample of the items.
    """
    known = block.known
    if isinstance(scorer, Retriever):
        asked = _asked(block.requests, state, scorer)
        readers, vectors = scorer.user_vectors(asked), scorer.tweet_vectors(catalogue)
        for one in (readers, vectors):
            refuse_nan(one.sum(axis=1), "vector")
        some = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _SAMPLE)).astype(np.int64))
        tied = told_apart_dense(readers @ vectors[some].T, *_among(known, some))
        tied[:, 2] *= len(vectors) / max(1, len(some))
        return best_of_vectors(readers, vectors, k, known), vectors, tied, np.zeros(len(readers), np.int64)
    scores = _dense(block, catalogue, state, scorer)
    missing = np.isnan(scores)
    scores = np.where(missing, np.float32(LOWEST), scores) if missing.any() else scores
    tied = told_apart_dense(scores, known.values, known.offsets)
    no_candidates = np.bincount(known.owner, weights=missing[known.owner, known.values], minlength=len(scores))
    return best_of_scores(scores, k, known), None, tied, missing.sum(axis=1) - no_candidates.astype(np.int64)


def _among(known: Ragged, some: I64) -> tuple[I64, I64]:
    """The places among `some`, ascending, of what is known to each request, and their offsets."""
    place = np.searchsorted(some, known.values)
    there = some[np.minimum(place, len(some) - 1)] == known.values
    counts = np.bincount(known.owner[there], minlength=len(known))
    return place[there], offsets_of(counts)


def _dense(block: Block, catalogue: CandidateBatch, state: FeatureState, scorer: Scorer) -> F32:
    """[B, M] scores."""
    if isinstance(scorer, CatalogueScorer):
        return scorer.catalogue_scores(_asked(block.requests, state, scorer).requests, catalogue)
    size = len(block.items)
    if all(of_item(name) for name in scorer.reads):
        # Nothing of the request is read: one request stands for all.
        return np.broadcast_to(scorer.score(catalogue), (len(block.requests), size))
    return np.concatenate([scorer.score(part).reshape(-1, size) for part in _pairs(block, state, scorer)])


def _pairs(block: Block, state: FeatureState, scorer: Scorer) -> Iterator[CandidateBatch]:
    """Every request with every item, some requests at a time."""
    size, step = len(block.items), max(1, _ROWS // max(1, len(block.items)))
    for start in range(0, len(block.requests), step):
        some = block.requests.take(np.arange(start, min(start + step, len(block.requests))))
        offsets = np.arange(len(some) + 1, dtype=np.int64) * size
        yield state.lookup(state.base(some, Ragged(offsets, np.tile(block.items, len(some)))), scorer.reads)


def _asked(requests: Requests, state: FeatureState, scorer: Scorer) -> CandidateBatch:
    """The requests without candidates, with the columns of requests that the scorer reads."""
    empty = Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
    names = [name for name in scorer.reads if name not in _BATCH_COLUMNS and not of_item(name)]
    return state.lookup(state.base(requests, empty), names)


def of_item(name: str) -> bool:
    """Whether a column is the candidate's alone, the same for every request of a moment."""
    if name in _BATCH_COLUMNS:
        return name != "user_id"
    return name.partition(".")[0] in ("tweet", "author") and view(owners()[name]).entity == "candidate"


def _judged(batch: CandidateBatch, scores: F32, relevant: Array, known: Known, truth: F32 | None) -> CandidateBatch:
    """The candidates with what metrics of the catalogue read beside features."""
    columns = {"score": scores, "relevance": relevant, "popularity": known.of_tweets(batch.columns["tweet_id"])}
    if truth is not None:
        columns["true_value"] = truth
    people = np.full(len(batch.requests), max(known.people, 1))
    return batch.with_columns(columns).with_requests({"population": people})


def _judged_block(block: Block, catalogue: CandidateBatch, first: Best, known: Known) -> CandidateBatch:
    """Of each request the first places, best first, and below them what else is relevant.

    To a metric of the first places that is as good as all candidates.
    """
    size, (shown, scores) = len(block.items), first.ragged()
    seen = shown.owner * size + shown.values
    wanted = block.relevant.owner * size + block.relevant.values
    missed = np.setdiff1d(wanted, seen)
    pair = np.r_[seen, missed]
    order = np.argsort(pair // size, kind="stable")
    pair = pair[order]
    offsets = offsets_of(np.bincount(pair // size, minlength=len(block.requests)))
    columns = {name: column[pair % size] for name, column in catalogue.columns.items()}
    below = np.r_[scores, np.full(len(missed), -np.inf, np.float32)][order]
    batch = CandidateBatch(block.requests, offsets, columns)
    return _judged(batch, below, np.isin(pair, wanted), known, None)


def _accuracy(ranking: Ranking) -> dict[str, Any]:
    return {name: formula(ranking) for name, formula in FORMULAS.items()}


def _diversify(
    vectors: F32, scores: F32, offsets: I64, relevant: Array, ranking: Ranking, places: Places
) -> dict[str, F64]:
    """[B] intra-list diversity of the first k by score and by MMR among the pool, and MMR's NDCG.

    The pool [N] is by request, best first; what MMR chooses stands above all others.
    """
    settings = DiversityConfig(depth=places.k)
    chosen = mmr(
        scores, vectors, offsets, places.k, relevance_weight=settings.relevance_weight, depth=settings.depth
    )  # fmt: skip
    first = top_k(scores, offsets, places.k)
    gains = np.zeros(ranking.gains.shape)
    gains[chosen.owner, np.arange(len(chosen.values)) - chosen.offsets[chosen.owner]] = relevant[chosen.values]
    return {
        "ild": intra_list_diversity(vectors[first.values], first.offsets),
        "ild_mmr": intra_list_diversity(vectors[chosen.values], chosen.offsets),
        "ndcg_mmr": ndcg(Ranking(gains, ranking.ideal, ranking.relevant)),
    }
