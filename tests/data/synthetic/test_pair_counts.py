"""Impressions are counted by person and tweet, through every growth, forgetting and saving: against a dictionary."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from data.batch import I64
from data.synthetic.follow_set import FollowSet
from data.synthetic.pair_counts import LARGEST, PairCounts

PEOPLE = 40


def held(counts: PairCounts) -> dict[tuple[int, int], int]:
    keys, times = counts.rows()
    assert (np.diff(keys) > 0).all()
    pairs = zip((keys >> 32).tolist(), (keys & 0xFFFFFFFF).tolist(), strict=True)
    return dict(zip(pairs, times.tolist(), strict=True))


def shown(rng: np.random.Generator, n: int, first: int, last: int) -> tuple[I64, I64]:
    """Impressions that a few people have most of, mostly of the newest tweets."""
    users = np.minimum(rng.geometric(0.15, n) - 1, PEOPLE - 1)
    return users, np.maximum(last - rng.geometric(0.02, n), first)


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_dictionary(seed: int) -> None:
    rng, counts, expected = np.random.default_rng(seed), PairCounts(PEOPLE), Counter[tuple[int, int]]()
    last = 50
    for _ in range(60):
        last += int(rng.integers(0, 60))
        users, tweets = shown(rng, int(rng.integers(0, 900)), 0, last)
        counts.add(users, tweets)
        expected.update(zip(users.tolist(), tweets.tolist(), strict=True))
        if rng.random() < 0.2:
            gone = int(rng.integers(0, last // 2))
            last -= gone
            counts.forget(gone)
            expected = Counter({(u, t - gone): n for (u, t), n in expected.items() if t >= gone})
    assert len(expected) > 1_000
    assert held(counts) == expected
    some = rng.integers(0, PEOPLE, 5_000), rng.integers(0, last, 5_000)
    met = [expected[pair] for pair in zip(*(column.tolist() for column in some), strict=True)]
    assert counts.of(*some).tolist() == met

    again = PairCounts(PEOPLE)
    again.restore(*counts.rows())
    assert held(again) == expected
    users, tweets = shown(rng, 500, 0, last)
    for one in (counts, again):
        one.add(users, tweets)
    assert all(np.array_equal(a, b) for a, b in zip(counts.rows(), again.rows(), strict=True))


def test_nothing_is_left_when_all_is_forgotten() -> None:
    counts = PairCounts(3)
    counts.add(np.array([0, 2, 2]), np.array([0, 5, 5]))
    counts.forget(6)
    assert held(counts) == {}
    counts.add(np.array([2]), np.array([5]))
    assert held(counts) == {(2, 5): 1}


def test_one_person_may_be_shown_almost_everything() -> None:
    counts, n = PairCounts(3), 50_000
    counts.add(np.ones(n, np.int64), np.arange(n))
    assert held(counts) == {(1, t): 1 for t in range(n)}


def test_a_count_ends_at_its_largest_number() -> None:
    counts, n = PairCounts(1), LARGEST + 10
    counts.add(np.zeros(n, np.int64), np.zeros(n, np.int64))
    assert held(counts) == {(0, 0): LARGEST}


def test_slots_are_few_for_what_they_hold() -> None:
    """At most 20 bytes for each pair of person and tweet, also where all tables are of one size."""
    rng, counts = np.random.default_rng(0), PairCounts(2_000)
    for tick in range(200):
        counts.add(rng.integers(0, 2_000, 1_500), tick * 20 + rng.integers(0, 400, 1_500))
    slots, pairs = len(counts.pairs.row), len(counts.rows()[0])
    assert pairs > 200_000
    assert 6 * slots < 20 * pairs
    counts.forget(2_000)
    assert 6 * len(counts.pairs.row) < 20 * len(counts.rows()[0])


def test_edges_begin_and_end_in_order() -> None:
    """Each edge once, whatever came before: against a set."""
    rng, edges, expected = np.random.default_rng(0), FollowSet(30), set[tuple[int, int]]()
    for _ in range(40):
        a, b = rng.integers(0, 30, 200), rng.integers(0, 30, 200)
        ended = rng.random(200) < 0.4
        edges.change(a, b, ended)
        for one, other, over in zip(a.tolist(), b.tolist(), ended.tolist(), strict=True):
            (expected.discard if over else expected.add)((one, other))
    every = np.divmod(np.arange(900), 30)
    assert {pair for pair, has in zip(zip(*every, strict=True), edges.contains(*every), strict=True) if has} == expected
    assert edges.keys().tolist() == sorted((a << 32) + b for a, b in expected)
    assert sorted(edges.keys_unordered().tolist()) == edges.keys().tolist()
    start, rows = edges.followees(np.array([7, 3]))
    for at, person in enumerate((7, 3)):
        assert rows[start[at] : start[at + 1]].tolist() == sorted(b for a, b in expected if a == person)
