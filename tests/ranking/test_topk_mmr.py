"""Top-k and MMR against sorting and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import CandidateBatch, Ragged, Requests
from data.errors import ConfigError
from ranking.slate.mmr import MMR, MMRConfig, mmr
from ranking.slate.topk import TopK, top_k


def _batch(offsets, **columns):
    count = len(offsets) - 1
    requests = Requests({"user_row": np.arange(count), "time_us": np.zeros(count, np.int64)})
    return CandidateBatch(requests, np.asarray(offsets, np.int64), columns)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    k=st.integers(0, 12),
    levels=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_top_k_equals_a_stable_sort(lengths, k, levels, seed):
    offsets = np.r_[0, np.cumsum(lengths)]
    scores = np.random.default_rng(seed).integers(0, levels, offsets[-1]).astype(np.float32)
    got = top_k(scores, offsets, k)
    for b in range(len(lengths)):
        want = offsets[b] + np.argsort(-scores[offsets[b] : offsets[b + 1]], kind="stable")[:k]
        assert got[b].tolist() == want.tolist()


def test_ties_at_the_cut_go_to_the_lower_row():
    scores = np.zeros(1000, np.float32)
    scores[[7, 400]] = 1
    assert top_k(scores, np.array([0, 1000]), 5)[0].tolist() == [7, 400, 0, 1, 2]


def test_nan_and_minus_infinity_come_last():
    scores = np.array([np.nan, -np.inf, 3.0, np.inf, 1.0])
    assert top_k(scores, np.array([0, 5]), 5)[0].tolist() == [3, 2, 4, 0, 1]


def test_top_k_refuses_a_negative_k():
    with pytest.raises(ConfigError, match="k is -1"):
        top_k(np.zeros(3), np.array([0, 3]), -1)


def test_selector_reads_the_score_column():
    batch = _batch([0, 2, 5], score=np.array([1.0, 2.0, 5.0, 9.0, 7.0], np.float32))
    chosen = TopK().select(batch, 2)
    assert chosen.values.tolist() == [1, 0, 3, 4]
    assert batch.take(chosen).columns["score"].tolist() == [2.0, 1.0, 9.0, 7.0]


def _brute_force(scores, vectors, k, weight, depth):
    """MMR by its definition: everything is computed again at every place."""
    lengths = np.linalg.norm(vectors, axis=1)
    unit = np.array([v / n if n > 0 else v for v, n in zip(vectors, lengths, strict=True)])
    span = scores.max() - scores.min()
    relevance = (scores - scores.min()) / span if span > 0 else np.zeros(len(scores))
    chosen: list[int] = []
    while len(chosen) < min(k, depth, len(scores)):
        values = {}
        for i in range(len(scores)):
            if i not in chosen:
                penalty = max((float(unit[i] @ unit[j]) for j in chosen), default=0.0)
                values[i] = weight * relevance[i] - (1 - weight) * penalty
        chosen.append(max(values, key=lambda i: (round(values[i], 9), -i)))
    rest = [i for i in np.argsort(-scores, kind="stable") if i not in chosen]
    return (chosen + rest)[: min(k, len(scores))]


@settings(deadline=None)
@given(
    n=st.integers(1, 30),
    k=st.integers(1, 35),
    depth=st.integers(1, 12),
    weight=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_mmr_equals_brute_force(n, k, depth, weight, seed):
    rng = np.random.default_rng(seed)
    scores, vectors = rng.normal(size=n), rng.normal(size=(n, 4))
    vectors[rng.random(n) < 0.1] = 0
    got = mmr(scores, vectors, np.array([0, n]), k, relevance_weight=weight, depth=depth)
    assert got[0].tolist() == _brute_force(scores, vectors, k, weight, depth)


def test_mmr_treats_requests_apart():
    rng = np.random.default_rng(1)
    scores, vectors, offsets = rng.normal(size=30), rng.normal(size=(30, 3)), np.array([0, 12, 12, 30])
    together = mmr(scores, vectors, offsets, 5)
    for b, (low, high) in enumerate(itertools.pairwise(offsets)):
        alone = mmr(scores[low:high], vectors[low:high], np.array([0, high - low]), 5)
        assert (together[b] - low).tolist() == alone[0].tolist()


def test_a_copy_of_the_first_gives_way_to_something_else():
    # Relevance 1, 0.9, 0.5, 0: the copy of the first is worth 0.7 * 0.9 - 0.3 * 1 = 0.33 < 0.7 * 0.5 = 0.35.
    scores = np.array([1.0, 0.9, 0.5, 0.0])
    vectors = np.array([[2.0, 0, 0], [5.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    batch = _batch([0, 4], score=scores, vector=vectors)
    assert MMR(MMRConfig(vectors="vector")).select(batch, 4).values.tolist() == [0, 2, 1, 3]


def test_weight_one_is_top_k_and_the_tail_follows_by_score():
    rng = np.random.default_rng(0)
    scores, vectors, offsets = rng.normal(size=50), rng.normal(size=(50, 8)), np.array([0, 50])
    assert (
        mmr(scores, vectors, offsets, 40, relevance_weight=1).values.tolist()
        == top_k(scores, offsets, 40).values.tolist()
    )
    tail = mmr(scores, vectors, offsets, 50)[0][20:]
    assert (np.diff(scores[tail]) <= 0).all()
    assert isinstance(mmr(scores[:0], vectors[:0], np.array([0, 0]), 5), Ragged)
