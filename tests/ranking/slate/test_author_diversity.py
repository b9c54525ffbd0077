"""Author diversity: its factors by hand, and what any input must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import DataError
from ranking.slate.author_diversity import author_diversity

LADDER = [1.0, 0.625, 0.4375, 0.34375, 0.296875]


def test_an_authors_tweets_go_down_the_ladder_in_order_of_score():
    scores = np.array([1.0, 5.0, 3.0, 9.0, 4.0, 2.0])
    authors = np.array([7, 7, 7, 8, 7, 7])
    got = author_diversity(scores, authors, np.array([0, 6]))
    assert got.tolist() == [LADDER[4], LADDER[0], LADDER[2], LADDER[0], LADDER[1], LADDER[3]]
    assert got.dtype == np.float32


def test_ties_go_to_the_lower_row_and_requests_are_apart():
    got = author_diversity(np.ones(5), np.array([3, 3, 3, 3, 3]), np.array([0, 2, 2, 5]))
    assert got.tolist() == [*LADDER[:2], *LADDER[:3]]


def test_a_score_below_zero_still_moves_down():
    scores = np.array([-1.0, -2.0, 0.0])
    got = author_diversity(scores, np.array([1, 1, 1]), np.array([0, 3]))
    assert (scores * got).tolist() == pytest.approx([-1.0 / 0.625, -2.0 / 0.4375, 0.0])


def test_the_hundredth_stands_on_the_floor_and_none_is_none():
    got = author_diversity(np.arange(100.0), np.zeros(100, np.int64), np.array([0, 100]))
    assert got[0] == pytest.approx(0.25)
    assert author_diversity(np.empty(0), np.empty(0, np.int64), np.array([0, 0])).tolist() == []
    assert author_diversity(np.array([3.0]), np.array([1]), np.array([0, 1])).tolist() == [1.0]


@given(
    requests=st.tuples(*[st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), max_size=12)] * 2),
    decay=st.sampled_from([0.0, 0.5, 1.0]),
    floor=st.sampled_from([0.25, 1.0]),
)
def test_equals_counting_those_above(requests, decay, floor):
    rows, cut = requests[0] + requests[1], len(requests[0])
    scores, authors = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], np.int64)
    got = author_diversity(scores, authors, np.array([0, cut, len(rows)]), decay=decay, floor=floor)
    for i in range(len(rows)):
        mine = range(cut) if i < cut else range(cut, len(rows))
        above = sum(authors[j] == authors[i] and (-scores[j], j) < (-scores[i], i) for j in mine)
        keep = (1 - floor) * decay**above + floor
        assert got[i] == pytest.approx(1 / keep if scores[i] < 0 else keep)


def test_what_is_not_a_score_or_lacks_an_author_is_named():
    with pytest.raises(DataError, match="author diversity got score nan in row 1"):
        author_diversity(np.array([1.0, np.nan]), np.array([5, 5]), np.array([0, 2]))
    with pytest.raises(DataError, match="1 authors for 2 scores"):
        author_diversity(np.array([1.0, 2.0]), np.array([5]), np.array([0, 2]))
