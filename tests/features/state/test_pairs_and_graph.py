"""The hash table of pairs and the linked edges against plain Python dictionaries and lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.state.graph import EdgeSet, Graph
from features.state.pairs import PairTable

small = st.integers(-1, 4)
pair = st.tuples(small, small)


@given(st.lists(st.tuples(pair, st.integers(-5, 5)), max_size=40), st.booleans())
def test_pair_table_is_a_dictionary(changes: list[tuple[tuple[int, int], int]], adding: bool) -> None:
    table, plain = PairTable(), dict[tuple[int, int], int]()
    left = np.array([one[0] for one, _ in changes], np.int64)
    right = np.array([one[1] for one, _ in changes], np.int64)
    numbers = np.array([number for _, number in changes], np.int64)
    (table.add if adding else table.put)(left, right, numbers)
    for one, number in changes:
        if min(one) >= 0:
            plain[one] = number + (plain.get(one, 0) if adding else 0)
    grid = np.array([(a, b) for a in range(-1, 6) for b in range(-1, 6)], np.int64)
    expected = [plain.get((a, b), -99) for a, b in grid.tolist()]
    assert table.get(grid[:, 0], grid[:, 1], -99).tolist() == expected
    assert len(table) == len(plain)
    copy = PairTable()
    copy.restore(table.arrays())
    assert copy.get(grid[:, 0], grid[:, 1], -99).tolist() == expected


def test_pair_table_grows_past_its_first_slots_and_keeps_large_rows() -> None:
    left = np.arange(20_000, dtype=np.int64) % 777 + 2**30
    right = np.arange(20_000, dtype=np.int64) + 2**30
    table = PairTable()
    table.put(left, right, np.arange(20_000))
    assert np.array_equal(table.get(left, right, -1), np.arange(20_000))
    assert len(table.keys) >= 2 * len(table) == 40_000


@settings(max_examples=200)
@given(st.lists(st.tuples(small, small, st.booleans()), max_size=40), st.integers(1, 5))
def test_edges_are_a_list_of_pairs_newest_first(events: list[tuple[int, int, bool]], pieces: int) -> None:
    edges, plain = EdgeSet(), list[tuple[int, int]]()
    edges.resize(5)
    array = np.array(events, np.int64).reshape(-1, 3)
    for part in np.array_split(array, pieces):
        edges.update(part[:, 0].copy(), part[:, 1].copy(), part[:, 2].astype(bool))
    for a, b, ended in events:
        if min(a, b) < 0:
            continue
        if ended and (a, b) in plain:
            plain.remove((a, b))
        elif not ended and (a, b) not in plain:
            plain.append((a, b))
    for one in (edges, _copy(edges)):
        _same(one, plain)


def _copy(edges: EdgeSet) -> EdgeSet:
    copy = EdgeSet()
    copy.restore(edges.arrays())
    return copy


def _same(edges: EdgeSet, plain: list[tuple[int, int]]) -> None:
    rows = np.arange(-1, 5, dtype=np.int64)
    targets, sources, two = edges.targets(rows), edges.sources(rows), edges.targets(rows, 2)
    for place, row in enumerate(rows.tolist()):
        out = [b for a, b in reversed(plain) if a == row]
        assert targets[place].tolist() == out
        assert two[place].tolist() == out[:2]
        assert sources[place].tolist() == [a for a, b in reversed(plain) if b == row]
    assert edges.out_count.tolist() == [sum(a == row for a, _ in plain) for row in range(5)]
    assert edges.in_count.tolist() == [sum(b == row for _, b in plain) for row in range(5)]
    grid = np.array([(a, b) for a in range(-1, 5) for b in range(-1, 5)], np.int64)
    assert edges.has(grid[:, 0], grid[:, 1]).tolist() == [(a, b) in plain for a, b in grid.tolist()]


def test_ended_edges_leave_their_places_to_new_ones() -> None:
    edges = EdgeSet()
    edges.resize(3)
    for _ in range(1000):
        edges.update(np.array([0]), np.array([1]), np.array([False]))
        edges.update(np.array([0]), np.array([1]), np.array([True]))
    assert len(edges.arrays()["ends"]) <= 2


def test_the_three_kinds_are_kept_apart() -> None:
    graph = Graph()
    graph.resize(2)
    graph.mute.update(np.array([0]), np.array([1]), np.array([False]))
    assert graph.muted(np.array([0]), np.array([1])).all()
    assert not graph.blocked(np.array([0]), np.array([1])).any()
    assert not graph.follows(np.array([0]), np.array([1])).any()
