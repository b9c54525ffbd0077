"""Retweet cascades: how large they grow, how deep, through whom, and how fast.

Who retweeted from whom is not in a log. A retweet's parent is the latest earlier retweeter, or the author, whom the
retweeter followed at that time, and the author where there is none: Goel, Anderson, Hofman, Watts, "The structural
virality of online diffusion", Management Science 62, 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from data.batch import F64, I64, Mask
from data.events import MINUTE_US
from data.kernel import kernel
from experiments.realism.figure import Figure, Found, Line, Part, Plot, near
from experiments.realism.fits import best_power_law, ccdf
from experiments.realism.log import RETWEET, FollowEvents, Log, NoData, rows_of

LARGE = 50
"""Retweets of a large cascade."""

HUGE, HUGE_SHARE = 100, 0.00025
DELAYS_MIN = (10, 30, 60, 180, 1440)
DELAYS = (0.16, 0.27, 0.35, 0.56, 0.95)
"""Shares of retweets within those minutes."""

_PLOTTED = 4_000


@dataclass(frozen=True)
class Cascades:
    """[C] retweeted tweets and their [R] retweets by cascade, then time; CSR offsets by cascade."""

    root: I64
    """Rows of `Tweets`."""
    offsets: I64
    user: I64
    """Rows of `Log.people`; each once in a cascade, never the author."""
    time_us: I64

    @property
    def sizes(self) -> I64:
        """[C] retweets of each."""
        return np.diff(self.offsets)


def cascades_of(log: Log, settled: Mask) -> Cascades:
    """The cascades of the tweets in `settled` [N]; a second retweet by the same person does not count."""
    tweets = log.tweets
    rows = np.flatnonzero((tweets.kind == RETWEET) & (tweets.root >= 0) & (tweets.author >= 0))
    root = tweets.root[rows]
    keep = settled[root] & (tweets.kind[root] != RETWEET) & (tweets.author[rows] != tweets.author[root])
    rows, root = rows[keep], root[keep]
    first = np.unique(root * len(log.people) + tweets.author[rows], return_index=True)[1]
    rows, root = rows[first], root[first]
    order = np.lexsort((rows, tweets.time_us[rows], root))
    rows, root = rows[order], root[order]
    roots, start = np.unique(root, return_index=True)
    return Cascades(roots, np.r_[start, len(rows)].astype(np.int64), tweets.author[rows], tweets.time_us[rows])


class Trees(NamedTuple):
    """[C] shapes of cascades."""

    depth: I64
    """Longest chain of retweets."""
    virality: F64
    """Structural virality: mean distance of two people in the tree."""
    direct: I64
    """Retweets whose parent is the author."""


def trees(cascades: Cascades, author: I64, follows: FollowEvents) -> Trees:
    """The shapes of cascades; `author` [C] are rows of people, -1 where unknown."""
    depth, virality = np.zeros(len(cascades.root), np.int64), np.zeros(len(cascades.root))
    direct = np.zeros(len(cascades.root), np.int64)
    _trees(
        cascades.offsets, cascades.user, cascades.time_us, author,
        follows.offsets, follows.followee, follows.time_us, follows.ended, depth, virality, direct,
    )  # fmt: skip
    return Trees(depth, virality, direct)


def large_cascades(log: Log) -> tuple[I64, str]:
    """Rows of the cascades with `LARGE` retweets and more, or of the largest 1% where there are none; and the rule."""
    size = settled_cascades(log)[0].sizes
    large = np.flatnonzero(size >= LARGE)
    if len(large):
        return large, f"with {LARGE} retweets and more"
    large = np.argsort(-size, kind="stable")[: math.ceil(0.01 * len(size))]
    return large, f"the largest 1%, {size[large].min()} retweets and more, as none has {LARGE}"


def shapes(log: Log) -> Trees:
    """Trees of the cascades of settled tweets, made once a log."""
    return log.once(_shapes)


def _shapes(log: Log) -> Trees:
    cascades = settled_cascades(log)[0]
    return trees(cascades, log.tweets.author[cascades.root], log.follows)


def settled_cascades(log: Log) -> tuple[Cascades, int]:
    """Cascades of settled tweets and how many settled tweets could have one; made once a log.

    Raises:
        NoData: there are none.
    """
    return log.once(_settled_cascades)


def _settled_cascades(log: Log) -> tuple[Cascades, int]:
    settled = log.settled & log.tweets.written
    cascades = cascades_of(log, settled)
    if not len(cascades.root):
        raise NoData("no retweet of a tweet that lay long enough in the log")
    return cascades, int(settled.sum())


def sizes(log: Log) -> Found:
    """Exponent of the sizes, share of huge cascades, share of tweets without any retweet."""
    cascades, tweets = settled_cascades(log)
    size = cascades.sizes
    if len(size) < 100:
        raise NoData(f"{len(size)} retweeted tweets are too few")
    tail = best_power_law(size)
    x, share = ccdf(size)
    share = share * len(size) / tweets
    at = float(share[np.searchsorted(x, tail.low)])
    law = Line(x[x >= tail.low], at * (x[x >= tail.low] / tail.low) ** (1.0 - tail.exponent), "fit", "--")
    lines = [Line(x, share, "here"), law]
    plot = Plot("Cascade sizes", "retweets", "share of tweets with at least as many", lines, "xy")
    expected = tweets * HUGE_SHARE
    huge = float((size >= HUGE).sum() / tweets) if expected >= 5 else math.nan
    note = (
        f"{len(size):,} of {tweets:,} tweets retweeted, largest {size.max():,}; exponent on {tail.n:,} of {tail.low} "
        f"retweets and more"
    )
    if math.isnan(huge):
        note += f"; {expected:.1f} tweets with {HUGE} retweets would be expected, too few to judge"
    return Found([tail.exponent, huge, 1.0 - len(size) / tweets], note, [plot])


def depths(log: Log) -> Found:
    """Depth of large cascades and the correlation of their size with structural virality."""
    size = settled_cascades(log)[0].sizes
    depth, virality, _ = shapes(log)
    large, rule = large_cascades(log)
    deep = [float(np.quantile(depth[large], q)) for q in (0.5, 0.9, 0.99)]
    pearson = _correlation(size[large].astype(np.float64), virality[large])
    ranks = _correlation(*(np.argsort(np.argsort(v)).astype(np.float64) for v in (size[large], virality[large])))
    middle = np.median(virality[large])
    note = f"{len(large):,} cascades {rule}; rank correlation {ranks:.2f}, median virality {middle:.2f}"
    shown = large[:: max(1, len(large) // _PLOTTED)]
    plots = [
        Plot("Depth of large cascades", "longest chain", "share with at least as long", [Line(*ccdf(depth[large]))]),
        Plot(
            "Depth and virality of large cascades", "longest chain", "structural virality",
            [Line(depth[shown], virality[shown], style="o")],
        ),
        Plot(
            "Size and virality of large cascades", "retweets", "structural virality",
            [Line(size[shown], virality[shown], style="o")], "x",
        ),
    ]  # fmt: skip
    return Found([*deep, pearson], note, plots)


def delays(log: Log) -> Found:
    """How soon after a tweet its retweets come."""
    minutes = retweet_delays_min(log)
    x = np.sort(minutes)
    at = np.unique(np.geomspace(1, len(x), 400).astype(np.int64)) - 1
    ours = Line(np.maximum(x[at], 0.05), (at + 1) / len(x), "here")
    theirs = Line(np.array(DELAYS_MIN), np.array(DELAYS), "published", "o")
    plot = Plot("Retweet delays", "minutes after the tweet", "share of retweets", [ours, theirs], "x")
    shares = [float((minutes <= limit).mean()) for limit in DELAYS_MIN]
    return Found(shares, f"{len(minutes):,} retweets, median after {np.median(minutes):.3g} min", [plot])


def retweet_delays_min(log: Log) -> F64:
    """[R] minutes from a settled tweet to each of its retweets; from engagements where retweets name no tweet."""
    tweets, settled = log.tweets, log.settled
    rows = np.flatnonzero((tweets.kind == RETWEET) & (tweets.root >= 0))
    root, time = tweets.root[rows], tweets.time_us[rows]
    if not len(rows):
        days = log.days("engagements", "action", "tweet_id", "time_us")
        done = pl.concat([day.filter(pl.col("action") == "retweet") for day in days])
        order = np.argsort(tweets.tweet_id, kind="stable")
        at = rows_of(done["tweet_id"].to_numpy(), tweets.tweet_id[order])
        root, time = tweets.root[order[at[at >= 0]]], done["time_us"].to_numpy()[at >= 0]
        time, root = time[root >= 0], root[root >= 0]
    keep = settled[root] & (tweets.kind[root] != RETWEET)
    if not keep.any():
        raise NoData("no retweet of a tweet that lay long enough in the log")
    minutes: F64 = (time[keep] - tweets.time_us[root[keep]]) / MINUTE_US
    return minutes


def _correlation(x: F64, y: F64) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if len(x) > 2 and x.std() > 0 and y.std() > 0 else math.nan


FIGURES = (
    Figure(
        "retweet cascade sizes",
        (
            near("exponent", 2.0),
            Part("of 100 and more", "0.025%", HUGE_SHARE / 3, HUGE_SHARE * 3, percent=True),
            Part("none", "most", 0.6, 0.99, percent=True),
        ),
        "Retweets of tweets posted 48 h before the log's end and earlier, each person once, retweets of retweets "
        "counted for the first tweet. Exact discrete maximum likelihood, lower end by Kolmogorov-Smirnov with a "
        "tenth of the retweeted tweets or more above it; +- 20%. The share with 100 retweets within a factor of 3.",
        "Goel et al. 2015", ("tweets",), sizes,
    ),
    Figure(
        "cascade depth among large ones",
        (
            Part("median", "3", 2, 4),
            Part("p90", "6", 4, 8),
            Part("p99", "9", 6, 12),
            Part("size and virality", "r 0.16-0.21", 0.0, 0.35),
        ),
        "A retweet's parent is the latest earlier retweeter or the author whom the retweeter followed then, else "
        "the author. Depth is the longest chain, virality the mean distance of two people in the tree; large is 50 "
        "retweets and more, or the largest 1% where there are none. Quantiles +- a third; Pearson correlation 0 "
        "to 0.35.",
        "Twitter15/16; Goel et al. 2015", ("tweets", "follows"), depths,
    ),
    Figure(
        "retweets within 10/30/60/180/1440 min",
        tuple(
            near(f"{limit} min", share, most=0.05, percent=True)
            for limit, share in zip(DELAYS_MIN, DELAYS, strict=True)
        ),
        "Share of retweets by time since the first tweet of the chain, of tweets posted 48 h before the log's end "
        "and earlier; each +- 20%, at most 5 points.",
        "a public retweet corpus", ("tweets",), delays,
    ),
)  # fmt: skip
"""One entry a figure."""


@kernel
def _trees(offsets, user, time, author, starts, followee, when, ended, depths, virality, direct):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    place = np.full(starts.shape[0] - 1, -1, np.int64)
    for c in range(depths.shape[0]):
        n = offsets[c + 1] - offsets[c] + 1
        parent, below, depth = np.zeros(n, np.int64), np.ones(n, np.int64), np.zeros(n, np.int64)
        if author[c] >= 0:
            place[author[c]] = 0
        for i in range(1, n):
            u, parent_us = user[offsets[c] + i - 1], time[offsets[c] + i - 1]
            best = 0
            for e in range(starts[u], starts[u + 1]):
                v = followee[e]
                if when[e] > parent_us or ended[e] or place[v] <= best:
                    continue
                # Rows of one followee are in the order of time: the last one before the retweet decides.
                if e + 1 == starts[u + 1] or followee[e + 1] != v or when[e + 1] > parent_us:
                    best = place[v]
            parent[i], place[u] = best, i
            direct[c] += best == 0
            depth[i] = depth[best] + 1
            depths[c] = max(depths[c], depth[i])
        total = 0.0
        for i in range(n - 1, 0, -1):
            below[parent[i]] += below[i]
            total += below[i] * (n - below[i])
        virality[c] = 2.0 * total / (float(n) * (n - 1))
        if author[c] >= 0:
            place[author[c]] = -1
        for i in range(1, n):
            place[user[offsets[c] + i - 1]] = -1
