"""PageRank against NetworkX and against graphs whose answer is known by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.graph.follow_edges import Edges
from features.graph.pagerank import JUMP, pagerank, score


def edges_of(pairs: list[tuple[int, int]]) -> Edges:
    """Edges between users whose id is ten times their row."""
    rows = 1 + max((max(pair) for pair in pairs), default=-1)
    return Edges.of(np.array([(s << 32) | t for s, t in pairs], np.int64), 10 * np.arange(rows))


def expected(pairs: list[tuple[int, int]]) -> dict[int, float]:
    graph = nx.DiGraph((10 * s, 10 * t) for s, t in pairs)
    return nx.pagerank(graph, alpha=1 - JUMP, tol=1e-14, max_iter=10_000)  # type: ignore[no-any-return]


pairs_of_users = st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1])


@settings(max_examples=200, deadline=None)
@given(st.lists(pairs_of_users, min_size=1, max_size=40, unique=True))
def test_it_is_networkx_s_on_any_small_graph(pairs: list[tuple[int, int]]) -> None:
    edges, answer = edges_of(pairs), expected(pairs)
    np.testing.assert_allclose(pagerank(edges), [answer[one] for one in edges.ids.tolist()], rtol=1e-6)


def test_it_is_networkx_s_on_a_large_graph_with_accounts_that_follow_nobody() -> None:
    rng = np.random.default_rng(3)
    source, target = rng.integers(0, 300, 3000), (500 * rng.random(3000) ** 3).astype(int)
    pairs = list({(s, t) for s, t in zip(source.tolist(), target.tolist(), strict=True) if s != t})
    edges, answer = edges_of(pairs), expected(pairs)
    assert (np.diff(edges.out_offsets) == 0).sum() > 50
    np.testing.assert_allclose(pagerank(edges), [answer[one] for one in edges.ids.tolist()], rtol=1e-6)
    assert pagerank(edges).sum() == pytest.approx(1)


def test_a_star_is_known_by_hand() -> None:
    # A leaf gets b, the hub b + 0.9 n b; together n b + b + 0.9 n b = 1.
    leaves = 40
    probability = pagerank(edges_of([(leaf, 0) for leaf in range(1, leaves + 1)]))
    leaf = 1 / (leaves + 1 + 0.9 * leaves)
    np.testing.assert_allclose(probability, [leaf + 0.9 * leaves * leaf, *[leaf] * leaves], rtol=1e-6)


def test_all_of_a_ring_are_alike() -> None:
    np.testing.assert_allclose(pagerank(edges_of([(one, (one + 1) % 7) for one in range(7)])), np.full(7, 1 / 7))


def test_a_graph_without_edges_has_no_probabilities() -> None:
    assert pagerank(edges_of([])).shape == (0,)


def test_the_score_is_clipped_to_0_and_100() -> None:
    probability = np.array([0.0, 1e-300, np.exp(-25.0), np.exp(-10.0), np.exp(-5.0), 1.0])
    np.testing.assert_allclose(score(probability), [0, 0, 0, 77.9, 100, 100], rtol=1e-6)
    assert score(probability).dtype == np.float32
    assert score(np.array([np.exp(-24.0)]))[0] == pytest.approx(130 - 5.21 * 24, rel=1e-5)
