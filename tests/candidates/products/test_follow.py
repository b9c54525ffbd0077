"""Who to follow: scores worked out by hand, reasons, who is never suggested, and when somebody is again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from candidates.products.follow import FollowConfig, Suggestion, WhoToFollow
from data.errors import NotFoundError
from data.events import HOUR_US
from features.online import FeatureState
from tests.candidates.small_network import NOW, engage, events, follow, network

# 1 follows 2, 3 and 4; these follow 5 (all), 6 (two) and 7 (one of one).
EDGES = [(1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5), (2, 6), (3, 6), (2, 7), (5, 1)]


def asked(state: FeatureState, k: int = 10, reader: int = 1, **config: object) -> list[Suggestion]:
    return WhoToFollow(state, FollowConfig.model_validate(config)).suggest(reader, k, NOW)


def test_two_steps_over_the_graph_and_who_is_on_the_way() -> None:
    state = network(range(1, 10), follows=EDGES)
    found = asked(state)
    assert [one.user_id for one in found] == [5, 6, 7]
    # 2 follows three, 3 two and 4 one: 1/3 + 1/2 + 1, 1/3 + 1/2 and 1/3; the weight of the graph is 0.7.
    walks = np.array([11 / 6, 5 / 6, 2 / 6])
    assert [one.score for one in found] == pytest.approx(0.7 * walks / walks[0])
    assert [(one.followed_by, one.others) for one in found] == [((4, 3), 1), ((3, 2), 0), ((2,), 0)]
    handles = {2: "ann", 3: "ben", 4: "cem"}
    assert [one.reason(handles) for one in found] == [
        "followed by @cem, @ben and 1 more you follow", "followed by @ben and @ann", "followed by @ann",
    ]  # fmt: skip
    assert asked(state, 1) == found[:1]
    assert asked(state, reader=9) == []


def test_nobody_followed_muted_or_blocked_either_way_is_suggested() -> None:
    state = network(range(1, 10), follows=[*EDGES, (2, 1), (2, 3), (4, 8)])
    state.update(events("mutes", mute_id=[1], time_us=[NOW - 10], user_id=[1], muted_id=[5], ended=[False]))
    state.update(
        events("blocks", block_id=[1, 2], time_us=[NOW - 10] * 2, user_id=[1, 7], blocked_id=[6, 1], ended=[False] * 2)
    )
    assert [one.user_id for one in asked(state)] == [8]
    follow(state, [(1, 3)], ended=True)
    assert [one.user_id for one in asked(state)] == [8, 3]


def shown(state: FeatureState, accounts: Sequence[int], time_us: int, reader: int = 1) -> None:
    n = len(accounts)
    state.update(
        events(
            "suggestions", suggestion_id=range(n), time_us=[time_us] * n, user_id=[reader] * n, suggested_id=accounts,
            position=range(n), score=[1.0] * n,
        )
    )  # fmt: skip


def test_who_was_suggested_comes_again_after_thirty_hours_also_after_a_restart(tmp_path: Path) -> None:
    state = network(range(1, 10), follows=EDGES)
    shown(state, [5], NOW - 30 * HOUR_US)
    shown(state, [6], NOW - 30 * HOUR_US + 1)
    shown(state, [7], NOW - HOUR_US, reader=2)
    assert [one.user_id for one in asked(state)] == [5, 7]
    state.save(tmp_path / "state")
    restored = FeatureState.load(tmp_path / "state", None)
    assert [one.user_id for one in asked(restored)] == [5, 7]
    assert [one.user_id for one in asked(restored, again_after_h=0)] == [5, 6, 7]


def test_an_account_that_writes_about_what_the_reader_likes_is_near_too() -> None:
    # Topic 0 is half of what 1 liked, topic 2 a quarter, and one liked tweet is about nothing.
    tweets = [(100, 2, 9.0), (101, 2, 9.0), (102, 3, 9.0), (103, 4, 9.0)]
    own = [(110, 8, 5.0), (111, 8, 5.0), (112, 9, 4.0), (113, 9, 4.0), (114, 6, 4.0)]
    state = network(range(1, 10), [*tweets, *own], EDGES, topics=[0, 0, 2, 1, 0, 1, 2, 2, 0])
    state.texts.topic_count = 3
    state.understanding = SimpleNamespace(topics=("chess", "food", "rain"))  # type: ignore[assignment]
    for tweet in (100, 101, 102):
        engage(state, tweet, [1])
    found = {one.user_id: one for one in asked(state, graph_weight=0.0)}
    # 2/3 of the interest is chess: half of 8's tweets are; 9 writes of rain alone, 1/3. 6 has only one tweet.
    assert list(found) == [8, 9]
    assert [one.score for one in found.values()] == pytest.approx([1, 1])
    assert [one.reason({}) for one in found.values()] == ["writes about chess", "writes about rain"]
    both = asked(state)
    assert [one.user_id for one in both] == [5, 6, 8, 9, 7]


def test_a_reader_that_there_is_not_is_named() -> None:
    with pytest.raises(NotFoundError, match="unknown user 77"):
        asked(network(range(1, 4)), reader=77)
