"""Hashtags: how many tweets carry one, the shapes of their curves, how local their bursts are, how long trends last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from candidates.trends.scorer import Windows
from candidates.trends.windowed_score import Windowed
from data.batch import F64, I64, offsets_of
from data.events import HOUR_US, MINUTE_US
from data.tweet_text import hashtags_of
from experiments.realism.figure import Figure, Found, Line, Part, Plot, near
from experiments.realism.fits import ccdf
from experiments.realism.ksc import cluster
from experiments.realism.log import RETWEET, Log, NoData

SHAPES, LEAST_SHARE, APART = 6, 0.03, 0.3
"""Clusters to make, share of the hashtags that one must hold, and distance of two that count as two."""

_TAGS, _USES = 1_000, 50
_STEP_US = 5 * MINUTE_US
_PER_WINDOW = 100
_TREND_USES, _TREND_PEOPLE = 3, 2
_BRIDGED = 12
"""Steps of five minutes that a trend may be off the list without having ended."""


@dataclass(frozen=True)
class Uses:
    """[U] uses of hashtags in the order of time, by tweets and by retweets of them."""

    time_us: I64
    tag: I64
    """Number of the folded hashtag."""
    author: I64
    """Rows of `Log.people`, -1 where unknown."""
    per_tweet: I64
    """[W] hashtags of each written tweet."""
    names: list[str]
    """The folded hashtag of each number."""


def uses_of(log: Log) -> Uses:
    """All uses; computed once a log."""
    return log.once(_uses)


def _uses(log: Log) -> Uses:
    tweets = log.tweets
    counts = np.zeros(len(tweets.tweet_id), np.int64)
    code: dict[str, int] = {}
    tags: list[I64] = []
    at = 0
    for day in log.days("tweets", "text"):
        signed = day["text"].str.contains("[#＃]").to_numpy() & tweets.written[at : at + len(day)]
        rows = np.flatnonzero(signed)
        found = hashtags_of(day["text"].gather(rows).to_list(), folded=True)
        counts[at + rows] = found.lengths
        tags.append(np.array([code.setdefault(one, len(code)) for one in found.values.tolist()], np.int64))
        at += len(day)
    every = np.concatenate(tags)
    offsets = offsets_of(counts)
    users = np.flatnonzero((tweets.written | (tweets.kind == RETWEET)) & (tweets.root >= 0))
    users = users[counts[tweets.root[users]] > 0]
    users = users[np.argsort(tweets.time_us[users], kind="stable")]
    root = tweets.root[users]
    of = np.repeat(np.arange(len(users)), counts[root])
    inner = np.arange(len(of)) - np.repeat(np.r_[0, np.cumsum(counts[root])[:-1]] if len(root) else root, counts[root])
    tag = every[offsets[root[of]] + inner]
    row = users[of]
    return Uses(tweets.time_us[row], tag, tweets.author[row], counts[tweets.written], list(code))


def carrying(log: Log) -> Found:
    """Share of written tweets with a hashtag, and how many those have."""
    counts = uses_of(log).per_tweet
    if not len(counts):
        raise NoData("no originals, replies or quotes")
    if not _any_text(log):
        raise NoData("tweets have no texts")
    tagged = counts[counts > 0]
    split = [float(s.mean()) if len(tagged) else float("nan") for s in (tagged == 1, tagged == 2, tagged > 2)]
    return Found([float((counts > 0).mean()), *split], f"{len(tagged):,} of {len(counts):,} written tweets")


def _any_text(log: Log) -> bool:
    return any(bool((day["text"].str.len_bytes() > 0).any()) for day in log.days("tweets", "text"))


def curves_of(uses: Uses, low_us: int, high_us: int) -> tuple[F64, I64, int]:
    """Uses an hour [N, T] of the N most used hashtags around their peak, their numbers [N], and hours before the peak.

    T is 128 (Yang and Leskovec 2011) in a log of 10 days and more, else 48; a third of it is before the peak.
    """
    hours = max(int((high_us - low_us) // HOUR_US), 1)
    length = 128 if hours >= 240 else 48
    before = length // 3
    count = np.bincount(uses.tag)
    top = np.argsort(-count, kind="stable")[: 4 * _TAGS]
    row = np.full(len(count), -1)
    row[top] = np.arange(len(top))
    keep = row[uses.tag] >= 0
    hour = np.clip((uses.time_us[keep] - low_us) // HOUR_US, 0, hours - 1)
    volume = np.bincount(row[uses.tag[keep]] * hours + hour, minlength=len(top) * hours).reshape(len(top), hours)
    peak = volume.argmax(axis=1)
    whole = np.flatnonzero((peak >= before) & (peak + length - before <= hours))
    window = (peak[whole] - before)[:, None] + np.arange(length)
    curves = volume[whole[:, None], window].astype(np.float64)
    enough = np.flatnonzero(curves.sum(axis=1) >= _USES)[:_TAGS]
    return curves[enough], top[whole[enough]], before


def shapes(log: Log) -> Found:
    """How many of six shapes the curves of hashtags fall into."""
    uses = uses_of(log)
    if not len(uses.tag):
        raise NoData("no tweet has a hashtag")
    curves, tags, before = curves_of(uses, log.dataset.time_range_us()[0], log.end_us)
    if len(curves) < 5 * SHAPES:
        raise NoData(f"{len(curves)} hashtags with {_USES} uses around a peak are too few for {SHAPES} shapes")
    found = cluster(curves, SHAPES)
    kept = found.distinct(share=LEAST_SHARE, apart=APART)
    size = np.bincount(found.labels, minlength=SHAPES) / len(curves)
    hour = np.arange(curves.shape[1]) - before
    lines = [
        Line(hour, found.centroids[k] / max(found.centroids[k].max(), 1e-12) + 1.1 * at, f"{size[k]:.0%}")
        for at, k in enumerate(np.argsort(-size, kind="stable").tolist())
    ]
    shares = ", ".join(f"{share:.0%}" for share in np.sort(size)[::-1])
    note = f"{len(curves):,} hashtags over {curves.shape[1]} hours, shares {shares}"
    plot = Plot("Shapes of hashtags (one above another)", "hours from the peak", "uses, each to its peak", lines)
    return Found([float(len(kept))], note + _by_place(log, uses, tags), [plot])


def _by_place(log: Log, uses: Uses, tags: I64) -> str:
    """How local bursts are: hashtags of which one place has over twice its share of all uses."""
    try:
        places = log.user_columns["place"]
    except NoData:
        return ""
    code = places.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    here = (uses.author >= 0) & np.isin(uses.tag, tags)
    if not code.any() or not here.any():
        return ""
    place, n = code[uses.author[here]], int(code.max()) + 1
    tag = np.searchsorted(np.sort(tags), uses.tag[here])
    table = np.bincount(tag * n + place, minlength=len(tags) * n).reshape(len(tags), n)[:, 1:]
    share, base = table / np.maximum(table.sum(axis=1, keepdims=True), 1), table.sum(axis=0) / max(table.sum(), 1)
    main = share.argmax(axis=1)
    local = share.max(axis=1) > np.maximum(2 * base[main], 0.3)
    return f"; {local.mean():.0%} of them local (a place with over 30% of the uses and twice its share)"


def trend_lives(log: Log) -> tuple[F64, int]:
    """Minutes that each trend stayed in the top ten, and the minutes of the window that is counted."""
    uses = uses_of(log)
    low, high = log.dataset.time_range_us()
    steps = max(int((high - low) // _STEP_US), 1)
    fitting = [m for m in (5, 10, 15, 30) if len(uses.tag) * m * MINUTE_US >= _PER_WINDOW * (high - low)]
    window = (fitting or [60])[0] * MINUTE_US
    first = np.full(len(uses.names), np.iinfo(np.int64).max)
    np.minimum.at(first, uses.tag, uses.time_us)
    ends = low + _STEP_US * np.arange(1, steps + 1)
    now, then, past = (np.searchsorted(uses.time_us, ends - back) for back in (0, window, 2 * window))
    scorer, people = Windowed(), len(log.people) + 1
    listed: list[tuple[I64, I64]] = []
    for step in range(steps):
        span = slice(then[step], now[step])
        keys, volume = np.unique(uses.tag[span], return_counts=True)
        pairs = np.unique(uses.tag[span] * people + uses.author[span] + 1) // people  # an unknown author is -1
        breadth = np.searchsorted(pairs, keys, side="right") - np.searchsorted(pairs, keys)
        keep = (volume >= _TREND_USES) & (breadth >= _TREND_PEOPLE)
        keys, volume, breadth = keys[keep], volume[keep], breadth[keep]
        earlier = np.sort(uses.tag[past[step] : then[step]])
        previous = np.searchsorted(earlier, keys, side="right") - np.searchsorted(earlier, keys)
        columns = {"volume": volume, "previous": previous, "unique_users": breadth, "first_seen_us": first[keys]}
        score = scorer.update(Windows(int(ends[step]), columns))
        top = keys[np.lexsort((keys, -score))[:10]]
        listed.append((top, np.full(len(top), step)))
    return spells(*(np.concatenate(column) for column in zip(*listed, strict=True))), window // MINUTE_US


def spells(tag: I64, step: I64) -> F64:
    """Minutes of each stay on the list from the steps [N] at which a tag [N] is on it; breaks under an hour bridged."""
    order = np.lexsort((step, tag))
    tag, step = tag[order], step[order]
    if not len(tag):
        return np.empty(0)
    begins = np.flatnonzero(np.r_[True, (tag[1:] != tag[:-1]) | (np.diff(step) > _BRIDGED)])
    ends = np.r_[begins[1:], len(tag)] - 1
    minutes: F64 = (step[ends] - step[begins] + 1) * 5.0
    return minutes


def trends(log: Log) -> Found:
    """Share of trends that are gone within an hour."""
    if not len(uses_of(log).tag):
        raise NoData("no tweet has a hashtag")
    minutes, window = trend_lives(log)
    if len(minutes) < 20:
        raise NoData(f"{len(minutes)} trends are too few")
    plot = Plot("Life of trends", "minutes", "share with at least as long", [Line(*ccdf(minutes))], "x")
    note = f"{len(minutes):,} trends, median {np.median(minutes):.0f} min, windows of {window} min"
    return Found([float((minutes < 60).mean())], note, [plot])


FIGURES = (
    Figure(
        "tweets with a hashtag",
        (
            near("with", 0.128, percent=True),
            near("1", 0.787, percent=True),
            near("2", 0.139, percent=True),
            near("over 2", 0.074, percent=True),
        ),
        "Share of originals, replies and quotes with a hashtag by the network's rules, and of those with 1, 2 and "
        "more; each +- 20%.",
        "10.1186/s40649-016-0028-9", ("tweets",), carrying,
    ),
    Figure(
        "hashtag volume curves", (Part("distinct shapes", "6", 4, 6),),
        "Hourly curves of the 1,000 most used hashtags (50 uses and more) around their peak, 128 h or 48 h in logs "
        "under 10 days, to six K-SC centroids. A shape counts with 3% of the hashtags, two at least, and a K-SC "
        "distance of 0.3 to larger ones; 4 and more.",
        "Yang & Leskovec 2011", ("tweets",), shapes,
    ),
    Figure(
        "top-10 trends lasting under 1 h", (Part("", "over 50%", 0.5, 1.0, percent=True),),
        "The top ten of the windowed trend score every 5 min, worldwide; windows are the shortest of 5, 10, 15, 30, "
        "60 min with 100 uses on average. A trend has 3 uses by 2 people; breaks under an hour do not end it.",
        "arXiv 1907.09007", ("tweets",), trends,
    ),
)  # fmt: skip
"""One entry a figure."""
