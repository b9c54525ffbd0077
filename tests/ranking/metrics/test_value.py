"""Value of slates and regret to the oracle, against trying every slate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import Ragged
from data.errors import DataError
from ranking.metrics.value import regret, slate_value
from ranking.slate.topk import top_k


def test_value_and_regret_by_hand():
    values = np.array([1.0, 4.0, 2.0, 7.0, 5.0])
    slates = Ragged(np.array([0, 2, 2, 3]), np.array([2, 0, 4]))
    offsets = np.array([0, 3, 3, 5])
    assert slate_value(values, slates).tolist() == [3.0, 0.0, 5.0]
    assert regret(values, offsets, slates).tolist() == [3.0, 0.0, 2.0]
    looked = np.array([1.0, 0.5])
    assert slate_value(values, slates, looked).tolist() == [2.5, 0.0, 5.0]
    assert regret(values, offsets, slates, looked).tolist() == [2.5, 0.0, 2.0]


@settings(deadline=None)
@given(
    values=st.lists(st.integers(-3, 5), min_size=1, max_size=5),
    k=st.integers(0, 6),
    seed=st.integers(0, 99),
    alike=st.booleans(),
)
def test_no_slate_of_this_length_is_worth_more_than_the_oracles(values, k, seed, alike):
    worth, offsets = np.array(values, float), np.array([0, len(values)])
    slates = top_k(np.random.default_rng(seed).normal(size=len(worth)), offsets, k)
    looked = None if alike else 1 / np.arange(1.0, 8.0)
    m = len(slates.values)
    best = max(slate_value(worth, Ragged(np.array([0, m]), np.array(one, np.int64)), looked)[0]
               for one in itertools.permutations(range(len(worth)), m))  # fmt: skip
    got = regret(worth, offsets, slates, looked)[0]
    assert got == pytest.approx(best - slate_value(worth, slates, looked)[0], abs=1e-9)
    assert regret(worth, offsets, top_k(worth, offsets, k), looked)[0] == 0


def test_bad_input_is_named():
    slates = Ragged(np.array([0, 2]), np.array([0, 1]))
    with pytest.raises(DataError, match="value in row 0 is nan"):
        slate_value(np.array([np.nan, 1.0]), slates)
    with pytest.raises(DataError, match="2 places for 1"):
        slate_value(np.ones(2), slates, np.ones(1))
    with pytest.raises(DataError, match="rises"):
        regret(np.ones(2), np.array([0, 2]), slates, np.array([0.5, 1.0]))
