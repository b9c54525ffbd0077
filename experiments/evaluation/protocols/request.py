"""One request with all its candidates: the block of a protocol whose requests differ in time and candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.batch import F32, I64, Array, CandidateBatch, Mask, Ragged
from experiments.evaluation.find_runs import ORACLES
from experiments.evaluation.oracle import TrueScores
from experiments.evaluation.protocols.protocol import (
    IDS,
    PROBABILITY,
    TRUE,
    Needs,
    Scored,
    check_scores,
    lowest_for_nan,
)
from experiments.evaluation.score_ties import count_ties
from ranking.scorer import Retriever, Scorer, ValuedScorer
from ranking.slate.topk import top_k


@dataclass(frozen=True)
class Step:
    """One request: its candidates, which are relevant, and what came of those shown when the log was made."""

    batch: CandidateBatch
    request_id: int
    user_id: int
    relevant: Mask
    """[N] the user engaged with it in this request."""
    position: I64
    """[N] place at which it was an impression of this request, 0 the top; -1 for what was not shown."""
    acts: I64
    """[N] what the user did with it in this request: bit c for the action of code c. 0 in a log without impressions."""

    @property
    def shown(self) -> Mask:
        """[N] it was an impression of this request."""
        out: Mask = self.position >= 0
        return out


@dataclass(frozen=True)
class RequestBlock:
    """A block of one request."""

    step: Step
    batch: CandidateBatch
    """The step's candidates with the columns that scorers and metrics read."""
    truth: TrueScores | None
    """Of the candidates; None where it is not known."""
    needs: Needs

    @property
    def request_id(self) -> I64:
        """See `Block`."""
        return np.array([self.step.request_id])

    @property
    def user_id(self) -> I64:
        """See `Block`."""
        return np.array([self.step.user_id])

    @property
    def candidates(self) -> CandidateBatch | None:
        """See `Block`. None where nothing is relevant."""
        return self.batch if self.step.relevant.any() else None

    def scored(self, scorer: Scorer) -> Scored:
        """See `Block`."""
        scores, missing = lowest_for_nan(check_scores(scorer.score(self.batch), scorer, (len(self.batch),)))
        vectors = None
        depth = self.needs.k
        if isinstance(scorer, Retriever):
            depth = self.needs.pool
            vectors = scorer.tweet_vectors(self.batch.take(top_k(scores, self.batch.offsets, depth)))
        return self._scored(scores, missing, depth, vectors, self._impressions(scores, scorer))

    def by_truth(self) -> Mapping[str, Scored]:
        """See `Block`."""
        if self.truth is None:
            return {}
        missing = np.zeros(len(self.batch), bool)
        return {
            name: self._scored(scores, missing, self.needs.k, None, self._impressions(scores, None))
            for name, scores in zip(ORACLES, self.truth, strict=True)
        }

    def _scored(
        self, scores: F32, missing: Mask, depth: int, vectors: F32 | None, impressions: Mapping[str, Array] | None
    ) -> Scored:
        own = {"score": scores, "relevance": self.step.relevant}
        if self.truth is not None:
            own |= dict(zip(TRUE, self.truth, strict=True))
        every = self.batch.with_columns(own)
        best = top_k(scores, every.offsets, depth).values
        below = self.step.relevant.copy()
        below[best] = False
        rows = np.r_[best, np.flatnonzero(below)]
        kept = {name: every.columns[name][rows] for name in (*own, *IDS, *self.needs.metrics) if name in every.columns}
        first = CandidateBatch(every.requests, np.array([0, len(rows)], np.int64), kept)
        ties = count_ties(scores, every.offsets)
        return Scored(first, every, ties, np.array([missing.sum()]), vectors, impressions)

    def _impressions(self, scores: F32, scorer: Scorer | None) -> Mapping[str, Array] | None:
        step = self.step
        if not step.shown.any():
            return None
        shown = Ragged.from_mask(self.batch.offsets, step.shown)
        at = shown.values
        rows: dict[str, Array] = {
            "user_id": np.full(len(at), step.user_id, np.int64), "score": scores[at], "label": step.relevant[at],
            "position": step.position[at], "acts": step.acts[at],
        }  # fmt: skip
        if isinstance(scorer, ValuedScorer):
            p = scorer.predict(self.batch.take(shown), rows["position"].astype(np.float32))
            rows |= {f"{PROBABILITY}{action}": p[:, a] for a, action in enumerate(scorer.actions)}
        return rows
