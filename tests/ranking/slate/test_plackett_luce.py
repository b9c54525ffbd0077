"""Plackett-Luce against the sum over all orders."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import CandidateBatch, Ragged, Requests
from data.errors import ConfigError, DataError
from ranking.slate.plackett_luce import PlackettLuce, marginals, propensities, sample


def _orders(scores, temperature=1.0):
    """Every order of a request's candidates and its probability, place by place."""
    weights = np.exp((scores - scores.max()) / temperature)
    for order in itertools.permutations(range(len(scores))):
        left = [weights[list(order[place:])].sum() for place in range(len(order))]
        yield list(order), weights[list(order)] / left


@settings(deadline=None, max_examples=40)
@given(
    scores=st.lists(st.floats(-8, 8), min_size=1, max_size=5),
    k=st.integers(1, 6),
    temperature=st.sampled_from([0.5, 1.0, 4.0]),
)
def test_marginals_equal_the_sum_over_all_orders(scores, k, temperature):
    scores = np.array(scores)
    want = np.zeros((len(scores), k))
    for order, p in _orders(scores, temperature):
        for place, row in enumerate(order[:k]):
            want[row, place] += p.prod()
    got = marginals(scores, np.array([0, len(scores)]), k, temperature=temperature)
    assert got == pytest.approx(want, abs=1e-12)


@settings(deadline=None, max_examples=20)
@given(scores=st.lists(st.floats(-8, 8), min_size=1, max_size=5))
def test_propensities_of_all_slates_are_those_of_the_definition_and_sum_to_one(scores):
    scores, total = np.array(scores), 0.0
    for order, p in _orders(scores):
        slate = Ragged(np.array([0, len(order)]), np.array(order))
        got = propensities(scores, np.array([0, len(order)]), slate)
        assert got == pytest.approx(p)
        total += got.prod()
    assert total == pytest.approx(1)


def test_draws_have_the_probabilities_that_they_say():
    scores, requests = np.array([1.0, 0.0, -1.0, 0.5]), 40_000
    offsets = np.arange(requests + 1) * 4
    drawn = sample(np.tile(scores, requests), offsets, 2, np.random.default_rng(0).random(4 * requests))
    first, second = (drawn.slates.values.reshape(requests, 2) % 4).T
    expected = marginals(scores, np.array([0, 4]), 2)
    for place, rows in enumerate((first, second)):
        shares = np.bincount(rows, minlength=4) / requests
        assert np.abs(shares - expected[:, place]).max() < 4 * 0.5 / np.sqrt(requests)
    pairs = np.bincount(4 * first + second, minlength=16) / requests
    stated = np.zeros(16)
    stated[4 * first + second] = drawn.slate_propensity
    assert np.abs(pairs - stated).max() < 4 * 0.5 / np.sqrt(requests)
    # Inverse propensity weighting of what was drawn gives back the sum over all slates: 12 of them.
    assert (1 / drawn.slate_propensity).mean() == pytest.approx(12, rel=0.05)


def test_scores_far_apart_stay_exact():
    scores = np.array([800.0, 0.0, -800.0])
    drawn = sample(scores, np.array([0, 3]), 3, np.array([0.0, 0.5, 0.5]))
    assert drawn.slates.values.tolist() == [0, 1, 2]
    assert drawn.propensity.tolist() == [1.0, 1.0, 1.0]
    assert marginals(np.array([3.0, -1e6]), np.array([0, 2]), 2) == pytest.approx(np.eye(2), abs=1e-15)


@given(n=st.integers(1, 30), seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0.0, 1.0, 10.0]))
@settings(deadline=None, max_examples=30)
def test_each_place_is_filled_once_and_each_candidate_placed_once(n, seed, spread):
    scores = spread * np.random.default_rng(seed).normal(size=n)
    got = marginals(scores, np.array([0, n]), n)
    assert got.sum(axis=0) == pytest.approx(np.ones(n), abs=1e-9)
    assert got.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-9)


def test_none_and_one_and_k_above_n():
    offsets = np.array([0, 0, 1, 3])
    drawn = sample(np.zeros(3), offsets, 5, np.full(3, 0.5))
    assert drawn.slates.lengths.tolist() == [0, 1, 2]
    assert drawn.slate_propensity.tolist() == pytest.approx([1.0, 1.0, 0.5])
    want = [[1, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0]]
    assert marginals(np.zeros(3), offsets, 3) == pytest.approx(np.array(want), abs=1e-12)
    assert marginals(np.zeros(3), offsets, 0).shape == (3, 0)


def test_a_requests_draw_depends_on_its_ids_alone():
    rng = np.random.default_rng(2)
    columns = {"score": rng.normal(size=60), "tweet_id": rng.permutation(60)}
    requests = {"user_row": np.arange(3), "time_us": np.zeros(3, np.int64), "request_id": np.array([11, 12, 13])}
    batch = CandidateBatch(Requests(requests), np.array([0, 20, 40, 60]), columns)
    policy = PlackettLuce(seed=5)
    together = policy.sample(batch, 7)
    alone = CandidateBatch(
        batch.requests.take(np.array([1])), np.array([0, 20]), {k: v[20:40] for k, v in columns.items()}
    )
    again = policy.sample(alone, 7)
    assert (again.slates.values + 20).tolist() == together.slates[1].tolist()
    assert again.propensity == pytest.approx(together.propensity[7:14], rel=1e-12)
    assert policy.select(batch, 7).values.tolist() == together.slates.values.tolist()
    assert PlackettLuce(seed=6).select(batch, 7).values.tolist() != together.slates.values.tolist()


def test_bad_input_is_named():
    with pytest.raises(DataError, match="Plackett-Luce got score nan in row 1"):
        marginals(np.array([0.0, np.nan]), np.array([0, 2]), 1)
    with pytest.raises(ConfigError, match="temperature is 0"):
        PlackettLuce(seed=1, temperature=0)
    with pytest.raises(ConfigError, match="k is -1"):
        marginals(np.zeros(1), np.array([0, 1]), -1)
