"""Metrics whose answers follow by hand, and their properties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import CandidateBatch, Requests
from data.errors import ConfigError, DataError
from ranking.metrics.accuracy import FORMULAS, MRR, accuracy
from ranking.metrics.catalogue import METRICS, metric
from ranking.metrics.ranked import Ranked

ONE = np.array([0, 5])


def of_kind(kind):
    """The catalogue's metrics of a kind, by name."""
    return {name: one for name in METRICS if (one := metric(name)).kind == kind}


def test_values_by_hand():
    # Ranked relevance: 0 1 0 1 | 1 with k = 4 and three relevant ones.
    got = accuracy(np.array([5.0, 4, 3, 2, 1]), np.array([0, 1, 0, 1, 1]), ONE, 4)
    want_ndcg = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / 2)
    want = {"hit": 1, "recall": 2 / 3, "precision": 1 / 2, "map": (1 / 2 + 2 / 4) / 3, "mrr": 1 / 2, "ndcg": want_ndcg}
    # With three relevant ones and four places, a cap at k changes nothing.
    want["map_capped"] = want["map"]
    assert {name: got[f"{name}@4"][0] for name in FORMULAS} == pytest.approx(want)


def test_ndcg_divides_by_what_is_achievable_not_by_k_hits():
    got = accuracy(np.array([9.0, 1, 2, 3, 4]), np.array([1, 0, 0, 0, 0]), ONE, 3)
    assert got["ndcg@3"][0] == 1
    assert got["map@3"][0] == 1


def test_capped_map_is_one_where_the_list_holds_nothing_else():
    got = accuracy(np.array([5.0, 4, 3, 2, 1]), np.ones(5), ONE, 2)
    assert (got["map_capped@2"][0], got["map@2"][0]) == pytest.approx((1, 2 / 5))


def test_map_counts_all_relevant_ones_even_those_that_k_cannot_hold():
    got = accuracy(np.array([5.0, 4, 3, 2, 1]), np.ones(5), ONE, 2)
    assert got["map@2"][0] == pytest.approx(2 / 5)
    assert (got["ndcg@2"][0], got["recall@2"][0]) == (1, pytest.approx(2 / 5))


def test_every_metric_of_the_catalogue_measures_a_batch():
    requests = Requests({"user_row": np.arange(2), "time_us": np.zeros(2, np.int64), "population": np.array([8, 8])})
    columns = {
        "score": np.array([1.0, 3, 2, 1]), "relevance": np.array([0, 1, 0, 1]), "popularity": np.array([1, 8, 2, 4]),
        "tweet.embedding": np.eye(4), "true_value": np.array([5.0, 1, 0, 3]),
        "true_welfare": np.array([-0.5, 0.25, -1, 0.75]),
    }  # fmt: skip
    batch = CandidateBatch(requests, np.array([0, 1, 4]), columns)
    metrics = of_kind("request")
    assert all({"score"} <= set(one.reads) <= {*columns, "population"} for one in metrics.values())
    assert all(metric(name).name == name for name in METRICS)
    got = {name: one.of(Ranked(batch, 2)).tolist() for name, one in metrics.items()}
    nan = pytest.approx([np.nan, 1.0], nan_ok=True)
    assert [got["hit"], got["mrr"], got["diversity"]] == [nan, nan, nan]
    half = pytest.approx([np.nan, 0.5], nan_ok=True)
    assert [got["request_auc"], got["recall"], got["precision"], got["map"]] == [half] * 4
    assert got["ndcg"] == pytest.approx([np.nan, 1 / (1 + 1 / np.log2(3))], nan_ok=True)
    assert got["novelty"] == [3.0, 1.0]
    assert (got["true_value"], got["regret"]) == ([5.0, 1.0], [0.0, 3.0])
    assert got["true_welfare"] == [-0.5, -0.75]
    with pytest.raises(ConfigError, match="unknown metric 'best'"):
        metric("best")


