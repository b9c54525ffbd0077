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
from serving.fanout.cache import TimelineCache
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
        cache_s = self.config.cache_s
        self.timelines = TimelineService(self.network, *rings, max_age_h=MAX_AGE_H, cache_s=cache_s)
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
        elif kind == "block" and a != b:
            edge = {"user_id": a, "blocked_id": b, "ended": False}
            self.take(event("blocks", block_id=self.now, time_us=self.now, **edge))
        elif kind == "read":
            self.read(20)
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
        # One by one, as a network is asked: so timelines are kept.
        found = [(timelines or self.timelines).read(rows[[i]], limit).values for i in range(PEOPLE)]
        return [self.network.tweets.ids[one].tolist() for one in found]

    def held(self, reader: int) -> list[int]:
        found = self.timelines.readers.read(self.network.users.rows([reader]), 99).values
        return self.network.tweets.ids[found].tolist()

    def rebuild(self) -> None:
        columns = {c: np.concatenate([one.columns[c] for one in self.posted]) for c in self.posted[0].columns}
        self.fanout.rebuild(EventBatch("tweets", columns))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "post",
                "post",
                "post",
                "retweet",
                "follow",
                "follow",
                "delete",
                "act",
                "ask",
                "wait",
                "read",
                "read",
                "block",
                "restart",
            ]
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
        cache_s=draw(st.sampled_from([0.0, 3_600.0, 1e6])),
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


def test_a_new_follower_finds_what_was_left_to_others() -> None:
    small = Small(FanoutConfig(settings={"push_below": 0, "pull_from": 9, "active_within_h": 1}))
    follow_all(small, 0, range(1, 3))
    small.now += 48 * HOUR_US
    small.do("ask", 1, 0)
    small.do("post", 0, 0)
    small.now += 2 * HOUR_US
    small.do("follow", 3, 0)
    assert small.held(3) == []
    assert small.read(9)[3] == [1000]


@pytest.mark.parametrize("name", ["push", "pull"])
def test_what_an_author_s_list_lacks_is_found_by_old_and_new_followers(name: str) -> None:
    small = Small(FanoutConfig(policy=name, capacity=3))
    small.do("follow", 1, 0)
    for _ in range(5):
        small.do("post", 0, 0)
    small.do("follow", 2, 0)
    assert small.read(9)[1:3] == [[1004, 1003, 1002, 1001, 1000]] * 2


def read_twice(small: Small, reader: int) -> tuple[list[int], bool]:
    """What is read the second time, and whether it was kept from the first."""
    row = small.network.users.rows([reader])
    small.timelines.read(row, 9)
    return cached(small, reader)


def cached(small: Small, reader: int) -> tuple[list[int], bool]:
    before = small.timelines.stats.cached
    found = small.timelines.read(small.network.users.rows([reader]), 9).values
    return small.network.tweets.ids[found].tolist(), small.timelines.stats.cached > before


@pytest.mark.parametrize("name", ["push", "pull"])
@pytest.mark.parametrize(
    "act",
    [
        ("post", 1, 0),
        ("post", 0, 0),
        ("follow", 1, 2),
        ("follow", 1, 0),
        ("block", 1, 3),
        ("block", 0, 1),
        ("delete", 0, 0),
        ("delete", 0, 1),
        ("delete", 0, 2),
    ],
    ids=lambda act: "-".join(map(str, act)),
)
def test_a_kept_timeline_ends_with_what_changes_it(name: str, act: tuple[str, int, int]) -> None:
    small = Small(FanoutConfig(policy=name, cache_s=7_200))
    follow_all(small, 0, range(1, 2))
    for author in (0, 0, 1, 4):
        small.do("post", author, 0)
    assert read_twice(small, 1) == ([1001, 1000], True)
    # Somebody else's tweet changes nothing.
    small.do("post", 5, 0)
    assert cached(small, 1) == ([1001, 1000], True)
    small.do(*act)
    assert cached(small, 1) == (small.expected(1, 9), False)


def test_a_kept_timeline_ends_in_time_and_is_cut_where_less_is_asked_for() -> None:
    small = Small(FanoutConfig(policy="push", cache_s=3_600))
    follow_all(small, 0, range(1, 2))
    for _ in range(3):
        small.do("post", 0, 0)
    assert read_twice(small, 1) == ([1002, 1001, 1000], True)
    assert small.timelines.read(small.network.users.rows([1]), 2).values.tolist() == [2, 1]
    assert small.timelines.stats.cached == 2
    assert small.timelines.read(small.network.users.rows([1]), 20).values.tolist() == [2, 1, 0]
    assert small.timelines.stats.cached == 2
    for _ in range(5):
        small.do("post", 5, 0)
    assert cached(small, 1) == ([1002, 1001, 1000], False)


def test_a_kept_timeline_ends_also_for_one_who_reads_without_being_known_to_be_there() -> None:
    small = Small(FanoutConfig(policy="push", inactive_after_h=1, cache_s=7_200))
    follow_all(small, 0, range(1, 2))
    small.now += 5 * HOUR_US
    small.do("post", 0, 0)
    assert read_twice(small, 1) == ([1000], True)
    small.do("post", 0, 0)
    assert cached(small, 1) == ([1001, 1000], False)


def test_only_the_timelines_read_last_are_kept() -> None:
    small = Small(PUSH)
    small.timelines.cache = TimelineCache(small.network, small.timelines.left, held=2)
    small.read(9)
    assert [cached(small, reader)[1] for reader in (5, 4, 3)] == [True, True, False]


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
