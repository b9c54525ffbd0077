"""Fatigue: what was shown lately sinks by a stated formula, over requests and not within one, and rises again."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.products.home import HomeConfig, home_funnel
from candidates.rerankers.fatigue import Fatigue, FatigueConfig
from candidates.selectors import TopKConfig
from candidates.timelines import PulledTimelines
from data.batch import F32, Array, CandidateBatch
from data.events import HOUR_US, MINUTE_US
from features.online import FeatureState
from features.state.shown import LENGTH
from tests.candidates.small_network import NOW, network, scored, show

CONFIG = FatigueConfig(half_life_h=2.0, author_strength=0.5, topic_strength=0.1, floor=0.2)
TWEETS = [(101, 2, 9.0), (102, 2, 8.0), (103, 3, 7.0), (104, 3, 6.0), (105, 4, 5.0)]


def factor(state: FeatureState, scores: object = (1, 1, 1), reader: int = 1, config: FatigueConfig = CONFIG) -> F32:
    return Fatigue(state, config).factor(scored(state, [reader], [[102, 104, 105]], scores))


def after(tired: float) -> float:
    return 0.2 + 0.8 / (1 + tired)


def test_an_author_and_a_topic_sink_by_how_often_and_how_lately_they_were_shown() -> None:
    state = network(range(1, 6), TWEETS, topics=[0, 7, 1, 7, -1])
    assert factor(state).tolist() == [1, 1, 1]
    show(state, 1, [101, 103], NOW - 2 * HOUR_US)
    assert factor(state).tolist() == pytest.approx([after(0.5 / 2), after(0.5 / 2), 1])
    show(state, 1, [104], NOW)
    # 104 is of topic 7, which 102 of another author shares.
    assert factor(state).tolist() == pytest.approx([after(0.25 + 0.1), after(0.75 + 0.1), 1])
    assert factor(state, reader=5).tolist() == [1, 1, 1], "what one reader saw tires no other"


def test_a_tweet_keeps_its_floor_and_one_below_zero_moves_down_too() -> None:
    state = network(range(1, 6), TWEETS)
    show(state, 1, [101] * (LENGTH + 30), NOW)
    assert factor(state).tolist() == pytest.approx([after(0.5 * LENGTH), 1, 1]), "the last 200 impressions count"
    assert factor(state, (-1, 1, 1)).tolist() == pytest.approx([1 / after(0.5 * LENGTH), 1, 1])


def test_what_is_shown_after_the_request_counts_nothing_and_either_kind_can_be_off() -> None:
    state = network(range(1, 6), TWEETS, topics=[0, 7, 1, 7, -1])
    show(state, 1, [104], NOW + 1)
    assert factor(state).tolist() == [1, 1, 1]
    show(state, 1, [104], NOW)
    only = {"author_strength": 0.0}, {"topic_strength": 0.0}
    authors, topics = (factor(state, config=CONFIG.model_copy(update=one)) for one in only[::-1])
    assert authors.tolist() == pytest.approx([1, after(0.5), 1])
    assert topics.tolist() == pytest.approx([after(0.1), after(0.1), 1])


def test_nothing_to_rank_and_nobody_known_has_no_factors() -> None:
    state = network(range(1, 6), TWEETS)
    assert Fatigue(state).factor(scored(state, [1, 2], [[], []], [])).shape == (0,)
    assert Fatigue(state).factor(scored(state, [], [], [])).shape == (0,)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(101, 105), st.integers(0, 600)), max_size=30), st.booleans())
def test_requests_together_are_requests_alone_and_a_plain_sum(shows: list[tuple[int, int, int]], saved: bool) -> None:
    topics = [0, 7, 1, 7, -1]
    state = network(range(1, 6), TWEETS, topics=topics)
    for reader, tweet, minutes in sorted(shows, key=lambda one: -one[2]):
        show(state, reader, [tweet], NOW - minutes * MINUTE_US)
    if saved:
        arrays = state.shown.arrays()
        state.shown.__init__()  # type: ignore[misc]
        state.shown.restore(arrays)
    wanted, people = [101, 103, 104, 105], [1, 2, 3]
    batch = scored(state, people, [wanted] * 3, np.ones(12))
    got = Fatigue(state, CONFIG).factor(batch).reshape(3, 4)
    for row, reader in zip(got, people, strict=True):
        alone = Fatigue(state, CONFIG).factor(scored(state, [reader], [wanted], np.ones(4)))
        assert row.tolist() == alone.tolist()
        for value, tweet in zip(row, wanted, strict=True):
            tired = 0.0
            for who, what, minutes in shows:
                weight = 0.5 ** (minutes / 120) * (who == reader)
                tired += 0.5 * weight * (TWEETS[what - 101][1] == TWEETS[tweet - 101][1])
                tired += 0.1 * weight * (topics[what - 101] == topics[tweet - 101] >= 0)
            assert value == pytest.approx(after(tired), rel=1e-5)


class ByAuthor:
    """Ranks author 2 a little above author 3, and either's newer tweets above the older."""

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> dict[str, Array]:
        author, tweet = batch.columns["author_id"], batch.columns["tweet_id"]
        return {"score": (np.where(author == 2, 1.0, 0.9) + tweet / 1e6).astype(np.float32)}


def reading(config: HomeConfig, times: int, folder: Path | None = None) -> list[int]:
    """The author of each of so many home feeds of one tweet, ten minutes apart."""
    tweets = [(100 + i, 2 + i % 2, 10 - i * 0.01) for i in range(200)]
    state, seen = network(range(1, 4), tweets, [(1, 2), (1, 3)]), list[int]()
    for turn in range(times):
        if folder is not None and turn == times // 2:
            state.save(folder)
            state = FeatureState.load(folder, None)
        funnel = home_funnel(
            state, PulledTimelines(state.network, max_age_h=60), ByAuthor(), config=config, strict=True
        )
        now = NOW + turn * 10 * MINUTE_US
        slate = funnel.run(state.requests(np.array([1]), now), 1).slate
        seen += slate.columns["author_id"].tolist()
        show(state, 1, slate.columns["tweet_id"].tolist(), now)
    return seen


def test_reading_home_often_makes_authors_alternate_also_over_a_restart(tmp_path: Path) -> None:
    plain = HomeConfig(selector=TopKConfig())
    assert set(reading(plain, 50)) == {2}, "without fatigue the better author has every feed"
    tired = reading(plain.model_copy(update={"fatigue": FatigueConfig()}), 50, tmp_path)
    assert len(tired) == 50
    # The one who is a tenth better keeps three of five feeds, and nobody has three in a row.
    assert 18 <= tired.count(3) <= 25, tired
    assert max(len(list(run)) for _, run in itertools.groupby(tired)) == 2
