"""Communities of a tweet: interests of those who engaged it recently, as a sparse vector that fades.

At t it is the sum, over the engagements of the UTC day of t and the two days before it, strictly before t, of the
interests that each engager had at the midnight before the engagement, weighted by 2^(-age / 8 h): the tweet vectors of
SimClusters (Satuluri et al., KDD 2020). An engagement that falls out of the three days weighs less than 1/64.

A vector keeps every community while it is summed, so that it does not depend on the order of events; its strongest are
read, in unit length. Weights refer to the midnight before t: between two midnights they only grow, and a common factor
does not change a vector of unit length, so that a tweet without an event costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.batch import F64, I32, I64, Array
from data.events import HOUR_US
from data.ids import IdIndex
from data.kernel import kernel
from features.graph.simclusters import NONE, WIDTH, Vectors, insert, places

HALF_LIFE_US = 8 * HOUR_US

_BLOCK = 4
"""Room of a tweet's first block of communities; a full block moves to one of twice the room."""


@dataclass(frozen=True, slots=True)
class Engagements:
    """[E] engagements in order of time."""

    tweet: Array
    """Row of the tweet, -1 for a tweet that is not needed."""
    place: Array
    """Place of the engager in the day's interests, -1 for one without."""
    time_us: I64


@dataclass(frozen=True, slots=True)
class Queries:
    """[R] rows in order of time: vectors of these tweets before these times go into `out`."""

    tweet: Array
    time_us: I64
    out: Vectors


class TweetVectors:
    """The vectors of T tweets at times of one day."""

    def __init__(self, tweets: int, midnight_us: int) -> None:
        """No engagements yet; those of days before `midnight_us` may come first."""
        self.midnight_us = midnight_us
        self._names = IdIndex()
        self._blocks = np.zeros((tweets, 2), np.int64)
        self._slot: I32 = np.empty(1024, np.int32)
        self._weight: F64 = np.empty(1024)
        self._end = 0

    def resize(self, tweets: int) -> None:
        """Makes room for more tweets."""
        if tweets > len(self._blocks):
            grown = np.zeros((max(tweets, 2 * len(self._blocks)), 2), np.int64)
            grown[: len(self._blocks)] = self._blocks
            self._blocks = grown

    def slots(self, interests: Vectors) -> I32:
        """[U, WIDTH] this object's own numbers of the communities of vectors, -1 for none."""
        names, place = places(interests.communities)
        own = np.append(self._names.add(names), NONE).astype(np.int32)
        return own[place]

    def take(self, events: Engagements, slots: I32, interests: Vectors, queries: Queries) -> None:
        """Adds engagements, whose users have these interests, and fills each row when all before it are in.

        `slots` are those of `interests`. Events come in order over all calls; rows come with the last events.
        """
        row = event = 0
        while event < len(events.time_us) or row < len(queries.time_us):
            row, event, self._end = _take(
                events.tweet, events.place, events.time_us, self.midnight_us, HALF_LIFE_US, slots, interests.weights,
                self._names.ids, self._blocks, self._slot, self._weight, self._end,
                queries.tweet, queries.time_us, queries.out.communities, queries.out.weights, row, event,
            )  # fmt: skip
            if event < len(events.time_us):
                self._slot = np.concatenate([self._slot, np.empty_like(self._slot)])
                self._weight = np.concatenate([self._weight, np.empty_like(self._weight)])


def blank(size: int) -> Vectors:
    """[size, WIDTH] vectors without a community."""
    return Vectors(np.full((size, WIDTH), NONE, np.int64), np.zeros((size, WIDTH), np.float32))


@kernel
def _take(
    tweet: Any, place: Any, time: Any, midnight: Any, half_life: Any, slots: Any, interest: Any,
    names: Any, blocks: Any, slot: Any, weight: Any, end: Any,
    queries: Any, until: Any, top: Any, share: Any, row: Any, event: Any,
) -> Any:  # fmt: skip
    """Goes through events and rows; ends before an event for which the blocks might not have room."""
    strength = np.zeros(top.shape[1])
    while True:
        while row < len(until) and (event == len(time) or until[row] <= time[event]):
            if 0 <= queries[row] < len(blocks):
                _strongest(blocks[queries[row]], slot, weight, names, top[row], strength, share[row])
            row += 1
        if event == len(time):
            return row, event, end
        if tweet[event] >= 0 and place[event] >= 0:
            block, one = blocks[tweet[event]], place[event]
            # At most two moves, to twice and to four times the room.
            if end + 6 * (block[1] + slots.shape[1]) > len(slot):
                return row, event, end
            gain = 2.0 ** ((time[event] - midnight) / half_life)
            for c in range(slots.shape[1]):
                if slots[one, c] >= 0:
                    end = _add(block, slots[one, c], gain * interest[one, c], slot, weight, end)
        event += 1


@kernel
def _add(block: Any, name: Any, gain: Any, slot: Any, weight: Any, end: Any) -> Any:
    """Adds to one community of a block, its beginning and its size; where blocks end then."""
    begin, size = block[0], block[1]
    for k in range(begin, begin + size):
        if slot[k] == name:
            weight[k] += gain
            return end
    # A block has room for a power of two, and is full when it holds one.
    if size == 0 or (size >= _BLOCK and size & (size - 1) == 0):
        for k in range(size):
            slot[end + k], weight[end + k] = slot[begin + k], weight[begin + k]
        block[0], begin = end, end
        end += max(2 * size, _BLOCK)
    slot[begin + size], weight[begin + size] = name, gain
    block[1] = size + 1
    return end


@kernel
def _strongest(block: Any, slot: Any, weight: Any, names: Any, top: Any, strength: Any, share: Any) -> Any:
    """A block's strongest communities, ties by the smaller id, and their weights in unit length."""
    strength[:] = 0.0
    for k in range(block[0], block[0] + block[1]):
        if weight[k] >= strength[-1]:
            insert(top, strength, names[slot[k]], weight[k])
    norm = 0.0
    for c in range(len(strength)):
        norm += strength[c] * strength[c]
    if norm > 0.0:
        norm = np.sqrt(norm)
        for c in range(len(strength)):
            share[c] = strength[c] / norm
