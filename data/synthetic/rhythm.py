"""When people open the app, how many times they load the feed while they are there, and how far they scroll.

It does not depend on the feed, so a day of requests is drawn at once. A person has a Poisson number of sessions a day;
its mean is the one that gives `People.activity` impressions, less at weekends (`week`). Sessions start by the clock of
the person's local day (`DIURNAL`, later at weekends); their length is inverse Gaussian with mean 9 and shape 6 minutes
(Luo et al., IJCAI 2016). The feed is loaded at the start of a session, and a tick and an exponential time of 3 minutes
in the mean after each load, while the session lasts. A load is scrolled by a discrete power law (Jeunen, arXiv
2307.14059): P(depth >= d) = (5 / d)^1.5 up to the slate's length. Loads of one person are at least a tick apart, so
that people act once on each state of the world; sessions end at midnight UTC.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numba import prange

from data.batch import F64, I64, Array, offsets_of
from data.events import DAY_US, MINUTE_US
from data.kernel import inline_kernel, parallel_kernel
from data.rng import Stream, philox, unit
from data.synthetic.config import WorldConfig
from data.synthetic.people import People
from data.synthetic.week import session_hours

_SHORTEST, _TAIL = 5.0, 1.5
_STAY_MEAN, _STAY_SHAPE = 9.0, 6.0
"""Minutes of a session: mean and shape of the inverse Gaussian."""
_GAP = 3.0
"""Mean minutes between two loads of a session, beyond a tick."""
_MOST = 24
"""Loads of a session at most."""


class Openings(NamedTuple):
    """Requests of a day, ordered by time, then user; [N]."""

    time_us: I64
    user: I64
    """User rows."""
    depth: I64
    """Tweets scrolled past."""


class Starts(NamedTuple):
    """How often each person starts something on a day, and when by the local clock: sessions, bursts of tweets."""

    rate: F64
    """[P] mean number a day."""
    utc_offset_min: I64
    """[P] minutes that local time is ahead of UTC."""
    group: I64
    """[P] row of `clock`."""
    clock: F64
    """[G, 1441] see `clock`."""
    day: int
    key: Array
    """[2] key of the stream that decides."""


def scroll_depth(u: F64, slate: int) -> I64:
    """[N] impressions of a request from uniform numbers: a discrete power law cut off at the slate's length."""
    depth = _SHORTEST * (1.0 - u) ** (-1.0 / _TAIL)
    return np.minimum(depth, float(slate)).astype(np.int64)


def mean_depth(slate: int) -> float:
    """Mean of `scroll_depth`."""
    return float(scroll_depth((np.arange(20_000) + 0.5) / 20_000, slate).mean())


@cache
def _stays(size: int = 4096) -> F64:
    """[size] quantiles of the inverse Gaussian of a session's minutes, by its closed distribution function."""
    x = np.exp(np.linspace(np.log(0.05), np.log(400.0), 20_000))
    lam, mu = _STAY_SHAPE, _STAY_MEAN
    density = np.sqrt(lam / (2 * np.pi * x**3)) * np.exp(-lam * (x - mu) ** 2 / (2 * mu**2 * x))
    mass = np.cumsum(density * np.gradient(x))
    quantiles: F64 = np.interp((np.arange(size) + 0.5) / size, mass / mass[-1], x)
    return quantiles


@cache
def mean_loads(tick_min: int) -> float:
    """Mean number of feed loads of a session."""
    rng = np.random.default_rng(0)
    spare = tick_min + rng.exponential(_GAP, (4096, _MOST - 1))
    return float(1.0 + (np.cumsum(spare, axis=1) < _stays()[:, None]).sum(axis=1).mean())


def acts_from_us(config: WorldConfig, created_us: I64) -> I64:
    """[N] end of the tick in which accounts are made: from then on they load the feed and post."""
    out: I64 = created_us + config.tick_us - (created_us - config.start_us) % config.tick_us
    return out


def session_rate(config: WorldConfig, people: People) -> F64:
    """[P] mean number of sessions a day that gives `People.activity` impressions."""
    rate: F64 = people.activity / (mean_depth(config.slate) * mean_loads(config.tick_min))
    return rate


