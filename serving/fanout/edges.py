"""What a fan-out policy may know of an edge from an author to a reader: one line a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from features.state.network import NetworkState
from serving.fanout.activity import Activity
from serving.fanout.policy import Edges


@dataclass(frozen=True, slots=True)
class Posted:
    """[T] tweets that are fanned out: their rows, their authors' rows, when they were posted, and how many follow."""

    tweets: I64
    authors: I64
    time_us: I64
    followers: I64

    def __len__(self) -> int:
        return len(self.tweets)

    def where(self, keep: Mask | slice) -> Posted:
        """Some of them."""
        return Posted(self.tweets[keep], self.authors[keep], self.time_us[keep], self.followers[keep])


@dataclass(frozen=True, slots=True)
class Audience:
    """The followers of the authors of T tweets: [E] rows of `readers`, in T lists, and the places of their edges."""

    readers: Ragged
    places: I64

    @classmethod
    def of(cls, posted: Posted, network: NetworkState) -> Audience:
        """As of now."""
        follow = network.graph.follow
        places = follow.reaching(posted.authors)
        return cls(Ragged(places.offsets, follow.ends[places.values, 0].astype(np.int64)), places.values)


Column = Callable[[Posted, Audience, Activity], Array]


def _per_reader(kind: str) -> Column:
    def column(posted: Posted, audience: Audience, activity: Activity) -> Array:
        owner = audience.readers.owner
        return activity.per_h(kind, audience.readers.values, posted.time_us[owner])

    return column


COLUMNS: dict[str, Column] = {
    "followers": lambda posted, audience, _: posted.followers[audience.readers.owner],
    "time_us": lambda posted, audience, _: posted.time_us[audience.readers.owner],
    "active_us": lambda _, audience, activity: activity.last_us(audience.readers.values),
    "acts_per_h": _per_reader("acts"),
    "reader_reads_per_h": _per_reader("reads"),
    "author_posts_per_h": lambda posted, audience, activity: activity.per_h("posts", posted.authors, posted.time_us)[
        audience.readers.owner
    ],
}
"""[E] each: followers of the author, time of the tweet, when the reader last did something, and how often an hour the
reader acts, the reader reads and the author posts (`serving.fanout.activity`)."""


def edges_of(posted: Posted, audience: Audience, activity: Activity, names: tuple[str, ...]) -> Edges:
    """The edges with the columns that a policy reads."""
    return Edges(audience.readers.offsets, {name: COLUMNS[name](posted, audience, activity) for name in names})
