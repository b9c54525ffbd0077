"""Tables of the follow graph at midnight: which one a row reads, and which edges that one has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from data.batch import Array, Ragged
from data.events import DAY_US, MINUTE_US, EventBatch
from features.bases.snapshots import SnapshotView, distinct
from features.catalogue import CATALOGUE, owners
from features.graph.follow_edges import Edges
from features.graph.follow_snapshots import Snapshot, SnapshotTables
from features.offline import features_of_log
from features.online import FeatureState
from features.view import Feature
from tests.features.logs import START, Log, frame, letters, logs, replay, row_of
from tests.features.views.small_logs import answers, person, tweet

MADE: list[int] = []
"""Edges of every table that was made."""


def _followers(edges: Edges) -> Mapping[str, Array]:
    """A table that can be counted by eye."""
    MADE.append(len(edges.targets))
    count = np.diff(edges.in_offsets)
    return {"count": count.astype(np.float32), "first": np.append(edges.ids, -1)[_firsts(edges)][:, None]}


def _firsts(edges: Edges) -> Array:
    """Place of the first follower of each, -1 for none."""
    has = np.diff(edges.in_offsets) > 0
    return np.where(has, np.append(edges.sources, -1)[np.minimum(edges.in_offsets[:-1], len(edges.sources))], -1)


COUNTS = Snapshot(_followers)
USER = SnapshotView("user.credibility", COUNTS, "user", {"count": Feature("user.credibility", "followers")})
AUTHOR = SnapshotView("author.credibility", COUNTS, "author", {
    "count": Feature("author.credibility", "followers"),
    "first": Feature("author.first_follower", "the first follower's id", unit="id", default=-1, dtype="int64"),
})  # fmt: skip
NAMES = ["user.credibility", "author.credibility"]


@pytest.fixture(autouse=True, scope="module")
def _counted() -> Iterator[None]:
    """The views of this module in the places of the catalogue's own."""
    owners.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CATALOGUE, "user.credibility", f"{__name__}:USER")
        patch.setitem(CATALOGUE, "author.credibility", f"{__name__}:AUTHOR")
        yield
    owners.cache_clear()


def follow(minute: float, source: int, target: int, *, ended: bool = False) -> dict[str, object]:
    return {"time_us": START + int(minute * MINUTE_US), "follower_id": source, "followee_id": target, "ended": ended}


def numbered(follows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{"follow_id": at, **one} for at, one in enumerate(follows)]


def test_a_row_reads_the_last_midnight_at_or_before_it_and_edges_strictly_before_that() -> None:
    midnight = 24 * 60
    follows = numbered([follow(1, 2, 1), follow(midnight - 1, 3, 1), follow(midnight, 4, 1),
                        follow(midnight + 5, 2, 1, ended=True)])  # fmt: skip
    asked = [midnight - 1, midnight, midnight + 1, midnight + 10, 2 * midnight - 1, 2 * midnight, 9 * midnight]
    found = answers([(1, 10, minute) for minute in asked], NAMES, users=[person(1)], tweets=[tweet(10, 0, 1)],
                    follows=follows)  # fmt: skip
    assert [one["user.credibility"] for one in found] == [0, 2, 2, 2, 2, 2, 2]
    assert [one["author.credibility"] for one in found] == [0, 2, 2, 2, 2, 2, 2]
    later = answers([(1, 10, 2 * midnight)], NAMES, users=[person(1)], tweets=[tweet(10, 0, 1)], follows=follows[:3])
    assert later[0]["user.credibility"] == 3


def _brute(log: Log, user: int, time: int) -> int:
    midnight, edges = time - time % DAY_US, set()
    for one in log.tables["follows"].iter_rows(named=True):
        if one["time_us"] < midnight and one["follower_id"] != one["followee_id"]:
            edges.discard((one["follower_id"], one["followee_id"]))
            if not one["ended"]:
                edges.add((one["follower_id"], one["followee_id"]))
    return sum(target == user for _, target in edges)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(logs())
