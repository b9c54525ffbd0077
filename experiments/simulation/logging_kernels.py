"""The kernels of the logging policy: its records, its candidates, its draws and their exact propensities.

Records of one tweet, user or link are next to each other in memory, because a request reads hundreds of them at random.
Requests are served in parallel; every thread has buffers of its own, and a request's draws depend on its id alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import get_thread_id, prange
from numpy.typing import NDArray

from data.batch import Array
from data.kernel import inline_kernel, kernel, parallel_kernel
from data.rng import philox, unit

HEAT_US = 2 * 3.6e9
"""Decay time of a tweet's heat."""

TWEET = np.dtype(
    [("time_us", "i8"), ("heat_us", "i8"), ("heat", "f8"), ("author", "i4"), ("target", "i4"), ("older", "i4"),
     ("pull", "f8"), ("engagement", "f4"), ("deleted", "i2"), ("reply", "i2"),
     ("language", "i2")],
    align=True,
)  # fmt: skip
"""A tweet: `target` is the row of what it would be shown as (itself; for a retweet its original; -1 for nothing),
`older` the author's tweet before it, `engagement` likes + 2 retweets + 1.5 replies, `pull` 0.3 log10(engagement + 1),
`heat` the engagement, each weighing exp(-age / 2 h), as of `heat_us`."""

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
    popular_at: NDArray[np.int64]
    """[L + 1] where each language begins in `popular`."""
    popular: NDArray[np.int32]
    """Most popular first."""


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
    """[3] shares of following, popular and explore."""
    temperature: float
    recency: float
    per_author: int
    most: int
    oldest_us: int
    """Tweets of this time or older are not shown."""


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
    """[T, C]."""
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
            tweets[t].pull = 0.3 * np.log10(tweets[t].engagement + 1.0)
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


