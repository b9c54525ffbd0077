"""The requester's and the author's columns on small logs whose numbers can be counted by eye, in both engines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.events import HOUR_US, MINUTE_US, EventBatch
from data.schema import ACTIONS, DEVICES
from features.codes import LANGUAGES
from features.state.history import LENGTH, History
from features.state.network import UNKNOWN_US
from features.state.recent import BLOCK
from tests.features.logs import START
from tests.features.views.small_logs import answers, deeds, person, shown, tweet

LIKE, REPLY, CLICK = (ACTIONS.index(action) for action in ("like", "reply", "click"))


def test_totals_count_what_was_done_seen_and_posted_strictly_before() -> None:
    names = [f"{who}.{what}" for who in ("user", "author")
             for what in ("tweets", "engagements", "impressions", "engagement_rate")]  # fmt: skip
    rows = answers(
        [(1, 10, 30), (1, 10, 31), (2, 10, 31), (1, 11, 31)], names,
        users=[person(1), person(2)],
        tweets=[tweet(10, 0, 2), tweet(11, 1, None), tweet(12, 30, 1)],
        engagements=deeds((5, 1, 10, 2, "like"), (30, 1, 10, 2, "click"), (6, 1, 10, 2, "not_interested")),
        impressions=shown((4, 1, 10, 2), (30, 1, 11, None)),
    )  # fmt: skip
    # At minute 30 the click, the second impression and the third tweet have not happened yet.
    assert rows[0] == {
        "user.tweets": 0, "user.engagements": 1, "user.impressions": 1,
        "user.engagement_rate": pytest.approx(2 / 21), "author.tweets": 1, "author.engagements": 1,
        "author.impressions": 1, "author.engagement_rate": pytest.approx(2 / 21),
    }  # fmt: skip
    assert [rows[1][name] for name in names[:3]] == [1, 2, 2]
    assert rows[1]["user.engagement_rate"] == pytest.approx(3 / 22)
    # Who has done nothing is believed to act once in twenty impressions; nobody's tweets are the same.
    assert [rows[2][name] for name in names[:3]] == [1, 0, 0]
    assert rows[2]["user.engagement_rate"] == rows[3]["author.engagement_rate"] == np.float32(0.05)
    assert [rows[3][name] for name in names[4:7]] == [0, 0, 0]


def test_a_profile_is_known_from_the_moment_after_it_was_made() -> None:
    names = ["user.place", "user.language", "user.device", "user.hour", "user.weekend"]
    ada = person(1, language="pt-BR", place=23424977, device="Android", utc_offset_min=-210, created_us=START)
    eve = person(2, language="tlh", device="fridge")
    rows = answers([(1, 10, 0), (1, 10, 1), (2, 10, 1), (3, 10, 61)], names, users=[ada, eve, person(3)])
    # Monday 2026-01-05 00:00 UTC; a minute later it is Sunday 20:31 at 3.5 hours behind.
    before, known, other, bare = ([row[name].tolist() for name in names] for row in rows)
    assert before == [[-1], -1, -1, 0, 0]
    assert known == [[23424977], LANGUAGES.index("pt"), DEVICES.index("android"), 20, 1]
    assert other == [[-1], len(LANGUAGES), len(DEVICES), 0, 0]
    assert bare == [[-1], -1, -1, 1, 0]


def test_activity_is_counted_in_the_zone_known_when_each_action_happened() -> None:
    names = ["user.activity", "user.activity_now"]
    tokyo = person(1, utc_offset_min=540, created_us=START + 60 * MINUTE_US)
    likes = deeds(*((minute, 1, 10, 2, "like") for minute in (30, 60, 61, 125)), (62, 1, 10, 2, "mute"))
    rows = answers(
        [(1, 10, 0), (1, 10, 60), (1, 10, 125), (1, 10, 24 * 60 + 65)], names,
        users=[tokyo], tweets=[tweet(10, 0, 2)], engagements=likes,
    )  # fmt: skip
    assert not rows[0]["user.activity"].any()
    assert rows[0]["user.activity_now"] == 0
    # Before the account there is no zone: half past midnight UTC. From then on it is nine hours later.
    assert np.flatnonzero(rows[1]["user.activity"]).tolist() == [0]
    assert dict(enumerate(rows[2]["user.activity"].round(4))) == dict.fromkeys(range(24), 0) | {
        0: np.float32(0.3333), 10: np.float32(0.6667)}  # fmt: skip
    # Asked at 10:05 in Tokyo the day after: two of the four actions were at that hour.
    assert rows[3]["user.activity_now"] == 0.5
    assert rows[3]["user.activity"][[0, 10, 11]].tolist() == [0.25, 0.5, 0.25]


def test_top_topics_are_the_shares_best_first_and_ties_go_to_the_lower_code() -> None:
    tweets = [tweet(10 + i, 0, 2, text) for i, text in enumerate("abcd")]
    on = (13, 13, 11, 12, 10)
    likes = deeds(*((1 + i, 1, one, 2, "like") for i, one in enumerate(on)))
    rows = answers([(1, 10, 1), (1, 10, 3), (1, 10, 9)], ["user.top_topics"], tweets=tweets, engagements=likes)
    assert [row["user.top_topics"].tolist() for row in rows] == [[-1, -1, -1], [3, -1, -1], [3, 0, 1]]


def test_a_history_says_what_was_done_to_what_and_how_long_ago() -> None:
    names = ["user.history_tweets", "user.history_authors", "user.history_actions", "user.history_ages_h"]
    acts = deeds((0, 1, 10, 2, "like"), (30, 1, 11, None, "reply"), (30, 1, 10, 2, "click"), (45, 1, 10, 2, "mute"),
                 (60, 1, 10, 2, "like"))  # fmt: skip
    tweets = [tweet(10, 0, 2), tweet(11, 0, None)]
    (row,) = answers([(1, 10, 60)], names, tweets=tweets, engagements=acts)
    assert row["user.history_tweets"][:4].tolist() == [10, 11, 10, -1]
    assert row["user.history_authors"][:4].tolist() == [2, -1, 2, -1]
    assert row["user.history_actions"][:4].tolist() == [CLICK, REPLY, LIKE, -1]
    assert row["user.history_ages_h"][:4].tolist() == [0.5, 0.5, 1, -1]
    assert {row[name].shape for name in names} == {(LENGTH,)}


def test_a_full_history_forgets_the_oldest_in_both_engines() -> None:
    names = ["user.history_tweets", "user.history_ages_h"]
    count = LENGTH + 2 * BLOCK + 3
    acts = deeds(*((1 + i, 1, 10 + i % 7, 2, "like") for i in range(count)))
    tweets = [tweet(10 + i, 0, 2) for i in range(7)]
    (row,) = answers([(1, 10, count + 1)], names, tweets=tweets, engagements=acts)
    assert row["user.history_tweets"].tolist() == [10 + i % 7 for i in reversed(range(count))][:LENGTH]
    np.testing.assert_allclose(row["user.history_ages_h"], (1 + np.arange(LENGTH)) / 60, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 150)), max_size=12), st.booleans())
def test_a_history_holds_the_newest_of_each_user_whatever_the_batches(
    runs: list[tuple[int, int]], restored: bool
) -> None:
    history, kept, at = History(), {user: list[int]() for user in range(3)}, 0
    history.resize(3)
    for user, size in runs:
        tweets = np.arange(at, at + size)
        history.update(EventBatch("engagements", {
            "user_row": np.full(size, user), "tweet_row": tweets, "author_row": tweets + 1,
            "action_code": (tweets % 5).astype(np.int8), "time_us": tweets * HOUR_US,
        }))  # fmt: skip
        kept[user] += tweets.tolist()
        at += size
        if restored:
            arrays, history = history.arrays(), History()
            history.restore(arrays)
    rows = np.array([2, -1, 0, 1])
    for user, found, action, time in zip(
        rows, history.tweets(rows), history.actions(rows), history.times(rows), strict=True
    ):
        expected = kept.get(int(user), [])[::-1][:LENGTH]
        assert found.tolist() == expected + [-1] * (LENGTH - len(expected))
        assert action.tolist() == [one % 5 for one in expected] + [-1] * (LENGTH - len(expected))
        assert time[: len(expected)].tolist() == [one * HOUR_US for one in expected]
        assert set(time[len(expected) :].tolist()) <= {UNKNOWN_US}
    assert history.authors(rows, 5).shape == (4, 5)
    assert history.counts(np.arange(3)).tolist() == [len(kept[user]) for user in range(3)]


def test_a_history_takes_room_for_what_was_done_and_no_more_than_it_keeps() -> None:
    history = History()
    history.resize(1_000)
    one = {"author_row": np.zeros(1, np.int64), "action_code": np.zeros(1, np.int8), "time_us": np.zeros(1, np.int64)}
    assert len(history.arrays()["block_tweet"]) == 0
    for i in range(3 * LENGTH):
        history.update(EventBatch("engagements", {"user_row": np.array([7]), "tweet_row": np.array([i]), **one}))
    assert len(history.arrays()["block_tweet"]) == LENGTH // BLOCK + 1
