"""What is measured of a ranker: a row a request, a row an impression, the lists, and how often its scores tie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import polars as pl

from data.batch import F64, I64, Array, CandidateBatch, Ragged, offsets_of
from data.errors import ModelError
from data.split import Split
from experiments.evaluation.protocols.protocol import IDS, Block, Scored
from experiments.evaluation.score_ties import ScoreTies, summary
from ranking.metrics.accuracy import ndcg
from ranking.metrics.beyond_accuracy import intra_list_diversity
from ranking.metrics.metric import RequestMetric
from ranking.metrics.ranked import Ranked, Ranking
from ranking.slate.diverse import DiversityConfig
from ranking.slate.mmr import mmr
from ranking.slate.topk import top_k


@dataclass(frozen=True)
class Lists:
    """The first places of B requests, best first."""

    offsets: I64
    """[B + 1]."""
    columns: Mapping[str, Array]
    """`IDS`, [N] each."""


@dataclass
class Measured:
    """What was measured of one scorer, some requests at a time."""

    requests: dict[str, list[Array]] = field(default_factory=dict)
    """Parts of columns, a row a request."""
    impressions: dict[str, list[Array]] = field(default_factory=dict)
    """Parts of columns, a row an impression."""
    lists: list[Lists] = field(default_factory=list)
    """The first k places of requests with something relevant."""
    ties: list[F64] = field(default_factory=list)
    """As `score_ties.count_ties` gives them."""
    unscored: list[I64] = field(default_factory=list)
    """[B] candidates whose score was NaN."""

    def add_requests(self, **values: Array) -> None:
        """Adds rows of requests."""
        for name, value in values.items():
            self.requests.setdefault(name, []).append(value)

    def add_impressions(self, **values: Array) -> None:
        """Adds rows of impressions."""
        for name, value in values.items():
            self.impressions.setdefault(name, []).append(value)

    def all_lists(self) -> Lists:
        """The first k places of all requests with something relevant, in their order."""
        columns = {name: np.concatenate([part.columns[name] for part in self.lists]) for name in IDS}
        lengths = np.concatenate([np.diff(part.offsets) for part in self.lists])
        return Lists(offsets_of(lengths), columns)

    def score_ties(self, k: int) -> ScoreTies | None:
        """How scores tie over the requests with a relevant candidate; None where no request had two candidates."""
        judged = ~np.isnan(np.concatenate(self.requests["ndcg"]))
        return summary(np.concatenate(self.ties), np.concatenate(self.unscored), judged, k)

    def request_frame(self) -> pl.DataFrame:
        """request_id, user_id and the metrics, NaN where undefined."""
        return pl.DataFrame({name: np.concatenate(parts) for name, parts in self.requests.items()})

    def impression_frame(self) -> pl.DataFrame:
        """The columns of `Scored.impressions`; no rows for a log without impressions."""
        return pl.DataFrame({name: np.concatenate(parts) for name, parts in self.impressions.items()})


@dataclass(frozen=True)
class TrainingCounts:
    """How many users engaged with each tweet in the training part: what novelty is counted by."""

    ids: I64
    """[T] tweet ids, ascending."""
    counts: I64
    """[T] users."""
    users: int

    @classmethod
    def of(cls, split: Split) -> Self:
        """From the training part."""
        pairs = split.train.select("user_id", "tweet_id").unique().collect()
        counted = pairs.group_by("tweet_id").len().sort("tweet_id")
        return cls(
            counted["tweet_id"].to_numpy(), counted["len"].to_numpy().astype(np.int64), pairs["user_id"].n_unique()
        )

    def of_tweets(self, tweet_ids: I64) -> I64:
        """[N] users who engaged with each tweet."""
        if not len(self.ids):
            return np.zeros(len(tweet_ids), np.int64)
        at = np.minimum(np.searchsorted(self.ids, tweet_ids), len(self.ids) - 1)
        return np.where(self.ids[at] == tweet_ids, self.counts[at], 0)

    def added_to(self, batch: CandidateBatch) -> CandidateBatch:
        """The batch with the columns `popularity` and `population`."""
        users = np.full(len(batch.requests), max(self.users, 1))
        counts = self.of_tweets(batch.columns["tweet_id"])
        return batch.with_columns({"popularity": counts}).with_requests({"population": users})


def measure(
    block: Block, scored: Scored, metrics: Sequence[RequestMetric], k: int, pool: int, counts: TrainingCounts,
    out: Measured,
) -> None:  # fmt: skip
    """Adds to `out` what one scorer made of a block: `metrics` of the first `k` places, NaN where nothing is relevant.

    Raises:
        ModelError: a metric gives something else than one number a request.
    """
    first = Ranked(counts.added_to(scored.first), k)
    judged = first.ranking.relevant > 0
    whole = [one for one in metrics if one.whole and scored.every is not None]
    every = Ranked(counts.added_to(scored.every), k) if whole and scored.every is not None else first
    row: dict[str, Any] = {}
    for one in metrics:
        values = one.of(every if one.whole else first)
        if np.shape(values) != judged.shape:
            raise ModelError(
                f"metric {one.name!r} gave shape {np.shape(values)} for {len(judged)} requests",
                remedy="its formula returns one number a request",
            )
        row[one.name] = np.where(judged, values, np.nan)
    if scored.vectors is not None:
        change = _diversify(first, scored.vectors, pool)
        row |= {name: np.where(judged, values, np.nan) for name, values in change.items()}
    out.add_requests(request_id=block.request_id, user_id=block.user_id, **row)
    out.ties.append(scored.ties)
    out.unscored.append(scored.unscored)
    if judged.any():
        slates = _of_requests(first.slates, judged)
        out.lists.append(Lists(slates.offsets, {name: first.column(name)[slates.values] for name in IDS}))
    if scored.impressions is not None:
        out.add_impressions(**scored.impressions)


def _of_requests(slates: Ragged, chosen: Array) -> Ragged:
    """The slates of the requests where `chosen` [B] is true; those of the others are empty, and left out."""
    return Ragged.from_lengths(slates.lengths[chosen], slates.values[chosen[slates.owner]])


def _diversify(first: Ranked, vectors: Array, pool: int) -> dict[str, F64]:
    """[B] intra-list diversity of the first k by score and by MMR among the first `pool`, and MMR's NDCG.

    `vectors` [P, D] are of the pool, by request, best first; what MMR chooses stands above all others.
    """
    rows = top_k(first.column("score"), first.batch.offsets, pool)
    scores, relevant, k = first.column("score")[rows.values], first.column("relevance")[rows.values], first.k
    settings = DiversityConfig(depth=k)
    chosen = mmr(
        scores, vectors, rows.offsets, k, relevance_weight=settings.relevance_weight, depth=settings.depth
    )  # fmt: skip
    best = top_k(scores, rows.offsets, k)
    gains = np.zeros(first.ranking.gains.shape)
    gains[chosen.owner, np.arange(len(chosen.values)) - chosen.offsets[chosen.owner]] = relevant[chosen.values]
    return {
        "ild": intra_list_diversity(vectors[best.values], best.offsets),
        "ild_mmr": intra_list_diversity(vectors[chosen.values], chosen.offsets),
        "ndcg_mmr": ndcg(Ranking(gains, first.ranking.ideal, first.ranking.relevant)),
    }
