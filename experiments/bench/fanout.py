"""Fan-out of tweets into timelines beside a dictionary of deques, and policies beside each other."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import cycle

import numpy as np
import polars as pl

from data.batch import I64
from data.events import EventBatch
from experiments.bench.fanout_policies import CONFIGS, LIMIT, Trial
from experiments.bench.follow_world import FollowWorld, events, follows
from experiments.bench.harness import Case
from features.state.network import NetworkState
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

_PEOPLE, _EDGES, _TWEETS, _BATCHES = 10_000, 350_000, 1_000, 64


class FanoutBench:
    """Tweets of 10,000 people: in batches, pushed to all; and a day of tweets and reads through each policy."""

    peer = (
        "a Python dict of deques of 800 that every follower's entry is appended to, and that a read copies: no policy, "
        "no repeats caught, nothing taken back"
    )

    def __init__(self, *, people: int = _PEOPLE, tweets: int = 5_000, reads: int = 10_000) -> None:
        """Who is there and what happens in the day that goes through each policy."""
        self._people, self._tweets, self._reads = people, tweets, reads

    def cases(self) -> Iterator[Case]:
        """Batches of 1,000 tweets of people with 35 followers each; then the policies, where they have 100."""
        yield _batches()
        world = FollowWorld(people=self._people, edges=100 * self._people, tweets=self._tweets, reads=self._reads)
        for config in CONFIGS:
            yield _day(config, world)


def _day(config: FanoutConfig, world: FollowWorld) -> Case:
    trial = Trial(config, world)
    followers = {row: trial.network.graph.followers(np.array([row]))[0].tolist() for row in range(world.people)}

    def peer() -> None:
        lists: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=800))
        for at, one in enumerate(world.day):
            if one.table == "tweets":
                for reader in followers[int(one.columns["author_id"][0]) - 1]:
                    lists[reader].append(at)
            else:
                list(lists[int(one.columns["user_id"][0]) - 1])[-LIMIT:]

    return Case(
        config.policy,
        trial.run,
        peer,
        len(world.day),
        "tweets and reads",
        once=True,
        parts=trial.lag_ms,
        figures=lambda: trial.figures,
    )


def _batches() -> Case:
    network, batches = _network()
    lists: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=800))
    service = TimelineService(network, TimelineRing(), TimelineRing())
    consumer = FanoutConsumer(network, service, FanoutConfig(policy="push"), Metrics())
    consumer.replay(events("users", _users()))
    authors = network.users.rows(batches[0].columns["author_id"])
    followers = {a: network.graph.followers(np.array([a]))[0].tolist() for a in np.unique(authors).tolist()}
    deliveries = sum(len(followers[a]) for a in authors.tolist())
    turn = cycle(range(_BATCHES))

    def ours() -> None:
        at = next(turn)
        if not at:
            service.clear()  # else the batches would be repeats from the second time on
        consumer.deliver(batches[at])

    def peer() -> None:
        for tweet, author in enumerate(authors.tolist()):
            for reader in followers[author]:
                lists[reader].append(tweet)

    return Case(f"{_TWEETS:,} tweets, {deliveries:,} deliveries", ours, peer, deliveries, "deliveries")


def _users() -> pl.DataFrame:
    return pl.DataFrame({"user_id": np.arange(1, _PEOPLE + 1), "created_us": 0, "verified": False})


def _network() -> tuple[NetworkState, list[EventBatch]]:
    """People, a heavy-tailed graph, and batches of tweets by the same authors, each batch newer than the last."""
    rng = np.random.default_rng(1)
    network = NetworkState()
    network.update(events("users", _users()))
    network.update(follows(rng, _PEOPLE, _EDGES))
    authors: I64 = rng.integers(1, _PEOPLE + 1, _TWEETS)
    ids = np.arange(_TWEETS * _BATCHES).reshape(_BATCHES, _TWEETS)
    batches = [FollowWorld.posts(one, one, authors) for one in ids]
    for batch in batches:
        network.update(batch)
    return network, batches
