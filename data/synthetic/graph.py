"""Who follows whom when the world starts, and since when.

People are in two orders, by interest and by place, both within their language, and each order is cut into circles
of tens of people. Most follows stay within the two circles, and there they are dense and often returned: this makes
triangles, reciprocity and long paths, as nested circles do in the models of Watts, Dodds, Newman ("Identity and
search in social networks", Science 2002). A share that shrinks as people follow more goes to stars of their topics,
drawn by a power law and seldom returned: the heavy tail of in-degrees and its disassortativity (Kwak et al., "What is
Twitter, a social network or a news media?", WWW 2010). People who want more follow others
nearby in the order of interests.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.batch import F64, I64
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
_OWN = 0.88
"""Follows that people make on their own initiative over the mean number of follows; others are made in return."""
_SPREAD, _TAIL, _MOST = 0.75, 2.8, 2_000
"""Out-degrees of such follows: standard deviation of the log-normal body, index of the Pareto end (Reed and
Jorgensen, "The double Pareto-lognormal distribution", 2004), and the real network's limit."""
_MATURITY_US = 180 * DAY_US
"""Age at which an account has half the weight that it will have."""

_STARS, _STARS_POWER = 8.0, 0.2
"""A person who makes d follows gives _STARS x d^_STARS_POWER of them to stars, 80% at most."""
_CIRCLES, _DENSE = (0.82, 0.13), 0.85
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
_HABITS = Habits(second=0.9, far=0.005, widest=0.65, reach=1.0, close=0.45, distant=0.1, modesty=0.5)
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
    wanted = _wanted(config, people, mature)
    layout = _layout(config, people, mature, float(wanted.mean()) / _OWN)
    quota = _quota(config, layout, wanted)
    offsets = _running(quota.sum(axis=1, dtype=np.int64))
    own, found = np.empty(offsets[-1], np.int32), np.empty(len(people), np.int32)
    draw_follows(layout, _HABITS, quota, offsets, Stream(config.seed, "graph draws").key, own, found)
    back = np.zeros(len(own), np.bool_)
    returns = Stream(config.seed, "graph returns").key
    draw_returns(layout, _HABITS, people.appeal, offsets, found, own, returns, back)
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


def _wanted(config: WorldConfig, people: People, mature: F64) -> F64:
    """[P] how many others each follows on their own initiative: double Pareto-lognormal, more for active people."""
    rng = Stream(config.seed, "graph").generator()
    count = len(people)
    mean = min(config.follows * (min(count, _GROWN) / 5000) ** 0.2, 0.4 * count)
    raw = np.exp(_SPREAD * rng.normal(size=count)) * (1.0 + rng.pareto(_TAIL, count))
    raw *= np.sqrt(mature) * people.activity**0.3
    for _ in range(4):  # scaled again after each cut
        raw = np.clip(raw * (_OWN * mean / raw.mean()), 1.0, min(_MOST, 0.5 * count))
    return raw


def _quota(config: WorldConfig, layout: Layout, wanted: F64) -> I32:
    """[P, 4] follows of each kind, rounded by chance; the columns are the kinds of `graph_kernels`."""
    stars = np.minimum(_STARS * wanted**_STARS_POWER, 0.8 * wanted)
    room = _DENSE * (layout.high - layout.low - 1)
    circle = np.minimum(_CIRCLES[0] * (wanted - stars), room[0])
    neighbours = np.minimum(_CIRCLES[1] * (wanted - stars), room[1])
    parts = np.stack([circle, neighbours, stars, wanted - stars - circle - neighbours], axis=1)
    luck = Stream(config.seed, "graph quota").uniform(np.arange(len(wanted)), n=4)
    return np.floor(parts + luck).astype(np.int32)


def _layout(config: WorldConfig, people: People, mature: F64, mean: float) -> Layout:
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
    close = people.appeal**_CLOSE_POWER * mature
    fame = np.minimum(people.appeal, np.quantile(people.appeal, _FAME_CAP)) ** _FAME_POWER * mature
    languages = int(people.language.max()) + 1
    cell = np.searchsorted(outer[0][order[0]], np.arange(languages * topics + 1))
    return Layout(
        order=order,
        at=at,
        low=low,
        high=high,
        near=np.stack([_running(close[one]) for one in order]),
        fame=_running(fame[order[0]]),
        cell=cell,
        corner=(at[0] - cell[outer[0]]) / np.diff(cell)[outer[0]],
        language=people.language,
        second=_second_language(config, people, low[0]),
        interests=people.interests,
        style=people.style,
    )


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
