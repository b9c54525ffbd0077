"""Why a feed looks as it does: of every tweet the sources, columns, probabilities, adjustments and ranks by stage.

It is worked out from the trace after the feed was made, so that nobody who does not ask pays for it. What the model
saw and said is looked up again; from the same state it is the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from candidates.feed_order import order_by_score
from candidates.trace import FunnelResult, Trace, Why
from data.batch import F32, I64, Array, CandidateBatch
from features.online import FeatureState
from ranking.scorer import Scorer, ValuedScorer

SHOWN, REMOVED, NOT_PICKED, DROPPED, NOT_FOUND = "shown", "removed", "not picked", "dropped", "not found"
"""What became of a tweet: it is in the feed; it was picked, and a filter after selection removed it; it was scored, and
others were better; a filter dropped it before; no source brought it."""


@dataclass(frozen=True)
class Feature:
    """A column that the model read."""

    name: str
    value: float
    percentile: float
    """Per cent of the request's scored candidates with a smaller value, those with an equal one counted by half."""


@dataclass(frozen=True)
class Step:
    """What one stage did to a tweet's score and to its rank among the scored candidates; 1 is the best."""

    stage: str
    factor: float
    score: float
    """After the stage."""
    rank_before: int
    rank_after: int | None
    """None where it was not picked."""


@dataclass(frozen=True)
class TweetExplanation:
    """What happened to one tweet in one request."""

    tweet_id: int
    outcome: str
    """One of `SHOWN`, `REMOVED`, `NOT_PICKED`, `DROPPED` and `NOT_FOUND`."""
    sentence: str
    """The same in words."""
    sources: Mapping[str, int] = field(default_factory=dict)
    """Those that brought it, and its place in the list of each, 0 at the top."""
    removed_by: str | None = None
    """The reason of the filter that dropped or removed it."""
    features: tuple[Feature, ...] = ()
    """What the model read, by name; empty where it was not scored."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """The model's probability of each action; empty for a model that gives one number."""
    value: float | None = None
    """What the model gave."""
    steps: tuple[Step, ...] = ()
    """From the value to the place in the feed."""
    position: int | None = None
    """Its place in the feed, 0 at the top."""


@dataclass(frozen=True)
class FeedExplanation:
    """A feed with the reasons for it."""

    user_id: int
    time_us: int
    """When it was ranked, microseconds UTC."""
    fetched: Mapping[str, int]
    """Candidates by source, before repeats were merged."""
    candidates: int
    """Candidates after repeats were merged."""
    removed: Mapping[str, int]
    """Candidates dropped, by reason."""
    scored: int
    """Candidates that were scored."""
    removed_after: Mapping[str, int]
    """Candidates removed after selection, by reason."""
    degraded: Mapping[str, str]
    """Parts that were left out, and why."""
    stage_ms: Mapping[str, float]
    """Milliseconds of each stage."""
    tweets: tuple[TweetExplanation, ...]
    """The feed, best first."""
    asked: tuple[TweetExplanation, ...] = ()
    """The tweets that were asked about, in the feed or not."""


