"""What is held back after it was served, and how far what was seen sinks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.filters.served import Served
from candidates.scorers.seen_factor import SeenFactor
from data.batch import Array, CandidateBatch, Requests, offsets_of
from data.events import MINUTE_US, NEVER_US

NOW = 1_767_571_200_000_000
NEVER = -NEVER_US


def batch(sizes: list[int], **columns: Array) -> CandidateBatch:
    requests = Requests({"user_row": np.arange(len(sizes)), "time_us": np.full(len(sizes), NOW)})
    return CandidateBatch(requests, offsets_of(sizes), {"tweet_row": np.arange(sum(sizes)), **columns})


def shown(sizes: list[int], minutes_ago: list[float | None], showings: list[int] | None = None) -> CandidateBatch:
    last = [NEVER if one is None else NOW - int(one * MINUTE_US) for one in minutes_ago]
    counts = [int(one is not None) for one in minutes_ago] if showings is None else showings
    return batch(sizes, viewer_last_shown_us=np.array(last), viewer_showings=np.array(counts))


def test_served_is_held_back_for_minutes_and_not_longer() -> None:
    just = 10 - 1 / MINUTE_US
    one = shown([5], [0.0, 5.0, just, 10.0, None])
    assert Served(10.0, 100, 1).keep(one).tolist() == [False, False, False, True, True]
    assert Served(0.0, 100, 1).keep(one).all()


def test_those_served_last_are_held_back_and_enough_is_left() -> None:
    one = shown([6], [1.0, 2.0, 3.0, 4.0, 5.0, None])
    assert Served(10.0, 2, 1).keep(one).tolist() == [False, False, True, True, True, True]
    assert Served(10.0, 100, 4).keep(one).tolist() == [False, False, True, True, True, True]
    assert Served(10.0, 100, 6).keep(one).all()
    assert Served(10.0, 100, 50).keep(one).all()
    # Of one time: the more often shown, then the newer.
    tied = shown([4], [1.0] * 4, [2, 1, 1, 3])
    assert Served(10.0, 3, 1).keep(tied).tolist() == [False, True, False, False]


@given(st.lists(st.lists(st.sampled_from([None, 0.5, 1.0, 9.0, 11.0]), max_size=8), max_size=4), st.integers(1, 6))
def test_a_reader_is_always_left_enough_alone_as_in_a_batch(lists: list[list[float | None]], leaves: int) -> None:
    served = Served(10.0, 5, leaves)
    together = served.keep(shown([len(one) for one in lists], [ago for one in lists for ago in one]))
    parts = np.split(together, np.cumsum([len(one) for one in lists])[:-1]) if lists else []
    for one, part in zip(lists, parts, strict=True):
        assert part.sum() >= min(len(one), leaves)
        assert all(kept for ago, kept in zip(one, part, strict=True) if ago is None or ago > 10)
        alone = served.keep(shown([len(one)], one)).tolist()
        assert alone == part.tolist()


def test_what_was_seen_sinks_with_every_showing_down_to_a_floor() -> None:
    value = np.array([1.0, 1.0, 1.0, 1.0, -1.0], np.float32)
    one = batch([5], viewer_showings=np.array([0, 1, 2, 9, 1]), value=value)
    assert SeenFactor(0.3, 0.02).factor(one).tolist() == pytest.approx([1.0, 0.3, 0.09, 0.02, 1 / 0.3])
