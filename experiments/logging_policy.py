"""The kernels of the logging policy: its columns, its candidates, its draws and their exact propensities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.rng import philox, unit

HEAT_US = 6 * 3.6e9
"""Decay time of a tweet's heat."""


class Tweets(NamedTuple):
    """Columns by tweet row."""

    time_us: NDArray[np.int64]
    author: NDArray[np.int64]
    target: NDArray[np.int64]
    """What the tweet would be shown as: itself, or for a retweet the row of its original (-1 when unknown)."""
    older: NDArray[np.int64]
    """The author's tweet before this one, -1 for none."""
    engagement: NDArray[np.float64]
    """Likes + 2 retweets + 1.5 replies."""
    pull: NDArray[np.float64]
    """0.3 log10(engagement + 1)."""
    heat: NDArray[np.float64]
    """Engagement, each weighing exp(-age / 6 h), as of `heat_us`."""
    heat_us: NDArray[np.int64]
    deleted: NDArray[np.int64]
    stamp: NDArray[np.int64]
    """Serial number of the last request that may not be shown it, or has it in its slate."""
    mark: NDArray[np.int64]
    """Serial number of the last request that had it as a candidate ..."""
    slot: NDArray[np.int64]
    """... and its place among those candidates."""


class Users(NamedTuple):
    """Columns by user row; the first three begin chains, -1 for none."""

    newest: NDArray[np.int64]
    """Newest tweet row."""
    edge: NDArray[np.int64]
    """Newest follow."""
    mute: NDArray[np.int64]
    """Newest mute."""
    shown_n: NDArray[np.int64]
    shown: NDArray[np.int64]
    """[P, RING] tweet rows."""


class Links(NamedTuple):
    """Follows or mutes, in order of arrival."""

    other: NDArray[np.int64]
    """Who is followed or muted."""
    older: NDArray[np.int64]
    """The user's link before this one, -1 for none."""
    active: NDArray[np.int64]
    interactions: NDArray[np.float64]
    """Engagements of the user with the other."""


def empty(kind: Any) -> Any:
    """Columns of one of the classes above, without rows."""
    types = (*[np.int64] * 4, *[np.float64] * 3, *[np.int64] * 5) if kind is Tweets else (*[np.int64] * 3, np.float64)
    return kind._make(np.empty(0, one) for one in types)


def grown(column: NDArray[Any], size: int, fill: int) -> NDArray[Any]:
    """A copy with room for at least `size`, at least doubled, filled up with `fill`."""
    out = np.full((max(size, 2 * len(column), 256), *column.shape[1:]), fill, column.dtype)
    out[: len(column)] = column
    return out


