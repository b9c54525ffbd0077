"""Tweet events into deliveries, in batches: the policy picks the edges, the stores take the entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from data.errors import DataError
from data.events import NEVER_US, EventBatch
from features.state.columns import Columns
from features.state.network import NetworkState
from serving.events.consumer import SavedConsumer
from serving.fanout.policy import MODES, Edges, FanoutPolicy
from serving.fanout.store import TimelineStore
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

_STATS = "stats.json"
_ALL = 1 << 30
_EDGES_AT_ONCE = 1 << 21
"""Deliveries worked on together; bounds the memory of a rebuild."""


@dataclass
class FanoutStats:
    """What fan-out did, by mode."""

    tweets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    deliveries: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    edges_left: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    """Edges left to be pulled."""


class FanoutConsumer(SavedConsumer):
    """Delivers tweets to timelines. It comes after the consumer that keeps the network's rows."""

    group = "fanout"
    tables = frozenset({"tweets", "deletions", "follows", "requests", "engagements"})

    def __init__(
        self, network: NetworkState, timelines: TimelineService, policy: FanoutPolicy, metrics: Metrics
    ) -> None:
        """Writes to the stores of `timelines`."""
        super().__init__()
        self.network = network
        self.timelines = timelines
        self.policy = policy
        self.stats = FanoutStats()
        self._metrics = metrics
        self._replayed: list[EventBatch] = []
        self._active = Columns({"last_us": (np.int64, -NEVER_US, 0)})

    def take(self, events: EventBatch) -> None:
        """Delivers; a batch that comes twice finds its entries there and changes nothing."""
        if events.table == "tweets":
            self.deliver(events)
        elif events.table == "deletions":
            rows = self.network.tweets.rows(events.columns["tweet_id"])
            for store in (self.timelines.readers, self.timelines.authors):
                store.remove(rows[rows >= 0])
        elif events.table == "follows":
            self._backfill(events)
        self._note_activity(events)

    def replay(self, events: EventBatch) -> None:
        """Holds tweets until the end: who gets them depends on who was active and on the graph at the end."""
        if events.table == "tweets":
            self._replayed.append(events)
        self._note_activity(events)

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Delivers the tweets that stand, without counting them."""
        tweets, self._replayed = self._replayed, []
        for events in tweets:
            check()
            self._deliver_standing(events)

    def freeze(self, folder: Path) -> Callable[[], None]:
        """Copies lists, what is left to pull, who was active when, and the counts of what fan-out did."""
        everybody = np.arange(len(self.network.users), dtype=np.int64)
        stores = {name: store.read(everybody, _ALL) for name, store in self._stores().items()}
        rest = {"timelines": self.timelines.arrays(), "active": {"last_us": self._active.last_us.copy()}}
        stats = asdict(self.stats)

        def write() -> None:
            # Oldest first: so the lists are written again without moving anything.
            lists = {name: {"offsets": held.offsets, "tweets": _reversed(held)} for name, held in stores.items()}
            parts: dict[str, dict[str, Array]] = {**lists, **rest}
            for name, arrays in parts.items():
                np.savez(folder / f"{name}.npz", **dict[str, Any](arrays))
            (folder / _STATS).write_text(json.dumps(stats))

        return write

    def thaw(self, folder: Path) -> None:
        """Takes what `freeze` wrote."""
        for name, store in self._stores().items():
            with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                held = Ragged(arrays["offsets"], arrays["tweets"])
            store.replace(np.arange(len(held), dtype=np.int64), held)
        for name, owner in (("timelines", self.timelines), ("active", self._active)):
            with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                owner.restore(dict(arrays))
        self.stats = FanoutStats(**json.loads((folder / _STATS).read_text()))

    def _stores(self) -> dict[str, TimelineStore]:
        return {"readers": self.timelines.readers, "authors": self.timelines.authors}

    def _note_activity(self, events: EventBatch) -> None:
        """Notes when users last did something."""
        name = {"tweets": "author_id", "requests": "user_id", "engagements": "user_id"}.get(events.table)
        if name is None or not len(events):
            return
        self._active.resize(len(self.network.users))
        rows = self.network.users.rows(events.columns[name])
        known = rows >= 0
        np.maximum.at(self._active.last_us, rows[known], events.time_us[known])

    def deliver(self, events: EventBatch, *, count: bool = True) -> None:
        """Fans tweets out; `count` is off where a rebuild writes again what was counted before.

        Raises:
            DataError: a tweet or its author has no row.
        """
        rows = self.network.tweets.rows(events.columns["tweet_id"])
        authors = self.network.users.rows(events.columns["author_id"])
        authored = events.columns["author_id"] >= 0
        if (rows < 0).any() or (authors[authored] < 0).any():
            missing = events.columns["tweet_id"][(rows < 0) | (authored & (authors < 0))][0]
            raise DataError(f"tweet {missing} has no row in the network's state", remedy="restart to rebuild it")
        rows, authors, times = rows[authored], authors[authored], events.time_us[authored]
        followers = self.network.graph.follow.in_count[authors]
        for part in _parts(followers):
            self._deliver(rows[part], authors[part], times[part], followers[part], count=count)

    def rebuild(self, tweets: EventBatch) -> None:
        """Writes lists that were lost again, from all tweets and the graph as it stands."""
        self.timelines.clear()
        self._deliver_standing(tweets)

    def _deliver_standing(self, tweets: EventBatch) -> None:
        """Delivers those that are not deleted now."""
        rows = self.network.tweets.rows(tweets.columns["tweet_id"])
        self.deliver(tweets.where(~self.network.tweet.deleted[rows]), count=False)

    def _deliver(self, rows: I64, authors: I64, times: I64, followers: I64, *, count: bool) -> None:
        readers = self.network.graph.followers(authors)
        self._active.resize(len(self.network.users))
        owner = readers.owner
        edges = Edges(
            {
                "followers": followers[owner],
                "active_us": self._active.last_us[readers.values],
                "time_us": times[owner],
            }
        )
        pushed, pulled = self.policy.push(edges), self.policy.pull(edges)
        mode = self.policy.mode(followers)
        # A tweet is left to pull also where no edge needs it now: a reader may follow its author tomorrow.
        left = mode != 0
        left[owner[pulled]] = True
        self.timelines.readers.push(
            rows, Ragged(Ragged.from_mask(readers.offsets, pushed).offsets, readers.values[pushed])
        )
        self.timelines.authors.push(rows, Ragged(np.arange(len(rows) + 1, dtype=np.int64), authors))
        self.timelines.leave_to_pull(rows[left], authors[left])
        if count:
            self._count(mode, mode[owner], pushed, pulled)

    def _count(self, tweets: I64, edges: I64, pushed: Mask, pulled: Mask) -> None:
        for code, name in enumerate(MODES):
            posted, delivered = int((tweets == code).sum()), int((pushed & (edges == code)).sum())
            self.stats.tweets[name] += posted
            self.stats.deliveries[name] += delivered
            self.stats.edges_left[name] += int((pulled & (edges == code)).sum())
            self._metrics.tweets.labels(name).inc(posted)
            self._metrics.deliveries.labels(name).inc(delivered)

    def _backfill(self, events: EventBatch) -> None:
        """Gives a new follower what the author posted lately. What an ended edge brought is left out by reads."""
        begun = events.where(~events.columns["ended"].astype(np.bool_))
        readers = self.network.users.rows(begun.columns["follower_id"])
        posted = self.timelines.authors.read(self.network.users.rows(begun.columns["followee_id"]), _ALL)
        each = Ragged(np.arange(len(posted.values) + 1, dtype=np.int64), readers[posted.owner])
        self.timelines.readers.push(posted.values, each)


def _reversed(held: Ragged) -> I64:
    """The values, each list from its end."""
    place = np.arange(len(held.values)) - held.offsets[held.owner]
    values: I64 = held.values[held.offsets[held.owner + 1] - 1 - place]
    return values


def _parts(followers: I64) -> list[slice]:
    """Neighbouring tweets whose edges together stay within the bound (or one tweet alone)."""
    through = np.cumsum(followers)
    cuts, start = [], 0
    while start < len(followers):
        before = int(through[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(through, before + _EDGES_AT_ONCE, side="right")))
        cuts.append(slice(start, end))
        start = end
    return cuts
