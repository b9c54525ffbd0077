"""Snowflakes give back what went in; the index agrees with a dictionary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.ids import EPOCH_MS, MAX_SEQUENCE, IdIndex, snowflake, snowflake_time_us, snowflakes_in_order

TIMES = st.integers(EPOCH_MS, EPOCH_MS + 2**41 - 1).map(lambda ms: ms * 1000)
IDS = st.integers(-(2**63), 2**63 - 1)


@given(TIMES, st.integers(0, MAX_SEQUENCE), st.integers(0, 31), st.integers(0, 31))
def test_the_time_comes_back(time_us: int, sequence: int, datacentre: int, worker: int) -> None:
    one = snowflake(time_us, sequence, datacentre=datacentre, worker=worker)
    assert one >= 0
    assert snowflake_time_us(one) == time_us
    assert int(one) & MAX_SEQUENCE == sequence
    assert (int(one) >> 12) & 1023 == datacentre * 32 + worker


def test_a_published_id_has_its_published_time() -> None:
    # The example in Twitter's documentation of tweet ids: 2022-06-28 16:07:40.105 UTC.
    time = snowflake_time_us(1541815603606036480)
    assert np.datetime64(int(time), "us") == np.datetime64("2022-06-28T16:07:40.105")


@given(st.lists(TIMES, max_size=50).map(sorted))
def test_ids_of_ordered_times_ascend(times: list[int]) -> None:
    ids = snowflakes_in_order(np.array(times, np.int64))
    assert (np.diff(ids) > 0).all()
    assert snowflake_time_us(ids).tolist() == times


@pytest.mark.parametrize(
    ("time_us", "sequence", "worker"),
    [(0, 0, 0), ((EPOCH_MS + 2**41) * 1000, 0, 0), (EPOCH_MS * 1000, 4096, 0), (EPOCH_MS * 1000, 0, 32)],
)
def test_refuses_what_has_no_id(time_us: int, sequence: int, worker: int) -> None:
    with pytest.raises(ValueError, match="snowflake"):
        snowflake(time_us, sequence, worker=worker)


def test_a_crowded_millisecond_counts_on_in_the_next_datacentre_until_it_is_full() -> None:
    crowded = np.full(32 * (MAX_SEQUENCE + 1) + 1, EPOCH_MS * 1000, np.int64)
    with pytest.raises(ValueError, match="millisecond"):
        snowflakes_in_order(crowded)
    ids = snowflakes_in_order(crowded[1:], worker=3)
    assert (np.diff(ids) > 0).all()
    assert (snowflake_time_us(ids) == EPOCH_MS * 1000).all()
    assert set((ids >> 12 & 31).tolist()) == {3}


@given(st.lists(st.lists(IDS, max_size=20), max_size=8), st.lists(IDS, max_size=10))
def test_the_index_agrees_with_a_dictionary(batches: list[list[int]], strangers: list[int]) -> None:
    index, peer = IdIndex(), dict[int, int]()
    for batch in batches:
        rows = index.add(batch)
        for one in batch:
            peer.setdefault(one, len(peer))
        assert rows.tolist() == [peer[one] for one in batch]
    queried = [*peer, *strangers]
    assert index.rows(queried).tolist() == [peer.get(one, -1) for one in queried]
    assert index.ids.tolist() == list(index) == list(peer)
    assert len(index) == len(peer)
    assert all((one in index) == (one in peer) for one in queried)


def test_the_index_grows_and_keeps_rows() -> None:
    rng = np.random.default_rng(7)
    ids: NDArray[np.int64] = rng.permutation(50_000).astype(np.int64) * 7 - 1000
    index = IdIndex()
    for part in np.array_split(ids, 311):
        index.add(part)
        assert index.rows(part[:1])[0] >= 0
    assert np.array_equal(index.ids, ids)
    assert np.array_equal(index.rows(ids), np.arange(len(ids)))
    assert (index.rows(ids + 1) == -1).all()
    assert np.array_equal(index.rows(ids[:6].reshape(2, 3)), np.arange(6).reshape(2, 3))


def test_an_id_below_the_least_stands_for_none() -> None:
    index = IdIndex([7])
    assert index.add([-1, 9, 7, -5, 9], least=0).tolist() == [-1, 1, 0, -1, 1]
    assert index.ids.tolist() == [7, 9]
    assert index.rows([-1, -5]).tolist() == [-1, -1]


def test_a_million_repeats_of_one_id_make_room_for_one() -> None:
    index = IdIndex()
    index.add(np.full(1_000_000, 5))
    assert len(index._slots) < 10_000
