"""Classification metrics against scikit-learn, and measures beyond accuracy against their definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from data.errors import DataError
from ranking.metrics.beyond import coverage, gini, intra_list_diversity
from ranking.metrics.classification import auc, auc_by_group, auc_per_request, grouped_auc, log_loss


@settings(deadline=None)
@given(n=st.integers(2, 60), levels=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_auc_equals_scikit_learn_with_ties(n, levels, seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, levels, n).astype(float), rng.integers(0, 2, n)
    labels[:2] = [0, 1]
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_auc_agrees_with_counting_pairs(rows):
    pairs = [(a > b) + (a == b) / 2 for a, hit in rows if hit for b, miss in rows if not miss]
    found = auc(*(np.array(column, float) for column in zip(*rows, strict=True)))
    if pairs:
        assert found == pytest.approx(np.mean(pairs))
    else:
        assert np.isnan(found)


def test_auc_of_one_class_is_undefined():
    assert np.isnan(auc(np.arange(3.0), np.ones(3)))
    assert np.isnan(auc(np.empty(0), np.empty(0)))


def test_groups_are_ranked_apart_and_weighted_by_rows():
    # Group 3 is ranked perfectly (4 rows), group 1 the wrong way round (2 rows), group 2 has one class.
    groups = np.array([3, 3, 3, 3, 1, 1, 2])
    scores = np.array([1.0, 2, 3, 4, 9, 8, 7])
    labels = np.array([0, 0, 1, 1, 0, 1, 1])
    names, values = auc_by_group(scores, labels, groups)
    assert names.tolist() == [1, 2, 3]
    assert values[[0, 2]].tolist() == [0, 1]
    assert np.isnan(values[1])
    assert grouped_auc(scores, labels, groups) == pytest.approx(4 / 6)


def test_auc_per_request_keeps_empty_requests():
    got = auc_per_request(np.array([1.0, 2, 5, 4]), np.array([0, 1, 0, 1]), np.array([0, 2, 2, 4]))
    assert got[[0, 2]].tolist() == [1, 0]
    assert np.isnan(got[1])


def test_log_loss():
    p, y = np.array([0.1, 0.8, 0.5]), np.array([0, 1, 1])
    assert log_loss(p, y) == pytest.approx(sklearn_log_loss(y, p))
    assert log_loss(np.array([0.0]), np.array([1])) == pytest.approx(-np.log(1e-7))
    with pytest.raises(DataError, match=r"1\.5"):
        log_loss(np.array([1.5]), np.array([1]))
    with pytest.raises(DataError, match="3 scores but 2 labels"):
        log_loss(p, y[:2])


@settings(deadline=None)
@given(n=st.integers(0, 12), seed=st.integers(0, 2**32 - 1))
def test_diversity_equals_the_mean_over_pairs(n, seed):
    vectors = np.random.default_rng(seed).normal(size=(n + 3, 5))
    vectors[0] = 0
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    got = intra_list_diversity(vectors, np.array([0, n, n + 1, n + 3]))
    pairs = [1 - unit[i] @ unit[j] for i, j in combinations(range(n), 2)]
    assert np.isnan(got[1])
    assert got[0] == pytest.approx(np.mean(pairs)) if pairs else np.isnan(got[0])


def test_copies_have_no_diversity():
    assert intra_list_diversity(np.array([[1.0, 2], [2.0, 4]]), np.array([0, 2]))[0] == pytest.approx(0)


def test_coverage_and_gini():
    assert coverage(np.array([4, 4, 9]), 8) == 0.25
    assert np.isnan(coverage(np.array([1]), 0))
    assert gini(np.full(10, 3)) == pytest.approx(0)
    assert gini(np.r_[np.zeros(9), 5]) == pytest.approx(0.9)
    assert gini(np.array([1, 3])) == pytest.approx(0.25)
    assert np.isnan(gini(np.zeros(4)))
