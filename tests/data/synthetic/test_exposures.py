"""Impressions are counted by person and tweet, through every growth, forgetting and saving: against a dictionary."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from data.batch import I64
from data.synthetic.exposures import MOST, Exposures

PEOPLE = 40


def held(exposures: Exposures) -> dict[tuple[int, int], int]:
    keys, counts = exposures.rows()
    assert (np.diff(keys) > 0).all()
    pairs = zip((keys >> 32).tolist(), (keys & 0xFFFFFFFF).tolist(), strict=True)
    return dict(zip(pairs, counts.tolist(), strict=True))


def shown(rng: np.random.Generator, n: int, first: int, last: int) -> tuple[I64, I64]:
    """Impressions that a few people have most of, mostly of the newest tweets."""
    users = np.minimum(rng.geometric(0.15, n) - 1, PEOPLE - 1)
    return users, np.maximum(last - rng.geometric(0.02, n), first)


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_dictionary(seed: int) -> None:
    rng, exposures, expected = np.random.default_rng(seed), Exposures(PEOPLE), Counter[tuple[int, int]]()
    last = 50
    for _ in range(60):
        last += int(rng.integers(0, 60))
        users, tweets = shown(rng, int(rng.integers(0, 900)), 0, last)
        exposures.add(users, tweets)
        expected.update(zip(users.tolist(), tweets.tolist(), strict=True))
        if rng.random() < 0.2:
            gone = int(rng.integers(0, last // 2))
            last -= gone
            exposures.forget(gone)
            expected = Counter({(u, t - gone): n for (u, t), n in expected.items() if t >= gone})
    assert len(expected) > 1_000
    assert held(exposures) == expected
    some = rng.integers(0, PEOPLE, 5_000), rng.integers(0, last, 5_000)
    met = [expected[pair] for pair in zip(*(column.tolist() for column in some), strict=True)]
    assert exposures.of(*some).tolist() == met

    again = Exposures(PEOPLE)
    again.restore(*exposures.rows())
    assert held(again) == expected
    users, tweets = shown(rng, 500, 0, last)
    for one in (exposures, again):
        one.add(users, tweets)
    assert all(np.array_equal(a, b) for a, b in zip(exposures.rows(), again.rows(), strict=True))


def test_nothing_is_left_when_all_is_forgotten() -> None:
    exposures = Exposures(3)
    exposures.add(np.array([0, 2, 2]), np.array([0, 5, 5]))
    exposures.forget(6)
    assert held(exposures) == {}
    exposures.add(np.array([2]), np.array([5]))
    assert held(exposures) == {(2, 5): 1}


def test_one_person_may_be_shown_almost_everything() -> None:
    exposures, n = Exposures(3), 50_000
    exposures.add(np.ones(n, np.int64), np.arange(n))
    assert held(exposures) == {(1, t): 1 for t in range(n)}


def test_a_count_ends_at_its_largest_number() -> None:
    exposures, n = Exposures(1), MOST + 10
    exposures.add(np.zeros(n, np.int64), np.zeros(n, np.int64))
    assert held(exposures) == {(0, 0): MOST}


def test_slots_are_few_for_what_they_hold() -> None:
    """At most 20 bytes for each pair of person and tweet, also where all tables are of one size."""
    rng, exposures = np.random.default_rng(0), Exposures(2_000)
    for tick in range(200):
        exposures.add(rng.integers(0, 2_000, 1_500), tick * 20 + rng.integers(0, 400, 1_500))
    slots, pairs = len(exposures.counts.tweet), len(exposures.rows()[0])
    assert pairs > 200_000
    assert 6 * slots < 20 * pairs
    exposures.forget(2_000)
    assert 6 * len(exposures.counts.tweet) < 20 * len(exposures.rows()[0])
