"""Ragged batches agree with lists of lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.batch import CandidateBatch, Ragged, Requests, offsets_of
from data.errors import DataError

LISTS = st.lists(st.lists(st.integers(-5, 5), max_size=5), max_size=6)


def _batch(lists: list[list[int]]) -> CandidateBatch:
    ragged = Ragged.from_lists(lists)
    size = len(lists)
    requests = Requests({
        "user_row": np.arange(size, dtype=np.int64),
        "time_us": np.arange(size, dtype=np.int64) * 10,
        "user.taste": np.arange(size * 2, dtype=np.float32).reshape(size, 2),
    })  # fmt: skip
    return CandidateBatch(requests, ragged.offsets, {"tweet_row": ragged.values, "twice": ragged.values * 2})


@given(LISTS)
def test_ragged_holds_its_lists(lists: list[list[int]]) -> None:
    ragged = Ragged.from_lists(lists)
    assert [one.tolist() for one in ragged] == lists
    assert len(ragged) == len(lists)
    assert ragged.lengths.tolist() == [len(one) for one in lists]
    assert ragged.owner.tolist() == [b for b, one in enumerate(lists) for _ in one]


@given(LISTS)
def test_a_mask_keeps_each_request_its_own(lists: list[list[int]]) -> None:
    batch = _batch(lists)
    kept = batch.take(Ragged.from_mask(batch.offsets, batch.columns["tweet_row"] > 0))
    assert [kept.columns["tweet_row"][kept.request == b].tolist() for b in range(len(lists))] == [
        [value for value in one if value > 0] for one in lists
    ]
    assert len(kept.requests) == len(lists)


@given(LISTS)
def test_request_columns_are_gathered_for_candidates(lists: list[list[int]]) -> None:
    batch = _batch(lists)
    assert batch.column("time_us").tolist() == [b * 10 for b, one in enumerate(lists) for _ in one]
    matrix = batch.matrix(["tweet_row", "user.taste", "twice"])
    assert matrix.shape == (len(batch), 4)
    assert matrix.dtype == np.float32
    assert np.array_equal(matrix[:, 3], 2 * matrix[:, 0])
    assert np.array_equal(matrix[:, 1], 2 * batch.request)
    assert batch.matrix([]).shape == (len(batch), 0)


def test_take_reorders_within_requests() -> None:
    batch = _batch([[4, 5, 6], [7]])
    turned = batch.take(Ragged(np.array([0, 2, 3]), np.array([2, 0, 3])))
    assert turned.columns["tweet_row"].tolist() == [6, 4, 7]
    assert turned.request.tolist() == [0, 0, 1]


def test_new_columns_leave_the_old_batch_alone() -> None:
    batch = _batch([[1], [2]])
    more = batch.with_columns({"score": np.ones(2)}).with_requests({"k": np.array([3, 4])})
    assert more.column("k").tolist() == [3, 4]
    assert "score" not in batch.columns
    assert batch.requests.take(np.array([1])).columns["time_us"].tolist() == [10]


def test_an_absent_column_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"'tweet\.likes' is not in this batch; it has: .*time_us, .*tweet_row"):
        _batch([[1]]).column("tweet.likes")


@given(LISTS)
def test_lengths_give_the_same_lists(lists: list[list[int]]) -> None:
    ragged = Ragged.from_lists(lists)
    again = Ragged.from_lengths([len(one) for one in lists], ragged.values)
    assert again.offsets.tolist() == ragged.offsets.tolist()
    assert again.offsets.dtype == np.int64


def test_offsets_count_a_mask_and_unsigned_lengths() -> None:
    assert offsets_of(np.array([True, False, True])).tolist() == [0, 1, 1, 2]
    assert offsets_of(np.array([2, 3], np.uint8)).tolist() == [0, 2, 5]
    assert offsets_of([]).tolist() == [0]