def test_every_metric_over_impressions_and_lists_measures_them():
    shown = {
        "score": np.array([3.0, 2, 1, 4]), "probability": np.array([0.5, 0.25, 0.25, 0.0]),
        "label": np.array([1, 0, 1, 0]), "user_id": np.array([1, 1, 2, 2]),
    }  # fmt: skip
    got = {name: one.of(shown) for name, one in (of_kind("impression") | of_kind("action")).items()}
    assert len(METRICS) == len(of_kind("request")) + len(of_kind("list")) + len(got)
    assert (got["auc"], got["grouped_auc"]) == (pytest.approx(0.25), pytest.approx(0.5))
    assert got["pr_auc"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    loss = -(np.log(0.5) + np.log(0.75) + np.log(0.25) + np.log(1 - 1e-7)) / 4
    assert got["log_loss"] == pytest.approx(loss)
    assert got["relative_cross_entropy"] == pytest.approx(100 * (1 - loss / np.log(2)))
    assert got["calibration_error"] == pytest.approx((0.5 + 2 * 0.25 + 0) / 4)
    assert got["expected_over_observed"] == pytest.approx(0.5)
    lists = {name: one.of(np.array([6, 7, 6]), np.array([0, 2, 3]), 4) for name, one in of_kind("list").items()}
    assert (lists["coverage"], lists["gini"]) == (0.5, pytest.approx((1 * 1 + 3 * 2) / (4 * 3)))
    second = 1 / np.log2(3)
    want = (1 * second + 3 * 2) / (4 * (2 + second))
    assert (lists["exposure_gini"], lists["author_gini"]) == (pytest.approx(want), pytest.approx(want))


def test_ndcg_uses_graded_relevance():
    got = accuracy(np.array([2.0, 1]), np.array([1.0, 3.0]), np.array([0, 2]), 2)
    assert got["ndcg@2"][0] == pytest.approx((1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3)))


def test_ties_go_to_the_lower_row():
    relevance = np.array([0, 0, 1, 0, 0])
    assert accuracy(np.zeros(5), relevance, ONE, 3)["mrr@3"][0] == pytest.approx(1 / 3)
    assert accuracy(np.zeros(5), relevance[::-1], ONE, 2)["hit@2"][0] == 0


def test_nothing_relevant_is_undefined():
    got = accuracy(np.arange(5.0), np.zeros(5), np.array([0, 3, 3, 5]), 2)
    assert all(np.isnan(values).all() and values.shape == (3,) for values in got.values())


def test_fewer_candidates_than_k():
    got = accuracy(np.array([1.0, 2]), np.array([1, 1]), np.array([0, 2]), 10)
    assert (got["recall@10"][0], got["precision@10"][0], got["ndcg@10"][0]) == (1, pytest.approx(0.2), 1)


def test_metric_of_a_batch_is_the_function_of_its_columns():
    requests = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.zeros(1, np.int64)})
    batch = CandidateBatch(requests, ONE, {"score": np.arange(5.0), "relevance": np.array([0, 0, 0, 1, 0])})
    assert MRR.of(Ranked(batch, 3)).tolist() == [0.5]
    with pytest.raises(DataError, match="'relevance' is not in this batch"):
        MRR.of(Ranked(CandidateBatch(requests, ONE, {"score": np.arange(5.0)}), 3))


def test_bad_input_is_named():
    with pytest.raises(ConfigError, match="k is 0"):
        accuracy(np.zeros(5), np.zeros(5), ONE, 0)
    with pytest.raises(DataError, match="4 scores"):
        accuracy(np.zeros(4), np.zeros(5), ONE, 2)
    with pytest.raises(DataError, match=r"-1\.0"):
        accuracy(np.zeros(5), -np.ones(5), ONE, 2)
    with pytest.raises(DataError, match="relevance nan"):
        accuracy(np.zeros(5), np.full(5, np.nan), ONE, 2)
    with pytest.raises(DataError, match="score in row 2 is nan"):
        accuracy(np.array([1, 2, np.nan, 3, 4]), np.ones(5), ONE, 2)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(0, 25), min_size=1, max_size=6), k=st.integers(1, 30), seed=st.integers(0, 2**32 - 1)
)
def test_metrics_lie_between_0_and_1_and_requests_do_not_mix(lengths, k, seed):
    rng = np.random.default_rng(seed)
    offsets = np.r_[0, np.cumsum(lengths)]
    scores, relevance = rng.integers(0, 5, offsets[-1]).astype(float), rng.integers(0, 2, offsets[-1])
    got = accuracy(scores, relevance, offsets, k)
    for b, (low, high) in enumerate(itertools.pairwise(offsets)):
        alone = accuracy(scores[low:high], relevance[low:high], np.array([0, high - low]), k)
        for name, values in got.items():
            assert values[b] == alone[name][0] or (np.isnan(values[b]) and np.isnan(alone[name][0]))
            assert np.isnan(values[b]) or 0 <= values[b] <= 1 + 1e-12


@settings(deadline=None)
@given(n=st.integers(1, 30), k=st.integers(1, 30), seed=st.integers(0, 2**32 - 1))
def test_ranking_by_relevance_is_perfect(n, k, seed):
    relevance = np.random.default_rng(seed).integers(0, 3, n).astype(float)
    relevance[0] = 1
    got = accuracy(relevance, relevance, np.array([0, n]), k)
    assert got[f"ndcg@{k}"][0] == pytest.approx(1)
    assert got[f"mrr@{k}"][0] == 1
