"""What readers get does not depend on the fan-out policy, nor on how much lists hold, on restarts or on lost lists."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.ports import Timelines
from candidates.timelines import PulledTimelines
from data.events import HOUR_US, EventBatch
from features.state.network import NetworkState
from serving.events.outbox import event
from serving.fanout.catalogue import POLICIES
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

PEOPLE = 6
MAX_AGE_H = 8
START_US = 1_767_571_200_000_000


class Small:
    """A network of six people, its fan-out, and a plain list of all that happened."""

    def __init__(self, config: FanoutConfig) -> None:
        self.config = config
        self.network = NetworkState()
        self.start()
        self.now = START_US
        self.offset = 0
        self.tweets: list[tuple[int, int, int, int]] = []
        self.posted: list[EventBatch] = []
        self.deleted: set[int] = set()
        self.edges: set[tuple[int, int]] = set()
        for user in range(PEOPLE):
            self.take(event("users", user_id=user, created_us=START_US, verified=False))

    def start(self) -> None:
        rings = [TimelineRing(self.config.capacity) for _ in range(2)]
        self.timelines = TimelineService(self.network, *rings, max_age_h=MAX_AGE_H)
        self.fanout = FanoutConsumer(self.network, self.timelines, self.config, Metrics())

    def restart(self) -> None:
        """From a checkpoint of fan-out and of the network."""
        with tempfile.TemporaryDirectory() as folder:
            self.fanout.freeze(Path(folder))()
            saved = {name: one.copy() for name, one in self.network.arrays().items()}
            self.network = NetworkState()
            self.network.restore(saved)
            self.start()
            self.fanout.resume(Path(folder), self.offset)

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
        elif kind == "act" and self.tweets:
            act = {"engagement_id": self.now, "user_id": a, "tweet_id": 1_000, "action": "like"}
            self.take(event("engagements", time_us=self.now, **act))
        elif kind == "ask":
            asked = {"request_id": self.now, "user_id": a, "product": "home", "policy": "x"}
            self.take(event("requests", time_us=self.now, **asked))
        elif kind == "wait":
            self.now += b * HOUR_US // 2
        elif kind == "restart":
            self.restart()

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

    def held(self, reader: int) -> list[int]:
        found = self.timelines.readers.read(self.network.users.rows([reader]), 99).values
        return self.network.tweets.ids[found].tolist()

    def rebuild(self) -> None:
        columns = {c: np.concatenate([one.columns[c] for one in self.posted]) for c in self.posted[0].columns}
        self.fanout.rebuild(EventBatch("tweets", columns))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["post", "post", "post", "retweet", "follow", "follow", "delete", "act", "ask", "wait", "restart"]
        ),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
    ),
    max_size=60,
)


@st.composite
def configs(draw: st.DrawFn) -> FanoutConfig:
    """Any policy that loses nothing, with thresholds that six people reach."""
    name = draw(st.sampled_from(sorted(POLICIES.keys() - {"lossy"})))
    low, high = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
    chosen = {
        "classic": {"push_below": low, "pull_from": high, "active_within_h": 1},
        "follower-count": {"pull_below": low, "push_below": high, "active_share": 0.5, "active_most": 2},
        "per-edge": {"cost_ratio": draw(st.sampled_from([0.1, 1.0, 3.0]))},
    }
    return FanoutConfig(
        policy=name,
        settings=chosen.get(name, {}),
        capacity=draw(st.sampled_from([2, 5, 50])),
        inactive_after_h=draw(st.sampled_from([0.6, 3.0, 720.0])),
    )


@settings(deadline=None, max_examples=300)
@given(ACTS, configs(), st.integers(1, 30))
def test_reads_are_what_the_graph_says(acts: list[tuple[str, int, int]], config: FanoutConfig, limit: int) -> None:
    small = Small(config)
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


@settings(deadline=None, max_examples=40)
@given(ACTS, configs(), st.integers(1, 30))
def test_who_is_read_with_whom_changes_nothing(
    acts: list[tuple[str, int, int]], config: FanoutConfig, limit: int
) -> None:
    small = Small(config)
    for act in acts:
        small.do(*act)
    rows = small.network.users.rows(np.arange(PEOPLE))
    alone = [small.timelines.read(rows[[at]], limit).values.tolist() for at in range(PEOPLE)]
    together = small.timelines.read(rows, limit)
    assert [one.tolist() for one in together] == alone


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_same_events_give_the_same_lists_twice(name: str) -> None:
    rng = np.random.default_rng(5)
    kinds = ["post", "post", "follow", "delete", "act", "ask"]
    acts = [(kinds[rng.integers(6)], int(rng.integers(PEOPLE)), int(rng.integers(PEOPLE))) for _ in range(300)]

    def digests(restarting: bool) -> tuple[str, str]:
        small = Small(FanoutConfig(policy=name, capacity=20, inactive_after_h=3))
        for at, act in enumerate(acts):
            small.do(*act)
            if restarting and at % 50 == 49:
                small.restart()
        return small.timelines.readers.digest(), small.timelines.authors.digest()

    assert digests(restarting=False) == digests(restarting=False) == digests(restarting=True)


def follow_all(small: Small, author: int, readers: range) -> None:
    for reader in readers:
        small.do("follow", reader, author)


PUSH = FanoutConfig(policy="push")


def test_lost_lists_come_back_byte_for_byte() -> None:
    small = Small(PUSH)
    follow_all(small, 0, range(1, 6))
    for _ in range(8):
        small.do("post", 0, 0)
    before = small.timelines.readers.digest()
    small.timelines.readers.clear()
    assert small.timelines.readers.digest() != before
    small.rebuild()
    assert small.timelines.readers.digest() == before


def test_events_that_come_twice_deliver_once() -> None:
    small = Small(PUSH)
    follow_all(small, 0, range(1, 6))
    small.do("post", 0, 0)
    before = small.timelines.readers.digest(), dict(small.fanout.stats.deliveries)
    small.fanout.apply(small.posted[0], small.offset)
    assert (small.timelines.readers.digest(), dict(small.fanout.stats.deliveries)) == before
    # Also where the offset was lost with the process: the entries themselves are there already.
    small.fanout.deliver(small.posted[0], count=False)
    assert small.timelines.readers.digest() == before[0]


def test_each_mode_is_counted() -> None:
    small = Small(FanoutConfig(settings={"push_below": 2, "pull_from": 4, "active_within_h": 1}))
    follow_all(small, 0, range(1, 2))
    follow_all(small, 1, range(2, 5))
    follow_all(small, 2, range(0, 1))
    follow_all(small, 2, range(3, 6))
    small.now += 48 * HOUR_US
    small.do("ask", 2, 0)
    small.do("post", 0, 0)
    small.do("post", 1, 0)
    small.do("post", 2, 0)
    stats = small.fanout.stats
    assert stats.tweets == {"push": 1, "hybrid": 1, "pull": 1}
    # Of the hybrid author's three followers one was active.
    assert stats.deliveries == {"push": 1, "hybrid": 1, "pull": 0}
    assert stats.edges_left == {"push": 0, "hybrid": 2, "pull": 4}
    assert sum(stats.edges_away.values()) == sum(stats.edges_lost.values()) == 0


def test_readers_merge_only_lists_that_something_was_left_of_to_them() -> None:
    small = Small(FanoutConfig(settings={"push_below": 0, "pull_from": 9, "active_within_h": 1}))
    follow_all(small, 0, range(1, 3))
    small.now += 48 * HOUR_US
    small.do("ask", 1, 0)
    small.do("post", 0, 0)
    rows = small.network.users.rows([1, 2])
    assert [small.timelines.left.to_merge(rows, 0)[at].tolist() for at in (0, 1)] == [[], [0]]
    assert (small.held(1), small.held(2)) == ([1000], [])
    assert small.read(9)[1:3] == [[1000], [1000]]
    # A tweet that is too old leaves nothing to merge.
    assert small.timelines.left.to_merge(rows, 1).values.tolist() == []


def test_a_policy_that_loses_says_how_many() -> None:
    small = Small(FanoutConfig(policy="lossy", settings={"budget": 2, "active_within_h": 1}))
    follow_all(small, 0, range(1, 6))
    small.now += 48 * HOUR_US
    for reader in (1, 3, 4):
        small.do("ask", reader, 0)
    small.do("ask", 3, 0)
    small.do("post", 0, 0)
    found = small.read(9)
    assert [reader for reader in range(PEOPLE) if found[reader]] == [3, 4]
    assert small.fanout.stats.deliveries["hybrid"] == 2
    assert (small.fanout.stats.edges_lost["hybrid"], small.fanout.stats.edges_left["hybrid"]) == (3, 0)


def test_the_list_of_one_who_is_away_is_given_up_and_written_again_on_return() -> None:
    small = Small(FanoutConfig(policy="push", inactive_after_h=24))
    follow_all(small, 0, range(1, 3))
    small.do("post", 0, 0)
    small.now += 30 * HOUR_US
    small.do("ask", 2, 0)
    for _ in range(3):
        small.do("post", 0, 0)
    assert (small.held(1), small.held(2)) == ([], [1003, 1002, 1001, 1000])
    assert small.fanout.stats.edges_away["push"] == 3
    # Whoever reads for them before they are known to be back pulls the past.
    assert small.read(9)[1] == [1003, 1002, 1001]
    past = small.timelines.stats.past
    assert past > 0
    small.do("ask", 1, 0)
    assert small.held(1) == [1003, 1002, 1001]
    assert small.read(9)[1] == [1003, 1002, 1001]
    assert small.timelines.stats.past == past


def test_beyond_what_a_list_holds_the_past_is_pulled() -> None:
    small = Small(FanoutConfig(policy="push", capacity=4))
    follow_all(small, 0, range(1, 2))
    for _ in range(10):
        small.do("post", 0, 0)
    assert small.held(1) == [1009, 1008, 1007, 1006]
    assert small.read(4)[1] == [1009, 1008, 1007, 1006]
    assert small.timelines.stats.past == 0
    assert small.read(7)[1] == [1009, 1008, 1007, 1006, 1005, 1004, 1003]
    assert small.timelines.stats.past == 1
    small.do("delete", 0, 8)
    assert small.read(4)[1] == [1009, 1007, 1006, 1005]


def test_a_large_delivery_goes_on_in_turns_and_is_whole_before_anything_else() -> None:
    network = NetworkState()
    timelines = TimelineService(network, TimelineRing(9), TimelineRing(9))
    fanout = FanoutConsumer(network, timelines, PUSH, Metrics())
    fanout.in_turns = True
    people = np.arange(60_001)
    follow = {"follow_id": people[1:], "time_us": np.full(60_000, START_US), "follower_id": people[1:]}
    follow |= {"followee_id": np.zeros(60_000, np.int64), "ended": np.zeros(60_000, np.bool_)}
    users = {"user_id": people, "created_us": np.full(60_001, START_US), "verified": np.zeros(60_001, np.bool_)}
    tweet = event("tweets", tweet_id=7, time_us=START_US, author_id=0, kind="original", text="", media_count=0)
    for offset, one in enumerate((EventBatch("users", users), EventBatch("follows", follow), tweet), 1):
        network.update(one)
        fanout.apply(one, offset)

    def reached() -> int:
        return len(timelines.readers.read(people, 1).values)

    assert reached() == 40_000
    assert [fanout.go_on() for _ in range(5)] == [True, True, True, True, False]
    assert reached() == 60_000
    timelines.readers.clear()
    fanout.apply(tweet, 4)
    assert reached() == 40_000
    deletion = event("deletions", tweet_id=7, time_us=START_US + 1)
    network.update(deletion)
    fanout.apply(deletion, 5)
    assert reached() == 0
    assert not fanout.go_on()
