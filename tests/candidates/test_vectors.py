"""The vector index: exact against NumPy, ties by the stated rule, saved whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.vector_choice import Measured, cheapest, measure
from candidates.vector_config import Kind, VectorConfig
from candidates.vectors import VectorIndex
from data.errors import ConfigError, DataError, ModelError


def exact(keys: np.ndarray, vectors: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The same search in NumPy: [B, k] keys by (inner product, key), both falling."""
    scores = np.einsum("qd,nd->qn", queries, vectors, dtype=np.float64)
    order = np.lexsort((np.broadcast_to(-keys, scores.shape), -scores), axis=1)
    return keys[order[:, :k]]


def unit(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    vectors = rng.normal(size=(rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("queries", [1, 64])
def test_recall_against_numpy_is_one(queries: int) -> None:
    rng = np.random.default_rng(1)
    keys = rng.permutation(10**6)[:5_000].astype(np.int64)
    vectors, asked = unit(rng, 5_000, 32), unit(rng, queries, 32)
    index = VectorIndex(32)
    index.add(keys, vectors)
    found, scores = index.search(asked, 100)
    assert (found == exact(keys, vectors, asked, 100)).all()
    assert (np.diff(scores, axis=1) <= 0).all()


def test_a_query_finds_the_same_alone_and_in_a_batch() -> None:
    rng = np.random.default_rng(2)
    index = VectorIndex(16)
    index.add(np.arange(3_000), unit(rng, 3_000, 16))
    asked = unit(rng, 40, 16)
    together, scores = index.search(asked, 50)
    for one in range(40):
        alone, score = index.search(asked[one : one + 1], 50)
        assert (alone[0] == together[one]).all()
        assert (score[0] == scores[one]).all()


def test_ties_go_to_the_larger_key_however_many_there_are() -> None:
    index = VectorIndex(2)
    index.add(np.arange(500), np.tile(np.array([[1, 0]], np.float32), (500, 1)))
    index.add(np.array([1_000]), np.array([[2, 0]], np.float32))
    found, _ = index.search(np.array([[1, 0]], np.float32), 5)
    assert found.tolist() == [[1_000, 499, 498, 497, 496]]


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True)), max_size=8
    ),
    k=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_any_sequence_of_additions_and_removals_equals_a_rebuild(
    steps: list[tuple[bool, list[int]]], k: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    index, held = VectorIndex(3), dict[int, np.ndarray]()
    for adding, keys in steps:
        vectors = rng.integers(-1, 2, (len(keys), 3)).astype(np.float32)  # few values, many ties
        if adding:
            index.add(np.array(keys), vectors)
            held |= dict(zip(keys, vectors, strict=True))
        else:
            assert index.remove(np.array(keys)) == sum(key in held for key in keys)
            held = {key: vector for key, vector in held.items() if key not in keys}
    asked = rng.integers(-1, 2, (2, 3)).astype(np.float32)
    found, scores = index.search(asked, k)
    n = min(k, len(held))
    assert (found[:, n:] == -1).all()
    assert np.isneginf(scores[:, n:]).all()
    if held:
        keys_, vectors = np.array(list(held)), np.stack(list(held.values()))
        assert (found[:, :n] == exact(keys_, vectors, asked, n)).all()
        assert (index.vectors(keys_) == vectors).all()
    assert (index.vectors(np.array([99])) == 0).all()


def test_only_what_is_allowed_is_found() -> None:
    rng = np.random.default_rng(3)
    vectors = unit(rng, 1_000, 8)
    index = VectorIndex(8)
    index.add(np.arange(1_000), vectors)
    allowed = index.keys % 7 == 0
    found, _ = index.search(vectors[:3], 20, allowed=allowed)
    assert (found == exact(np.arange(1_000)[allowed], vectors[allowed], vectors[:3], 20)).all()
    none, _ = index.search(vectors[:1], 4, allowed=np.zeros(1_000, bool))
    assert (none == -1).all()


def test_saved_versions_replace_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    index = VectorIndex(4)
    index.add(np.array([5, 3, 9]), unit(rng, 3, 4))
    index.save(tmp_path)
    index.remove(np.array([3]))
    index.save(tmp_path)
    again = VectorIndex.load(tmp_path)
    asked = unit(rng, 2, 4)
    assert again.keys.tolist() == [5, 9]
    assert (again.search(asked, 2)[0] == index.search(asked, 2)[0]).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "current"]


