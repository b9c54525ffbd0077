"""Scores for candidates that a caller names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from candidates.ports import Ranker
from data.batch import F32, Ragged
from features.online import FeatureState
from serving.context import Context
from serving.kit.problems import ProblemError


class RankRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/rank."""

    user_id: int
    tweet_ids: list[int]
    time_us: int | None = None


@dataclass(frozen=True)
class Ranking:
    """Scores of the tweets that are known, in the order requested; the others under `missing`."""

    tweet_ids: list[int]
    scores: F32
    missing: list[int]


def check_size(tweet_ids: Sequence[int], limit: int) -> None:
    """Refuses more candidates than one request may have.

    Raises:
        ProblemError: 400 naming the count, the limit and the remedy.
    """
    if len(tweet_ids) > limit:
        raise ProblemError(
            400,
            "too-many-candidates",
            f"{len(tweet_ids)} candidates are over the limit of {limit}; send them in several requests, "
            "as scores do not depend on each other, or raise ROOKERY_RANK_LIMIT",
            count=len(tweet_ids),
            limit=limit,
        )


async def rank(
    context: Context, user_id: int, tweet_ids: Sequence[int], time_us: int | None = None
) -> tuple[Ranking, int]:
    """Scores of tweets for a user, and the time that they are for: now when `time_us` is None.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 400 for a time before the last tweet, 503 while the state is built anew.
    """
    return await context.ask(_rank, context, user_id, tweet_ids, time_us)


def _rank(context: Context, user_id: int, tweet_ids: Sequence[int], time_us: int | None) -> tuple[Ranking, int]:
    parts = context.projections
    time_us = context.now_us() if time_us is None else time_us
    if time_us < parts.known.last_tweet_us:
        raise ProblemError(
            400,
            "past-moment",
            f"time_us {time_us} lies before the last event, {parts.known.last_tweet_us}, from which on features are "
            "known; leave time_us out",
        )
    return scores(parts.state, parts.ranker, user_id, tweet_ids, time_us), time_us


def scores(state: FeatureState, ranker: Ranker, user_id: int, tweet_ids: Sequence[int], time_us: int) -> Ranking:
    """Scores `tweet_ids` for a user at `time_us`.

    Raises:
        NotFoundError: there is no such user.
    """
    requests = state.requests(np.array([user_id], np.int64), np.array([time_us], np.int64))
    wanted = np.array(tweet_ids, np.int64)
    rows = state.network.tweets.rows(wanted) if len(wanted) else wanted
    tweet = state.network.tweet
    known = rows >= 0
    known[known] = (tweet.kind[rows[known]] >= 0) & ~tweet.deleted[rows[known]]
    rows = rows[known]
    missing = wanted[~known].tolist()
    if not len(rows):
        return Ranking([], np.empty(0, np.float32), missing)
    batch = state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows))
    found = np.asarray(ranker.rank(batch, deadline_ms=None)["score"], np.float32)
    return Ranking(wanted[known].tolist(), found, missing)
