"""Scores for candidates that a caller names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from data.batch import F32, I64, CandidateBatch, Mask, Ragged
from data.errors import ModelError
from ranking.ranker import LocalRanker
from ranking.scorer import ValuedScorer
from serving.context import Context
from serving.kit.problems import ProblemError
from serving.model import ServedModel, untrained
from serving.projections import Projections
from serving.shadow import Answered

log = logging.getLogger("rookery.serving.ranker")

_FALLBACK = untrained()
"""Ranks what a model fails at."""


@dataclass(frozen=True)
class Asked:
    """Candidates to be scored for a user."""

    user_id: int
    tweet_ids: list[int]
    time_us: int | None = None
    """The time that the scores are for; now where it is None."""


@dataclass(frozen=True)
class Ranking:
    """Scores of the tweets that are known, in the order requested."""

    scores: F32
    """[K] of the known ones."""
    known: Mask
    """[N] which of the candidates are known."""
    time_us: int
    alias: str
    model: ServedModel
    actions: tuple[str, ...] = ()
    """Whose probabilities were asked for."""
    probabilities: F32 = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """[K, A] of these actions."""
    degraded: dict[str, str] = field(default_factory=dict)
    """What was left out, and why."""


def check_size(candidates: int, limit: int) -> None:
    """Refuses more candidates than one call may have.

    Raises:
        ProblemError: 400 naming the count, the limit and the remedy.
    """
    if candidates > limit:
        raise ProblemError(
            400,
            "too-many-candidates",
            f"{candidates} candidates are over the limit of {limit}; send them in several requests, "
            "as scores do not depend on each other, or raise ROOKERY_RANK_LIMIT",
            count=candidates,
            limit=limit,
        )


async def rank(
    context: Context, asked: Sequence[Asked], alias: str | None = None, *, probabilities: bool = False
) -> list[Ranking]:
    """Scores of tweets for users, one ranking for each of `asked`.

    Args:
        context: the network.
        asked: users and candidates.
        alias: whose model scores; where it is None, that which each user gets.
        probabilities: give the probability of each action as well.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 400 for an alias that is not loaded, for a time before the last tweet, and for probabilities of a
            model that predicts none; 503 while the state is built anew.
    """
    models = context.aliases.models
    if alias is not None and alias not in models:
        known = ", ".join(models)
        raise ProblemError(400, "unknown-alias", f"alias {alias!r} is not loaded; there is {known}", aliases=[*models])
    parts = await context.ask(_look_up, context, asked, alias, probabilities)
    found: dict[int, Ranking] = {}
    for part in parts:
        found |= zip(part.places, await _rankings(context, part), strict=True)
    for at, one in enumerate(asked):
        _note(context, one, found[at])
    return [found[at] for at in range(len(asked))]


@dataclass
class _Part:
    """Those of the requests that one model scores, with the columns that it reads."""

    places: list[int]
    """Where each stands among all requests."""
    alias: str
    model: ServedModel
    ranker: LocalRanker
    batch: CandidateBatch
    known: list[Mask]
    probabilities: bool
    scores: F32 | None = None
    """[N] once it was scored."""
    chances: F32 = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """[N, A] by action, where they are asked for."""
    failed: str = ""
    """Why the model could not score, once it failed."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The A actions whose probabilities are asked for."""
        scorer = self.ranker.scorer
        return scorer.actions if self.probabilities and isinstance(scorer, ValuedScorer) and not self.failed else ()

    def score(self) -> None:
        """Scores, or says why not. In the owner's thread where the ranker reads the state, else in any."""
        scorer = self.ranker.scorer
        try:
            self.scores = self.ranker.scores(self.batch)
            if self.probabilities and isinstance(scorer, ValuedScorer):
                self.chances = scorer.predict(self.batch)
        except ModelError as error:
            self.failed = str(error)


