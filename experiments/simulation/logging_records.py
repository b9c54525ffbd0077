"""What the logging policy has learned from the log: its records, how events change them, and what kernels are given.

Records of one tweet, user or link are next to each other in memory, because a request reads hundreds of them at random.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import Array
from data.kernel import kernel

HEAT_US = 5 * 3.6e9
"""Decay time of a tweet's heat."""

TWEET = np.dtype(
    [("time_us", "i8"), ("heat_us", "i8"), ("heat", "f8"), ("author", "i4"), ("target", "i4"), ("older", "i4"),
     ("pull", "f8"), ("engagement", "f4"), ("deleted", "i2"), ("reply", "i2"),
     ("language", "i2")],
    align=True,
)  # fmt: skip
"""A tweet: `target` is the row of what it would be shown as (itself; for a retweet its original; -1 for nothing),
`older` the author's tweet before it, `engagement` likes + 2 retweets + 1.5 replies, `pull` log10(engagement + 1),
`heat` the engagement, each weighing exp(-age / 5 h), as of `heat_us`."""

USER = np.dtype([("newest", "i4"), ("edge", "i4"), ("hide", "i4"), ("shown_n", "i4"), ("language", "i4")], align=True)
"""A user: the heads of three chains, newest tweet, newest follow, newest muted or blocked user; -1 for none."""

LINK = np.dtype([("other", "i4"), ("older", "i4"), ("active", "i4"), ("interactions", "f4")], align=True)
"""A follow, or a mute or block; `older` is the user's link before it, `interactions` the user's engagements with the
other."""


class Log(NamedTuple):
    """What the feed has learned from the log; N tweets, P users."""

    tweets: Array
    """[N] TWEET."""
    users: Array
    """[P] USER."""
    shown: NDArray[np.int32]
    """[P, RING] ring of the tweet rows shown, -1 where empty."""
    follows: Array
    """LINK records of follows."""
    hidden: Array
    """LINK records of mutes and blocks."""


class Lists(NamedTuple):
    """Tweet rows that may be drawn, grouped by language; L languages."""

    alive_at: NDArray[np.int64]
    """[L + 1] where each language begins in `alive`."""
    alive: NDArray[np.int32]
    """Ascending in each language, so the oldest first."""
    fresh_at: NDArray[np.int64]
    """[L] where the fresh ones of each language begin in `alive`; they reach to the language's end."""
    popular_at: NDArray[np.int64]
    """[L + 1] where each language begins in `popular`."""
    popular: NDArray[np.int32]
    """Most popular first."""
    popular_weight: NDArray[np.float64]
    """Weight of each in the draws."""


class Batch(NamedTuple):
    """[B] requests."""

    user: NDArray[np.int64]
    """User rows."""
    time_us: NDArray[np.int64]
    request_id: NDArray[np.int64]
    want: NDArray[np.int64]
    """Tweets wanted."""


class Policy(NamedTuple):
    """The settings of `LoggingConfig` that kernels take."""

    shares: NDArray[np.float64]
    """[4] shares of following, popular, fresh and explore."""
    temperature: float
    recency: float
    recency_h: float
    decay: float
    engagement: float
    retweeted: float
    per_author: int
    most: int
    oldest_us: int
    """Tweets of this time or older are not shown."""
    current_us: int
    """Tweets of this time or older are not among those from the followed."""
    fresh_us: int
    """Tweets of this time or older are not fresh."""
    indexing_us: int
    """Tweets younger than this at the time of the request are not shown."""


class Buffers(NamedTuple):
    """Working memory of T threads."""

    stamp: NDArray[np.int64]
    """[T, N] serial number of the last request that may not be shown the tweet, or has it in its slate."""
    mark: NDArray[np.int64]
    """[T, N] serial number of the last request that had it as a candidate ..."""
    slot: NDArray[np.int32]
    """[T, N] ... and its place among those candidates."""
    banned: NDArray[np.int64]
    """[T, P] serial number of the last request by a user to whom this user is muted or blocked."""
    rows: NDArray[np.int32]
    """[T, C] candidates."""
    scores: NDArray[np.float64]
    """[T, C] NaN for what is popular alone: scored when it is drawn."""
    weights: NDArray[np.float64]
    """[T, 2, C] weight in each of the sources following and popular; 0 when it is not there or already shown."""

    @classmethod
    def of(cls, threads: int, tweets: int, people: int, candidates: int) -> Buffers:
        """Buffers that hold no request."""
        seen = np.full((threads, tweets), -1, np.int64)
        return cls(
            seen, seen.copy(), np.zeros((threads, tweets), np.int32), np.full((threads, people), -1, np.int64),
            np.zeros((threads, candidates), np.int32),
            np.zeros((threads, candidates)), np.zeros((threads, 2, candidates)),
        )  # fmt: skip


