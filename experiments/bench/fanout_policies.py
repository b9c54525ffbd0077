"""Fan-out policies on the same world: what a tweet costs to write, what a timeline costs to read, and what is found.

A week is told to each policy first, so that it knows who reads and posts how often. Then a day of tweets and reads goes
through it in order, every tweet alone and every read alone, as fast as one core does them; after it a burst of one
account, and follows, unfollows and deletions one by one, each followed by a read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter, thread_time

import numpy as np

from candidates.timelines import PulledTimelines
from data.batch import I64, Ragged
from data.events import DAY_US, EventBatch
from experiments.bench.follow_world import START_US, FollowWorld
from features.state.network import NetworkState
from serving.events.outbox import event
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

LIMIT = 400
"""Entries that a read asks for, as the home feed does."""
PARETO = ("writes a tweet", "read p99 ms of the processor")
"""The two figures that a policy trades for each other."""
_BURST = 20
_CHANGES = 60
_CHECKED = 10
"""Every so manieth read is compared with an exact pull."""

CONFIGS: tuple[FanoutConfig, ...] = (
    FanoutConfig(policy="push"),
    FanoutConfig(policy="pull"),
    FanoutConfig(policy="follower-count", settings={"scale": "small"}),
    FanoutConfig(settings={"push_below": 100, "pull_from": 1_000}),
    FanoutConfig(policy="per-edge"),
    FanoutConfig(policy="lossy", settings={"budget": 200}),
)
"""What is compared; thresholds are scaled to the world."""


class _Noted(TimelineRing):
    """A ring that notes what is pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[I64, I64]] = []

    def push(self, tweets: I64, readers: Ragged) -> int:
        self.noted.append((tweets[readers.owner], readers.values))
        return super().push(tweets, readers)


