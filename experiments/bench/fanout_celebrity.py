"""Fan-out of an account that a million people follow while timelines are read, and of one that 31 million follow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from time import perf_counter

import numpy as np
import polars as pl

from data.batch import I64, Ragged
from data.events import DAY_US
from experiments.bench.follow_world import START_US, FollowWorld, events
from experiments.bench.harness import Case
from features.state.network import NetworkState
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

_READS_PER_S = 50
_LIMIT = 400


class CelebrityBench:
    """Push to everybody, on one thread. Lists hold up to 800 entries; the memory they take is among the figures."""

    peer = (
        "for a million: a Python list of deques of 800 that the entry is appended to, without policy or reads; for 31 "
        "million: NumPy writing one number a list into an array of 8 a list, which grows, sorts and checks nothing"
    )

    def __init__(self, *, followers: int = 1_000_000, many: int = 31_000_000) -> None:
        """Followers of the account of the first case and of the second."""
        self._followers, self._many = followers, many

    def cases(self) -> Iterator[Case]:
        """A tweet to all followers of one account."""
        yield self._with_reads()
        yield self._bare(in_order=True)
        yield self._bare(in_order=False)

    def _with_reads(self) -> Case:
        star = _Star(self._followers)
        lists = [deque[int](maxlen=800) for _ in range(self._followers)]
        peer_tweet = iter(range(1 << 30))

        def peer() -> None:
            tweet = next(peer_tweet)
            for one in lists:
                one.append(tweet)

        return Case(
            f"{self._followers:,} followers, {_READS_PER_S} timelines read a second",
            star.post,
            peer,
            self._followers,
            "deliveries",
            figures=star.figures,
        )

    def _bare(self, *, in_order: bool) -> Case:
        ring = TimelineRing()
        readers = np.arange(self._many, dtype=np.int32)
        if not in_order:
            readers = np.random.default_rng(1).permutation(readers)
        bounds = np.array([0, self._many])
        array = np.zeros((self._many, 8), np.int32)
        turn, peer_turn = iter(range(1 << 30)), iter(range(1 << 30))
        for _ in range(2):
            ring.push(np.array([next(turn)]), Ragged(bounds, readers))

        def peer() -> None:
            tweet = next(peer_turn)
            array[readers, tweet % 8] = tweet

        return Case(
            f"{self._many:,} followers, the bare ring, in {'the order of' if in_order else 'random order of'} lists",
            lambda: ring.push(np.array([next(turn)]), Ragged(bounds, readers)),
            peer,
            self._many,
            "deliveries",
            figures=lambda: {
                "MiB": ring.nbytes / 2**20,
                "entries a list": float(len(ring.read(np.array([0]), 800).values)),
            },
        )


class _Star:
    """An account whom everybody follows; everybody also follows two others, who posted."""

    def __init__(self, followers: int) -> None:
        rng = np.random.default_rng(1)
        users = events("users", pl.DataFrame({
            "user_id": np.arange(1, followers + 2), "created_us": START_US - DAY_US, "verified": False,
        }))  # fmt: skip
        everybody = np.arange(2, followers + 2)
        others = rng.integers(2, followers + 2, (2, 2 * followers))
        pairs = np.concatenate([np.stack([everybody, np.ones(followers, np.int64)]), others], axis=1)
        pairs = rng.permutation(pairs, axis=1)
        follows = events("follows", pl.DataFrame({
            "follow_id": np.arange(pairs.shape[1]), "time_us": START_US - DAY_US, "follower_id": pairs[0],
            "followee_id": pairs[1], "ended": False,
        }))  # fmt: skip
        self._network = NetworkState()
        self._service = TimelineService(self._network, TimelineRing(), TimelineRing())
        self._consumer = FanoutConsumer(self._network, self._service, FanoutConfig(policy="push"), Metrics())
        for one in (users, follows):
            self._network.update(one)
            self._consumer.replay(one)
        self._consumer.in_turns = True
        self._readers: I64 = rng.integers(1, followers + 1, 1 << 12)
        self._tweet = 0
        self._lag, self._read = list[float](), list[float]()
        count = followers // 50
        self._deliver(rng.integers(2, followers + 2, count))

    def post(self) -> None:
        """A tweet, until it is on every list; a timeline is read every fiftieth of a second between batches."""
        begun = perf_counter()
        self._deliver(np.ones(1, np.int64))
        read = 0
        while True:
            while read < (perf_counter() - begun) * _READS_PER_S:
                asked = perf_counter()
                self._service.read(self._readers[[(self._tweet + read) % len(self._readers)]], _LIMIT)
                self._read.append(perf_counter() - asked)
                read += 1
            more = self._consumer.go_on()
            self._lag.append(perf_counter() - begun)
            if not more:
                return

    def figures(self) -> dict[str, float]:
        """Of all tweets posted: when a batch was written, how long reads took, and what lists take."""
        return {
            "delivery lag p50 ms": float(np.quantile(self._lag, 0.5)) * 1e3,
            "delivery lag p99 ms": float(np.quantile(self._lag, 0.99)) * 1e3,
            "reads": float(len(self._read)),
            "read p99 ms": float(np.quantile(self._read, 0.99)) * 1e3,
            "MiB": (self._service.readers.nbytes + self._service.authors.nbytes) / 2**20,
        }

    def _deliver(self, authors: I64) -> None:
        ids = np.arange(self._tweet + 1, self._tweet + len(authors) + 1)
        self._tweet += len(authors)
        tweets = FollowWorld.posts(ids, START_US + ids, authors)
        self._network.update(tweets)
        self._consumer.apply(tweets, self._tweet)
