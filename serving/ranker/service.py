"""Scores for candidates that a caller names."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
    found = await context.ask(_rank, context, asked, alias, probabilities)
    for one, ranking in zip(asked, found, strict=True):
        _note(context, one, ranking)
    return found


def _rank(context: Context, asked: Sequence[Asked], alias: str | None, probabilities: bool) -> list[Ranking]:
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
    out: dict[int, Ranking] = {}
    for name in dict.fromkeys(whose):
        places = [at for at, other in enumerate(whose) if other == name]
        here = [asked[at] for at in places]
        out |= zip(places, _by_model(parts, name, models[name], here, now_us, probabilities), strict=True)
    return [out[at] for at in range(len(asked))]


def _by_model(
    parts: Projections, alias: str, model: ServedModel, asked: Sequence[Asked], now_us: int, probabilities: bool
) -> list[Ranking]:
    """Rankings by one model, in one batch; by the fallback where the model fails."""
    if probabilities and not isinstance(model.scorer, ValuedScorer):
        raise ProblemError(
            400,
            "no-probabilities",
            f"{alias} is {model.name}, which predicts no actions; leave probabilities out, or name an alias whose "
            "model does",
        )
    batch, known = _batch(parts, asked, now_us)
    nothing: tuple[tuple[str, ...], F32] = (), np.empty((len(batch), 0), np.float32)
    degraded: dict[str, str] = {}
    try:
        scores, actions, p = _scored(parts.ready(model).ranker, batch, probabilities)
    except ModelError as error:
        log.error("%s, %s version %s, cannot score: %s", alias, model.name, model.version, error)
        degraded = {"model": f"{model.name} version {model.version} failed; scored by {_FALLBACK.name}"}
        model, (actions, p) = _FALLBACK, nothing
        scores = LocalRanker(parts.state, _FALLBACK.scorer).rank(batch)["score"]
    times = batch.requests.columns["time_us"].tolist()
    cuts = batch.offsets[1:-1]
    return [
        Ranking(part, which, time_us, alias, model, actions, chances, degraded)
        for part, which, time_us, chances in zip(np.split(scores, cuts), known, times, np.split(p, cuts), strict=True)
    ]


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


def _scored(ranker: LocalRanker, batch: CandidateBatch, probabilities: bool) -> tuple[F32, tuple[str, ...], F32]:
    """[N] scores and, where they are asked for, [N, A] probabilities of the actions.

    Raises:
        ModelError: a score or a probability is not finite.
    """
    scorer = ranker.scorer
    if not probabilities or not isinstance(scorer, ValuedScorer):
        return ranker.rank(batch)["score"], (), np.empty((len(batch), 0), np.float32)
    full = ranker.state.lookup(batch, scorer.reads)
    return ranker.rank(full)["score"], scorer.actions, scorer.predict(full)


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
    """[K] scores of an answered request's candidates by another alias, as of the same time; waits for the owner.

    Raises:
        ModelError: the model fails.
        DataError: one of the candidates was deleted meanwhile.
    """
    return context.call(_shadow_scores, context, alias, request)


def _shadow_scores(context: Context, alias: str, request: Answered) -> F32:
    parts, asked = context.projections, Asked(request.user_id, request.tweet_ids, request.time_us)
    # What the state learned since belongs to a later time.
    now_us = max(request.time_us, parts.state.time_us)
    batch, known = _batch(parts, [replace(asked, time_us=now_us)], now_us)
    if not known[0].all():
        raise ModelError("a candidate was deleted meanwhile")
    return _scored(parts.ready(context.aliases.models[alias]).ranker, batch, False)[0]
