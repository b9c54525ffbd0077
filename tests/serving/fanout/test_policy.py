"""Who is given a tweet and who fetches it, at the very thresholds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.batch import I64, Mask
from data.events import HOUR_US
from features.state.network import NetworkState
from serving.events.outbox import event
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.policy import MODES, Edges, FanoutConfig, Thresholds
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import TimelineService
from serving.kit.telemetry import Metrics

NOW = 1_767_571_200_000_000
POLICY = Thresholds(FanoutConfig(push_below=10, pull_from=20, active_within_h=2))


def edges(followers: int, idle_us: int) -> Edges:
    columns = {"followers": followers, "active_us": NOW - idle_us, "time_us": NOW}
    return Edges({name: np.array([value]) for name, value in columns.items()})


def test_below_the_first_threshold_push_from_the_second_on_pull() -> None:
    followers = np.array([0, 9, 10, 19, 20, 10**6])
    assert [MODES[code] for code in POLICY.mode(followers)] == ["push", "push", "hybrid", "hybrid", "pull", "pull"]
    plain = Thresholds(FanoutConfig(push_below=10, pull_from=10))
    assert [MODES[code] for code in plain.mode(np.array([9, 10]))] == ["push", "pull"]


def test_the_defaults_are_a_thousand_a_hundred_thousand_and_a_day() -> None:
    config = FanoutConfig()
    assert (config.push_below, config.pull_from, config.active_within_h, config.capacity) == (1_000, 100_000, 24, 800)


@given(st.integers(0, 30), st.sampled_from([-1, 0, 1, 2 * HOUR_US - 1, 2 * HOUR_US, 2 * HOUR_US + 1, 10 * HOUR_US]))
def test_between_them_push_to_whoever_was_active_within_the_hours(followers: int, idle_us: int) -> None:
    one = edges(followers, idle_us)
    pushed = followers < 10 or (followers < 20 and idle_us <= 2 * HOUR_US)
    assert POLICY.push(one).tolist() == [pushed]
    assert POLICY.pull(one).tolist() == [not pushed]


class Nobody:
    """Pushes to nobody, whatever it calls that."""

    def push(self, edges: Edges) -> Mask:
        return np.zeros(len(edges.columns["followers"]), np.bool_)

    def pull(self, edges: Edges) -> Mask:
        return ~self.push(edges)

    def mode(self, followers: I64) -> I64:
        return np.zeros(len(followers), np.int64)


def test_what_any_policy_leaves_to_pull_is_read() -> None:
    network = NetworkState()
    timelines = TimelineService(network, TimelineRing(9), TimelineRing(9))
    fanout = FanoutConsumer(network, timelines, Nobody(), Metrics())
    said = [event("users", user_id=user, created_us=NOW, verified=False) for user in (1, 2)]
    said.append(event("follows", follow_id=1, time_us=NOW, follower_id=1, followee_id=2, ended=False))
    said.append(event("tweets", tweet_id=5, time_us=NOW + 1, author_id=2, kind="original", text="", media_count=0))
    for offset, one in enumerate(said, 1):
        network.update(one)
        if one.table in fanout.tables:
            fanout.apply(one, offset)
    assert timelines.readers.read(np.array([0]), 9).values.tolist() == []
    assert timelines.read(np.array([0]), 9).values.tolist() == [0]
