"""Fan-out of tweets into timelines beside a dictionary of deques."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import cycle

import numpy as np
import polars as pl

from data.batch import I64
from data.events import EventBatch
from data.schema import conform
from experiments.bench.harness import Case
from features.state.network import NetworkState
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

_PEOPLE, _EDGES, _TWEETS, _BATCHES = 10_000, 350_000, 1_000, 64


class FanoutBench:
    """Tweets of 10,000 people with 35 followers each on average, the most followed with some thousands."""

    peer = "a Python dict of deques of 800 that every follower's entry is appended to: no policy, no repeats caught"

    def cases(self) -> Iterator[Case]:
        """Pushed to all followers, in batches of 1,000 tweets."""
        network, batches = _network()
        lists: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=800))
        service = TimelineService(network, TimelineRing(), TimelineRing())
        consumer = FanoutConsumer(network, service, FanoutConfig(policy="push"), Metrics())
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

        yield Case(f"{_TWEETS:,} tweets, {deliveries:,} deliveries", ours, peer, deliveries, "deliveries")


def _network() -> tuple[NetworkState, list[EventBatch]]:
    """People, a heavy-tailed graph, and batches of tweets by the same authors, each batch newer than the last."""
    rng = np.random.default_rng(1)
    weight = np.arange(1, _PEOPLE + 1) ** -0.6  # by rank; gives in-degrees a tail of exponent 1 + 1 / 0.6
    fame = rng.choice(rng.permutation(_PEOPLE), 2 * _EDGES, p=weight / weight.sum())
    pairs = np.unique(np.stack([rng.integers(0, _PEOPLE, 2 * _EDGES), fame], axis=1), axis=0)
    pairs = rng.permutation(pairs[pairs[:, 0] != pairs[:, 1]])[:_EDGES] + 1
    users = pl.DataFrame({"user_id": np.arange(1, _PEOPLE + 1), "created_us": 0, "verified": False})
    follows = pl.DataFrame({
        "follow_id": np.arange(len(pairs)), "time_us": 0, "follower_id": pairs[:, 0], "followee_id": pairs[:, 1],
        "ended": False,
    })  # fmt: skip
    authors: I64 = rng.integers(1, _PEOPLE + 1, _TWEETS)
    ids = np.arange(_TWEETS * _BATCHES).reshape(_BATCHES, _TWEETS)
    tweets = [
        pl.DataFrame({"tweet_id": one, "time_us": one, "author_id": authors}).with_columns(
            kind=pl.lit("original"), text=pl.lit(""), media_count=0
        )
        for one in ids
    ]
    network = NetworkState()
    network.update(_events("users", users))
    network.update(_events("follows", follows))
    batches = [_events("tweets", one) for one in tweets]
    for batch in batches:
        network.update(batch)
    return network, batches


def _events(table: str, frame: pl.DataFrame) -> EventBatch:
    return EventBatch.from_frame(table, conform(table, frame))
