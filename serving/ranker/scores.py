"""Scores for a moment that the state can still tell."""

from __future__ import annotations

from collections.abc import Sequence

from serving.kit.problems import ProblemError
from serving.projections import Projections
from serving.ranker.service import Ranking, rank


def scored(
    parts: Projections, now_us: int, user_id: int, tweet_ids: Sequence[int], time_us: int | None
) -> tuple[Ranking, int]:
    """Scores of tweets for a user, and the moment that they are for: `now_us`, when `time_us` is None.

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 422 for a moment before the last event.
    """
    moment = now_us if time_us is None else time_us
    if moment < parts.last_tweet_us:
        raise ProblemError(
            422,
            "past-moment",
            f"time_us {moment} lies before the last event, {parts.last_tweet_us}, from which on features are known; "
            "leave time_us out",
        )
    return rank(parts.state, parts.ranker, user_id, tweet_ids, moment), moment