def test_a_damaged_save_is_named(tmp_path: Path) -> None:
    index = VectorIndex(4)
    index.add(np.array([1]), np.ones((1, 4), np.float32))
    index.save(tmp_path)
    (tmp_path / "1" / "vectors.faiss").write_bytes(b"not an index")
    with pytest.raises(DataError, match="rebuild it"):
        VectorIndex.load(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        VectorIndex.load(tmp_path / "nowhere")


def test_bad_vectors_are_refused_and_change_nothing() -> None:
    index = VectorIndex(2)
    index.add(np.array([1]), np.ones((1, 2), np.float32))
    with pytest.raises(DataError, match="shape"):
        index.add(np.array([2]), np.ones((1, 3), np.float32))
    with pytest.raises(DataError, match="finite"):
        index.rebuild(np.array([2]), np.full((1, 2), np.nan, np.float32))
    with pytest.raises(DataError, match="twice"):
        index.add(np.array([2, 2]), np.ones((2, 2), np.float32))
    assert index.keys.tolist() == [1]


KINDS: tuple[Kind, ...] = ("flat", "hnsw", "ivf_pq", "ivf_sq")
GROUPED = np.random.default_rng(11)


def grouped(rows: int, dim: int = 16) -> np.ndarray:
    """Vectors around 40 centres, as a trained tower has them."""
    centres = unit(np.random.default_rng(5), 40, dim)
    near = centres[GROUPED.integers(40, size=rows)] + 0.4 * unit(GROUPED, rows, dim)
    return (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)


def small(kind: Kind, **more: float) -> VectorConfig:
    return VectorConfig.model_validate({"kind": kind, "exact_below": 500, "probes": 16, "rescored": 3.0, **more})


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_finds_nearly_all_scores_them_exactly_and_forgets_the_removed(kind: Kind) -> None:
    vectors, asked = grouped(4_000), grouped(50)
    index = VectorIndex(16, small(kind))
    index.add(np.arange(3_000), vectors[:3_000])
    index.add(np.arange(3_000, 4_000), vectors[3_000:])
    assert index.approximate == (kind != "flat")
    wanted = exact(np.arange(4_000), vectors, asked, 20)
    assert measure(index, asked, wanted).recall > (0.9 if kind != "flat" else 0.9999)
    found, scores = index.search(asked, 20)
    assert scores == pytest.approx(np.einsum("qd,qkd->qk", asked, vectors[found]), abs=1e-6)
    alone = np.concatenate([index.search(asked[i : i + 1], 20)[0] for i in range(5)])
    assert (alone == found[:5]).all()
    gone = np.unique(wanted[:, :5])
    assert index.remove(gone) == len(gone)
    left = np.setdiff1d(np.arange(4_000), gone)
    assert index.keys.tolist() == left.tolist()
    after, _ = index.search(asked, 20)
    assert not np.isin(after, gone).any()
    assert measure(index, asked, exact(left, vectors[left], asked, 20)).recall > 0.9
    only = index.keys % 3 == 0
    found, _ = index.search(asked, 10, allowed=only)
    assert (found % 3 == 0).all()
    few = index.keys < 100
    found, _ = index.search(asked, 10, allowed=few)
    assert (found == exact(left[left < 100], vectors[left[left < 100]], asked, 10)).all()


def test_few_vectors_are_compared_with_one_by_one_whatever_the_kind() -> None:
    index = VectorIndex(16, small("ivf_sq"))
    vectors = grouped(500)
    index.add(np.arange(500), vectors)
    assert not index.approximate
    index.add(np.array([500]), grouped(1))
    assert index.approximate
    index.remove(np.arange(400))
    assert len(index) == 101
    assert not index.approximate


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_is_saved_with_its_model_and_refused_with_another(kind: Kind, tmp_path: Path) -> None:
    index = VectorIndex(16, small(kind), version="two_tower-3")
    index.add(np.arange(1_000), grouped(1_000))
    index.remove(np.arange(0, 100))
    index.save(tmp_path)
    again = VectorIndex.load(tmp_path, version="two_tower-3")
    asked = grouped(5)
    assert (again.search(asked, 7)[0] == index.search(asked, 7)[0]).all()
    assert (again.config, again.version, len(again)) == (index.config, "two_tower-3", 900)
    again.add(np.array([5]), asked[:1])
    assert again.search(asked[:1], 1)[0].tolist() == [[5]]
    with pytest.raises(ModelError, match="'two_tower-3', not 'two_tower-4'"):
        VectorIndex.load(tmp_path, version="two_tower-4")


STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(0, 40), min_size=1, max_size=9, unique=True)), max_size=5
)


@settings(max_examples=25, deadline=None)
@given(before=STEPS, during=STEPS, kind=st.sampled_from(["flat", "ivf_sq"]), ran=st.integers(0, 5))
def test_a_rebuild_while_serving_loses_nothing(
    before: list[tuple[bool, list[int]]], during: list[tuple[bool, list[int]]], kind: Kind, ran: int
) -> None:
    """The new index is made at any moment between the changes; searches in between see every change at once."""
    rng = np.random.default_rng(8)
    index, held = VectorIndex(3, VectorConfig(kind=kind, exact_below=16, probes=99)), dict[int, np.ndarray]()

    def change(adding: bool, keys: list[int]) -> None:
        vectors = unit(rng, len(keys), 3)
        if adding:
            index.add(np.array(keys), vectors)
            held.update(zip(keys, vectors, strict=True))
        else:
            index.remove(np.array(keys))
            for key in keys:
                held.pop(key, None)

    def check() -> None:
        assert sorted(index.keys.tolist()) == sorted(held)
        for key, vector in held.items():
            assert (index.vectors(np.array([key]))[0] == vector).all()
            assert index.search(vector[None], 1)[0].tolist() == [[key]]

    for step in before:
        change(*step)
    rebuild = index.rebuilding()
    for at, step in enumerate(during):
        if at == ran:
            rebuild.run()
        change(*step)
        check()
    if ran >= len(during):
        rebuild.run()
    rebuild.adopt()
    check()
    change(True, [41, 42])
    check()


def test_the_cheapest_that_reaches_the_target() -> None:
    made = [
        Measured(VectorConfig(), 1.0, 9.0, 9.0), Measured(VectorConfig(kind="hnsw"), 0.985, 2.0, 1.0),
        Measured(VectorConfig(kind="ivf_pq"), 0.98, 1.0, 3.0), Measured(VectorConfig(kind="ivf_sq"), 0.97, 0.1, 0.1),
    ]  # fmt: skip
    assert cheapest(made, 0.98).config.kind == "ivf_pq"
    assert cheapest(made, 0.99).config.kind == "flat"
    with pytest.raises(ConfigError, match=r"the best has 0\.970"):
        cheapest(made[3:], 0.98)
