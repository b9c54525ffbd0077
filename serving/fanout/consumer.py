"""Tweet events into deliveries, in batches: the policy picks the edges, the stores take the entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from data.errors import DataError
from data.events import HOUR_US, EventBatch
from data.import_by_name import entry
from features.state.network import NetworkState
from serving.events.consumer import SavedConsumer
from serving.fanout.activity import Activity
from serving.fanout.config import FanoutConfig
from serving.fanout.edges import COLUMNS, Audience, Posted, edges_of
from serving.fanout.policy import HYBRID, MODES, PULL, PUSH
from serving.fanout.store import TimelineStore
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

_STATS = "stats.json"
_ALL = 1 << 30
_EDGES_AT_ONCE = 1 << 21
"""Edges decided together; bounds the memory of a rebuild."""
BATCH = 5_000
"""Deliveries that are written at a time."""
_ENDING = {
    "tweets": ("author_id",),
    "follows": ("follower_id",),
    "blocks": ("user_id", "blocked_id"),
}
"""By table: whose kept timelines its events end, besides those of whom something is delivered or left to."""
_FIRST_TURN = 8
"""Batches that are written at once, before reads may come between."""


def _by_mode() -> dict[str, int]:
    return dict.fromkeys(MODES, 0)


@dataclass
class FanoutStats:
    """What fan-out did, by mode."""

    tweets: dict[str, int] = field(default_factory=_by_mode)
    deliveries: dict[str, int] = field(default_factory=_by_mode)
    edges_left: dict[str, int] = field(default_factory=_by_mode)
    """Edges left to be pulled."""
    edges_away: dict[str, int] = field(default_factory=_by_mode)
    """Edges to inactive people, whose lists are written again when they return."""
    edges_lost: dict[str, int] = field(default_factory=_by_mode)
    """Edges that the policy gave up: their readers do not find the tweet among what they follow."""


class FanoutConsumer(SavedConsumer):
    """Delivers tweets to timelines. It comes after the consumer that keeps the network's rows."""

    group = "fanout"
    tables = frozenset({"deletions", "blocks"}) | Activity.tables

    def __init__(
        self, network: NetworkState, timelines: TimelineService, config: FanoutConfig, metrics: Metrics
    ) -> None:
        """Writes to the stores of `timelines`."""
        super().__init__()
        self.network = network
        self.timelines = timelines
        self.config = config
        self.policy = config.make_policy()
        for name in self.policy.reads:
            entry("column of edges", COLUMNS, name)
        self.stats = FanoutStats()
        self.in_turns = False
        """Whether a large delivery is left to `go_on` after its first batch, so that reads come between batches."""
        self._metrics = metrics
        self._replayed: list[EventBatch] = []
        self._activity = Activity(network)
        self._work: Iterator[None] = iter(())

    def take(self, events: EventBatch) -> None:
        """Delivers; a batch that comes twice finds its entries there and changes nothing."""
        self.finish()
        self._note_activity(events)
        for name in _ENDING.get(events.table, ()):
            self.timelines.cache.end(self.network.users.rows(events.columns[name]))
        if events.table == "tweets":
            self.deliver(events)
        elif events.table == "deletions":
            rows = self.network.tweets.rows(events.columns["tweet_id"])
            rows = rows[rows >= 0]
            self.timelines.cache.end(self.network.tweet.author_row[rows])
            for store in (self.timelines.readers, self.timelines.authors):
                store.remove(rows)
        elif events.table == "follows":
            self._backfill(events)

    def go_on(self) -> bool:
        """Writes the next batch of a delivery that is in work; False where none is."""
        return next(self._work, self) is None

    def finish(self) -> None:
        """Writes all that is in work."""
        while self.go_on():
            pass

    def replay(self, events: EventBatch) -> None:
        """Holds tweets until the end: who gets them depends on who was active and on the graph at the end."""
        if events.table == "tweets":
            self._replayed.append(events)
        self._activity.note(events)

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Delivers the tweets that stand, without counting them."""
        tweets, self._replayed = self._replayed, []
        for events in tweets:
            check()
            self._deliver_standing(events)

    def freeze(self, folder: Path) -> Callable[[], None]:
        """Copies lists, what is left to pull, who was active when, and the counts of what fan-out did."""
        self.finish()
        everybody = np.arange(len(self.network.users), dtype=np.int64)
        stores = {name: (one.read(everybody, _ALL), one.floors(everybody)) for name, one in self._stores().items()}
        rest = {"left": self.timelines.left.arrays(), "activity": self._activity.arrays()}
        stats = asdict(self.stats)

        def write() -> None:
            # Oldest first: so the lists are written again without moving anything.
            lists = {
                name: {"offsets": held.offsets, "tweets": _reversed(held), "floors": floors}
                for name, (held, floors) in stores.items()
            }
            parts: dict[str, dict[str, Array]] = {**lists, **rest}
            for name, arrays in parts.items():
                np.savez(folder / f"{name}.npz", **dict[str, Any](arrays))
            (folder / _STATS).write_text(json.dumps(stats))

        return write

    def thaw(self, folder: Path) -> None:
        """Takes what `freeze` wrote."""
        for name, store in self._stores().items():
            with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                held, floors = Ragged(arrays["offsets"], arrays["tweets"]), arrays["floors"]
            store.replace(np.arange(len(held), dtype=np.int64), held, floors)
        for name, owner in (("left", self.timelines.left), ("activity", self._activity)):
            with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                owner.restore(dict(arrays))
        self.stats = FanoutStats(**json.loads((folder / _STATS).read_text()))

    def _stores(self) -> dict[str, TimelineStore]:
        return {"readers": self.timelines.readers, "authors": self.timelines.authors}

    def _note_activity(self, events: EventBatch) -> None:
        """Notes who did something; the list of one who was away for long is written again."""
        users, before = self._activity.note(events)
        away = before < self._activity.last_us(users) - self._away_us
        away &= self.timelines.readers.floors(users) >= 0
        if away.any():
            self.timelines.rebuild(users[away], self.config.capacity)

    @property
    def _away_us(self) -> int:
        return int(self.config.inactive_after_h * HOUR_US)

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
        rows, authors = rows[authored], authors[authored]
        followers = self.network.graph.follow.in_count[authors]
        self._work = self._deliver(Posted(rows, authors, events.time_us[authored], followers), count=count)
        for _ in range(_FIRST_TURN):
            if not self.go_on():
                return
        if not self.in_turns:
            self.finish()

    def rebuild(self, tweets: EventBatch) -> None:
        """Writes lists that were lost again, from all tweets and the graph as it stands."""
        self.finish()
        self.timelines.clear()
        self._deliver_standing(tweets)

    def _deliver_standing(self, tweets: EventBatch) -> None:
        """Delivers those that are not deleted now."""
        rows = self.network.tweets.rows(tweets.columns["tweet_id"])
        self.deliver(tweets.where(~self.network.tweet.deleted[rows]), count=False)
        self.finish()

    def _deliver(self, posted: Posted, *, count: bool) -> Iterator[None]:
        """Delivers, a batch a step."""
        each = Ragged(np.arange(len(posted) + 1, dtype=np.int64), posted.authors)
        self.timelines.authors.push(posted.tweets, each)
        mode = self.policy.mode(posted.followers)
        pulled = posted.where(mode == PULL)
        self.timelines.left.to_all(pulled.tweets, pulled.authors)
        if count:
            for code, name in enumerate(MODES):
                self._count("tweets", name, int((mode == code).sum()))
            self._count("edges_left", MODES[PULL], int(pulled.followers.sum()))
        for code in (PUSH, HYBRID):
            those = posted.where(mode == code)
            for part in _parts(those.followers):
                yield from self._push(those.where(part), code, count=count)

    def _push(self, posted: Posted, mode: int, *, count: bool) -> Iterator[None]:
        """Pushes tweets of one mode to the readers whom the policy picks, a batch a step; leaves the rest to pull."""
        audience = Audience.of(posted, self.network)
        owner, readers = audience.readers.owner, audience.readers.values
        if mode == HYBRID:
            edges = edges_of(posted, audience, self._activity, self.policy.reads)
            pushed, lost = self.policy.push(edges), self.policy.lost(edges)
            lost = np.zeros(len(pushed), np.bool_) if lost is None else lost & ~pushed
            left = ~pushed & ~lost
            self.timelines.left.along(posted.tweets[owner[left]], audience.places[left])
        else:
            pushed = np.ones(len(readers), np.bool_)
            left = lost = ~pushed
        away = pushed & (self._activity.last_us(readers) < posted.time_us[owner] - self._away_us)
        pushed &= ~away
        self.timelines.readers.forget(readers[away], posted.tweets[owner[away]])
        self.timelines.cache.end(readers[left | away])
        if count:
            counted: dict[str, Mask] = {
                "deliveries": pushed, "edges_left": left, "edges_away": away, "edges_lost": lost
            }  # fmt: skip
            for name, edges_of_it in counted.items():
                self._count(name, MODES[mode], int(edges_of_it.sum()))
        chosen = Ragged(Ragged.from_mask(audience.readers.offsets, pushed).offsets, readers[pushed])
        for begin in range(0, len(chosen.values), BATCH):
            end = min(begin + BATCH, len(chosen.values))
            first, last = np.searchsorted(chosen.offsets, [begin, end - 1], side="right") - 1
            offsets = np.clip(chosen.offsets[first : last + 2], begin, end) - begin
            self.timelines.readers.push(posted.tweets[first : last + 1], Ragged(offsets, chosen.values[begin:end]))
            self.timelines.cache.end(chosen.values[begin:end])
            yield

    def _count(self, what: str, mode: str, number: int) -> None:
        counts: dict[str, dict[str, int]] = {
            "tweets": self.stats.tweets, "deliveries": self.stats.deliveries, "edges_left": self.stats.edges_left,
            "edges_away": self.stats.edges_away, "edges_lost": self.stats.edges_lost,
        }  # fmt: skip
        counts[what][mode] += number
        if what == "tweets":
            self._metrics.tweets.labels(mode).inc(number)
        elif what == "deliveries":
            self._metrics.deliveries.labels(mode).inc(number)

    def _backfill(self, events: EventBatch) -> None:
        """Gives a new follower what the author posted lately: pushes what was pushed to all, leaves the rest to pull.

        What an ended edge brought is left out by reads.
        """
        begun = events.where(~events.columns["ended"].astype(np.bool_))
        readers = self.network.users.rows(begun.columns["follower_id"])
        authors = self.network.users.rows(begun.columns["followee_id"])
        places = self.network.graph.follow.place(readers, authors)
        stands = places >= 0
        readers, authors, places = readers[stands], authors[stands], places[stands]
        posted = self.timelines.authors.read(authors, _ALL)
        left = self.timelines.left.left(posted.values)
        self.timelines.left.along(posted.values[left], places[posted.owner[left]])
        pushed = posted.values[~left]
        each = Ragged(np.arange(len(pushed) + 1, dtype=np.int64), readers[posted.owner[~left]])
        self.timelines.readers.push(pushed, each)
        self.timelines.readers.raise_floors(readers, self.timelines.authors.floors(authors))


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
