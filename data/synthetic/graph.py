"""Who follows whom when the world starts, and since when.

People are in two orders, by interest and by place, both within their language, and each order is cut into circles
of tens of people. Friends are found within the two circles, where follows are dense and often returned: this makes
triangles, reciprocity and long paths, as nested circles do in the models of Watts, Dodds, Newman ("Identity and
search in social networks", Science 2002). The first tens of a person's follows go to the well-known: some to stars of
their topics, most to giants, whose weights within a language fall with the rank of fame by the Zipf-Mandelbrot law
(Mandelbrot, "An informational theory of the statistical structure of language", 1953). Who follows more people does
not follow more giants, giants return little, and the famous themselves follow many who are not: the heavy tail of
in-degrees, its disassortativity and low transitivity (Kwak et al., "What is Twitter, a social network or a news
media?", WWW 2010; Myers et al., "Information network or social network?", WWW 2014). The least attractive are
followed by nobody: real in-degrees have a mass at zero. People who want more follow others nearby in the order of
interests.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.batch import F64, I64, Mask
from data.events import DAY_US, EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.graph_kernels import (
    I32,
    Habits,
    Layout,
    draw_follows,
    draw_returns,
    draw_times,
    gather_returns,
    merge,
    top_two,
)
from data.synthetic.people import People

Rows = NDArray[np.integer[Any]]
T = TypeVar("T", np.int64, np.float64)

_GROWN = 36_000
"""People beyond whom the mean number of follows grows no more: 40 by default, the published 35-45."""
_OWN = 0.905
"""Follows that people make on their own initiative over the mean number of follows; others are made in return."""
_SPREAD, _TAIL, _MOST = 0.75, 2.8, 2_000
"""Out-degrees of such follows: standard deviation of the log-normal body, index of the Pareto end (Reed and
Jorgensen, "The double Pareto-lognormal distribution", 2004), and the real network's limit."""
_MATURITY_US = 180 * DAY_US
"""Age at which an account has half the weight that it will have."""

_KNOWN, _KNOWN_MOST = 36.0, 0.87
"""Follows that a person gives to the well-known, and the largest share of their follows that this may be."""
GIANTS_SHARE = 0.95
"""Share of these that goes to giants; the others go to stars of a person's topics."""
_GIANT_RANKS, _GIANT_GROWTH, _GIANT_POWER = 4.0, 0.25, 2.0
"""The giant of rank r, 0 the first, among the n people of a language has weight
(r + _GIANT_RANKS x n^_GIANT_GROWTH)^-_GIANT_POWER: of a larger language a smaller share follows its first."""
_UNFOLLOWED, _UNFOLLOWED_LUCK = 0.27, 0.5
"""Share of people whom nobody follows: the least attractive, by the logarithm of appeal x maturity and so much luck."""
_UNFOLLOWED_WANT, _UNFOLLOWED_KNOWN = 0.5, 0.9
"""How much less they follow than others, and the share of it that they give to the well-known."""
_FAMOUS, _FAMOUS_WANT = 0.02, 4.8
"""Share of people who are famous, and how many times more they follow; none of these are well known."""
_CIRCLES, _DENSE = (0.74, 0.22), 0.85
"""Shares of the other follows that go to the circle of interest and to that of place, each up to _DENSE of the circle;
what remains goes to those around."""
_CIRCLE_SIZE, _CIRCLE_SPREAD = 1.2, 0.35
"""Median size of a circle over the mean number of follows, and the standard deviation of its logarithm."""
_CLOSE_POWER, _FAME_POWER = 0.8, 1.5
"""Powers of `People.appeal` that make the weight within a circle and that of a star."""
_FAME_CAP = 0.999
"""Quantile of appeal above which fame grows no more: hubs beyond a few per cent of all people would cut paths short."""
_BILINGUAL = 0.15
"""Probability that a circle has a second language, that of a user drawn at random."""
_HABITS = Habits(second=0.14, far=0.001, widest=0.65, reach=0.7, few=40, close=0.95, distant=0.05, modesty=0.55)
"""Calibrated with the above to the published reciprocity, clustering, paths and in-degrees at 10^4 to 10^6 people."""

_RETURN_LAG_US = DAY_US // 2
"""Half of the follows that answer one come sooner than this after it."""
_RUSH = 0.5
"""Followers of the popular come sooner: time is span x U^(1 + _RUSH log(1 + in-degree / mean))."""


