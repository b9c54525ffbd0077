"""Small networks for tests of the funnel, told in a few tuples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from data.batch import CandidateBatch, Ragged
from data.events import HOUR_US, EventBatch
from features.online import FeatureState

NOW = 1_767_700_000_000_000
_TEXTS = {"username", "name", "language", "kind", "text", "action", "source", "product", "policy"}


def events(table: str, **columns: Sequence[object]) -> EventBatch:
    """A batch of `table`; texts become objects."""
    return EventBatch(table, {n: np.array(c, object if n in _TEXTS else None) for n, c in columns.items()})


def network(
    people: Iterable[int],
    tweets: Sequence[tuple[int, int, float]] = (),
    follows: Sequence[tuple[int, int]] = (),
    *,
    topics: Sequence[int] = (),
    views: Sequence[str] = ("tweet.windows",),
) -> FeatureState:
    """People of one language; tweets as (id, author, hours before `NOW`), oldest first; follows as (who, whom).

    `topics` are the first topic of each tweet.
    """
    state, ids = FeatureState(None, views=list(views)), list(people)
    n = len(ids)
    state.update(
        events(
            "users", user_id=ids, created_us=[NOW - 10**13] * n, username=[f"u{i}" for i in ids], verified=[False] * n,
            name=[f"U {i}" for i in ids], language=["en"] * n, place=[-1] * n, utc_offset_min=[0] * n,
        )
    )  # fmt: skip
    follow(state, follows)
    if tweets:
        tweet, author, hours = zip(*tweets, strict=True)
        n = len(tweets)
        state.update(
            events(
                "tweets", tweet_id=tweet, time_us=[NOW - int(h * HOUR_US) for h in hours], author_id=author,
                kind=["original"] * n, referenced_id=[-1] * n, conversation_id=[-1] * n, text=["words"] * n,
                language=["en"] * n, place=[-1] * n, media_count=[0] * n,
            )
        )  # fmt: skip
    if topics:
        state.texts.column.topics[state.network.tweets.rows(np.array([one[0] for one in tweets])), 0] = topics
    return state


def follow(state: FeatureState, edges: Sequence[tuple[int, int]], *, ended: bool = False) -> None:
    """Begins or ends follows (who, whom)."""
    if edges:
        who, whom = zip(*edges, strict=True)
        n = len(edges)
        state.update(
            events(
                "follows", follow_id=range(1, n + 1), time_us=[NOW - 10**11] * n, follower_id=who, followee_id=whom,
                ended=[ended] * n,
            )
        )  # fmt: skip


def show(state: FeatureState, reader: int, tweets: Sequence[int], time_us: int) -> None:
    """The reader is shown `tweets` at `time_us`."""
    rows = state.network.tweets.rows(np.array(tweets))
    n = len(tweets)
    state.update(
        events(
            "impressions", impression_id=range(n), time_us=[time_us] * n, request_id=[9] * n, user_id=[reader] * n,
            tweet_id=tweets, author_id=state.network.tweet.author_id[rows].tolist(), position=range(n),
            source=["following"] * n, score=[1.0] * n, propensity=[1.0] * n,
        )
    )  # fmt: skip


def engage(state: FeatureState, tweet: int, readers: Sequence[int], action: str = "like", time_us: int = NOW) -> None:
    """Each of `readers` takes `action` on `tweet`."""
    author = int(state.network.tweet.author_id[state.network.tweets.rows(np.array([tweet]))][0])
    n = len(readers)
    state.update(
        events(
            "engagements", engagement_id=range(n), time_us=[time_us] * n, user_id=readers, tweet_id=[tweet] * n,
            author_id=[author] * n, action=[action] * n, request_id=[-1] * n, value=[np.nan] * n, dwell_ms=[-1] * n,
        )
    )  # fmt: skip


def scored(
    state: FeatureState, readers: Sequence[int], tweets: Sequence[Sequence[int]], scores: object, time_us: int = NOW
) -> CandidateBatch:
    """A scored batch: a list of tweets a reader, and one score each."""
    requests = state.requests(np.array(readers), time_us)
    requests = requests.with_columns({"request_id": 70 + np.arange(len(readers))})
    rows = Ragged.from_lists([state.network.tweets.rows(np.array(one, np.int64)) for one in tweets])
    return state.base(requests, rows).with_columns({"score": np.asarray(scores, np.float32)})
