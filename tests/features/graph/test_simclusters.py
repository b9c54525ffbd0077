"""Communities of graphs whose blocks are planted, and each step against its definition."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import F32, I64
from features.graph.follow_edges import Edges
from features.graph.louvain import WeightedGraph, communities
from features.graph.simclusters import WIDTH, SimClusters, audiences, insert, interests, known_for, similarities

BLOCKS, STARS, READERS = 4, 10, 60
RECIPE = SimClusters()


def planted(seed: int = 0) -> set[tuple[int, int]]:
    """Readers follow 6 of their own block's stars and 1 of another's; star 0 of a block all of its readers follow.

    User u < 40 is star u % 10 of block u // 10; after them come 60 readers a block.
    """
    rng, edges = np.random.default_rng(seed), set[tuple[int, int]]()
    for block in range(BLOCKS):
        for reader in range(READERS):
            user = BLOCKS * STARS + block * READERS + reader
            own = {0, *rng.choice(np.arange(1, STARS), 5, replace=False).tolist()}
            edges |= {(user, block * STARS + star) for star in own}
            other = (block + 1 + int(rng.integers(BLOCKS - 1))) % BLOCKS
            edges.add((user, other * STARS + 1 + int(rng.integers(STARS - 1))))
    return edges


def graph(edges: set[tuple[int, int]], ids: I64 | None = None) -> Edges:
    size = 1 + max(max(edge) for edge in edges)
    return Edges.of(
        np.array([(s << 32) | t for s, t in sorted(edges)], np.int64), np.arange(size) if ids is None else ids
    )


def dense(communities: I64, weights: F32, width: int) -> F32:
    """[U, width] vectors over community ids."""
    out = np.zeros((len(communities), width + 1), np.float32)
    np.put_along_axis(out, communities, weights, axis=1)
    return out[:, :width]


def test_planted_blocks_are_found_and_named_after_their_most_followed() -> None:
    edges = graph(planted())
    known = known_for(edges, RECIPE)
    stars = np.arange(BLOCKS * STARS)
    assert known.community[stars].tolist() == (stars // STARS * STARS).tolist()
    assert (known.community[BLOCKS * STARS :] == -1).all()
    assert (known.weight[stars] > 0.6).all()
    assert (known.weight[BLOCKS * STARS :] == 0).all()


def test_a_reader_s_interests_and_a_star_s_audience_are_led_by_their_block() -> None:
    edges = graph(planted())
    known = known_for(edges, RECIPE)
    read = interests(edges, known)
    block = np.repeat(np.arange(BLOCKS), READERS)
    assert read.communities[BLOCKS * STARS :, 0].tolist() == (block * STARS).tolist()
    heard = audiences(edges, read)
    stars = np.arange(BLOCKS * STARS)
    assert heard.communities[stars, 0].tolist() == (stars // STARS * STARS).tolist()
    assert (read.communities[stars] == -1).all()
    for vectors in (read, heard):
        some = vectors.communities[:, 0] >= 0
        np.testing.assert_allclose((vectors.weights[some] ** 2).sum(axis=1), 1, rtol=1e-5)
        assert (vectors.weights[~some] == 0).all()
        assert (np.diff(vectors.weights, axis=1) <= 0).all()
        assert ((vectors.weights > 0) == (vectors.communities >= 0)).all()


def test_vectors_are_the_sums_of_their_definition() -> None:
    edges, size = graph(planted(2)), BLOCKS * STARS
    known = known_for(edges, RECIPE)
    adjacency = np.zeros((len(edges.ids), len(edges.ids)))
    adjacency[np.repeat(np.arange(len(edges.ids)), np.diff(edges.out_offsets)), edges.targets] = 1
    one = dense(known.community[:, None], known.weight[:, None].astype(np.float32), size)
    read = interests(edges, known)
    heard = audiences(edges, read)
    for vectors, sums in ((read, adjacency @ one), (heard, adjacency.T @ dense(read.communities, read.weights, size))):
        norm = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-30)
        np.testing.assert_allclose(dense(vectors.communities, vectors.weights, size), sums / norm, rtol=1e-5, atol=1e-6)


follows = st.sets(
    st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda e: e[0] != e[1]), min_size=1, max_size=50
)


@settings(max_examples=100, deadline=None)
@given(follows, st.integers(1, 3), st.integers(1, 8), st.sampled_from([0.02, 0.4]), st.integers(2, 6))
def test_similar_producers_are_those_of_the_largest_cosines(
    edges: set[tuple[int, int]], common: int, neighbours: int, least: float, attention: int
) -> None:
    """Against sets: each keeps its best; an edge stands where either keeps it."""
    recipe = SimClusters(min_followers=1, min_common=common, neighbours=neighbours, min_similarity=least,
                         attention=attention)  # fmt: skip
    full = graph(edges)
    followers = {int(u): {s for s, t in edges if t == u} for u in full.ids.tolist()}
    order = sorted((u for u in followers if followers[u]), key=lambda u: (-len(followers[u]), u))
    place = {int(one): at for at, one in enumerate(full.ids)}
    readers = {s for s, _ in edges if sum(s == one for one, _ in edges) <= attention}
    counted = {u: followers[u] & readers for u in order}
    expected: dict[tuple[int, int], float] = {}
    for i, one in enumerate(order):
        near = []
        for j, other in enumerate(order):
            shared = len(counted[one] & counted[other])
            if i != j and shared >= common:
                cosine = shared * ((1 / np.sqrt(len(counted[one]))) * (1 / np.sqrt(len(counted[other]))))
                if cosine >= least:
                    near.append((-cosine, j))
        for cosine, j in sorted(near)[:neighbours]:
            expected[min(i, j), max(i, j)] = -cosine
    found = similarities(full, np.array([place[u] for u in order], np.int64), recipe)
    owner = np.repeat(np.arange(len(order)), np.diff(found.offsets))
    got = {(int(a), int(b)): float(w) for a, b, w in zip(owner, found.neighbours, found.weights, strict=True)}
    assert got.keys() == expected.keys() | {(b, a) for a, b in expected}
    for (a, b), weight in got.items():
        assert weight == pytest.approx(expected[min(a, b), max(a, b)])


def test_the_order_in_which_users_came_changes_nothing() -> None:
    edges = planted()
    size = 1 + max(max(edge) for edge in edges)
    ids, order = np.arange(size) * 7 + 3, np.random.default_rng(1).permutation(size)
    turned = {(int(order[s]), int(order[t])) for s, t in edges}
    of = np.empty(size, np.int64)
    of[order] = ids
    one, other = (known_for(graph(some, name), RECIPE) for some, name in ((edges, ids), (turned, of)))
    np.testing.assert_array_equal(one.community, other.community)
    np.testing.assert_array_equal(one.weight, other.weight)


def test_who_follows_too_many_says_nothing_about_any() -> None:
    # Four hundred follow everybody, far beyond the others: without a limit all are one community.
    edges = planted() | {(1000 + one, star) for one in range(400) for star in range(BLOCKS * STARS)}
    blurred = known_for(graph(edges), RECIPE)
    sharp = known_for(graph(edges), SimClusters(attention=20))
    of = {int(one): at for at, one in enumerate(graph(edges).ids)}
    stars = [of[star] for star in range(BLOCKS * STARS)]
    assert len(set(sharp.community[stars].tolist())) == BLOCKS
    assert len(set(blurred.community[stars].tolist())) < BLOCKS


def test_small_communities_and_producers_with_few_followers_do_not_count() -> None:
    edges = graph(planted())
    assert (known_for(edges, SimClusters(min_members=STARS + 1)).community == -1).all()
    assert (known_for(edges, SimClusters(min_followers=READERS * 5)).community == -1).all()
    few = known_for(edges, SimClusters(producers=2, min_members=1))
    assert np.flatnonzero(few.community >= 0).tolist() == [0, 10]


def test_a_leader_of_many_alike_is_the_one_with_the_smallest_id() -> None:
    edges = {(10 + reader, star) for reader in range(8) for star in (3, 4, 5)}
    known = known_for(graph(edges, np.arange(18) + 100), RECIPE)
    assert known.community[:3].tolist() == [103, 103, 103]


def test_a_graph_without_edges_has_no_communities() -> None:
    empty = Edges.of(np.zeros(0, np.int64), np.arange(3))
    known = known_for(empty, RECIPE)
    read = interests(empty, known)
    assert (known.community.shape, read.communities.shape) == ((0,), (0, WIDTH))
    assert audiences(empty, read).weights.shape == (0, WIDTH)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0.25, 0.5, 1.0])), unique_by=lambda one: one[0]))
def test_a_list_of_the_strongest_does_not_depend_on_the_order_of_insertion(some: list[tuple[int, float]]) -> None:
    names, weights = np.full(5, -1, np.int64), np.zeros(5)
    for name, weight in some:
        insert(names, weights, name, weight)
    best = sorted(some, key=lambda one: (-one[1], one[0]))[:5]
    assert names[: len(best)].tolist() == [name for name, _ in best]
    assert weights[: len(best)].tolist() == [weight for _, weight in best]


def weighted(net: nx.Graph) -> WeightedGraph:
    matrix = nx.to_numpy_array(net, nodelist=sorted(net))
    loops = matrix.diagonal() * 2
    np.fill_diagonal(matrix, 0)
    ends, others = np.nonzero(matrix)
    return WeightedGraph(np.searchsorted(ends, np.arange(len(matrix) + 1)), others, matrix[ends, others], loops)


@pytest.mark.parametrize("resolution", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("net", [nx.karate_club_graph(), nx.planted_partition_graph(6, 15, 0.5, 0.05, seed=4),
                                 nx.gnp_random_graph(80, 0.05, seed=5)])  # fmt: skip
def test_communities_are_as_modular_as_networkx_s(net: nx.Graph, resolution: float) -> None:
    labels = communities(weighted(net), resolution)
    ours = [set(np.flatnonzero(labels == one).tolist()) for one in np.unique(labels)]
    theirs = nx.community.louvain_communities(net, resolution=resolution, seed=0)
    own, other = (nx.community.modularity(net, some, resolution=resolution) for some in (ours, theirs))
    assert own >= 0.9 * other
    first = [int(np.flatnonzero(labels == one)[0]) for one in range(len(ours))]
    assert first == sorted(first)


def test_cliques_on_a_string_are_communities_and_a_lonely_node_stays_alone() -> None:
    net = nx.ring_of_cliques(8, 6)
    net.add_node(48)
    labels = communities(weighted(net), 1.0)
    assert labels.tolist() == [*np.repeat(np.arange(8), 6).tolist(), 8]
