"""The kernels of the logging policy: its candidates, its draws and their exact propensities.

Requests are served in parallel; every thread has buffers of its own, and a request's draws depend on its id alone.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from data.kernel import inline_kernel, kernel, parallel_kernel
from data.rng import philox, unit

FOLLOWING, POPULAR, FRESH, EXPLORE = range(4)
"""Places in `logging_feed.SOURCES`."""


@inline_kernel
def _explorable(one, oldest, latest, language):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether a tweet posted after `oldest` and by `latest` may be drawn evenly for a reader of the language."""
    return oldest < one.time_us <= latest and not one.deleted and one.language == language


@kernel
def first_from(tweets, rows, time_us):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How many of `rows` [N], ascending, come before the first tweet posted at `time_us` or later."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if tweets[rows[middle]].time_us < time_us:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _forbid_chain(tweets, stamp, head, policy, latest, language, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps an author's tweets from `head` back; returns how many not yet stamped might have been drawn evenly:
    of all that are alive, and of the fresh ones."""
    alive, fresh = 0, 0
    while head >= 0 and tweets[head].time_us > policy.oldest_us:
        if stamp[head] != serial:
            stamp[head] = serial
            if tweets[head].target == head and _explorable(tweets[head], policy.oldest_us, latest, language):
                alive += 1
                fresh += tweets[head].time_us > policy.fresh_us
        head = tweets[head].older
    return alive, fresh


@kernel
def forbid(log, stamp, banned, u, policy, latest, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stamps what this user may not be shown; returns how many tweets that leaves out: of all alive, of the fresh."""
    tweets, users, shown, hidden = log.tweets, log.users, log.shown, log.hidden
    language = users[u].language
    alive, fresh = _forbid_chain(tweets, stamp, users[u].newest, policy, latest, language, serial)
    at = users[u].hide
    while at >= 0:
        if hidden[at].active:
            banned[hidden[at].other] = serial
            more = _forbid_chain(tweets, stamp, users[hidden[at].other].newest, policy, latest, language, serial)
            alive, fresh = alive + more[0], fresh + more[1]
        at = hidden[at].older
    for j in range(min(users[u].shown_n, shown.shape[1])):
        t = shown[u, j]
        if t >= 0 and stamp[t] != serial:
            stamp[t] = serial
            if tweets[t].target == t and _explorable(tweets[t], policy.oldest_us, latest, language):
                alive += 1
                fresh += tweets[t].time_us > policy.fresh_us
    return alive, fresh


@kernel
def collect(log, popular, popular_weight, policy, buffers, d, u, now, serial):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Candidates of `following` and `popular`, their scores and their weights in each; returns how many."""
    tweets, users, follows = log.tweets, log.users, log.follows
    stamp, mark, slot, banned = buffers.stamp[d], buffers.mark[d], buffers.slot[d], buffers.banned[d]
    latest = now - policy.indexing_us
    rows, scores, weights = buffers.rows[d], buffers.scores[d], buffers.weights[d]
    n, at = 0, users[u].edge
    while at >= 0 and n < policy.most:
        open_ = follows[at].active and banned[follows[at].other] != serial
        head, taken = users[follows[at].other].newest if open_ else -1, 0
        if head >= 0:
            # The logarithm of a float32 is a float32; propensities are computed in float64.
            close = 0.3 * min(np.log1p(np.float64(follows[at].interactions)) / np.log(21.0), 1.0)
        while head >= 0 and taken < policy.per_author and n < policy.most and tweets[head].time_us > policy.current_us:
            t, own = tweets[head].target, tweets[head].target == head
            young = tweets[head].time_us > latest
            head = tweets[head].older
            if young:
                continue
            taken += 1
            if t < 0 or stamp[t] == serial or tweets[t].time_us <= policy.current_us or tweets[t].deleted:
                continue
            if mark[t] != serial:
                mark[t], slot[t] = serial, n
                rows[n] = t
                scores[n] = _formula(policy, tweets, t, now, close)
                weights[0, n] = np.exp(scores[n] / policy.temperature) * (1.0 if own else policy.retweeted)
                weights[1, n] = 0.0
                n += 1
            elif own:
                weights[0, slot[t]] = np.exp(scores[slot[t]] / policy.temperature)
        at = follows[at].older
    for i in range(len(popular)):
        t = popular[i]
        if stamp[t] == serial or tweets[t].deleted or not policy.oldest_us < tweets[t].time_us <= latest:
            continue
        if mark[t] != serial:
            mark[t], slot[t] = serial, n
            rows[n] = t
            scores[n] = np.nan
            weights[0, n] = 0.0
            n += 1
        weights[1, slot[t]] = popular_weight[i]
    return n


@inline_kernel
def _formula(policy, tweets, t, now, close):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The score of a tweet: the part of its age, that of its engagement and that of the affinity."""
    age_h = max(now - tweets[t].time_us, 0) / 3.6e9
    return (
        policy.recency / (1.0 + age_h / policy.recency_h)
        - policy.decay * age_h
        + policy.engagement * tweets[t].pull
        + close
    )


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