class Explainer:
    """Explains runs of a funnel over `state` whose values come from `scorer`."""

    def __init__(self, state: FeatureState, scorer: Scorer) -> None:
        """`state` is as it was when the run was made."""
        self.state, self.scorer = state, scorer

    def feed(self, result: FunnelResult, tweet_ids: Sequence[int] = ()) -> FeedExplanation:
        """The feed of a run of one request, and what happened to the tweets of `tweet_ids`.

        Raises:
            NotFoundError: the run has no request.
        """
        trace = result.trace
        whys = [trace.why(int(one)) for one in (*result.slate.columns["tweet_id"].tolist(), *tweet_ids)]
        read = self._read(trace)
        tweets = tuple(self._tweet(trace, why, read) for why in whys)
        query, shown = result.slate.requests.columns, len(result.slate)
        return FeedExplanation(
            user_id=int(query["user_id"][0]),
            time_us=int(query["time_us"][0]),
            fetched=dict(trace.fetched),
            candidates=len(trace.merged),
            removed=dict(trace.removed),
            scored=len(trace.scored),
            removed_after=dict(trace.removed_after),
            degraded=dict(result.degraded),
            stage_ms=dict(trace.stage_ms),
            tweets=tweets[:shown],
            asked=tweets[shown:],
        )

    def _read(self, trace: Trace) -> _Read:
        """What the model read and said of the scored candidates, and how their order came about."""
        batch = trace.scored
        if not len(batch):
            return _Read({}, {}, ())
        full = self.state.lookup(batch, self.scorer.reads)
        columns = {name: full.column(name) for name in self.scorer.reads}
        numbers = {name: one for name, one in columns.items() if one.ndim == 1 and one.dtype.kind in "biuf"}
        said: dict[str, F32] = {}
        if isinstance(self.scorer, ValuedScorer):
            p = self.scorer.predict(full)
            said = {action: p[:, at] for at, action in enumerate(self.scorer.actions)}
        return _Read(numbers, said, tuple(_stages(trace)))

    def _tweet(self, trace: Trace, why: Why, read: _Read) -> TweetExplanation:
        if why.value is None:
            outcome = NOT_FOUND if why.removed_by is None else DROPPED
            return TweetExplanation(why.tweet_id, outcome, str(why), why.sources, why.removed_by)
        at = int(np.flatnonzero(trace.scored.columns["tweet_id"] == why.tweet_id)[0])
        place = NOT_PICKED if why.position is None else SHOWN
        return TweetExplanation(
            why.tweet_id,
            place if why.removed_after is None else REMOVED,
            str(why),
            why.sources,
            why.removed_after,
            features=tuple(
                Feature(name, float(column[at]), _percentile(column, at)) for name, column in read.columns.items()
            ),
            probabilities={action: float(p[at]) for action, p in read.probabilities.items()},
            value=why.value,
            steps=_steps(read.stages, why, at),
            position=why.position,
        )


@dataclass(frozen=True)
class _Stage:
    name: str
    factor: F32
    """[M] multipliers."""
    score: F32
    """[M] after the stage."""
    rank: I64
    """[M] after the stage, 1 for the best."""


@dataclass(frozen=True)
class _Read:
    columns: Mapping[str, Array]
    """[M] each, what the model read of the scored candidates."""
    probabilities: Mapping[str, F32]
    """[M] each, by action."""
    stages: tuple[_Stage, ...]
    """The ranker, then each factor and reranker."""


def _percentile(column: Array, at: int) -> float:
    below, equal = (column < column[at]).mean(), (column == column[at]).mean()
    return float(100 * (below + equal / 2))


def _stages(trace: Trace) -> Iterator[_Stage]:
    score: F32 = trace.scored.columns["value"]
    yield _Stage("ranker", np.ones_like(score), score, _ranks(trace.scored, score))
    for name, factor in trace.factors.items():
        score = score * factor
        yield _Stage(name, factor, score, _ranks(trace.scored, score))


def _ranks(batch: CandidateBatch, score: F32) -> I64:
    ranks = np.empty(len(batch), np.int64)
    ranks[order_by_score(batch.with_columns({"score": score}))] = np.arange(1, len(batch) + 1)
    return ranks


def _steps(stages: Sequence[_Stage], why: Why, at: int) -> tuple[Step, ...]:
    """Each factor and reranker in order, then the selector."""
    steps = [
        Step(one.name, float(one.factor[at]), float(one.score[at]), int(before.rank[at]), int(one.rank[at]))
        for before, one in pairwise(stages)
    ]
    last, place = stages[-1], None if why.position is None else why.position + 1
    return (*steps, Step("selector", 1.0, float(last.score[at]), int(last.rank[at]), place))
