"""Filters and factors at their limits."""

from __future__ import annotations

import numpy as np
import pytest

from candidates.feed_order import order_by_score
from candidates.filters.age import Age
from candidates.filters.duplicate import Duplicate
from candidates.scorers.network_factor import NetworkFactor
from data.batch import Array, CandidateBatch, Requests
from data.events import HOUR_US

NOW = 1_767_571_200_000_000


def batch(sizes: list[int], **columns: Array) -> CandidateBatch:
    requests = Requests({"user_row": np.arange(len(sizes)), "time_us": np.full(len(sizes), NOW)})
    rows = {"tweet_row": np.arange(sum(sizes)), **columns}
    return CandidateBatch(requests, np.r_[0, np.cumsum(sizes)].astype(np.int64), rows)


def test_a_tweet_is_young_from_its_moment_on_until_the_limit() -> None:
    ages = np.array([-1, 0, 1, 2 * HOUR_US - 1, 2 * HOUR_US, 3 * HOUR_US])
    assert Age(2.0).keep(batch([6], tweet_time_us=NOW - ages)).tolist() == [False, True, True, True, False, False]
    assert Age().max_age_us == 48 * HOUR_US


def test_a_stranger_moves_down_whatever_the_sign_of_the_value() -> None:
    value = np.array([2.0, 2.0, -2.0, -2.0, 0.0], np.float32)
    follows = np.array([True, False, True, False, False])
    factor = NetworkFactor(0.75).factor(batch([5], value=value, viewer_follows=follows))
    assert factor.tolist() == pytest.approx([1.0, 0.75, 1.0, 1 / 0.75, 0.75])
    moved = value * factor
    assert moved[1] < value[1]
    assert moved[3] < value[3]


def test_the_first_of_a_content_is_kept_within_a_request_alone() -> None:
    content = np.array([5, 7, 5, 7, 5, 5])
    assert Duplicate().keep(batch([4, 2], content_row=content)).tolist() == [True, True, False, False, True, False]


def test_equal_scores_go_to_the_newer_tweet_then_the_larger_id() -> None:
    columns = {
        "score": np.array([1.0, 2.0, 1.0, 1.0, 3.0, 3.0]), "tweet_time_us": np.array([5, 5, 9, 9, 1, 1]),
        "tweet_id": np.array([10, 11, 12, 13, 15, 14]),
    }  # fmt: skip
    assert order_by_score(batch([4, 2], **columns)).tolist() == [1, 3, 2, 0, 4, 5]
