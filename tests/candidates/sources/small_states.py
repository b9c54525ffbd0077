"""Small feature states by hand, and what a source brings of them."""

from collections.abc import Callable, Sequence

import numpy as np

from candidates.component import Source
from data.batch import Requests
from data.events import DAY_US, HOUR_US, EventBatch
from features.online import FeatureState

NOW = 1_767_700_000_000_000
TEXTS = {"username", "name", "language", "kind", "text", "action", "source", "product", "policy"}
PEOPLE = 8
PUBLIC = ("like", "retweet", "quote", "reply")


def events(table: str, **columns: Sequence[object]) -> EventBatch:
    return EventBatch(table, {n: np.array(c, object if n in TEXTS else None) for n, c in columns.items()})


def tweets(ids: Sequence[int], authors: Sequence[int], hours: Sequence[float], **more: Sequence[object]) -> EventBatch:
    n = len(ids)
    columns: dict[str, Sequence[object]] = {
        "tweet_id": ids, "time_us": [NOW - int(h * HOUR_US) for h in hours], "author_id": authors,
        "kind": ["original"] * n, "referenced_id": [-1] * n, "conversation_id": [-1] * n, "text": ["words"] * n,
        "language": ["en"] * n, "place": [-1] * n, "media_count": [0] * n,
    }  # fmt: skip
    return events("tweets", **{**columns, **more})


def engaged(rows: Sequence[tuple[int, int, str, float]], author: Callable[[int], int]) -> EventBatch:
    """Of (user, tweet, action, hours ago), in order of time."""
    rows = sorted(rows, key=lambda row: -row[3])
    n = len(rows)
    return events(
        "engagements", engagement_id=range(n), time_us=[NOW - int(row[3] * HOUR_US) for row in rows],
        user_id=[row[0] for row in rows], tweet_id=[row[1] for row in rows],
        author_id=[author(row[1]) for row in rows], action=[row[2] for row in rows], request_id=[-1] * n,
        value=[np.nan] * n, dwell_ms=[-1] * n,
    )  # fmt: skip


def people(state: FeatureState, follows: Sequence[tuple[int, int]]) -> None:
    ids = list(range(1, PEOPLE + 1))
    state.update(
        events(
            "users", user_id=ids, created_us=[NOW - 10**13] * PEOPLE, username=[f"u{i}" for i in ids],
            verified=[False] * PEOPLE, name=[""] * PEOPLE, language=["en"] * PEOPLE, place=[-1] * PEOPLE,
            utc_offset_min=[0] * PEOPLE,
        )
    )  # fmt: skip
    if follows:
        n = len(follows)
        state.update(
            events(
                "follows", follow_id=range(n), time_us=[NOW - 4 * DAY_US] * n, follower_id=[one for one, _ in follows],
                followee_id=[other for _, other in follows], ended=[False] * n,
            )
        )  # fmt: skip


def ask(state: FeatureState, users: Sequence[int], time_us: int = NOW) -> Requests:
    requests = state.requests(np.array(users), time_us)
    return requests.with_columns({"request_id": np.arange(len(users)) + 7})


def brought(state: FeatureState, source: Source, users: Sequence[int]) -> list[list[int]]:
    """Ids of tweets by user; each alone gets what it gets among the others."""
    found = source.fetch(ask(state, users))
    ids = [state.network.tweets.ids[found[at]].tolist() for at in range(len(users))]
    for at, user in enumerate(users):
        requests = ask(state, [user]).with_columns({"request_id": np.array([at + 7])})
        assert state.network.tweets.ids[source.fetch(requests).values].tolist() == ids[at]
    return ids
