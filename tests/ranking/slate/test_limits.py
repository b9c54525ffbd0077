"""Topic caps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.batch import CandidateBatch, Ragged, Requests
from data.errors import ConfigError, DataError
from ranking.slate.diverse import DiversityConfig
from ranking.slate.limits import TopicCaps, TopicCapsConfig, topic_caps
from ranking.slate.mmr import MMR
from ranking.slate.topk import top_k


def _batch(offsets, **columns):
    count = len(offsets) - 1
    requests = Requests({"user_row": np.arange(count), "time_us": np.zeros(count, np.int64)})
    return CandidateBatch(requests, np.asarray(offsets, np.int64), columns)


def test_the_third_of_a_topic_gives_way_and_comes_back_only_to_fill():
    batch = _batch([0, 6], score=np.arange(6.0)[::-1], topic=np.array([4, 4, 4, 9, -1, -1]))
    caps = TopicCaps(TopicCapsConfig(per_topic=2, topics="topic"))
    assert caps.reads == ("score", "topic")
    assert caps.select(batch, 4).values.tolist() == [0, 1, 3, 4]
    assert caps.select(batch, 6).values.tolist() == [0, 1, 3, 4, 5, 2]


def test_any_of_several_topics_fills_up():
    topics = np.array([[1, 2, -1], [2, 3, -1], [3, -1, -1], [4, -1, -1]], np.int16)
    batch = _batch([0, 4], score=np.arange(4.0)[::-1], **{"tweet.topics": topics})
    # 1 shares topic 2 with 0 and is passed over, so that topic 3 is still free for 2.
    assert TopicCaps(TopicCapsConfig(per_topic=1)).select(batch, 3).values.tolist() == [0, 2, 3]


def test_caps_walk_the_order_of_another_selector():
    vectors = np.array([[2.0, 0, 0], [5.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    batch = _batch([0, 4], score=np.array([1.0, 0.9, 0.5, 0.0]), vector=vectors, topic=np.array([1, 2, 1, 3]))
    order = MMR(DiversityConfig(vectors="vector"))
    assert order.select(batch, 4).values.tolist() == [0, 2, 1, 3]
    caps = TopicCaps(TopicCapsConfig(per_topic=1, topics="topic"), order)
    assert caps.reads == ("score", "vector", "topic")
    assert caps.select(batch, 3).values.tolist() == [0, 1, 3]


@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    k=st.integers(0, 14),
    cap=st.integers(1, 4),
    width=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_caps_hold_wherever_others_are_left(lengths, k, cap, width, seed):
    rng = np.random.default_rng(seed)
    offsets = np.r_[0, np.cumsum(lengths)]
    order = top_k(rng.normal(size=offsets[-1]), offsets, 99)
    topics = rng.integers(-1, 3, (offsets[-1], width))
    got = topic_caps(order, topics, k, cap)
    for b in range(len(lengths)):
        kept, passed = [], []
        for row in order[b].tolist():
            here = {t for t in topics[row].tolist() if t >= 0}
            full = any(sum((topics[r] == t).any() for r in kept) >= cap for t in here)
            (passed if full else kept).append(row)
        assert got[b].tolist() == (kept + passed)[:k]


def test_caps_name_bad_input():
    order = Ragged(np.array([0, 2]), np.array([0, 1]))
    with pytest.raises(ConfigError, match="cap of a topic 0"):
        topic_caps(order, np.array([1, 1]), 2, 0)
    with pytest.raises(DataError, match="float64"):
        topic_caps(order, np.array([1.0, np.nan]), 2, 1)
