"""The home feeds of the study of the funnel over one feature state, judged by the truth request by request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from candidates.component import Source
from candidates.funnel import Funnel
from candidates.ports import Ranker
from candidates.products.home import HomeConfig, home_funnel
from candidates.timelines import PulledTimelines
from candidates.tweet_vectors import TweetVectors
from data.batch import F32, I64, Array, CandidateBatch, Ragged, Requests
from data.errors import DataError
from data.ids import rows_of
from experiments.evaluation.oracle import Oracle
from experiments.studies.funnel_variants import ALL_ON, CAPS, NONE_ON, Variant, variants
from features.online import FeatureState
from ranking.scorer import Scorer
from ranking.tower_vectors import RetrievalModel
from serving.ready_model import valued

ORACLE, EVERYTHING, TOGETHER = "oracle", "every tweet ranked", "together"
"""The best 20 by the truth of all that may be shown; the base with all of that instead of what sources bring; the
sources of the base together."""


class Judged:
    """Feeds over `state`, and what the truth says of what they show; `judge` one request after the other."""

    def __init__(self, state: FeatureState, oracle: Oracle, ranker: Scorer, retriever: RetrievalModel, k: int) -> None:
        """Feeds of `k` tweets; `ranker` gives the values, `retriever` the vectors."""
        self._state, self._oracle, self._k = state, oracle, k
        self._vectors = TweetVectors(retriever)
        self._timelines = PulledTimelines(state.network)
        self._brought: dict[str, Ragged] = {}
        self._rankers = {
            value: KnownScores(state, valued(ranker, value)) for value in {one.config.value for one in variants()}
        }
        base, *others = variants()
        self._base = self._funnel(base.config, ())
        self._others = {one.name: self._variant(one) for one in others}
        # How many are held back depends on how many there are: here nothing is, so that nothing of any feed is missing.
        everything = base.config.model_copy(update={**NONE_ON, "served_hold_min": 0.0})
        self._everything = self._funnel(everything, (Everything(state, everything.max_age_h),))

    def judge(self, requests: Requests) -> dict[str, float]:
        """Of one request: `true_value.NAME`, `true_welfare.NAME` of each feed's tweets were they looked at, and
        `recall.SOURCE`, `recall_only.SOURCE`, the shares of the oracle's best that a source brought, and that no other
        source brought."""
        time_us = int(requests.columns["time_us"][0])
        self._vectors.refresh(self._state, time_us)
        for ranker in self._rankers.values():
            ranker.know(requests)
        base = self._base.run(requests, self._k)
        self._brought.clear()
        self._brought.update(base.trace.brought)
        everything = self._everything.run(requests, self._k)
        best = self._best(everything.trace.scored)
        slates = {"base": base.slate, EVERYTHING: everything.slate, ORACLE: best}
        slates |= {name: funnel.run(requests, self._k).slate for name, funnel in self._others.items()}
        out: dict[str, float] = {}
        for name, slate in slates.items():
            truth = self._oracle.scores(slate)
            out[f"true_value.{name}"], out[f"true_welfare.{name}"] = map(
                float, (truth.value.sum(), truth.welfare.sum())
            )
        return out | recalls(best.columns["tweet_row"], base.trace.brought)

    def _best(self, batch: CandidateBatch) -> CandidateBatch:
        order = np.argsort(-self._oracle.scores(batch).value, kind="stable")[: self._k]
        return batch.take(Ragged(np.array([0, len(order)], np.int64), order.astype(np.int64)))

    def _variant(self, one: Variant) -> Funnel:
        if one.own_sources:
            return self._funnel(one.config, ())
        kept = [Brought(name, self._brought) for name in CAPS if name != one.left_out]
        return self._funnel(one.config.model_copy(update=NONE_ON), kept)

    def _funnel(self, config: HomeConfig, more: Sequence[Source]) -> Funnel:
        ranker = self._rankers[config.value]
        return home_funnel(self._state, self._timelines, ranker, self._vectors, config, strict=True, more=more)


class KnownScores(Ranker):
    """The values of all living tweets for one request, computed once for all feeds that have them ranked."""

    def __init__(self, state: FeatureState, scorer: Scorer) -> None:
        """Knows nothing yet."""
        self._state, self._scorer = state, scorer
        self._rows: I64 = np.empty(0, np.int64)
        self._scores: F32 = np.empty(0, np.float32)

    def know(self, requests: Requests) -> None:
        """Scores the living tweets for one request."""
        self._rows = self._state.network.alive(int(requests.columns["time_us"][0]), ALL_ON.max_age_h)
        batch = self._state.base(requests, Ragged(np.array([0, len(self._rows)], np.int64), self._rows))
        self._scores = self._scorer.score(self._state.lookup(batch, self._scorer.reads))

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        """`{"score": [N] float32}`.

        Raises:
            DataError: a candidate that does not live.
        """
        at = rows_of(self._rows, batch.columns["tweet_row"])
        if (at < 0).any():
            raise DataError(f"tweet row {batch.columns['tweet_row'][at < 0][0]} is not alive", remedy="drop it by age")
        return {"score": self._scores[at]}


class Brought(Source):
    """What a source brought to the base."""

    def __init__(self, name: str, brought: Mapping[str, Ragged]) -> None:
        """Gives what `brought` has under `name` when it is asked."""
        self._name, self._brought, self.cap = name, brought, 1

    @property
    def name(self) -> str:
        """The source's."""
        return self._name

    def fetch(self, requests: Requests) -> Ragged:
        """[B] its lists."""
        return self._brought[self._name]


class Everything(Source):
    """Every living tweet."""

    reads = frozenset({"time_us"})
    cap = 1

    def __init__(self, state: FeatureState, max_age_h: float) -> None:
        """Tweets younger than `max_age_h` hours."""
        self._state, self._max_age_h = state, max_age_h

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, oldest first."""
        times = requests.columns["time_us"].tolist()
        return Ragged.from_lists([self._state.network.alive(one, self._max_age_h) for one in times])


def recalls(best: I64, brought: Mapping[str, Ragged]) -> dict[str, float]:
    """Shares of the tweet rows `best` that each source brought (`recall.`) and that no other did (`recall_only.`), and
    that all brought together; NaN where nothing is best."""
    found = {name: np.isin(best, lists.values) for name, lists in brought.items()}
    times = np.sum(list(found.values()), axis=0)
    size = len(best) or np.nan
    out = {f"recall.{TOGETHER}": float((times > 0).sum() / size)}
    for name, mine in found.items():
        out[f"recall.{name}"] = float(mine.sum() / size)
        out[f"recall_only.{name}"] = float((mine & (times == 1)).sum() / size)
    return out