def _look_up(context: Context, asked: Sequence[Asked], alias: str | None, probabilities: bool) -> list[_Part]:
    """What the state has to say to the requests, by the model that scores them. Owner's thread."""
    parts, now_us, models = context.projections, context.now_us(), context.aliases.models
    for one in asked:
        if one.time_us is not None and one.time_us < parts.known.last_tweet_us:
            raise ProblemError(
                400,
                "past-moment",
                f"time_us {one.time_us} lies before the last event, {parts.known.last_tweet_us}, from which on "
                "features are known; leave time_us out",
            )
    whose = [alias or context.aliases.of(one.user_id) for one in asked]
    out: list[_Part] = []
    for name in dict.fromkeys(whose):
        model = models[name]
        if probabilities and not isinstance(model.scorer, ValuedScorer):
            raise ProblemError(
                400,
                "no-probabilities",
                f"{name} is {model.name}, which predicts no actions; leave probabilities out, or name an alias whose "
                "model does",
            )
        places = [at for at, other in enumerate(whose) if other == name]
        batch, known = _batch(parts, [asked[at] for at in places], now_us)
        ranker = parts.ready(model).ranker
        out.append(_Part(places, name, model, ranker, ranker.look_up(batch), known, probabilities))
        if ranker.reads_state:
            out[-1].score()
    return out


async def _rankings(context: Context, part: _Part) -> list[Ranking]:
    """The rankings of a part; by the fallback where its model fails."""
    if part.scores is None and not part.failed:
        await asyncio.get_running_loop().run_in_executor(context.scorers, part.score)
    model, degraded = part.model, dict[str, str]()
    if part.scores is not None and not part.failed:
        scores = part.scores
    else:
        log.error("%s, %s version %s, cannot score: %s", part.alias, model.name, model.version, part.failed)
        degraded = {"model": f"{model.name} version {model.version} failed; scored by {_FALLBACK.name}"}
        model = _FALLBACK
        scores = await context.ask(_by_fallback, context, part.batch)
    chances = part.chances if part.actions else np.empty((len(scores), 0), np.float32)
    times, cuts = part.batch.requests.columns["time_us"].tolist(), part.batch.offsets[1:-1]
    return [
        Ranking(own, which, time_us, part.alias, model, part.actions, p, degraded)
        for own, which, time_us, p in zip(
            np.split(scores, cuts), part.known, times, np.split(chances, cuts), strict=True
        )
    ]


def _by_fallback(context: Context, batch: CandidateBatch) -> F32:
    scores: F32 = LocalRanker(context.state, _FALLBACK.scorer).rank(batch)["score"]
    return scores


def _batch(parts: Projections, asked: Sequence[Asked], now_us: int) -> tuple[CandidateBatch, list[Mask]]:
    """The known candidates of all requests, and which of each request's are known.

    Raises:
        NotFoundError: there is no such user.
    """
    state = parts.state
    times = np.array([now_us if one.time_us is None else one.time_us for one in asked], np.int64)
    requests = state.requests(np.array([one.user_id for one in asked], np.int64), times)
    tweet = state.network.tweet
    known: list[Mask] = []
    lists: list[I64] = []
    for one in asked:
        wanted = np.array(one.tweet_ids, np.int64)
        rows = state.network.tweets.rows(wanted) if len(wanted) else wanted
        there = rows >= 0
        there[there] = (tweet.kind[rows[there]] >= 0) & ~tweet.deleted[rows[there]]
        known.append(there)
        lists.append(rows[there])
    return state.base(requests, Ragged.from_lists(lists)), known


def _note(context: Context, asked: Asked, ranking: Ranking) -> None:
    """Counts and logs who scored, and gives the request to the shadow."""
    version = context.aliases.models[ranking.alias].version
    context.metrics.ranked.labels(ranking.alias, version).inc()
    if ranking.degraded:
        context.metrics.rank_failed.labels(ranking.alias, version).inc()
    if log.isEnabledFor(logging.INFO):
        log.info(
            "ranked %d candidates for user %d by %s, version %s, degraded %s",
            len(asked.tweet_ids), asked.user_id, ranking.alias, version, ranking.degraded or "no",
        )  # fmt: skip
    if context.shadow is not None and not ranking.degraded and len(ranking.scores):
        ids = [one for one, known in zip(asked.tweet_ids, ranking.known.tolist(), strict=True) if known]
        context.shadow.offer(Answered(asked.user_id, ids, ranking.scores, ranking.time_us, ranking.alias))


def shadow_scores(context: Context, alias: str, request: Answered) -> F32:
    """[K] scores of an answered request's candidates by another alias, as of about the same time.

    Raises:
        ModelError: the model fails, or a candidate was deleted meanwhile.
    """
    asked = Asked(request.user_id, request.tweet_ids)
    (part,) = context.call(_look_up, context, [asked], alias, False)
    if not part.known[0].all():
        raise ModelError("a candidate was deleted meanwhile")
    if part.scores is None and not part.failed:
        part.score()
    if part.scores is None:
        raise ModelError(part.failed)
    return part.scores