class Trial:
    """One policy in one world of its own."""

    def __init__(self, config: FanoutConfig, world: FollowWorld) -> None:
        """Tells the policy the week before."""
        self.world = world
        self.network = NetworkState()
        self._readers = _Noted()
        self.service = TimelineService(self.network, self._readers, TimelineRing())
        self.consumer = FanoutConsumer(self.network, self.service, config, Metrics())
        self.exact = PulledTimelines(self.network)
        for one in (world.users, world.follows):
            self.network.update(one)
            self.consumer.replay(one)
        for one in world.week:
            self.network.update(one)
            self.consumer.replay(one)
        self.consumer.end_replay(START_US, lambda: None)
        self.consumer.in_turns = True
        self._offset = 0
        self._next_tweet = world.tweets + 1

    def run(self) -> None:
        """The day, the burst and the changes."""
        self.service.read(np.array([0]), LIMIT)  # compiled
        self._readers.noted.clear()
        stats, before = self.service.stats, replace(self.service.stats)
        lag, read_s, busy_s, complete = list[float](), list[float](), list[float](), list[float]()
        ordered = list[bool]()
        followers, last_read = list[int](), dict[int, int]()
        for one in self.world.day:
            if one.table == "tweets":
                author = self.network.users.rows(one.columns["author_id"])
                followers.append(int(self.network.graph.follow.in_count[author[0]]))
                lag.append(self._post(one))
                continue
            self._take(one)
            row = self.network.users.rows(one.columns["user_id"])
            begun, busy = perf_counter(), thread_time()
            found = self.service.read(row, LIMIT).values
            busy_s.append(thread_time() - busy)
            read_s.append(perf_counter() - begun)
            last_read[int(row[0])] = len(lag)
            if len(read_s) % _CHECKED == 0:
                wanted = self.exact.read(row, LIMIT).values
                kept = np.isin(wanted, found)
                complete.append(float(kept.mean()) if len(wanted) else 1.0)
                ordered.append(np.array_equal(wanted[kept], found))
        merged = stats.pushed + stats.pulled - before.pushed - before.pulled
        self.figures = {
            **self._writes(len(lag), last_read),
            "keys a read": merged / len(read_s),
            "read p50 ms": float(np.quantile(read_s, 0.5)) * 1e3,
            "read p99 ms": float(np.quantile(read_s, 0.99)) * 1e3,
            PARETO[1]: float(np.quantile(busy_s, 0.99)) * 1e3,
            "complete": float(np.mean(complete)),
            "in order": float(np.mean(ordered)),
            "MiB": (self.service.readers.nbytes + self.service.authors.nbytes) / 2**20,
            **self._burst(),
            **self._changes(),
        }
        self._lag, self._followers = np.array(lag), np.array(followers)

    def lag_ms(self) -> dict[str, float]:
        """Milliseconds from a tweet until every list is written that is to be written, by the author's followers."""
        order = np.argsort(self._followers, kind="stable")
        out = {}
        for decile, part in enumerate(np.array_split(order, 10), 1):
            few, many = self._followers[part].min(), self._followers[part].max()
            for name, share in (("p50", 0.5), ("p99", 0.99)):
                out[f"lag {name}, decile {decile} ({few:,} to {many:,} followers)"] = float(
                    np.quantile(self._lag[part], share) * 1e3
                )
        return out

    def _writes(self, tweets: int, last_read: Mapping[int, int]) -> dict[str, float]:
        """Entries written a tweet, and the share of them whose reader did not read afterwards."""
        first = len(self.network.tweets) - tweets
        pushed = [(one - first, readers) for one, readers in self._readers.noted]
        tweet = np.concatenate([one for one, _ in pushed]) if pushed else np.empty(0, np.int64)
        reader = np.concatenate([one for _, one in pushed]) if pushed else np.empty(0, np.int64)
        each = np.bincount(tweet[tweet >= 0], minlength=tweets)
        read_until = np.array([last_read.get(row, -1) for row in range(len(self.network.users))])
        unread = read_until[reader] <= tweet
        return {
            PARETO[0]: float(each.mean()),
            "writes p99": float(np.quantile(each, 0.99)),
            "never read": float(unread.mean()) if len(unread) else 0.0,
        }

    def _burst(self) -> dict[str, float]:
        """The most followed account posts at once; a follower reads after every batch that is written."""
        follow = self.network.graph.follow
        star = int(np.argmax(follow.in_count))
        fans = self.network.graph.followers(np.array([star])).values
        tweets, slowest, begun = self._new(_BURST, star), 0.0, perf_counter()
        self.network.update(tweets)
        self._offset += 1
        self.consumer.apply(tweets, self._offset)
        turn, more = 0, True
        while more:
            asked = perf_counter()
            self.service.read(fans[[turn % len(fans)]], LIMIT)
            slowest, turn = max(slowest, perf_counter() - asked), turn + 1
            more = self.consumer.go_on()
        return {"burst ms": (perf_counter() - begun) * 1e3, "slowest read in it ms": slowest * 1e3}

    def _changes(self) -> dict[str, float]:
        """Median milliseconds from an event until the next read is answered, and how many of those reads are exact."""
        rng = np.random.default_rng(3)
        out: dict[str, list[tuple[float, bool]]] = {"follow ms": [], "unfollow ms": [], "delete ms": []}
        ids = self.network.users.ids
        for _ in range(_CHANGES):
            reader = int(rng.integers(len(ids)))
            author = int(self.network.tweet.author_row[-int(rng.integers(1, len(self.world.day) + 1))])
            if reader == author:
                continue
            follows = bool(self.network.graph.follows(np.array([reader]), np.array([author]))[0])
            edge = {"follower_id": int(ids[reader]), "followee_id": int(ids[author])}
            for name, ended in (("unfollow ms", True), ("follow ms", False))[:: 1 if follows else -1]:
                one = event("follows", follow_id=self._offset, time_us=self._now, ended=ended, **edge)
                out[name].append(self._shown(one, reader))
            held = self.exact.read(np.array([reader]), LIMIT).values
            if len(held):
                gone = int(self.network.tweets.ids[held[0]])
                out["delete ms"].append(self._shown(event("deletions", tweet_id=gone, time_us=self._now), reader))
        seconds = {name: np.array([took for took, _ in those]) for name, those in out.items()}
        exact = np.array([right for those in out.values() for _, right in those])
        medians = {name: float(np.median(took)) * 1e3 for name, took in seconds.items()}
        return {**medians, "changes shown": float(exact.mean())}

    def _shown(self, one: EventBatch, reader: int) -> tuple[float, bool]:
        """Seconds until a read is answered, and whether it is exact."""
        begun, row = perf_counter(), np.array([reader])
        self._take(one)
        found = self.service.read(row, LIMIT).values
        took = perf_counter() - begun
        return took, np.array_equal(found, self.exact.read(row, LIMIT).values)

    def _post(self, tweet: EventBatch) -> float:
        begun = perf_counter()
        self._take(tweet)
        return perf_counter() - begun

    def _take(self, one: EventBatch) -> None:
        self.network.update(one)
        self._offset += 1
        self.consumer.apply(one, self._offset)
        self.consumer.finish()

    @property
    def _now(self) -> int:
        return START_US + DAY_US

    def _new(self, count: int, author: int) -> EventBatch:
        ids = np.arange(self._next_tweet, self._next_tweet + count)
        self._next_tweet += count
        return self.world.posts(ids, np.full(count, self._now), np.full(count, self.network.users.ids[author]))