def make_graph(config: WorldConfig, people: People) -> tuple[I32, I32]:
    """[E] followers and [E] followees, rows, each pair once, no loops, ordered by (follower, followee).

    Of those who have an account at the start.
    """
    people = people.first(config.people)
    mature = _maturity(config, people)
    followed = _followed(config, people, mature)
    famous = _famous(people, mature, followed)
    wanted = _wanted(config, people, mature, np.where(famous, _FAMOUS_WANT, np.where(followed, 1.0, _UNFOLLOWED_WANT)))
    layout = _layout(config, people, mature, followed, float(wanted.mean()) / _OWN)
    quota = _quota(config, layout, wanted, famous)
    offsets = _running(quota.sum(axis=1, dtype=np.int64))
    own, found = np.empty(offsets[-1], np.int32), np.empty(len(people), np.int32)
    draw_follows(layout, _HABITS, quota, offsets, Stream(config.seed, "graph draws").key, own, found)
    back = np.zeros(len(own), np.bool_)
    returns = Stream(config.seed, "graph returns").key
    draw_returns(layout, _HABITS, np.where(followed, people.appeal, 0.0), offsets, found, own, returns, back)
    first, returned = np.zeros(len(people) + 1, np.int64), np.empty(np.count_nonzero(back), np.int32)
    gather_returns(offsets, found, own, back, first, returned)
    start = np.zeros(len(people) + 1, np.int64)
    merge(offsets, found, own, first, returned, start, np.empty(0, np.int32))
    np.cumsum(start, out=start)
    followee = np.empty(start[-1], np.int32)
    merge(offsets, found, own, first, returned, start, followee)
    return np.repeat(np.arange(len(people), dtype=np.int32), np.diff(start)), followee


def follow_times(config: WorldConfig, people: People, follower: Rows, followee: Rows) -> I64:
    """[E] microseconds at which the follows of `make_graph` were made, in its order.

    Each is after both accounts were made and before the start. Old accounts gain early because they are there, the
    followers of the popular come sooner, and a follow in return comes soon after the other.
    """
    people = people.first(config.people)
    count = len(people)
    fans = np.bincount(followee, minlength=count)
    haste = 1.0 + _RUSH * np.log1p(fans / max(fans.mean(), 1.0))
    out = np.empty(len(followee), np.int64)
    start = np.searchsorted(follower, np.arange(count + 1, dtype=follower.dtype))
    key = Stream(config.seed, "follow times").key
    end = config.start_us - 1_000_000
    draw_times(people.created_us, start, followee, haste, end, float(_RETURN_LAG_US), key, out)
    return out


def follow_events(config: WorldConfig, people: People, follower: Rows, followee: Rows) -> EventBatch:
    """The rows of table `follows` at the start of the first day, in order of time."""
    time = follow_times(config, people, follower, followee)
    order = np.argsort(time, kind="stable")
    time = time[order]
    frame = pl.DataFrame(
        {
            "follow_id": snowflakes_in_order(time),
            "time_us": time,
            "follower_id": people.user_id[follower[order]],
            "followee_id": people.user_id[followee[order]],
            "ended": np.zeros(len(order), bool),
        }
    )
    return EventBatch.from_frame("follows", frame)


def _maturity(config: WorldConfig, people: People) -> F64:
    """[P] in (0, 1): young accounts follow and are followed less."""
    age = (config.start_us - people.created_us).astype(np.float64)
    share: F64 = age / (age + _MATURITY_US)
    return share


def mean_follows(config: WorldConfig) -> float:
    """Follows that a config asks for, a person in the mean."""
    return float(config.follows * (min(config.people, _GROWN) / 5000) ** 0.2)


def _followed(config: WorldConfig, people: People, mature: F64) -> Mask:
    """[P] whether anybody follows each."""
    luck = Stream(config.seed, "graph unfollowed").normal(np.arange(len(people)))[:, 0]
    drawn = np.log(people.appeal * mature) + _UNFOLLOWED_LUCK * luck
    mask: Mask = drawn > np.quantile(drawn, _UNFOLLOWED)
    return mask


def _famous(people: People, mature: F64, followed: Mask) -> Mask:
    """[P] who is famous."""
    known = np.where(followed, people.appeal * mature, 0.0)
    mask: Mask = known > np.quantile(known, 1.0 - _FAMOUS)
    return mask


def _wanted(config: WorldConfig, people: People, mature: F64, times: F64) -> F64:
    """[P] how many others each follows on their own initiative: double Pareto-lognormal, more for active people, and
    `times` [P] as many."""
    rng = Stream(config.seed, "graph").generator()
    count = len(people)
    mean = min(mean_follows(config), 0.4 * count)
    raw = np.exp(_SPREAD * rng.normal(size=count)) * (1.0 + rng.pareto(_TAIL, count))
    raw *= np.sqrt(mature) * people.activity**0.3 * times
    for _ in range(4):  # scaled again after each cut
        raw = np.clip(raw * (_OWN * mean / raw.mean()), 1.0, min(_MOST, 0.5 * count))
    return raw


