"""Rows, columns, what is alive, and what happens to ids that come before their own event."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from data.errors import DataError
from data.events import HOUR_US, NEVER_US, EventBatch
from data.schema import KIND_CODE
from features.state.columns import Columns, at
from features.state.network import NetworkState
from features.state.seen import MOST, WINDOW_US, Seen
from tests.features.logs import START, frame

HOUR = HOUR_US


def tweets(*rows: dict[str, object]) -> EventBatch:
    base = {"author_id": 1, "kind": "original", "text": "a", "media_count": 0, "referenced_id": None}
    return EventBatch.from_frame("tweets", frame("tweets", [{**base, **row} for row in rows]))


def test_alive_is_younger_than_the_limit_posted_not_deleted_and_no_retweet() -> None:
    network = NetworkState()
    network.update(
        tweets(
            {"tweet_id": 10, "time_us": START - 48 * HOUR},
            {"tweet_id": 11, "time_us": START - 48 * HOUR + 1},
            {"tweet_id": 12, "time_us": START - HOUR},
            {"tweet_id": 13, "time_us": START - 2, "kind": "retweet", "referenced_id": 12},
            {"tweet_id": 14, "time_us": START},
            {"tweet_id": 15, "time_us": START + 1},
        )
    )
    network.update(EventBatch("deletions", {"tweet_id": np.array([12]), "time_us": np.array([START])}))
    assert network.tweets.ids[network.alive(START)].tolist() == [11, 14]
    assert network.tweets.ids[network.alive(START, float("inf"))].tolist() == [10, 11, 14]


def test_alive_is_the_same_when_rows_are_out_of_order() -> None:
    network = NetworkState()
    network.resolve(EventBatch("engagements", {"tweet_id": np.array([99, 12]), "user_id": np.array([1, 1])}))
    network.update(
        tweets(
            {"tweet_id": 10, "time_us": START - 48 * HOUR},
            {"tweet_id": 11, "time_us": START - 48 * HOUR + 1},
            {"tweet_id": 12, "time_us": START - HOUR},
        )
    )
    assert sorted(network.tweets.ids[network.alive(START)].tolist()) == [11, 12]


def test_a_tweet_without_author_and_a_user_without_account_have_defaults() -> None:
    network = NetworkState()
    network.update(tweets({"tweet_id": 10, "time_us": START, "author_id": None, "kind": "item"}))
    row = int(network.tweets.rows(np.array([10]))[0])
    assert network.tweet.author_row[row] == network.tweet.author_id[row] == -1
    assert network.tweet.kind[row] == KIND_CODE["item"]
    follow = {"follow_id": 1, "time_us": START, "follower_id": 7, "followee_id": 8, "ended": False}
    network.update(EventBatch.from_frame("follows", frame("follows", [follow])))
    seven = network.users.rows(np.array([7]))
    assert network.users.ids[network.graph.followees(seven)[0]].tolist() == [8]
    assert network.user.language[seven].tolist() == [-1]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DataError, match="'poll'"):
        NetworkState().update(tweets({"tweet_id": 10, "time_us": START, "kind": "poll"}))


def test_columns_grow_and_keep_what_they_hold() -> None:
    columns = Columns({"one": (np.int64, -1, 0), "two": (np.float32, 0, 3)})
    columns.resize(2)
    columns.one[:] = [5, 6]
    columns.resize(10_000)
    assert columns.one[:3].tolist() == [5, 6, -1]
    assert columns.two.shape == (10_000, 3)
    columns.resize(1)
    assert len(columns) == 10_000
    assert at(columns.one, np.array([1, -1, 10_000]), 9).tolist() == [6, 9, 9]


def _served(users: NDArray[np.int64], tweets: NDArray[np.int64], time_us: NDArray[np.int64]) -> EventBatch:
    return EventBatch("impressions", {"user_row": users, "tweet_row": tweets, "time_us": time_us})


def test_seen_takes_a_batch_over_many_windows_as_it_takes_the_events_one_by_one() -> None:
    rng = np.random.default_rng(3)
    time_us = np.sort(START + rng.integers(0, 200 * HOUR, 40) // (7 * HOUR) * (7 * HOUR))
    users, tweets = rng.integers(0, 3, 40), rng.integers(0, 3, 40)
    whole, single = Seen(), Seen()
    whole.update(_served(users, tweets, time_us))
    for k in range(40):
        single.update(_served(users[k : k + 1], tweets[k : k + 1], time_us[k : k + 1]))
    for name, array in single.arrays().items():
        assert np.array_equal(whole.arrays()[name], array)


def test_seen_lasts_forty_eight_hours_exactly() -> None:
    seen, user, tweet = Seen(), np.array([1]), np.array([2])
    seen.update(_served(user, tweet, np.array([START])))
    assert seen.has(user, tweet, START + 48 * HOUR - 1).all()
    assert not seen.has(user, tweet, START + 48 * HOUR).any()
    assert not seen.has(tweet, user, START).any()
    for hours in (40, 90, 300):
        other = np.array([START + hours * HOUR])
        seen.update(_served(np.array([5]), tweet, other))
        assert seen.has(user, tweet, int(other[0])).all() == (hours < 48)
    copy = Seen()
    copy.restore(seen.arrays())
    assert copy.has(np.array([5]), tweet, START + 301 * HOUR).all()


def test_showings_are_counted_and_survive_saving() -> None:
    seen, user, tweet = Seen(), np.array([1, 1, 2]), np.array([2, 3, 2])
    never = -NEVER_US
    assert [part.tolist() for part in seen.shown(user, tweet, START)] == [[never] * 3, [0] * 3]
    at = START // WINDOW_US * WINDOW_US + WINDOW_US
    times = at + np.array([-3, -2, -1, 0, 5])
    seen.update(_served(np.array([1, 1, 2, 1, 1]), np.array([2, 3, 2, 2, 2]), times))
    for one in (seen, _copy(seen)):
        last, count = one.shown(user, tweet, at + 10)
        assert last.tolist() == [at + 5, at - 2, at - 1]
        assert count.tolist() == [3, 1, 1]
        last, count = one.shown(user, tweet, at + 48 * HOUR - 2)
        assert last.tolist() == [at + 5, never, at - 1]
        assert count.tolist() == [3, 0, 1]
    many = np.full(300, 7)
    seen.update(_served(many, many, np.full(300, at + 6)))
    assert seen.shown(np.array([7]), np.array([7]), at + 7)[1].tolist() == [MOST]


def _copy(seen: Seen) -> Seen:
    copy = Seen()
    copy.restore(seen.arrays())
    return copy
