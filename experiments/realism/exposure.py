"""What people see: when a tweet is seen, how far feeds are scrolled, how long sessions are, how often people act."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64
from data.events import MINUTE_US
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.fits import (
    Duel,
    ccdf,
    inverse_gaussian_distance,
    inverse_gaussian_or_exponential,
    power_law_distance,
    power_law_or_geometric,
)  # fmt: skip
from experiments.realism.log import SETTLED_H, Log, NoData, hashed, rows_of, sample

_TWEETS, _IMPRESSIONS = 60_000, 5_000_000
_SEEN = 20
"""Impressions from which on a tweet has a half-life."""

SESSION_MIN = 30
"""Minutes without a request that end a session."""


def ages(log: Log) -> tuple[F64, I64]:
    """Seconds from a settled tweet to each impression of its first 48 h, through retweets too, and the tweet; [N].

    At most 60,000 tweets by hash.
    """
    tweets = log.tweets
    rows = np.flatnonzero(log.settled & tweets.written)
    rows = rows[sample(tweets.tweet_id[rows], _TWEETS)]
    chosen = np.zeros(len(tweets.tweet_id), bool)
    chosen[rows] = True
    carriers = np.flatnonzero((tweets.root >= 0) & chosen[tweets.root])
    carriers = carriers[np.argsort(tweets.tweet_id[carriers], kind="stable")]
    ids = tweets.tweet_id[carriers]
    ages, roots = [np.empty(0)], [np.empty(0, np.int64)]
    for day in log.days("impressions", "time_us", "tweet_id"):
        at = rows_of(day["tweet_id"].to_numpy(), ids)
        root = tweets.root[carriers[at[at >= 0]]]
        age = (day["time_us"].to_numpy()[at >= 0] - tweets.time_us[root]) / 1e6
        keep = (age >= 0) & (age < SETTLED_H * 3600)
        ages.append(age[keep])
        roots.append(root[keep])
    return np.concatenate(ages), np.concatenate(roots)


def life(log: Log) -> Found:
    """Age at which tweets are seen most, by which they got half of their impressions, and whether they then die."""
    age, root = ages(log)
    if not len(age):
        raise NoData("no impression of a tweet that lay long enough in the log")
    by_second = np.bincount(age[age < 7200].astype(np.int64), minlength=7200)
    peak = float(np.convolve(by_second, np.ones(31) / 31, mode="same").argmax())
    order = np.lexsort((age, root))
    age, root = age[order], root[order]
    seen, start, count = np.unique(root, return_index=True, return_counts=True)
    start, count = start[count >= _SEEN], count[count >= _SEEN]
    half, dead = np.full(1, np.nan), np.full(1, np.nan)
    if len(start):
        half = age[start + (count + 1) // 2 - 1] / 60
        late = np.add.reduceat(np.r_[age > 86_400, False].astype(np.int64), np.c_[start, start + count].ravel())[::2]
        dead = (late <= 0.05 * count).astype(np.float64)
    edges = np.geomspace(5.0, SETTLED_H * 3600.0, 60)
    rate = np.histogram(age, edges)[0] / np.diff(edges) * 60 / len(seen)
    middle = np.sqrt(edges[1:] * edges[:-1]) / 60
    plots = [
        Plot(
            "Impressions by age", "minutes since the tweet", "impressions a tweet and minute",
            [Line(middle[rate > 0], rate[rate > 0])], "xy",
        ),
        Plot("Half-lives", "minutes", "share of tweets with at least as long", [Line(*ccdf(np.round(half, 1)))], "x"),
    ]  # fmt: skip
    note = f"{len(age):,} impressions of {len(seen):,} tweets, {len(start):,} of them seen {_SEEN} times and more"
    return Found([peak, float(np.median(half)), float(np.mean(dead))], note, plots[: 1 + bool(len(start))])


@dataclass(frozen=True)
class Scrolls:
    """[R] requests by user, then time: how many impressions each brought, and which begins a session."""

    depth: I64
    begins: I64

    @property
    def sessions(self) -> I64:
        """[S] impressions of each session."""
        return np.add.reduceat(self.depth, np.flatnonzero(self.begins)).astype(np.int64)


def scrolls(log: Log) -> Scrolls:
    """Requests of a sample of users: all, or so many by hash that about 5 million impressions are theirs."""
    share = min(1.0, _IMPRESSIONS / max(log.dataset.rows("impressions"), 1))
    limit = np.uint64(min(int(share * 2**64), 2**64 - 1))
    parts: list[tuple[I64, ...]] = []
    for day in log.days("impressions", "time_us", "request_id", "user_id"):
        users = day["user_id"].to_numpy()
        chosen = hashed(users) <= limit
        request, first, count = np.unique(day["request_id"].to_numpy()[chosen], return_index=True, return_counts=True)
        parts.append((request, users[chosen][first], day["time_us"].to_numpy()[chosen][first], count))
    request, user, time, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not len(request):
        raise NoData("no impression of a sampled user")
    order = np.lexsort((request, time, user))
    request, user, time, count = request[order], user[order], time[order], count[order]
    # A request with impressions before and after midnight is in two files.
    fresh = np.r_[True, request[1:] != request[:-1]]
    depth = np.add.reduceat(count, np.flatnonzero(fresh)).astype(np.int64)
    user, time = user[fresh], time[fresh]
    begins = np.r_[True, (user[1:] != user[:-1]) | (np.diff(time) >= SESSION_MIN * MINUTE_US)]
    return Scrolls(depth, begins)


def scrolling(log: Log) -> Found:
    """Which laws scroll depths and session lengths follow."""
    found = scrolls(log)
    depth, sessions = found.depth, found.sessions.astype(np.float64)
    if len(sessions) < 100:
        raise NoData(f"{len(sessions)} sessions are too few")
    far, long = power_law_or_geometric(depth), inverse_gaussian_or_exponential(sessions)
    off = power_law_distance(depth, far.first[0]), inverse_gaussian_distance(sessions, *long.first)
    return Found(
        [far.gain, off[0], long.gain, off[1]],
        f"{len(depth):,} requests, {len(sessions):,} sessions; depth median {np.median(depth):.0f}, exponent "
        f"{far.first[0]:.2f}; session mean {long.first[0]:.3g} impressions, shape {long.first[1]:.3g}",
        [_depth_plot(depth), _session_plot(sessions, long)],
    )


def _depth_plot(depth: I64) -> Plot:
    return Plot("Scroll depth", "impressions of a request", "share with at least as many", [Line(*ccdf(depth))], "xy")


def _session_plot(sessions: F64, duel: Duel) -> Plot:
    mean, shape = duel.first
    edges = np.unique(np.geomspace(1, max(sessions.max(), 2.0) + 1, 40).astype(np.int64)) - 0.5
    density = np.histogram(sessions, edges)[0] / np.diff(edges) / len(sessions)
    x = np.sqrt(np.maximum(edges[1:] * edges[:-1], 0.25))
    inverse = np.sqrt(shape / (2 * np.pi * x**3)) * np.exp(-shape * (x - mean) ** 2 / (2 * mean**2 * x))
    lines = [
        Line(x[density > 0], density[density > 0], "here", "o"),
        Line(x, inverse, "inverse Gaussian"),
        Line(x, np.exp(-x / mean) / mean, "exponential", "--"),
    ]
    return Plot("Session length", "impressions of a session", "density", lines, "x")


def engaged_share(log: Log) -> Found:
    """Share of impressions with at least one engagement."""
    acted = sum(
        day.drop_nulls("request_id").unique(["request_id", "tweet_id"]).height
        for day in log.days("engagements", "request_id", "tweet_id")
    )
    return Found([acted / log.dataset.rows("impressions")], f"{log.dataset.rows('impressions'):,} impressions")


FIGURES = (
    Figure(
        "impressions of a tweet",
        (
            Part("peak after, s", "72", 36, 144),
            Part("median half-life, min", "80", 80 / 1.5, 80 * 1.5),
            Part("dead after 24 h", "95%", 0.90, 1.0, percent=True),
        ),
        "Ages of impressions, retweets' counted for the first tweet, of 60,000 tweets by hash that were posted 48 h "
        "before the log's end and earlier. Peak: busiest second, smoothed over 31 s, within a factor of 2. "
        "Half-life: age by which half of the impressions of the first 48 h came, median over tweets with 20 and "
        "more, within a factor of 1.5. Dead: at most 5% of those come in the second day; +- 5 points.",
        "Pfeffer et al. 2023", ("tweets", "impressions"), life,
    ),
    Figure(
        "scroll depth and session length",
        (
            Part("depth gain", "discrete power law", 0.05, 1.0),
            Part("off by", "0", 0.0, 0.05),
            Part("session gain", "inverse Gaussian", 0.05, 0.5),
            Part("off by", "0", 0.0, 0.1),
        ),
        "Log-likelihood a request of a discrete power law over a geometric, from the 1% quantile of depths on, "
        "censored at the deepest; and a session of an inverse Gaussian over an exponential, in impressions, where "
        "requests of one person under 30 min apart are one session. Over 0.05; what is nearly constant gains "
        "more than 0.5. Off by: largest difference of the law's cumulative share from the log's, under 0.05 and 0.1. "
        "Users by hash for 5 million impressions.",
        "Jeunen 2307.14059; Luo et al. IJCAI 2016", ("impressions",), scrolling,
    ),
    Figure(
        "impressions with engagement", (Part("", "2-15%", 0.02, 0.15, percent=True),),
        "Impressions with at least one engagement of any action over all impressions.",
        "plausible range", ("impressions", "engagements"), engaged_share, published=False,
    ),
)  # fmt: skip
"""One entry a figure."""