def test_both_engines_read_the_table_that_its_definition_gives(log: Log) -> None:
    offline = features_of_log(log.lazy(), log.rows, NAMES, letters())
    for row, live in enumerate(replay(log, letters(), NAMES, one_by_one=True)):
        user, time = int(log.rows["user_id"][row]), int(log.rows["time_us"][row])
        past = row_of(offline, row, NAMES)
        assert past["user.credibility"] == live["user.credibility"] == _brute(log, user, time)
        author = int(offline.column("author_id")[row])
        expected = _brute(log, author, time) if author >= 0 else 0
        assert past["author.credibility"] == live["author.credibility"] == expected


def _state(minutes: int, tables: SnapshotTables | None = None) -> FeatureState:
    """Users 1 to 5; user 1 gets a follower a day, at noon, and posts tweet 10."""
    state = FeatureState(None, views=NAMES, snapshots=tables)
    state.update(EventBatch.from_frame("users", frame("users", [person(one) for one in range(1, 6)])))
    state.update(EventBatch.from_frame("tweets", frame("tweets", [tweet(10, 0, 1)])))
    follows = [follow(day * 24 * 60 + 720, day + 2, 1) for day in range(4) if day * 24 * 60 + 720 < minutes]
    state.update(EventBatch.from_frame("follows", frame("follows", numbered(follows))))
    return state


def test_requests_of_several_days_are_each_answered_by_their_own_table() -> None:
    state = _state(10_000)
    last = START + 3 * DAY_US + 720 * MINUTE_US
    times = np.array([last + 1, last - DAY_US, last + 2, last + DAY_US, last - 2 * DAY_US])
    requests = state.requests([1] * 5, times)
    batch = state.lookup(state.base(requests, Ragged(np.array([0, 1, 3, 3, 4, 4]), np.zeros(4, np.int64))), NAMES)
    # A midnight is at most two before the last event's: days 3, 2 and 1 are still known.
    assert batch.requests.columns["user.credibility"].tolist() == [3, 2, 3, 4, 1]
    assert batch.columns["author.credibility"].tolist() == [3, 2, 2, 4]
    whole = state.lookup(state.base(requests, Ragged(np.arange(6), np.zeros(5, np.int64))), ["author.first_follower"])
    assert whole.columns["author.first_follower"].tolist() == [[2]] * 5
    early = state.lookup(state.base(state.requests([5], last + 1), Ragged(np.array([0, 1]), np.zeros(1, np.int64))),
                         ["user.credibility"])  # fmt: skip
    assert early.requests.columns["user.credibility"].tolist() == [0]


def test_ids_come_whole_from_both_engines() -> None:
    large = 1_745_000_000_000_000_001
    log = Log({
        "users": frame("users", [person(1)]), "tweets": frame("tweets", [tweet(10, 0, 1)]),
        "follows": frame("follows", numbered([follow(1, large, 1)])),
        "impressions": frame("impressions", []), "engagements": frame("engagements", []),
    }, pl.DataFrame({"user_id": [1, 1], "tweet_id": [10, 10], "time_us": [START + 2, START + DAY_US]}))  # fmt: skip
    offline = features_of_log(log.lazy(), log.rows, ["author.first_follower"], letters())
    assert offline.column("author.first_follower").tolist() == [[-1], [large]]
    online = replay(log, letters(), ["author.first_follower"], one_by_one=True)
    assert [one["author.first_follower"].tolist() for one in online] == [[-1], [large]]


def test_a_table_is_made_once_for_all_who_have_the_same_edges() -> None:
    tables, noon = SnapshotTables(), START + 4 * DAY_US
    state = _state(10_000, tables)
    MADE.clear()
    for at in range(3):
        batch = state.base(state.requests([1], noon + at), Ragged(np.array([0, 1]), np.zeros(1, np.int64)))
        state.lookup(batch, NAMES)
        other = _state(10_000, tables)
        other.lookup(other.base(other.requests([2], noon + at), Ragged(np.array([0, 0]), np.zeros(0, np.int64))), NAMES)
    assert MADE == [4]


def test_a_state_without_look_ups_makes_no_table() -> None:
    MADE.clear()
    _state(10_000)
    assert MADE == []


def test_distinct_boundaries_ascend() -> None:
    assert distinct(np.array([5, 5])) == [5]
    assert distinct(np.array([7, 5, 7])) == [5, 7]
    assert distinct(np.zeros(0, np.int64)) == []
