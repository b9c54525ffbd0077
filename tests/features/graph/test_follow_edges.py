"""Edges that stand at a moment, against a set that changes one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import I64
from features.graph.follow_edges import Edges, FollowEdges

Change = tuple[int, int, int, bool]
"""Moment, source, target, ended."""

changes = st.lists(st.tuples(st.integers(0, 12), st.integers(-1, 4), st.integers(-1, 4), st.booleans()), max_size=40)


def update(kept: FollowEdges, some: list[Change]) -> None:
    time, source, target, ended = (np.array([one[at] for one in some], np.int64) for at in range(4))
    kept.update(source, target, time, ended.astype(np.bool_))


def brute(some: list[Change], before: int) -> set[tuple[int, int]]:
    edges: set[tuple[int, int]] = set()
    for time, source, target, ended in some:
        if time < before and source != target and min(source, target) >= 0:
            edges = edges - {(source, target)} if ended else edges | {(source, target)}
    return edges


def as_set(pairs: I64) -> set[tuple[int, int]]:
    assert (np.diff(pairs) > 0).all()
    return {(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs}


@settings(max_examples=300, deadline=None)
@given(changes, st.lists(st.integers(0, 14), min_size=1, max_size=4), st.integers(0, 13), st.integers(1, 5))
def test_any_moment_since_the_settled_one_has_the_edges_of_a_brute_force_set(
    some: list[Change], moments: list[int], settled: int, batch: int
) -> None:
    some = sorted(some, key=lambda one: one[0])
    kept = FollowEdges()
    for at in range(0, len(some), batch):
        update(kept, some[at : at + batch])
    for before in moments:
        assert as_set(kept.pairs(before)) == brute(some, before)
    counts = {before: kept.count(before) for before in moments}
    kept.settle(settled)
    saved = FollowEdges()
    saved.restore({name: array.copy() for name, array in kept.arrays().items()})
    for before in moments:
        if before >= settled:
            assert as_set(kept.pairs(before)) == as_set(saved.pairs(before)) == brute(some, before)
            assert kept.count(before) == counts[before]
    update(saved, [(20, 0, 1, False)])
    assert (0, 1) in as_set(saved.pairs(21))


def test_what_nobody_can_ask_for_is_forgotten_and_what_one_can_is_kept() -> None:
    kept = FollowEdges()
    kept.remember(10)
    kept.remember(5)
    some = [(time, 0, 1 + time % 7, time % 3 == 0) for time in range(100)]
    update(kept, some)
    kept.forget()
    assert kept.open == 11
    for before in range(89, 101):
        assert as_set(kept.pairs(before)) == brute(some, before)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20), st.permutations(range(6)))
def test_edges_do_not_depend_on_the_order_in_which_users_and_edges_came(
    pairs: set[tuple[int, int]], order: list[int]
) -> None:
    ids = np.array([11, 5, 70, 2, 9, 30])
    straight = [(s, t) for s, t in sorted(pairs) if s != t]
    label = {old: new for new, old in enumerate(order)}
    turned = [(label[s], label[t]) for s, t in reversed(straight)]
    one, other = (
        Edges.of(np.array([(s << 32) | t for s, t in some], np.int64), of)
        for some, of in ((straight, ids), (turned, ids[order]))
    )
    assert one.digest == other.digest
    for name in ("ids", "out_offsets", "targets", "in_offsets", "sources"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    rows = {int(of): at for at, of in enumerate(one.ids)}
    followees = {(int(one.ids[u]), int(one.ids[t])) for u in range(len(one.ids))
                 for t in one.targets[one.out_offsets[u] : one.out_offsets[u + 1]]}  # fmt: skip
    followers = {(int(one.ids[s]), int(one.ids[u])) for u in range(len(one.ids))
                 for s in one.sources[one.in_offsets[u] : one.in_offsets[u + 1]]}  # fmt: skip
    assert followees == followers == {(int(ids[s]), int(ids[t])) for s, t in straight}
    assert list(rows) == sorted({int(ids[one]) for pair in straight for one in pair})


def test_other_edges_and_other_ids_have_another_digest() -> None:
    pair = np.array([1], np.int64)
    digests = {Edges.of(pair, np.array(ids)).digest for ids in ([1, 2], [2, 1], [1, 3])}
    assert len(digests | {Edges.of(pair[:0], np.array([1, 2])).digest}) == 4
