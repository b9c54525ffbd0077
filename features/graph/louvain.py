"""Communities of a weighted graph by modularity: Louvain's method (Blondel et al., 2008) in a fixed order.

Nodes are visited in their order and ties go to the community with the smallest label, so that a graph has one result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.batch import F64, I64
from data.kernel import kernel

_PASSES = 50
"""Rounds over the nodes of a level; a level that has not settled by then is taken as it is."""


@dataclass(frozen=True, slots=True)
class WeightedGraph:
    """An undirected graph of P nodes: each edge is listed at both of its ends, in [P + 1] offsets and [2E] lists."""

    offsets: I64
    neighbours: I64
    """Ascending within a node."""
    weights: F64
    loops: F64
    """[P] weight of each node with itself, counted twice."""

    def __len__(self) -> int:
        return len(self.loops)


def communities(graph: WeightedGraph, resolution: float) -> I64:
    """[P] label of each node: 0, 1, ... in order of first appearance.

    The labels maximise, greedily, the sum over communities of weight inside - resolution x degree^2 / all weight, where
    each edge counts at both of its ends; a larger resolution makes more and smaller communities. From every node alone,
    one after another moves to the neighbouring community that gains most, until none gains; then each community is
    made one node, and so on until nothing moves. A node without neighbours stays alone.
    """
    labels = np.arange(len(graph), dtype=np.int64)
    while True:
        moved = _first_seen(_settle(graph.offsets, graph.neighbours, graph.weights, graph.loops, resolution, _PASSES))
        count = int(moved.max()) + 1 if len(moved) else 0
        if count == len(graph):
            return labels
        labels = moved[labels]
        graph = WeightedGraph(*_merge(graph.offsets, graph.neighbours, graph.weights, graph.loops, moved, count))


@kernel
def _first_seen(labels: Any) -> Any:
    """Labels renamed 0, 1, ... in order of first appearance."""
    names, fresh = np.full(len(labels), -1, np.int64), 0
    out = np.empty(len(labels), np.int64)
    for i in range(len(labels)):
        if names[labels[i]] < 0:
            names[labels[i]] = fresh
            fresh += 1
        out[i] = names[labels[i]]
    return out


@kernel
def _settle(offsets: Any, neighbours: Any, weights: Any, loops: Any, resolution: Any, passes: Any) -> Any:
    """Moves one node after another to the neighbouring community that gains most, until none gains."""
    size = len(loops)
    label, degree = np.arange(size), loops.copy()
    for i in range(size):
        for k in range(offsets[i], offsets[i + 1]):
            degree[i] += weights[k]
    total, all_ = degree.copy(), degree.sum()
    towards, near = np.zeros(size), np.empty(size, np.int64)
    for _ in range(passes):
        moves = 0
        for i in range(size):
            own, found = label[i], 0
            for k in range(offsets[i], offsets[i + 1]):
                one = label[neighbours[k]]
                if towards[one] == 0.0:
                    near[found] = one
                    found += 1
                towards[one] += weights[k]
            total[own] -= degree[i]
            scale = resolution * degree[i] / max(all_, 1e-300)
            best, most = own, towards[own] - scale * total[own] + 1e-12
            for f in range(found):
                one = near[f]
                gain = towards[one] - scale * total[one]
                if gain > most or (gain == most and one < best):
                    best, most = one, gain
            for f in range(found):
                towards[near[f]] = 0.0
            total[best] += degree[i]
            if best != own:
                label[i] = best
                moves += 1
        if moves == 0:
            break
    return label


@kernel
def _merge(offsets: Any, neighbours: Any, weights: Any, loops: Any, label: Any, count: Any) -> Any:
    """The graph between communities, the weight inside one as its loop."""
    size = len(loops)
    begin = np.zeros(count + 1, np.int64)
    for i in range(size):
        begin[label[i] + 1] += 1
    for c in range(count):
        begin[c + 1] += begin[c]
    free, members = begin[:-1].copy(), np.empty(size, np.int64)
    for i in range(size):
        members[free[label[i]]] = i
        free[label[i]] += 1
    towards, near = np.zeros(count), np.empty(count, np.int64)
    new_offsets, new_loops = np.zeros(count + 1, np.int64), np.zeros(count)
    new_neighbours, new_weights, at = np.empty(len(neighbours), np.int64), np.empty(len(neighbours)), 0
    for c in range(count):
        found = 0
        for m in range(begin[c], begin[c + 1]):
            i = members[m]
            new_loops[c] += loops[i]
            for k in range(offsets[i], offsets[i + 1]):
                one = label[neighbours[k]]
                if one == c:
                    new_loops[c] += weights[k]
                    continue
                if towards[one] == 0.0:
                    near[found] = one
                    found += 1
                towards[one] += weights[k]
        for one in np.sort(near[:found]):
            new_neighbours[at], new_weights[at] = one, towards[one]
            towards[one] = 0.0
            at += 1
        new_offsets[c + 1] = at
    return new_offsets, new_neighbours[:at].copy(), new_weights[:at].copy(), new_loops
