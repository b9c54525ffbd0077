"""The greedy DPP against determinants computed afresh."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import CandidateBatch, Requests
from data.errors import ConfigError, DataError
from ranking.slate.diverse import DiversityConfig
from ranking.slate.dpp import DPP, dpp
from ranking.slate.topk import top_k


def _kernel(scores, vectors, weight):
    """L of the docstring; zero vectors have 1 on the diagonal."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    similar = unit @ unit.T
    np.fill_diagonal(similar, 1.0)
    span = np.ptp(scores)
    relevance = (scores - scores.min()) / span if span > 0 else np.zeros(len(scores))
    quality = np.exp(weight / (2 * (1 - weight)) * relevance)
    return quality[:, None] * similar * quality[None, :]


@settings(deadline=None)
@given(
    n=st.integers(1, 14),
    k=st.integers(1, 8),
    weight=st.sampled_from([0.0, 0.3, 0.7, 0.9]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_place_makes_the_determinant_as_large_as_it_can_be(n, k, weight, seed):
    rng = np.random.default_rng(seed)
    scores, vectors = rng.normal(size=n), rng.normal(size=(n, 10))
    vectors[rng.random(n) < 0.1] = 0
    kernel = _kernel(scores, vectors, weight)
    got = dpp(scores, vectors, np.array([0, n]), k, relevance_weight=weight)[0].tolist()
    assert len(got) == len(set(got)) == min(n, k)
    for place in range(len(got)):
        prefix = got[:place]
        value = {i: np.linalg.slogdet(kernel[np.ix_([*prefix, i], [*prefix, i])])[1] for i in set(range(n)) - {*prefix}}
        assert value[got[place]] >= max(value.values()) - 1e-7


def test_two_of_three_by_hand():
    # Equal scores: the first row, then whichever is at the larger angle to it, whatever the sign of the cosine.
    vectors = np.array([[1.0, 0.0], [-4.0, 3.0], [3.0, 4.0]])
    assert dpp(np.zeros(3), vectors, np.array([0, 3]), 2)[0].tolist() == [0, 2]
    # 0.3 (log 0.64 - log 0.36) = 0.17 for the wider angle, less than 0.7 of half the span of scores.
    assert dpp(np.array([1.0, 0.5, 0.0]), vectors, np.array([0, 3]), 2)[0].tolist() == [0, 1]


def test_copies_wait_until_nothing_else_is_left_and_then_come_by_score():
    vectors = np.array([[1.0, 0], [2.0, 0], [5.0, 0], [0, 1.0]])
    scores = np.array([4.0, 2.0, 3.0, 1.0])
    assert dpp(scores, vectors, np.array([0, 4]), 4)[0].tolist() == [0, 3, 2, 1]


def test_ties_go_to_the_lower_row_and_zero_vectors_are_like_nothing():
    assert dpp(np.ones(4), np.eye(4), np.array([0, 4]), 3)[0].tolist() == [0, 1, 2]
    assert dpp(np.ones(4), np.zeros((4, 2)), np.array([0, 4]), 4)[0].tolist() == [0, 1, 2, 3]
    assert dpp(np.ones(3), np.array([[1.0, 0], [1.0, 0], [0, 0]]), np.array([0, 3]), 2)[0].tolist() == [0, 2]


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(0, 12), depth=st.integers(0, 12))
@settings(deadline=None)
def test_weight_one_or_depth_none_is_the_best_k_by_score(seed, k, depth):
    rng = np.random.default_rng(seed)
    scores, vectors, offsets = rng.integers(0, 4, 10), rng.normal(size=(10, 3)), np.array([0, 10])
    want = top_k(scores, offsets, k).values.tolist()
    assert dpp(scores, vectors, offsets, k, relevance_weight=1.0, depth=depth).values.tolist() == want
    assert dpp(scores, vectors, offsets, k, depth=0).values.tolist() == want


def test_requests_are_apart_and_may_be_empty():
    rng = np.random.default_rng(1)
    scores, vectors, offsets = rng.normal(size=30), rng.normal(size=(30, 3)), np.array([0, 12, 12, 13, 30])
    together = dpp(scores, vectors, offsets, 5)
    assert together.lengths.tolist() == [5, 0, 1, 5]
    for b, (low, high) in enumerate(itertools.pairwise(offsets)):
        alone = dpp(scores[low:high], vectors[low:high], np.array([0, high - low]), 5)
        assert (together[b] - low).tolist() == alone[0].tolist()


def test_the_selector_reads_its_columns():
    requests = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.zeros(1, np.int64)})
    columns = {"score": np.array([4.0, 2.0, 3.0, 1.0], np.float32), "v": np.array([[1.0, 0], [2, 0], [5, 0], [0, 1]])}
    batch = CandidateBatch(requests, np.array([0, 4]), columns)
    selector = DPP(DiversityConfig(vectors="v", depth=2))
    assert selector.reads == ("score", "v")
    assert selector.select(batch, 3).values.tolist() == [0, 3, 2]


def test_bad_input_is_named():
    with pytest.raises(DataError, match="DPP got score nan in row 0"):
        dpp(np.array([np.nan, 1.0]), np.eye(2), np.array([0, 2]), 1)
    with pytest.raises(DataError, match="vector that is not finite in row 1"):
        dpp(np.zeros(2), np.array([[1.0], [np.inf]]), np.array([0, 2]), 1)
    with pytest.raises(ConfigError, match="depth -1"):
        dpp(np.zeros(2), np.eye(2), np.array([0, 2]), 1, depth=-1)
