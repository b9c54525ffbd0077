"""Classification metrics against scikit-learn, and measures beyond accuracy against their definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from data.batch import Ragged
from data.errors import ConfigError, DataError
from ranking.metrics.beyond_accuracy import (
    author_exposure,
    coverage,
    exposure,
    exposure_gini,
    gini,
    intra_list_diversity,
    novelty,
    shown_gini,
)
from ranking.metrics.calibration import calibration_curve, calibration_error, expected_over_observed
from ranking.metrics.classification import (
    auc,
    auc_by_group,
    auc_per_request,
    grouped_auc,
    log_loss,
    pr_auc,
    pr_auc_by_group,
    relative_cross_entropy,
)
from ranking.metrics.ranked import rank
from ranking.metrics.value import regret


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


def test_long_vectors_are_not_taken_for_none():
    long = np.array([[1e30, 0], [0, 1e30], [1e30, 1e30]], np.float32)
    want = ((1 - 0) + 2 * (1 - np.sqrt(0.5))) / 3
    assert intra_list_diversity(long, np.array([0, 3]))[0] == pytest.approx(want)


def test_copies_have_no_diversity():
    assert intra_list_diversity(np.array([[1.0, 2], [2.0, 4]]), np.array([0, 2]))[0] == pytest.approx(0)


def test_coverage_and_gini():
    assert coverage(np.array([4, 4, 9]), 8) == 0.25
    assert np.isnan(coverage(np.array([1]), 0))
    assert gini(np.full(10, 3)) == pytest.approx(0)
    assert gini(np.r_[np.zeros(9), 5]) == pytest.approx(0.9)
    assert gini(np.array([1, 3])) == pytest.approx(0.25)
    assert np.isnan(gini(np.zeros(4)))


@settings(deadline=None)
@given(n=st.integers(2, 60), levels=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_pr_auc_equals_scikit_learn_with_ties_and_ignores_the_order_of_rows(n, levels, seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, levels, n).astype(float), rng.integers(0, 2, n)
    labels[:2] = [0, 1]
    assert pr_auc(scores, labels) == pytest.approx(average_precision_score(labels, scores))
    order = rng.permutation(n)
    assert pr_auc(scores[order], labels[order]) == pytest.approx(pr_auc(scores, labels))


def test_pr_auc_by_hand_within_groups():
    # Group 5: hit, miss, hit from the top: 1 / 2 * 1 + 1 / 2 * 2 / 3. Group 2: all tied, a third are hits.
    groups = np.array([5, 2, 5, 2, 2, 5, 9])
    scores = np.array([1.0, 4, 2, 4, 4, 3, 0])
    names, values = pr_auc_by_group(scores, np.array([1, 0, 0, 1, 0, 1, 1]), groups)
    assert names.tolist() == [2, 5, 9]
    assert values == pytest.approx([1 / 3, 5 / 6, np.nan], nan_ok=True)
    assert np.isnan(pr_auc(np.arange(3.0), np.zeros(3)))
    assert np.isnan(pr_auc(np.empty(0), np.empty(0)))


def test_relative_cross_entropy_of_the_mean_is_zero_and_of_certainty_a_hundred():
    y = np.array([1, 0, 0, 0])
    assert relative_cross_entropy(np.full(4, 0.25), y) == pytest.approx(0)
    assert relative_cross_entropy(y.astype(float), y) == pytest.approx(100, abs=1e-4)
    assert relative_cross_entropy(1.0 - y, y) < 0
    assert np.isnan(relative_cross_entropy(np.full(3, 0.5), np.ones(3)))
    assert np.isnan(relative_cross_entropy(np.empty(0), np.empty(0)))


def test_nan_is_named():
    bad = np.array([0.5, np.nan])
    for metric in (auc, pr_auc, log_loss, relative_cross_entropy):
        with pytest.raises(DataError, match="score in row 1 is nan"):
            metric(bad, np.array([0, 1]))
    with pytest.raises(DataError, match="label in row 1 is nan"):
        auc(np.zeros(2), bad)
    with pytest.raises(DataError, match="probabilities span nan"):
        calibration_error(bad, np.array([0, 1]))


def test_calibration_by_hand():
    # Bins (0, 0.5] and (0.5, 1]: 0.5 belongs below. Expected 0.3 and 0.9, observed 1 / 2 and 1.
    p, y = np.array([0.1, 0.9, 0.5]), np.array([0, 1, 1])
    curve = calibration_curve(p, y, bins=2)
    assert curve.expected == pytest.approx([0.3, 0.9])
    assert curve.observed.tolist() == [0.5, 1.0]
    assert curve.count.tolist() == [2, 1]
    assert calibration_error(p, y, bins=2) == pytest.approx((2 * 0.2 + 0.1) / 3)
    assert expected_over_observed(p, y) == pytest.approx(1.5 / 2)


def test_calibration_edges():
    curve = calibration_curve(np.full(6, 0.2), np.array([0, 1, 0, 0, 1, 0]), bins=4, by="quantile")
    assert (curve.count.tolist(), curve.observed.tolist()) == ([6], pytest.approx([1 / 3]))
    assert calibration_curve(np.array([0.0, 1.0]), np.array([0, 1])).expected.tolist() == [0.0, 1.0]
    assert np.isnan(calibration_error(np.empty(0), np.empty(0)))
    assert np.isnan(expected_over_observed(np.array([0.5]), np.array([0])))
    with pytest.raises(ConfigError, match="0 bins"):
        calibration_curve(np.array([0.5]), np.array([1]), bins=0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
def test_calibration_error_is_between_the_whole_and_one(rows, bins):
    p, y = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    for by in ("uniform", "quantile"):
        error = calibration_error(p, y, bins=bins, by=by)
        assert abs(p.mean() - y.mean()) - 1e-9 <= error <= 1 + 1e-9
    assert calibration_error(p, y, bins=1) == pytest.approx(abs(p.mean() - y.mean()))


def test_novelty_counts_bits():
    # Known to all, to a quarter, to one, to nobody (as if to one) of 16: 0, 2, 4 and 4 bits.
    got = novelty(np.array([16, 4, 1, 0]), 16, np.array([0, 2, 2, 4]))
    assert got == pytest.approx([1, np.nan, 4], nan_ok=True)
    with pytest.raises(DataError, match=r"span 3\.0 to 17\.0 of 16"):
        novelty(np.array([3, 17]), 16, np.array([0, 2]))


def test_exposure_falls_with_the_place_and_adds_up_over_slates():
    ids, seen = exposure(np.array([7, 7, 4, 4, 7]), np.array([0, 3, 3, 5]))
    assert ids.tolist() == [4, 7]
    assert seen == pytest.approx([1 / 2 + 1, 1 + 1 / np.log2(3) + 1 / np.log2(3)])
    authors, share = author_exposure(np.array([7, 7, 4, 4, 7]), np.array([0, 3, 3, 5]))
    assert authors.tolist() == [4, 7]
    assert share == pytest.approx(seen / seen.sum())
    assert gini(np.r_[seen, 0.0, 0.0]) > gini(seen)
    assert author_exposure(np.empty(0, np.int64), np.array([0, 0]))[1].tolist() == []


def test_gini_and_diversity_name_bad_input():
    with pytest.raises(DataError, match=r"-1\.0"):
        gini(np.array([3, -1.0]))
    with pytest.raises(DataError, match="nan"):
        gini(np.array([3, np.nan]))
    for bad in (np.nan, np.inf, -np.inf, 1e200):
        with pytest.raises(DataError, match=r"vector in row 1 has length (nan|inf)"):
            intra_list_diversity(np.array([[1.0], [bad]]), np.array([0, 2]))
    assert np.isnan(intra_list_diversity(np.empty((0, 3)), np.array([0, 0]))[0])


def test_gini_of_shown_and_of_exposure_counts_those_that_never_stood_anywhere():
    # Of four ids two stand in the lists, three times and once; -1 is none.
    ids, offsets = np.array([4, 5, -1, 4, 4]), np.array([0, 3, 5])
    assert shown_gini(ids, 4) == pytest.approx(gini(np.array([0, 0, 1, 3])))
    place = 1 / np.log2(np.arange(2, 5))
    seen = [0, 0, place[1], 2 * place[0] + place[1]]
    assert exposure_gini(ids, offsets, 4) == pytest.approx(gini(np.array(seen)))
    assert np.isnan(exposure_gini(np.array([-1]), np.array([0, 1]), 0))


@pytest.mark.parametrize(
    "undefined",
    [
        lambda: grouped_auc(np.arange(4.0), np.array([1, 1, 0, 0]), np.array([7, 7, 8, 8])),
        lambda: grouped_auc(np.empty(0), np.empty(0), np.empty(0)),
        lambda: log_loss(np.empty(0), np.empty(0)),
        lambda: gini(np.empty(0)),
        lambda: shown_gini(np.empty(0, np.int64), 0),
    ],
    ids=["grouped_auc one class each", "grouped_auc no rows", "log_loss no rows", "gini of none", "shown_gini of none"],
)
def test_what_is_undefined_is_nan(undefined):
    assert np.isnan(undefined())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: relative_cross_entropy(np.array([0.2, 1.5]), np.array([0, 1])), r"span 0\.2 to 1\.5"),
        (lambda: relative_cross_entropy(np.array([-0.1, 0.5]), np.array([0, 1])), r"span -0\.1 to 0\.5"),
        (lambda: exposure(np.array([1, 2]), np.array([0, 3])), "2 ids for 3 places"),
        (
            lambda: regret(np.ones(2), np.array([0, 2]), Ragged(np.array([0, 2]), np.array([0, 1])), np.array([1, -1])),
            "below 0",
        ),
        (lambda: rank(np.zeros(2), np.array([0, np.inf]), np.array([0, 2]), 1), "relevance inf"),
        (lambda: calibration_curve(np.zeros(2), np.zeros(3)), "2 probabilities but 3 labels"),
        (lambda: calibration_error(np.zeros(2), np.zeros(3)), "2 probabilities but 3 labels"),
        (lambda: expected_over_observed(np.zeros(2), np.zeros(3)), "2 probabilities but 3 labels"),
        (lambda: calibration_curve(np.zeros(2), np.array([0, np.nan])), "label in row 1 is nan"),
        (lambda: calibration_error(np.zeros(2), np.array([np.nan, 0])), "label in row 0 is nan"),
        (lambda: expected_over_observed(np.zeros(2), np.array([0, np.nan])), "label in row 1 is nan"),
    ],
)
def test_input_that_says_nothing_is_refused(call, said):
    with pytest.raises(DataError, match=said):
        call()