def grown(column: NDArray[Any], size: int) -> NDArray[Any]:
    """A copy with room for at least `size`, at least doubled; what is added is to be filled."""
    out = np.zeros((max(size, 2 * len(column), 256), *column.shape[1:]), column.dtype)
    out[: len(column)] = column
    return out


@kernel
def chain(users, tweets, author, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts tweets at the head of their authors' chains."""
    for i in range(len(row)):
        tweets[row[i]].older = users[author[i]].newest
        users[author[i]].newest = row[i]


@kernel
def unchain(users, tweets, first, end):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Takes the tweets from `first` on and before `end`, the last ones, from the heads of their authors' chains."""
    for t in range(end - 1, first - 1, -1):
        users[tweets[t].author].newest = tweets[t].older


@kernel
def forget(tweets, size, users, shown, gone):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Drops the first `gone` tweets; rows move down, chains end where they led to one dropped."""
    for t in range(gone, size):
        tweets[t - gone] = tweets[t]
        tweets[t - gone].older = max(tweets[t].older - gone, -1)
        tweets[t - gone].target = max(tweets[t].target - gone, -1)
    for u in range(len(users)):
        users[u].newest = max(users[u].newest - gone, -1)
        for j in range(shown.shape[1]):
            shown[u, j] = max(shown[u, j] - gone, -1)


@kernel
def _find(links, head, other):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    while head >= 0 and not (links[head].other == other and links[head].active):
        head = links[head].older
    return head


@kernel
def add_links(links, users, hide, size, a, b, ended):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Begins or ends links; returns the new number of links."""
    for i in range(len(a)):
        head = users[a[i]].hide if hide else users[a[i]].edge
        at = _find(links, head, b[i])
        if ended[i]:
            if at >= 0:
                links[at].active = 0
        elif at < 0:
            links[size].other, links[size].older, links[size].active = b[i], head, 1
            links[size].interactions = 0.0
            if hide:
                users[a[i]].hide = size
            else:
                users[a[i]].edge = size
            size += 1
    return size


@kernel
def remember(users, shown, user, tweet):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts impressions into the rings."""
    for i in range(len(user)):
        shown[user[i], users[user[i]].shown_n % shown.shape[1]] = tweet[i]
        users[user[i]].shown_n += 1


@kernel
def engage(tweets, users, follows, user, author, tweet, weight, time):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts engagements: of the user with a followed author, and of the tweet with its weight."""
    for i in range(len(user)):
        if author[i] >= 0:
            at = _find(follows, users[user[i]].edge, author[i])
            if at >= 0:
                follows[at].interactions += 1.0
        t = tweet[i]
        if t >= 0 and weight[i] > 0.0:
            tweets[t].engagement += weight[i]
            tweets[t].pull = np.log10(tweets[t].engagement + 1.0)
            tweets[t].heat = tweets[t].heat * np.exp((tweets[t].heat_us - time[i]) / HEAT_US) + weight[i]
            tweets[t].heat_us = time[i]


@kernel
def alive_by_language(tweets, first, size, languages):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Rows from `first` on that may be shown, grouped by language and ascending within: offsets and rows."""
    count = np.zeros(languages + 1, np.int64)
    for t in range(first, size):
        if tweets[t].target == t and not tweets[t].deleted:
            count[tweets[t].language + 1] += 1
    offsets = np.cumsum(count)
    at, rows = offsets.copy(), np.empty(offsets[-1], np.int32)
    for t in range(first, size):
        if tweets[t].target == t and not tweets[t].deleted:
            rows[at[tweets[t].language]] = t
            at[tweets[t].language] += 1
    return offsets, rows


@kernel
def heat_now(tweets, rows, now):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """[N] heat of tweets at the time `now`."""
    out = np.empty(len(rows))
    for i in range(len(rows)):
        one = tweets[rows[i]]
        out[i] = one.heat * np.exp((one.heat_us - now) / HEAT_US) if one.heat > 0.0 else 0.0
    return out