@inline_kernel
def _source(part, draw):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The source that a uniform number draws; one with nothing left has no part and is never drawn."""
    chosen, goal = -1, draw
    for s in range(len(part)):
        if part[s] > 0.0 and (chosen < 0 or goal >= 0.0):
            chosen = s
        goal -= part[s]
    return chosen


@kernel
def _parts(shares, weights, n, total, floor, left, part):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `part` with the chance of each source, given what it has left; returns whether there is any."""
    for s in range(2):
        # What is left is kept by subtraction, and summed again before rounding errors grow.
        if total[s] < 1e-3 * floor[s]:
            total[s] = floor[s] = weights[s, :n].sum()
        part[s] = shares[s] if total[s] > 0.0 else 0.0
    for s in range(2, 4):
        part[s] = shares[s] if left[s - 2] > 0 else 0.0
    whole = part.sum()
    if whole > 0.0:
        part /= whole
    return whole > 0.0


@parallel_kernel
def serve(log, lists, batch, policy, buffers, first_serial, key, out, source, score, propensity):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills [B, k] tweet rows (-1 where there is none), sources, scores and propensities; see `LoggingFeed`.

    `first_serial` numbers the first request, `key` [2] is that of the stream of draws.
    """
    tweets = log.tweets
    for b in prange(len(batch.user)):
        d, u, serial = get_thread_id(), batch.user[b], first_serial + b
        now, request_id = batch.time_us[b], batch.request_id[b]
        one, latest = log.users[u].language, now - policy.indexing_us
        around = lists.alive[lists.alive_at[one] : lists.alive_at[one + 1]]
        around = around[: first_from(tweets, around, latest + 1)]
        fresh = around[lists.fresh_at[one] - lists.alive_at[one] :]
        hot = lists.popular[lists.popular_at[one] : lists.popular_at[one + 1]]
        hot_weight = lists.popular_weight[lists.popular_at[one] : lists.popular_at[one + 1]]
        stamp, mark, slot, weights = buffers.stamp[d], buffers.mark[d], buffers.slot[d], buffers.weights[d]
        gone = forbid(log, stamp, buffers.banned[d], u, policy, latest, serial)
        left = np.empty(2, np.int64)
        left[0], left[1] = len(fresh) - gone[1], len(around) - gone[0]
        n = collect(log, hot, hot_weight, policy, buffers, d, u, now, serial)
        total, floor, part = np.empty(2), np.empty(2), np.empty(4)
        for s in range(2):
            total[s] = floor[s] = weights[s, :n].sum()
        for position in range(batch.want[b]):
            if not _parts(policy.shares, weights, n, total, floor, left, part):
                break
            words = philox(np.uint64(1), np.uint64(request_id), np.uint64(position), np.uint64(0), key[0], key[1])
            s = _source(part, unit(words[0]))
            if s < FRESH:
                t = buffers.rows[d, _weighted(weights[s], n, total[s], unit(words[1]))]
            elif s == FRESH:
                t = _even(fresh, stamp, serial, left[0], request_id, position, key)
            else:
                t = _even(around, stamp, serial, left[1], request_id, position, key)
            out[b, position], source[b, position] = t, s
            spoken = tweets[t].language == one
            young = spoken and tweets[t].time_us > policy.fresh_us
            p = part[EXPLORE] / left[1] if spoken and left[1] > 0 else 0.0
            p += part[FRESH] / left[0] if young and left[0] > 0 else 0.0
            score[b, position] = np.nan
            if mark[t] == serial:
                j = slot[t]
                score[b, position] = buffers.scores[d, j]
                for other in range(2):
                    if total[other] > 0.0:
                        p += part[other] * weights[other, j] / total[other]
                        total[other] -= weights[other, j]
                    weights[other, j] = 0.0
            if np.isnan(score[b, position]):
                score[b, position] = _formula(policy, tweets, t, now, 0.0)
            propensity[b, position] = p
            stamp[t] = serial
            left[0] -= young
            left[1] -= spoken
