"""Top-k and MMR against sorting and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyversity import mmr as pyversity_mmr

from data.batch import CandidateBatch, Ragged, Requests
from data.errors import ConfigError, DataError
from ranking.slate.diverse import DiversityConfig
from ranking.slate.mmr import MMR, mmr
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


def _by_definition(scores, unit, k, weight, depth):
    """MMR by its definition: everything is computed again at every place, in float64."""
    span = scores.max() - scores.min()
    relevance = (scores - scores.min()) / span if span > 0 else np.zeros(len(scores))
    chosen: list[int] = []
    while len(chosen) < min(k, depth, len(scores)):
        yield (
            chosen,
            {
                i: weight * relevance[i] - (1 - weight) * max((float(unit[i] @ unit[j]) for j in chosen), default=0.0)
                for i in range(len(scores))
                if i not in chosen
            },
        )


def _tail(scores, chosen, k):
    return [i for i in np.argsort(-scores, kind="stable") if i not in chosen][: min(k, len(scores)) - len(chosen)]


sizes = {
    "n": st.integers(1, 30),
    "k": st.integers(0, 35),
    "depth": st.integers(0, 12),
    "weight": st.sampled_from([0.0, 0.25, 0.7, 1.0]),
    "seed": st.integers(0, 2**32 - 1),
}


@settings(deadline=None)
@given(**sizes)
def test_mmr_equals_brute_force_with_ties(n, k, depth, weight, seed):
    # Vectors of +1 and -1 in four dimensions: their cosines are halves, exact in float32, and tie often.
    rng = np.random.default_rng(seed)
    scores, vectors = rng.integers(0, 5, n) / 8, rng.choice([-1.0, 1.0], (n, 4))
    vectors[rng.random(n) < 0.2] = 0
    got = mmr(scores, 4 * vectors, np.array([0, n]), k, relevance_weight=weight, depth=depth)[0].tolist()
    chosen = []
    for taken, values in _by_definition(scores, vectors / 2, k, weight, depth):
        taken.append(max(values, key=lambda i: (values[i], -i)))
        chosen = taken
    assert got == chosen + _tail(scores, chosen, k)


@settings(deadline=None)
@given(**sizes)
def test_every_choice_of_mmr_is_the_best_but_for_float32(n, k, depth, weight, seed):
    rng = np.random.default_rng(seed)
    scores, vectors = rng.normal(size=n), rng.normal(size=(n, 6))
    got = mmr(scores, vectors, np.array([0, n]), k, relevance_weight=weight, depth=depth)[0].tolist()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = []
    for taken, values in _by_definition(scores, unit, k, weight, depth):
        assert values[got[len(taken)]] >= max(values.values()) - 1e-6
        taken.append(got[len(taken)])
        chosen = taken
    assert got == chosen + _tail(scores, chosen, k)


def _pyversity(vectors, scores, k, diversity):
    return pyversity_mmr(vectors.astype(np.float32), scores.astype(np.float32), k, diversity=diversity).indices.tolist()


def _inputs(seed, n=300, dim=16):
    rng = np.random.default_rng(seed)
    scores, vectors = 3 + 40 * rng.random(n), rng.normal(size=(n, dim))
    return scores, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.array([0, n])


@pytest.mark.parametrize("seed", range(5))
def test_pyversity_agrees_on_one_scale_and_not_before(seed):
    scores, vectors, offsets = _inputs(seed)
    scaled = (scores - scores.min()) / (scores.max() - scores.min())
    # Without negative cosines, scaled scores are all that it takes.
    positive = np.abs(vectors)
    ours = mmr(scores, positive, offsets, 40, depth=40)[0].tolist()
    assert _pyversity(positive, scaled, 40, 0.3) == ours
    assert _pyversity(positive, scores, 40, 0.3) != ours
    # With them, a further coordinate of 1 halves the cosines and lifts them above 0: so half of the scores beside it.
    ours = mmr(scores, vectors, offsets, 40, depth=40)[0].tolist()
    lifted = np.c_[vectors, np.ones(len(vectors))] / np.sqrt(2)
    assert _pyversity(lifted, scaled / 2, 40, 0.3) == ours
    assert _pyversity(vectors, scaled, 40, 0.3) != ours


def test_a_negative_cosine_is_a_reward():
    # Beside the first, 2 lies the other way and 1 at a right angle: 0.3 * 1 outweighs 0.7 * (0.5 - 0.2).
    scores = np.array([1.0, 0.5, 0.2, 0.0])
    vectors = np.array([[1.0, 0], [0, 1.0], [-1.0, 0], [1.0, 0]])
    assert mmr(scores, vectors, np.array([0, 4]), 2)[0].tolist() == [0, 2]


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
    assert MMR(DiversityConfig(vectors="vector")).select(batch, 4).values.tolist() == [0, 2, 1, 3]


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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_named(bad):
    scores, vectors, offsets = np.array([1.0, bad, 3.0]), np.eye(3), np.array([0, 3])
    with pytest.raises(DataError, match=r"MMR got score -?(nan|inf) in row 1"):
        mmr(scores, vectors, offsets, 2)
    vectors[2, 1] = bad
    with pytest.raises(DataError, match="not finite in row 2"):
        mmr(np.zeros(3), vectors, offsets, 2)


def test_mmr_names_arrays_that_do_not_fit():
    with pytest.raises(DataError, match="2 scores for 3 candidates"):
        mmr(np.zeros(2), np.eye(3), np.array([0, 3]), 2)
    with pytest.raises(DataError, match=r"\(2, 3\) for 3"):
        mmr(np.zeros(3), np.eye(3)[:2], np.array([0, 3]), 2)
    with pytest.raises(ConfigError, match=r"relevance_weight 1\.5"):
        mmr(np.zeros(3), np.eye(3), np.array([0, 3]), 2, relevance_weight=1.5)


def test_slates_of_none_and_one():
    vectors = np.array([[1e-30, 0.0]])
    assert mmr(np.array([7.0]), vectors, np.array([0, 1]), 20)[0].tolist() == [0]
    assert mmr(np.array([7.0]), vectors, np.array([0, 1]), 0)[0].tolist() == []
    assert mmr(np.array([7.0]), vectors, np.array([0, 0, 1]), 5).offsets.tolist() == [0, 0, 1]
