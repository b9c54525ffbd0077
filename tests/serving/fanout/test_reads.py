"""What readers get does not depend on the fan-out policy, nor on whether timelines were lost and written again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from candidates.ports import Timelines
from candidates.timelines import PulledTimelines
from data.events import HOUR_US, EventBatch
from features.state.network import NetworkState
from serving.events.outbox import event
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.policy import Edges, FanoutConfig, Thresholds
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

PEOPLE = 6
MAX_AGE_H = 8
START_US = 1_767_571_200_000_000


class Small:
    """A network of six people, its fan-out, and a plain list of all that happened."""

    def __init__(self, push_below: int, pull_from: int) -> None:
        self.network = NetworkState()
        config = FanoutConfig(push_below=push_below, pull_from=max(push_below, pull_from), active_within_h=1)
        self.timelines = TimelineService(self.network, TimelineRing(50), TimelineRing(50), max_age_h=MAX_AGE_H)
        self.fanout = FanoutConsumer(self.network, self.timelines, Thresholds(config), Metrics())
        self.now = START_US
        self.offset = 0
        self.tweets: list[tuple[int, int, int, int]] = []
        self.posted: list[EventBatch] = []
        self.deleted: set[int] = set()
        self.edges: set[tuple[int, int]] = set()
        for user in range(PEOPLE):
            self.take(event("users", user_id=user, created_us=START_US, verified=False))

    def take(self, one: EventBatch) -> None:
        self.now += HOUR_US // 4
        self.offset += 1
        self.network.update(one)
        if one.table in self.fanout.tables:
            self.fanout.apply(one, self.offset)

    def post(self, author: int, of: int) -> None:
        tweet_id = 1_000 + len(self.tweets)
        original = self.tweets[of % len(self.tweets)] if of >= 0 and self.tweets else None
        shown = tweet_id if original is None else original[2]
        self.tweets.append((tweet_id, author, shown, self.now))
        one = event(
            "tweets",
            tweet_id=tweet_id,
            time_us=self.now,
            author_id=author,
            kind="original" if original is None else "retweet",
            referenced_id=None if original is None else shown,
            text="",
            media_count=0,
        )
        self.posted.append(one)
        self.take(one)

    def do(self, kind: str, a: int, b: int) -> None:
        if kind == "post":
            self.post(a, -1)
        elif kind == "retweet":
            self.post(a, b)
        elif kind == "follow" and a != b:
            ended = (a, b) in self.edges
            self.edges ^= {(a, b)}
            edge = {"follower_id": a, "followee_id": b, "ended": ended}
            self.take(event("follows", follow_id=self.now, time_us=self.now, **edge))
        elif kind == "delete" and self.tweets:
            self.deleted.add(self.tweets[b % len(self.tweets)][0])
            self.take(event("deletions", tweet_id=self.tweets[b % len(self.tweets)][0], time_us=self.now))
        elif kind == "act":
            act = {"engagement_id": self.now, "user_id": a, "tweet_id": 1_000, "action": "like"}
            self.network.resolve(event("engagements", time_us=self.now, **act))
            self.take(event("engagements", time_us=self.now, **act))

    def expected(self, reader: int, limit: int) -> list[int]:
        return [
            tweet_id
            for tweet_id, author, _, time_us in reversed(self.tweets)
            if (reader, author) in self.edges
            and tweet_id not in self.deleted
            and time_us > self.tweets[-1][3] - MAX_AGE_H * HOUR_US
        ][:limit]

    def read(self, limit: int, timelines: Timelines | None = None) -> list[list[int]]:
        rows = self.network.users.rows(np.arange(PEOPLE))
        found = (timelines or self.timelines).read(rows, limit)
        return [self.network.tweets.ids[found[i]].tolist() for i in range(PEOPLE)]

    def rebuild(self) -> None:
        columns = {c: np.concatenate([one.columns[c] for one in self.posted]) for c in self.posted[0].columns}
        self.fanout.rebuild(EventBatch("tweets", columns))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "retweet", "follow", "follow", "delete", "act"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(ACTS, st.integers(0, 4), st.integers(0, 4), st.integers(1, 30))
def test_reads_are_what_the_graph_says(acts: list[tuple[str, int, int]], low: int, high: int, limit: int) -> None:
    small = Small(low, high)
    for act in acts:
        small.do(*act)
    expected = [small.expected(reader, limit) for reader in range(PEOPLE)]
    assert small.read(limit) == expected
    # And what the funnel of an evaluation reads, where nothing was ever pushed.
    assert small.read(limit, PulledTimelines(small.network, max_age_h=MAX_AGE_H)) == expected
    if small.posted:
        small.timelines.clear()
        assert small.read(limit) == [[] for _ in range(PEOPLE)]
        small.rebuild()
        assert small.read(limit) == expected


def follow_all(small: Small, author: int, readers: range) -> None:
    for reader in readers:
        small.do("follow", reader, author)


def test_lost_rings_come_back_byte_for_byte() -> None:
    small = Small(100, 100)
    follow_all(small, 0, range(1, 6))
    for _ in range(8):
        small.do("post", 0, 0)
    before = small.timelines.readers.digest()
    small.timelines.readers.clear()
    assert small.timelines.readers.digest() != before
    small.rebuild()
    assert small.timelines.readers.digest() == before


def test_events_that_come_twice_deliver_once() -> None:
    small = Small(100, 100)
    follow_all(small, 0, range(1, 6))
    small.do("post", 0, 0)
    before = small.timelines.readers.digest(), dict(small.fanout.stats.deliveries)
    small.fanout.apply(small.posted[0], small.offset)
    assert (small.timelines.readers.digest(), dict(small.fanout.stats.deliveries)) == before
    # Also where the offset was lost with the process: the entries themselves are there already.
    small.fanout.deliver(small.posted[0], count=False)
    assert small.timelines.readers.digest() == before[0]


def test_each_mode_is_counted() -> None:
    small = Small(2, 4)
    follow_all(small, 0, range(1, 2))
    follow_all(small, 1, range(2, 5))
    follow_all(small, 2, range(0, 1))
    follow_all(small, 2, range(3, 6))
    small.now += 48 * HOUR_US
    small.do("act", 2, 0)
    small.do("post", 0, 0)
    small.do("post", 1, 0)
    small.do("post", 2, 0)
    stats = small.fanout.stats
    assert stats.tweets == {"push": 1, "hybrid": 1, "pull": 1}
    # Of the hybrid author's three followers one was active.
    assert stats.deliveries == {"push": 1, "hybrid": 1, "pull": 0}
    assert stats.edges_left == {"push": 0, "hybrid": 2, "pull": 4}


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(-100, 0)), min_size=1, max_size=50))
def test_every_edge_is_pushed_or_pulled(edges: list[tuple[int, int]]) -> None:
    policy = Thresholds(FanoutConfig(push_below=50, pull_from=200, active_within_h=24))
    columns = np.array(edges, np.int64)
    one = Edges(
        {
            "followers": columns[:, 0],
            "active_us": columns[:, 1] * HOUR_US,
            "time_us": np.zeros(len(edges), np.int64),
        }
    )
    push, pull = policy.push(one), policy.pull(one)
    assert (push ^ pull).all()
    np.testing.assert_array_equal(push[columns[:, 0] < 50], True)
    np.testing.assert_array_equal(push[columns[:, 0] >= 200], False)
    between = (columns[:, 0] >= 50) & (columns[:, 0] < 200)
    np.testing.assert_array_equal(push[between], columns[between, 1] >= -24)


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="pull_from"):
        FanoutConfig(push_below=10, pull_from=5)