@kernel
def _forbid_chain(tweets, stamp, head, oldest, language, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps an author's tweets from `head` back; returns how many of those one may explore were not yet stamped."""
    count = 0
    while head >= 0 and tweets[head].time_us > oldest:
        if stamp[head] != serial:
            stamp[head] = serial
            count += tweets[head].target == head and not tweets[head].deleted and tweets[head].language == language
        head = tweets[head].older
    return count


@kernel
def forbid(log, stamp, banned, u, oldest, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps what this user may not be shown; returns how many tweets to explore that leaves out."""
    tweets, users, shown, hidden = log.tweets, log.users, log.shown, log.hidden
    language = users[u].language
    count = _forbid_chain(tweets, stamp, users[u].newest, oldest, language, serial)
    at = users[u].hide
    while at >= 0:
        if hidden[at].active:
            banned[hidden[at].other] = serial
            count += _forbid_chain(tweets, stamp, users[hidden[at].other].newest, oldest, language, serial)
        at = hidden[at].older
    for j in range(min(users[u].shown_n, shown.shape[1])):
        t = shown[u, j]
        if t >= 0 and stamp[t] != serial:
            stamp[t] = serial
            one = tweets[t]
            count += one.time_us > oldest and one.target == t and not one.deleted and one.language == language
    return count


@kernel
def collect(log, popular, policy, buffers, d, u, now, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Candidates of `following` and `popular`, their scores and their weights in each; returns how many."""
    tweets, users, follows, oldest = log.tweets, log.users, log.follows, policy.oldest_us
    stamp, mark, slot, banned = buffers.stamp[d], buffers.mark[d], buffers.slot[d], buffers.banned[d]
    rows, scores, weights = buffers.rows[d], buffers.scores[d], buffers.weights[d]
    n, at = 0, users[u].edge
    while at >= 0 and n < policy.most:
        open_ = follows[at].active and banned[follows[at].other] != serial
        head, taken = users[follows[at].other].newest if open_ else -1, 0
        if head >= 0:
            # The logarithm of a float32 is a float32; propensities are computed in float64.
            close = 0.3 * min(np.log1p(np.float64(follows[at].interactions)) / np.log(21.0), 1.0)
        while head >= 0 and taken < policy.per_author and n < policy.most and tweets[head].time_us > oldest:
            t = tweets[head].target
            head = tweets[head].older
            taken += 1
            if t < 0 or stamp[t] == serial or tweets[t].time_us <= oldest or tweets[t].deleted:
                continue
            if mark[t] != serial:
                mark[t], slot[t] = serial, n
                rows[n] = t
                scores[n] = _formula(policy.recency, tweets, t, now, close)
                weights[0, n] = np.exp(scores[n] / policy.temperature)
                weights[1, n] = 0.0
                n += 1
        at = follows[at].older
    for t in popular:
        if stamp[t] == serial or tweets[t].deleted or tweets[t].time_us <= oldest:
            continue
        if mark[t] != serial:
            mark[t], slot[t] = serial, n
            rows[n] = t
            scores[n] = _formula(policy.recency, tweets, t, now, 0.0)
            weights[0, n] = 0.0
            n += 1
        weights[1, slot[t]] = np.exp(scores[slot[t]] / policy.temperature)
    return n


@inline_kernel
def _formula(recency, tweets, t, now, close):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The score of a tweet: recency / (1 + age in hours) + its engagement's part + that of the affinity."""
    return recency / (1.0 + max(now - tweets[t].time_us, 0) / 3.6e9) + tweets[t].pull + close


@kernel
def _weighted(weights, n, total, u):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Index drawn with probability weight / total."""
    goal, last = u * total, -1
    for j in range(n):
        if weights[j] > 0.0:
            last = j
            goal -= weights[j]
            if goal < 0.0:
                break
    return last


@kernel
def _even(alive, stamp, serial, left, request, position, key):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A tweet alive and not stamped, drawn evenly: by rejection, and after 64 misses by counting."""
    for block in range(2, 18):
        words = philox(np.uint64(block), np.uint64(request), np.uint64(position), np.uint64(0), key[0], key[1])
        for word in words:
            t = alive[int(unit(word) * len(alive))]
            if stamp[t] != serial:
                return t
    words = philox(np.uint64(18), np.uint64(request), np.uint64(position), np.uint64(0), key[0], key[1])
    skip = int(unit(words[0]) * left)
    for t in alive:
        if stamp[t] != serial:
            if skip == 0:
                return t
            skip -= 1
    return np.int32(-1)


@parallel_kernel
def serve(log, lists, batch, policy, buffers, first_serial, key, out, source, score, propensity):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills [B, k] tweet rows (-1 where there is none), sources, scores and propensities; see `LoggingFeed`.

    `first_serial` numbers the first request, `key` [2] is that of the stream of draws.
    """
    tweets, shares = log.tweets, policy.shares
    for b in prange(len(batch.user)):
        d, u, serial = get_thread_id(), batch.user[b], first_serial + b
        now, request_id = batch.time_us[b], batch.request_id[b]
        one = log.users[u].language
        around = lists.alive[lists.alive_at[one] : lists.alive_at[one + 1]]
        hot = lists.popular[lists.popular_at[one] : lists.popular_at[one + 1]]
        stamp, mark, slot, weights = buffers.stamp[d], buffers.mark[d], buffers.slot[d], buffers.weights[d]
        left = len(around) - forbid(log, stamp, buffers.banned[d], u, policy.oldest_us, serial)
        n = collect(log, hot, policy, buffers, d, u, now, serial)
        total, floor, part = np.empty(2), np.empty(2), np.empty(3)
        for s in range(2):
            total[s] = floor[s] = weights[s, :n].sum()
        for position in range(batch.want[b]):
            for s in range(2):
                # What is left is kept by subtraction, and summed again before rounding errors grow.
                if total[s] < 1e-3 * floor[s]:
                    total[s] = floor[s] = weights[s, :n].sum()
                part[s] = shares[s] if total[s] > 0.0 else 0.0
            part[2] = shares[2] if left > 0 else 0.0
            whole = part.sum()
            if whole == 0.0:
                break
            part /= whole
            words = philox(np.uint64(1), np.uint64(request_id), np.uint64(position), np.uint64(0), key[0], key[1])
            draw = unit(words[0])
            s = 0 if draw < part[0] else (1 if draw < part[0] + part[1] or left == 0 else 2)
            if s < 2:
                s = s if total[s] > 0.0 else 1 - s
                t = buffers.rows[d, _weighted(weights[s], n, total[s], unit(words[1]))]
            else:
                t = _even(around, stamp, serial, left, request_id, position, key)
            out[b, position], source[b, position] = t, s
            p = part[2] / left if left > 0 and tweets[t].language == one else 0.0
            if mark[t] == serial:
                j = slot[t]
                score[b, position] = buffers.scores[d, j]
                for other in range(2):
                    if total[other] > 0.0:
                        p += part[other] * weights[other, j] / total[other]
                        total[other] -= weights[other, j]
                    weights[other, j] = 0.0
            else:
                score[b, position] = _formula(policy.recency, tweets, t, now, 0.0)
            propensity[b, position] = p
            stamp[t] = serial
            left -= tweets[t].language == one
