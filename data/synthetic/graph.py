"""Who follows whom when the world starts: heavy tails on both sides, homophily, returned edges and closed triangles."""

from __future__ import annotations

import numpy as np
import polars as pl

from data.batch import F64, I64
from data.events import EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.people import People

_RETURN = 0.48
"""Chance that an edge of the first kind is returned by somebody who is not much more popular."""
_CLOSURE = 0.58
"""Share of a person's edges that close a triangle."""


def make_graph(config: WorldConfig, people: People) -> tuple[I64, I64]:
    """[E] followers and [E] followees, rows, each pair once, ordered by (follower, followee).

    Out-degrees are log-normal, in-degrees follow the Pareto `appeal`. An edge picks a topic by the follower's
    interests, then somebody by appeal and interest in it, the nearer in style of two; a share closes triangles;
    some are returned.
    """
    rng = Stream(config.seed, "graph").generator()
    count = len(people)
    mean = min(config.follows * (config.people / 5000) ** 0.2, 0.4 * count)
    target = np.exp(0.95 * rng.normal(size=count) - 0.45)
    target *= mean * 0.98 / target.mean()
    wanted = np.clip(np.round(target * (1 - _CLOSURE)), 2, 0.3 * count).astype(np.int64)
    follower = np.repeat(np.arange(count), wanted)
    edges = _unique(follower, _by_interest(people, follower, rng), count)
    edges = _unique(*_with_returns(people, *edges, rng), count)
    closing = np.repeat(np.arange(count), np.round(target * _CLOSURE).astype(np.int64))
    two_hop, ok = _two_hops(*edges, closing, count, rng)
    source = np.r_[edges[0], closing[ok]]
    return _unique(source, np.r_[edges[1], two_hop[ok]], count)


def follow_events(config: WorldConfig, people: People, follower: I64, followee: I64) -> EventBatch:
    """The rows of table `follows` that stand before the first day, each after both accounts were made."""
    rng = Stream(config.seed, "follow times").generator()
    both = np.maximum(people.created_us[follower], people.created_us[followee])
    time = both + (rng.random(len(both)) ** 1.3 * (config.start_us - 1_000_000 - both)).astype(np.int64)
    order = np.argsort(time, kind="stable")
    frame = pl.DataFrame(
        {
            "follow_id": snowflakes_in_order(time[order]),
            "time_us": time[order],
            "follower_id": people.user_id[follower[order]],
            "followee_id": people.user_id[followee[order]],
            "ended": np.zeros(len(order), bool),
        }
    )
    return EventBatch.from_frame("follows", frame)


def _by_interest(people: People, follower: I64, rng: np.random.Generator) -> I64:
    """A followee for each follower: a topic, then two by appeal within it, then the one whose style is nearer."""
    interests = people.interests.astype(np.float64)
    keen = interests**1.3
    topic = _choose(np.cumsum(keen, axis=1)[follower], rng)
    chosen = np.empty((2, len(follower)), np.int64)
    for one in range(interests.shape[1]):
        here = np.flatnonzero(topic == one)
        mass = np.cumsum(people.appeal * keen[:, one])
        for draw in range(2):
            chosen[draw, here] = np.searchsorted(mass, rng.random(len(here)) * mass[-1], side="right")
    chosen = np.minimum(chosen, len(people) - 1)
    near = [np.einsum("ij,ij->i", people.style[follower], people.style[chosen[draw]]) for draw in range(2)]
    nearer: I64 = np.where(near[0] >= near[1], chosen[0], chosen[1])
    return nearer


def _with_returns(people: People, a: I64, b: I64, rng: np.random.Generator) -> tuple[I64, I64]:
    """Edges and those returned: the more popular the followee, the rarer."""
    gap = np.clip(np.log(people.appeal[b] / people.appeal[a]), 0.0, None)
    back = rng.random(len(a)) < 1.4 * _RETURN * np.exp(-0.35 * gap)
    return np.r_[a, b[back]], np.r_[b, a[back]]


def _two_hops(a: I64, b: I64, start: I64, count: int, rng: np.random.Generator) -> tuple[I64, np.ndarray]:
    """For each start a followee of a followee, and whether there is one that is not the start."""
    first = np.searchsorted(a, np.arange(count + 1))
    degree = np.diff(first)

    def step(at: I64) -> I64:
        pick = first[at] + (rng.random(len(at)) * degree[at]).astype(np.int64)
        out: I64 = b[np.minimum(pick, len(b) - 1)]
        return out

    middle = step(start)
    end = step(middle)
    return end, (degree[start] > 0) & (degree[middle] > 0) & (end != start)


def _choose(cumulative: F64, rng: np.random.Generator) -> I64:
    """An index for each row of cumulative weights."""
    draw = rng.random(len(cumulative)) * cumulative[:, -1]
    index: I64 = np.minimum((cumulative < draw[:, None]).sum(axis=1), cumulative.shape[1] - 1)
    return index


def _unique(a: I64, b: I64, count: int) -> tuple[I64, I64]:
    """Each pair once, without loops, ordered."""
    key = np.unique(a[a != b] * count + b[a != b])
    return key // count, key % count