@njit(cache=True)
def chain(heads, older, author, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts tweets at the head of their authors' chains."""
    for i in range(len(row)):
        older[row[i]] = heads[author[i]]
        heads[author[i]] = row[i]


@njit(cache=True)
def _find(links, head, other):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    while head >= 0 and not (links.other[head] == other and links.active[head]):
        head = links.older[head]
    return head


@njit(cache=True)
def add_links(links, heads, size, a, b, ended):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Begins or ends links; returns the new number of links."""
    for i in range(len(a)):
        at = _find(links, heads[a[i]], b[i])
        if ended[i]:
            if at >= 0:
                links.active[at] = 0
        elif at < 0:
            links.other[size], links.older[size], links.active[size] = b[i], heads[a[i]], 1
            heads[a[i]] = size
            size += 1
    return size


@njit(cache=True)
def remember(users, user, tweet):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts impressions into the rings."""
    for i in range(len(user)):
        users.shown[user[i], users.shown_n[user[i]] % users.shown.shape[1]] = tweet[i]
        users.shown_n[user[i]] += 1


@njit(cache=True)
def engage(tweets, users, follows, user, author, tweet, weight, time):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts engagements: of the user with a followed author, and of the tweet with its weight."""
    for i in range(len(user)):
        if author[i] >= 0:
            at = _find(follows, users.edge[user[i]], author[i])
            if at >= 0:
                follows.interactions[at] += 1.0
        t = tweet[i]
        if t >= 0 and weight[i] > 0.0:
            tweets.engagement[t] += weight[i]
            tweets.pull[t] = 0.3 * np.log10(tweets.engagement[t] + 1.0)
            tweets.heat[t] = tweets.heat[t] * np.exp((tweets.heat_us[t] - time[i]) / HEAT_US) + weight[i]
            tweets.heat_us[t] = time[i]


@njit(cache=True)
def _forbid_chain(tweets, head, oldest, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps an author's tweets from `head` back; returns how many of them were alive and not yet stamped."""
    count = 0
    while head >= 0 and tweets.time_us[head] > oldest:
        if tweets.stamp[head] != serial:
            tweets.stamp[head] = serial
            count += tweets.target[head] == head and not tweets.deleted[head]
        head = tweets.older[head]
    return count


@njit(cache=True)
def _forbid(tweets, users, mutes, u, oldest, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps what this person may not be shown; returns how many tweets alive that leaves out."""
    count = _forbid_chain(tweets, users.newest[u], oldest, serial)
    at = users.mute[u]
    while at >= 0:
        if mutes.active[at]:
            count += _forbid_chain(tweets, users.newest[mutes.other[at]], oldest, serial)
        at = mutes.older[at]
    for j in range(min(users.shown_n[u], users.shown.shape[1])):
        t = users.shown[u, j]
        if tweets.stamp[t] != serial:
            tweets.stamp[t] = serial
            count += tweets.time_us[t] > oldest and tweets.target[t] == t and not tweets.deleted[t]
    return count


@njit(cache=True)
def _collect(tweets, users, follows, popular, u, now, limits, temperature, serial, rows, scores, weights):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Candidates of `following` and `popular`, their scores and their weights in each; returns how many."""
    n, at = 0, users.edge[u]
    while at >= 0 and n < limits[1]:
        head, taken = users.newest[follows.other[at]], 0
        close = 0.3 * min(np.log1p(follows.interactions[at]) / np.log(21.0), 1.0)
        while (
            follows.active[at]
            and head >= 0
            and tweets.time_us[head] > limits[2]
            and taken < limits[0]
            and n < limits[1]
        ):
            t = tweets.target[head]
            head = tweets.older[head]
            taken += 1
            if t < 0 or tweets.time_us[t] <= limits[2] or tweets.deleted[t] or tweets.stamp[t] == serial:
                continue
            if tweets.mark[t] != serial:
                tweets.mark[t], tweets.slot[t] = serial, n
                rows[n] = t
                scores[n] = _formula(tweets, t, now, close)
                weights[0, n] = np.exp(scores[n] / temperature)
                weights[1, n] = 0.0
                n += 1
        at = follows.older[at]
    for t in popular:
        if tweets.stamp[t] == serial:
            continue
        if tweets.mark[t] != serial:
            tweets.mark[t], tweets.slot[t] = serial, n
            rows[n] = t
            scores[n] = _formula(tweets, t, now, 0.0)
            weights[0, n] = 0.0
            n += 1
        weights[1, tweets.slot[t]] = np.exp(scores[tweets.slot[t]] / temperature)
    return n


@njit(cache=True, inline="always")
def _formula(tweets, t, now, close):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    return 0.2 / (1.0 + max(now - tweets.time_us[t], 0) / 3.6e9) + tweets.pull[t] + close


@njit(cache=True)
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


@njit(cache=True)
def _even(tweets, alive, serial, left, request, position, key):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A tweet alive and not stamped, all alike: by rejection, and after 64 misses by counting."""
    for block in range(2, 18):
        words = philox(np.uint64(block), np.uint64(request), np.uint64(position), np.uint64(0), key[0], key[1])
        for word in words:
            t = alive[int(unit(word) * len(alive))]
            if tweets.stamp[t] != serial:
                return t
    words = philox(np.uint64(18), np.uint64(request), np.uint64(position), np.uint64(0), key[0], key[1])
    skip = int(unit(words[0]) * left)
    for t in alive:
        if tweets.stamp[t] != serial:
            if skip == 0:
                return t
            skip -= 1
    return np.int64(-1)


@njit(cache=True)
def serve(  # type: ignore[no-untyped-def]
    tweets, users, follows, mutes, alive, popular, user, now, request_id, shares, limits, temperature, serial, key,
    out, source, score, propensity,
):  # fmt: skip  # pragma: no cover - compiled
    """Fills [B, k] tweet rows (-1 where there is none), sources, scores and propensities; see `LoggingFeed`."""
    room = limits[1] + len(popular)
    rows, scores, weights = np.empty(room, np.int64), np.empty(room), np.empty((2, room))
    total, floor, part = np.empty(2), np.empty(2), np.empty(3)
    for b in range(len(user)):
        serial += 1
        u, time = user[b], now[b]
        left = len(alive) - _forbid(tweets, users, mutes, u, limits[2], serial)
        n = _collect(tweets, users, follows, popular, u, time, limits, temperature, serial, rows, scores, weights)
        for s in range(2):
            total[s] = floor[s] = weights[s, :n].sum()
        for position in range(min(out.shape[1], left)):
            for s in range(2):
                # What is left is kept by subtraction, and summed anew before rounding could matter.
                if total[s] < 1e-3 * floor[s]:
                    total[s] = floor[s] = weights[s, :n].sum()
                part[s] = shares[s] if total[s] > 0.0 else 0.0
            part[2] = shares[2]
            part /= part.sum()
            words = philox(np.uint64(1), np.uint64(request_id[b]), np.uint64(position), np.uint64(0), key[0], key[1])
            draw = unit(words[0])
            s = 0 if draw < part[0] else (1 if draw < part[0] + part[1] else 2)
            if s < 2:
                t = rows[_weighted(weights[s], n, total[s], unit(words[1]))]
            else:
                t = _even(tweets, alive, serial, left, request_id[b], position, key)
            out[b, position], source[b, position] = t, s
            p = part[2] / left
            if tweets.mark[t] == serial:
                j = tweets.slot[t]
                score[b, position] = scores[j]
                for one in range(2):
                    if total[one] > 0.0:
                        p += part[one] * weights[one, j] / total[one]
                        total[one] -= weights[one, j]
                    weights[one, j] = 0.0
            else:
                score[b, position] = _formula(tweets, t, time, 0.0)
            propensity[b, position] = p
            tweets.stamp[t] = serial
            left -= 1