def _quota(config: WorldConfig, layout: Layout, wanted: F64, famous: Mask) -> I32:
    """[P, 5] follows of each kind, rounded by chance; the columns are the kinds of `graph_kernels`."""
    known = np.minimum(_KNOWN, _KNOWN_MOST * wanted)
    known = np.where(layout.followed, known, _UNFOLLOWED_KNOWN * wanted)
    known = np.where(famous, 0.0, known)
    room = _DENSE * np.stack([_among(layout, row) for row in range(2)])
    circle = np.minimum(_CIRCLES[0] * (wanted - known), room[0])
    neighbours = np.minimum(_CIRCLES[1] * (wanted - known), room[1])
    stars, giants = (1.0 - GIANTS_SHARE) * known, GIANTS_SHARE * known
    parts = np.stack([circle, neighbours, stars, giants, wanted - known - circle - neighbours], axis=1)
    luck = Stream(config.seed, "graph quota").uniform(np.arange(len(wanted)), n=5)
    return np.floor(parts + luck).astype(np.int32)


def _among(layout: Layout, row: int) -> I64:
    """[P] others in a person's circle whom anybody follows."""
    count = _running(layout.followed[layout.order[row]].astype(np.int64))
    others: I64 = count[layout.high[row]] - count[layout.low[row]] - layout.followed
    return others


def _layout(config: WorldConfig, people: People, mature: F64, followed: Mask, mean: float) -> Layout:
    """Both orders and their circles, for a mean number of follows."""
    count, topics = people.interests.shape
    top = np.empty((2, count), np.int64)
    top_two(people.interests, top)
    octant = (people.style[:, :3] > 0) @ np.array([1, 2, 4])
    places = int(people.place.max()) + 1
    outer = people.language * topics + top[0], people.language * places + people.place
    inner = outer[0] * places + people.place, outer[1] * topics + top[1]
    order = np.stack([np.argsort(8 * one + octant, kind="stable").astype(np.int32) for one in inner])
    at = np.empty_like(order)
    np.put_along_axis(at, order, np.arange(count, dtype=np.int32)[None], axis=1)
    circles = [_circles(config, row, people.language[order[row]], mean) for row in range(2)]
    low, high = (np.stack([circles[row][side][at[row]] for row in range(2)]) for side in range(2))
    close = people.appeal**_CLOSE_POWER * mature * followed
    fame = np.minimum(people.appeal, np.quantile(people.appeal, _FAME_CAP)) ** _FAME_POWER * mature * followed
    giants = np.lexsort((-people.appeal * mature, people.language))
    languages = int(people.language.max()) + 1
    cell = np.searchsorted(outer[0][order[0]], np.arange(languages * topics + 1))
    return Layout(
        order=order,
        at=at,
        low=low,
        high=high,
        near=np.stack([_running(close[one]) for one in order]),
        fame=_running(fame[order[0]]),
        giants=giants.astype(np.int32),
        renown=_running(renown(people.language[giants]) * followed[giants]),
        followed=followed,
        cell=cell,
        corner=(at[0] - cell[outer[0]]) / np.diff(cell)[outer[0]],
        language=people.language,
        second=_second_language(config, people, low[0]),
        interests=people.interests,
        style=people.style,
    )


def renown(language: I64) -> F64:
    """[P] weights of people by rank in their language, [P] ascending: the Zipf-Mandelbrot law."""
    first, last = (np.searchsorted(language, language, side=side) for side in ("left", "right"))
    rank = np.arange(len(language)) - first
    weight: F64 = (rank + _GIANT_RANKS * (last - first) ** _GIANT_GROWTH) ** -_GIANT_POWER
    return weight


def _second_language(config: WorldConfig, people: People, circle: I32) -> I64:
    """[P] the language of a user drawn for each bilingual circle [P], -1 for all who share none.

    Whole circles look to one other language: few bridges, so that languages stay far from each other.
    """
    rng = Stream(config.seed, "graph languages").generator()
    drawn = people.language[rng.integers(0, len(people), len(people))][circle]
    bilingual = (rng.random(len(people)) < _BILINGUAL)[circle] & (drawn != people.language)
    return np.where(bilingual, drawn, -1)


def _circles(config: WorldConfig, row: int, language: I64, mean: float) -> tuple[I32, I32]:
    """[P] where the circle begins and ends that holds each position of an order: random sizes, one language each."""
    count = len(language)
    median = min(_CIRCLE_SIZE * mean, 0.8 * count) + 2.0
    luck = Stream(config.seed, "graph circles").generator(row).normal(size=2 + int(2 * count / median))
    cuts = np.cumsum(median * np.exp(_CIRCLE_SPREAD * luck)).astype(np.int64)
    borders = np.flatnonzero(np.diff(language)) + 1
    edges = np.unique(np.r_[0, cuts[cuts < count], borders, count])
    at = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    return edges[at].astype(np.int32), edges[at + 1].astype(np.int32)


def _running(values: NDArray[T]) -> NDArray[T]:
    """Running sums from zero, one longer than `values`."""
    out = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=out[1:])
    return out
