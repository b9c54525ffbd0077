"""A tweet's counts, windows, speeds and facts: by hand, and windows against their definition."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import CandidateBatch, Requests
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch
from data.schema import POSITIVE_ACTIONS
from features.bases.windows import Window, WindowCounts
from features.codes import LANGUAGES
from features.graph.follow_snapshots import FollowGraph, SnapshotTables
from features.shared import Shared
from features.state.history import History
from features.state.network import NetworkState
from features.state.seen import Seen
from features.state.texts import Texts
from features.views.tweet import COUNTS
from tests.features.logs import START
from tests.features.views.small_logs import answers, deeds, shown, tweet

OF_ACTION = {total.of: name for name, total in COUNTS.counts.items()}


def test_every_positive_action_has_a_count_of_its_own() -> None:
    assert set(OF_ACTION) == {*POSITIVE_ACTIONS, "engagements", "impressions"}
    names = [*OF_ACTION.values(), "tweet.engagement_rate"]
    acts = deeds(*((1, 1, 10, 2, action) for at, action in enumerate(POSITIVE_ACTIONS) for _ in range(at + 1)),
                 (1, 1, 10, 2, "report"), (2, 1, 10, 2, "like"))  # fmt: skip
    total = sum(range(1, len(POSITIVE_ACTIONS) + 1))
    early, late = answers(
        [(1, 10, 1), (1, 10, 2)], names, tweets=[tweet(10, 0, 2)], engagements=acts,
        impressions=shown((1, 1, 10, 2), (1, 2, 10, 2), (2, 1, 10, 2)),
    )  # fmt: skip
    assert [early[name] for name in names] == [0] * (len(names) - 1) + [np.float32(0.05)]
    assert [late[OF_ACTION[action]] for action in POSITIVE_ACTIONS] == list(range(1, len(POSITIVE_ACTIONS) + 1))
    assert (late["tweet.engagements"], late["tweet.impressions"]) == (total, 2)
    assert late["tweet.engagement_rate"] == pytest.approx((total + 1) / 22)


def test_speeds_are_counts_over_the_life_within_the_window() -> None:
    names = [f"tweet.{what}_{window}" for what in ("engagements", "velocity") for window in ("15m", "1h", "6h", "24h")]
    acts = deeds(*((minute, 1, 10, 2, "like") for minute in (1, 1, 100, 118, 119)))
    young, old, gone = answers(
        [(1, 10, 2), (1, 10, 120), (1, 10, 3 * 24 * 60)], [*names, "tweet.acceleration"],
        tweets=[tweet(10, 0, 2)], engagements=acts,
    )  # fmt: skip
    # Two minutes old is measured as five: 2 likes in 1/12 hour.
    assert [young[name] for name in names] == [2, 2, 2, 2, *[pytest.approx(24)] * 4]
    assert young["tweet.acceleration"] == 1
    # At two hours: buckets of 5 minutes from minute 110 and from minute 65; longer windows hold its whole life.
    assert [old[name] for name in names] == pytest.approx([2, 3, 5, 5, 8, 3, 2.5, 2.5])
    assert old["tweet.acceleration"] == pytest.approx(4 / 3.5)
    assert [gone[name] for name in names] == [0] * 8


def test_facts_and_language_are_known_after_the_moment_of_posting() -> None:
    names = ["tweet.language", "tweet.age_h", "tweet.length"]
    tweets = [tweet(10, 0, 2, "abc") | {"language": language} for language in ("en-GB",)]
    tweets += [tweet(11, 0, 2) | {"language": "qya"}, tweet(12, 0, 2) | {"language": None}]
    rows = answers([(1, 10, 0), (1, 10, 60), (1, 11, 60), (1, 12, 60), (1, 13, 60)], names, tweets=tweets)
    assert [row["tweet.language"] for row in rows] == [-1, LANGUAGES.index("en"), len(LANGUAGES), -1, -1]
    assert [row["tweet.age_h"] for row in rows] == [0, 1, 1, 1, 0]
    assert [row["tweet.length"] for row in rows] == [0, 3, 1, 1, 0]


WINDOWS = {
    "a": Window(5 * MINUTE_US, 3, "short"), "b": Window(5 * MINUTE_US, 12, "same ring"), "c": Window(HOUR_US, 1, "one"),
    "d": Window(DAY_US, 2, "long"),
}  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 2)), max_size=60),
    st.lists(st.tuples(st.integers(0, 4_000), st.integers(-1, 3)), min_size=1, max_size=8),
)
def test_windows_are_what_their_definition_says(events: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    """Moments in steps of 100 seconds, so that many fall on the borders of buckets."""
    step = 100_000_000
    events = sorted(events)
    times = np.array([START + at * step for at, _ in events], np.int64)
    tweets = np.array([one for _, one in events], np.int64)
    rows = pl.DataFrame({
        "row": np.arange(len(asked)), "tweet_id": [one for _, one in asked],
        "time_us": [START + at * step for at, _ in asked],
    })  # fmt: skip
    view = WindowCounts("w", "impressions", "tweet", WINDOWS)
    log = {"impressions": pl.LazyFrame({"tweet_id": tweets, "time_us": times})}
    offline = view.offline(log, rows.lazy()).collect().sort("row")
    network = NetworkState()
    network.tweets.add(np.arange(4))
    live = view.online(_shared(network))
    live.update(EventBatch("impressions", {"tweet_row": tweets, "time_us": times}))
    for row, (_, one) in enumerate(asked):
        time = rows["time_us"][row]
        found = live.lookup(CandidateBatch(
            Requests({"user_row": np.zeros(1, np.int64), "time_us": np.array([max(time, START + 901 * step)])}),
            np.array([0, 1]), {"tweet_row": np.array([one])},
        ))  # fmt: skip
        for name, window in WINDOWS.items():
            assert offline[name][row] == _by_definition(tweets == one, times, time, window), name
            late = max(time, START + 901 * step)
            assert found[name][0] == _by_definition(tweets == one, times, late, window), name


def _shared(network: NetworkState) -> Shared:
    return Shared(network, History(), Seen(), Texts(None), FollowGraph(network.users, SnapshotTables()))


def _by_definition(own: np.ndarray, times: np.ndarray, time: int, window: Window) -> int:
    """The bucket that holds the moment, the buckets before it, and of those what was strictly before the moment."""
    first = (time // window.bucket_us - window.buckets + 1) * window.bucket_us
    return int((own & (times >= first) & (times < time)).sum())


def test_an_event_that_comes_late_counts_where_it_belongs() -> None:
    network = NetworkState()
    network.tweets.add(np.arange(1))
    live = WindowCounts("w", "impressions", "tweet", WINDOWS).online(
        Shared(network, History(), Seen(), Texts(None), FollowGraph(network.users, SnapshotTables()))
    )
    for minute in (600, 540, 60, 599):
        live.update(EventBatch("impressions", {
            "tweet_row": np.zeros(1, np.int64), "time_us": np.array([START + minute * MINUTE_US])}))  # fmt: skip
    asked = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.array([START + 601 * MINUTE_US])})
    found = live.lookup(CandidateBatch(asked, np.array([0, 1]), {"tweet_row": np.zeros(1, np.int64)}))
    assert {name: int(count[0]) for name, count in found.items()} == {"a": 2, "b": 2, "c": 1, "d": 4}
