"""Trends: the formula by hand, the windows against a plain count, bounded memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.trends.engine import TrendConfig, TrendEngine
from candidates.trends.scorer import Windows
from candidates.trends.windowed_score import Windowed
from data.batch import F64
from data.events import HOUR_US, MINUTE_US, EventBatch

START = 1_767_571_200_000_000
OSLO, ROME = 862_592, 721_943


def tweets(*rows: dict[str, object]) -> EventBatch:
    """Tweets in order; ids count from 1 within the call unless given."""
    full = [
        {"tweet_id": at + 1, "author_id": 1, "kind": "original", "referenced_id": -1, "place": -1, "text": "", **row}
        for at, row in enumerate(rows)
    ]
    texts = {"kind", "text"}
    names = ("tweet_id", "time_us", "author_id", "kind", "referenced_id", "place", "text")
    return EventBatch(
        "tweets",
        {name: np.array([row[name] for row in full], object if name in texts else np.int64) for name in names},
    )


def test_the_formula_in_its_raw_units() -> None:
    windows = Windows(
        START,
        {
            "key": np.array([0, 1]), "volume": np.array([12, 1]), "previous": np.array([3, 0]),
            "unique_users": np.array([9, 1]), "first_seen_us": np.array([START - 50_000, START]),
        },
    )  # fmt: skip
    expected = [0.3 * 12 + 0.4 * 12 / 3 + 0.2 * 9 / 12 + 0.1 / 50, 0.3 + 0.4 * 1 / 1 + 0.2 + 0.1 / 1]
    assert Windowed().update(windows) == pytest.approx(expected, rel=1e-12)


def test_windows_slide_and_exclude_their_end() -> None:
    engine = TrendEngine()
    minutes = [0.0, 4.0, 5.0, 9.0, 10.0]
    engine.update(
        tweets(*({"time_us": START + int(m * MINUTE_US), "text": "so #cold", "author_id": m} for m in minutes))
    )
    (now,) = engine.trends(START + 10 * MINUTE_US)
    assert (now.volume, now.previous, now.unique_users, now.first_seen_us) == (2, 2, 2, START)
    (later,) = engine.trends(START + 10 * MINUTE_US + 1)
    assert (later.volume, later.previous) == (2, 2)  # 9, 10 | 4, 5, as 0 fell out and 5 moved
    assert engine.trends(START + 20 * MINUTE_US) == []


def test_spellings_meet_and_repeats_in_a_tweet_count_once() -> None:
    engine = TrendEngine()
    engine.update(tweets({"time_us": START, "text": "#Snow #snow #SNOW"}, {"time_us": START + 1, "text": "#SNOW"}))
    (trend,) = engine.trends(START + 2)
    assert (trend.hashtag, trend.volume, trend.unique_users) == ("Snow", 2, 1)


def test_a_retweet_uses_the_hashtags_of_what_it_refers_to() -> None:
    engine = TrendEngine()
    engine.update(
        tweets(
            {"time_us": START, "text": "#goal"},
            {"time_us": START + 1, "kind": "retweet", "referenced_id": 1, "author_id": 2},
            {"time_us": START + 2, "kind": "retweet", "referenced_id": 2, "author_id": 3},
            {"time_us": START + 3, "kind": "retweet", "referenced_id": 77, "author_id": 4},
        )
    )
    (trend,) = engine.trends(START + 4)
    assert (trend.volume, trend.unique_users) == (3, 3)


def test_places_count_where_it_was_posted_else_the_authors_home() -> None:
    engine = TrendEngine()
    engine.update(EventBatch("users", {"user_id": np.array([7]), "place": np.array([OSLO])}))
    engine.update(
        tweets(
            {"time_us": START, "text": "#a", "author_id": 7},
            {"time_us": START, "text": "#a", "author_id": 7, "place": ROME},
            {"time_us": START, "text": "#b", "author_id": 8},
        )
    )
    at = START + 1
    assert {t.hashtag: t.volume for t in engine.trends(at)} == {"a": 2, "b": 1}
    assert [(t.hashtag, t.volume) for t in engine.trends(at, OSLO)] == [("a", 1)]
    assert [(t.hashtag, t.volume) for t in engine.trends(at, ROME)] == [("a", 1)]
    assert engine.trends(at, 999) == []


def test_a_tweet_delivered_twice_counts_once() -> None:
    engine = TrendEngine()
    batch = tweets({"time_us": START, "text": "#once"})
    engine.update(batch)
    engine.update(batch)
    assert engine.trends(START + 1)[0].volume == 1


def test_equal_scores_are_ordered_by_name() -> None:
    engine = TrendEngine()
    engine.update(tweets(*({"time_us": START, "text": f"#{tag}", "author_id": 1} for tag in ("pear", "apple", "fig"))))
    assert [trend.hashtag for trend in engine.trends(START + 1, limit=2)] == ["apple", "fig"]


def test_a_memory_shorter_than_what_is_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="memory_h=1 is shorter than two windows of window_min=31"):
        TrendConfig(window_min=31, memory_h=1)
    assert TrendConfig(window_min=30, memory_h=1).memory_h == 1


class Alike:
    """Every hashtag scores the same."""

    def update(self, windows: Windows) -> F64:
        return np.ones(len(windows))


def test_equal_scores_are_ordered_by_larger_volume_then_name() -> None:
    engine = TrendEngine(Alike())
    said = ["fig", "pear", "apple", "fig", "pear", "kiwi", "fig"]
    engine.update(tweets(*({"time_us": START, "text": f"#{tag}", "author_id": 1} for tag in said)))
    assert [trend.hashtag for trend in engine.trends(START + 1)] == ["fig", "pear", "apple", "kiwi"]
    assert [trend.hashtag for trend in engine.trends(START + 1, limit=3)] == ["fig", "pear", "apple"]


@pytest.mark.parametrize(("later", "first"), [(HOUR_US, START), (HOUR_US + 1, START + HOUR_US + 1)])
def test_a_hashtag_is_new_again_when_its_last_use_is_older_than_the_memory(later: int, first: int) -> None:
    engine = TrendEngine(config=TrendConfig(memory_h=1))
    engine.update(tweets({"time_us": START, "text": "#again"}, {"time_us": START + later, "text": "#again"}))
    (trend,) = engine.trends(START + later + 1)
    assert (trend.volume, trend.first_seen_us) == (1, first)


def test_memory_is_bounded_by_time() -> None:
    engine = TrendEngine(config=TrendConfig(memory_h=1))
    for hour in range(40):
        rows = [
            {"tweet_id": 100 * hour + n, "time_us": START + hour * HOUR_US + n, "text": f"#h{hour}n{n}"}
            for n in range(50)
        ]
        engine.update(tweets(*rows))
    uses = engine._uses
    assert max(len(uses._rows), len(uses._code), len(uses._last), len(engine._tags_of)) <= 4 * 50
    engine.update(tweets({"tweet_id": 9_999, "time_us": START + 40 * HOUR_US, "text": "#h1n1"}))
    (again,) = engine.trends(START + 40 * HOUR_US + 1)
    assert again.first_seen_us == START + 40 * HOUR_US  # forgotten, so this is a first use


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.integers(1, 4)), min_size=1, max_size=40),
    cut=st.integers(0, 40),
)
def test_windows_equal_a_plain_count_for_any_batching(rows: list[tuple[int, str, int]], cut: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    events = tweets(
        *({"time_us": START + m * MINUTE_US, "text": f"#{tag}", "author_id": user} for m, tag, user in rows)
    )
    engine = TrendEngine()
    for part in (events.where(slice(0, cut)), events.where(slice(cut, None))):
        engine.update(part)
    now = rows[-1][0] + 1
    trends = {t.hashtag: (t.volume, t.previous, t.unique_users) for t in engine.trends(START + now * MINUTE_US)}
    expected = {}
    for tag in "abc":
        mine = [user for m, one, user in rows if one == tag and now - 5 <= m < now]
        before = sum(one == tag and now - 10 <= m < now - 5 for m, one, _ in rows)
        if mine:
            expected[tag] = (len(mine), before, len(set(mine)))
    assert trends == expected
