"""The best of a whole catalogue: by vectors and by dense scores, against a stable sort of what is left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import Ragged
from data.errors import ConfigError, DataError
from ranking.metrics.accuracy import FORMULAS
from ranking.metrics.ranked import Ranking, rank
from ranking.slate import catalogue_topk
from ranking.slate.catalogue_topk import best_of_scores, best_of_vectors


def _sorted(scores, without, k):
    """Items by falling score, the lower item of equals first, without those left out; -1 where there are no more."""
    left = np.setdiff1d(np.arange(len(scores)), without)
    values = np.nan_to_num(scores[left].astype(np.float64), nan=-np.inf, neginf=-np.inf, posinf=np.inf)
    best = left[np.argsort(-values, kind="stable")][:k].tolist()
    return best + [-1] * (k - len(best))


def _left_out(rng, readers, items):
    return Ragged.from_lists([np.flatnonzero(rng.random(items) < rng.random()) for _ in range(readers)])


@settings(deadline=None, max_examples=60)
@given(
    readers=st.integers(0, 6), items=st.integers(1, 300), k=st.integers(1, 40), levels=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_dense_scores_equal_a_stable_sort(readers, items, k, levels, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (readers, items)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.05] = np.nan
    scores[rng.random(scores.shape) < 0.05] = -np.inf
    without = _left_out(rng, readers, items)
    best = best_of_scores(scores, k, without)
    assert best.items.tolist() == [_sorted(scores[b], without[b], k) for b in range(readers)]
    there = best.items >= 0
    found = np.take_along_axis(scores, np.maximum(best.items, 0), axis=1)
    np.testing.assert_array_equal(np.where(np.isnan(found), -np.inf, found)[there], best.scores[there])
    assert np.isneginf(best.scores[~there]).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_vectors_equal_their_dense_scores_whatever_the_tiles(threads, monkeypatch):
    monkeypatch.setattr(catalogue_topk, "READERS", 7)
    monkeypatch.setattr(catalogue_topk, "ITEMS", 100)
    rng = np.random.default_rng(5)
    # Small whole numbers: products are exact, so that the order of sums cannot matter and ties are many.
    readers, items = (rng.integers(-2, 3, (n, 6)).astype(np.float32) for n in (30, 731))
    without = _left_out(rng, 30, 731)
    best = best_of_vectors(readers, items, 25, without, threads=threads)
    dense = best_of_scores(readers @ items.T, 25, without)
    assert best.items.tolist() == dense.items.tolist()
    assert best.scores.tolist() == dense.scores.tolist()
    assert best.items.tolist() == [_sorted((readers @ items.T)[b], without[b], 25) for b in range(30)]


def test_the_ranking_gives_the_metrics_that_sorting_gives():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 9, (8, 50)).astype(np.float32)
    without, k = _left_out(rng, 8, 50), 10
    wanted = [np.setdiff1d(np.flatnonzero(rng.random(50) < 0.2), without[b]) for b in range(8)]
    wanted[3] = np.empty(0, np.int64)
    listed = Ragged.from_lists(wanted)
    ours = Ranking.of_hits(best_of_scores(scores, k, without).hits(listed), listed.lengths)
    for b in range(8):
        left = np.setdiff1d(np.arange(50), without[b])
        theirs = rank(scores[b, left], np.isin(left, wanted[b]), np.array([0, len(left)]), k)
        for name, formula in FORMULAS.items():
            np.testing.assert_allclose(formula(ours)[b], formula(theirs)[0], rtol=1e-12, err_msg=name)


def test_the_ragged_form_has_the_items_there_are():
    best = best_of_scores(np.array([[1, 3, 2], [4, 5, 6]], np.float32), 2, Ragged.from_lists([[1, 2], []]))
    rows, scores = best.ragged()
    assert (rows.offsets.tolist(), rows.values.tolist(), scores.tolist()) == ([0, 1, 3], [0, 2, 1], [1, 6, 5])


def test_what_does_not_fit_is_named():
    one = Ragged.from_lists([[]])
    with pytest.raises(ConfigError, match="k is 0"):
        best_of_scores(np.zeros((1, 3), np.float32), 0, one)
    with pytest.raises(DataError, match=r"1 lists .* 2 readers"):
        best_of_scores(np.zeros((2, 3), np.float32), 1, one)
    with pytest.raises(DataError, match="4 long, items' 5"):
        best_of_vectors(np.zeros((1, 4), np.float32), np.zeros((3, 5), np.float32), 1, one)