def openings(config: WorldConfig, people: People, day: int, factor: F64 | None = None) -> Openings:
    """All requests of a day (0 is the first); `factor` [P] multiplies each person's rate of sessions.

    Whose account is made on this day has at least one session; the first begins when the tick of joining ends.
    """
    week = session_hours(config, day)
    rate = session_rate(config, people) * week.factor[people.place] * (1.0 if factor is None else factor)
    key = Stream(config.seed, "sessions").key
    starts = Starts(rate, people.utc_offset_min, people.place, week.clock, day, key)
    low = config.start_us + day * DAY_US
    since = np.full(len(people), -1.0)
    new = np.flatnonzero((people.created_us >= low) & (people.created_us < low + DAY_US))
    since[new] = (acts_from_us(config, people.created_us[new]) - low) / MINUTE_US
    count = np.empty(len(people), np.int64)
    _sessions(starts, since, _stays(), config.tick_us, count, np.zeros(len(people), np.int64), np.empty((0, 2)), False)
    first = offsets_of(count)
    out = np.empty((first[-1], 2))
    _sessions(starts, since, _stays(), config.tick_us, count, first[:-1], out, True)
    user = np.repeat(np.arange(len(people)), count)
    time = low + out[:, 0].astype(np.int64) // 1000 * 1000
    order = np.lexsort((user, time))
    return Openings(time[order], user[order], scroll_depth(out[order, 1], config.slate))


@inline_kernel
def poisson(u, mean):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A Poisson number from one uniform by inversion; for means up to a few hundred. Callable from Numba."""
    p = np.exp(-mean)
    total, n = p, 0
    while u > total and n < 1000:
        n += 1
        p *= mean / n
        total += p
    return n


@inline_kernel
def minute_of(cumulative, u):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Local minute of the day from a uniform number and `clock`. Callable from Numba."""
    low, high = 0, len(cumulative) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if cumulative[middle] <= u:
            low = middle
        else:
            high = middle
    return low + (u - cumulative[low]) / (cumulative[low + 1] - cumulative[low])


@inline_kernel
def drawn(starts, block, u, number):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Four random words of person `u` on the day of `starts`: block `block` of start `number`. Callable from Numba."""
    return philox(
        np.uint64(block), np.uint64(u), np.uint64(starts.day), np.uint64(number), starts.key[0], starts.key[1]
    )


@inline_kernel
def count_of(starts, u, most):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How often person `u` starts on the day, `most` times at most. Callable from Numba."""
    return min(poisson(unit(drawn(starts, 1, u, 0)[0]), starts.rate[u]), most)


@inline_kernel
def start_minute(starts, u, word):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Minute of the UTC day of a start of person `u`, from a random word. Callable from Numba."""
    return (minute_of(starts.clock[starts.group[u]], unit(word)) - starts.utc_offset_min[u]) % 1440.0


@parallel_kernel
def _sessions(starts, since, stays, tick_us, count, first, out, fill):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts each person's requests, or writes their times of the day in us and a uniform number for the depth."""
    minute_us = float(MINUTE_US)
    for u in prange(len(starts.rate)):
        joined = since[u] >= 0.0
        n = max(count_of(starts, u, 120), 1 * joined)
        begin = np.empty(n)
        for s in range(n):
            minute = start_minute(starts, u, drawn(starts, 2, u, s)[0])
            if joined:
                minute = since[u] if s == 0 else max(minute, since[u])
            at = s
            while at > 0 and begin[at - 1] > minute:
                begin[at] = begin[at - 1]
                at -= 1
            begin[at] = minute
        total, last = 0, -1e18
        for s in range(n):
            stay = stays[int(unit(drawn(starts, 3, u, s)[0]) * len(stays))] * minute_us
            time = max(begin[s] * minute_us, last + tick_us)
            end = time + stay
            for load in range(_MOST):
                if time >= DAY_US or (load > 0 and time > end):
                    break
                words = drawn(starts, 4 + load, u, s)
                if fill:
                    out[first[u] + total, 0] = time
                    out[first[u] + total, 1] = unit(words[0])
                total += 1
                last = time
                time += tick_us - _GAP * minute_us * np.log1p(-unit(words[1]))
        count[u] = total
