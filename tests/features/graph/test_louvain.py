"""Louvain's method restated on dictionaries, with weights whose sums are exact, so that labels must be equal."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.graph.louvain import WeightedGraph, communities

Weights = dict[tuple[int, int], int]
"""Weight of each pair of nodes, the smaller first; a node with itself for a loop."""


def value(edges: Weights, label: list[int], resolution: Fraction) -> int:
    """What the labels maximise, times a constant that makes it whole: each edge counts at both of its ends."""
    inside, ends = [0] * len(label), [0] * len(label)
    for (a, b), weight in edges.items():
        inside[label[a]] += 2 * weight * (label[a] == label[b])
        ends[label[a]] += weight
        ends[label[b]] += weight
    whole = sum(ends)
    p, q = resolution.as_integer_ratio()
    return sum(q * whole * one - p * degree**2 for one, degree in zip(inside, ends, strict=True))


def settled(size: int, edges: Weights, resolution: Fraction) -> list[int]:
    """Labels of a level, each move chosen by the value of all labels after it."""
    label = list(range(size))
    moved = True
    while moved:
        moved = False
        for node in range(size):
            own = label[node]
            near = {label[b if a == node else a] for a, b in edges if node in (a, b) and a != b}
            gains = {one: value(edges, [*label[:node], one, *label[node + 1 :]], resolution) for one in {own, *near}}
            best = max(gains.values())
            if best > gains[own]:
                label[node] = min(one for one, gain in gains.items() if gain == best)
                moved = True
    names: dict[int, int] = {}
    return [names.setdefault(one, len(names)) for one in label]


def louvain(size: int, edges: Weights, resolution: Fraction) -> list[int]:
    labels = list(range(size))
    while True:
        level = settled(size, edges, resolution)
        if len(set(level)) == size:
            return labels
        labels = [level[one] for one in labels]
        merged: Weights = defaultdict(int)
        for (a, b), w in edges.items():
            one, other = sorted((level[a], level[b]))
            merged[one, other] += w
        size, edges = len(set(level)), dict(merged)


def weighted(size: int, edges: Weights) -> WeightedGraph:
    matrix = np.zeros((size, size))
    for (a, b), w in edges.items():
        matrix[a, b] += w
        matrix[b, a] += w
    loops = matrix.diagonal().copy()
    np.fill_diagonal(matrix, 0)
    ends, others = np.nonzero(matrix)
    return WeightedGraph(np.searchsorted(ends, np.arange(size + 1)), others, matrix[ends, others], loops)


pairs = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda pair: (min(pair), max(pair)))
graphs = st.dictionaries(pairs.filter(lambda pair: pair[0] != pair[1]), st.integers(1, 4), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(graphs, st.dictionaries(st.integers(0, 8).map(lambda a: (a, a)), st.integers(1, 3), max_size=3),
       st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(2)]))  # fmt: skip
def test_communities_are_those_of_the_method(edges: Weights, loops: Weights, resolution: Fraction) -> None:
    whole = edges | loops
    assert communities(weighted(9, whole), float(resolution)).tolist() == louvain(9, whole, resolution)


def test_two_cliques_with_a_bridge_are_two_communities_until_the_resolution_is_small() -> None:
    """Together they gain 2 x bridge - resolution x 2 x degree^2 / all: with triangles, 2 - 98 / 14 x resolution."""
    cliques = {(a, b): 1 for start in (0, 3) for a in range(start, start + 3) for b in range(a + 1, start + 3)}
    graph = weighted(6, cliques | {(2, 3): 1})
    assert communities(graph, 1.0).tolist() == [0, 0, 0, 1, 1, 1]
    assert communities(graph, 2 / 7 + 0.01).tolist() == [0, 0, 0, 1, 1, 1]
    assert communities(graph, 2 / 7 - 0.01).tolist() == [0] * 6


def test_of_equal_gains_the_smallest_label_wins() -> None:
    """The middle of a path of five is drawn to both sides alike, whichever side has the smaller labels."""
    middle_first = {(0, 1): 1, (0, 2): 1, (1, 3): 1, (2, 4): 1}
    assert communities(weighted(5, middle_first), 1.0).tolist() == louvain(5, middle_first, Fraction(1))
    assert communities(weighted(5, middle_first), 1.0).tolist() == [0, 0, 1, 0, 1]
    # A fifth node that hangs on two pairs alike goes to the first of them.
    pairs_first = {(0, 1): 4, (2, 3): 4, (1, 4): 1, (3, 4): 1}
    assert (
        communities(weighted(5, pairs_first), 1.0).tolist() == louvain(5, pairs_first, Fraction(1)) == [0, 0, 1, 1, 0]
    )
