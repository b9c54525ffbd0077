"""Ratios over people in several worlds: values by hand, intervals that cover, pairing, Gini coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.paired import mean_interval, paired_difference
from experiments.statistics.ratios import ginis, resampled_ratios

ONE = np.ones((1, 4), np.float32)


def columns(*values: object) -> np.ndarray:
    return np.stack([np.asarray(one, np.float32) for one in values], axis=1)


def test_a_statistic_is_a_ratio_of_sums_in_each_world_averaged_over_worlds() -> None:
    first = columns([1, 2, 3], [0, 0, 0]), columns([1, 1, 2], [0, 0, 0])
    second = columns([4, 4], [1, 1]), columns([2, 2], [1, 3])
    with np.errstate(invalid="ignore"):
        found = resampled_ratios([first, second], [columns([0, 0, 9]), columns([5, 5])], resamples=50)
    assert found.by_world[:, 0].tolist() == [1.5, 2.0]
    assert found.by_world[1, 1] == 0.5
    assert np.isnan(found.by_world[0, 1])
    assert found.by_world[:, 2].tolist() == pytest.approx([2 / 3, 0.0])
    interval = found.interval(0)
    assert (interval.mean, interval.users) == (1.75, 5)
    assert interval.low <= 1.75 <= interval.high


def test_intervals_and_differences_are_those_of_the_bootstrap_over_users() -> None:
    rng = np.random.default_rng(3)
    person = rng.normal(size=2_000)
    a, b = person + 0.3 * rng.normal(size=2_000) + 0.05, person + 0.3 * rng.normal(size=2_000)
    found = resampled_ratios([(columns(a, b), np.ones((2_000, 1), np.float32))])
    plain, users = mean_interval(a, np.arange(2_000)), np.arange(2_000)
    ours, paired, theirs = found.interval(0), found.contrast([0], [1]), paired_difference(a, b, users)
    assert ours.mean == pytest.approx(plain.mean, abs=1e-5)
    assert ours.high - ours.low == pytest.approx(plain.high - plain.low, rel=0.1)
    assert paired.mean == pytest.approx(theirs.mean, abs=1e-5)
    assert paired.high - paired.low == pytest.approx(theirs.high - theirs.low, rel=0.1)
    # Pairing leaves the persons out: the interval of the difference is far narrower than that of either value.
    assert paired.high - paired.low < 0.5 * (ours.high - ours.low)
    assert paired.p_value < 0.01
    assert found.contrast([0, 1], [1, 0]).mean == pytest.approx(0, abs=1e-6)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=12), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_ginis_are_the_mean_difference_over_twice_the_mean(values: list[int], counts: list[int]) -> None:
    times = np.array([counts[: len(values)]], np.float32)
    many = np.repeat(values, times[0].astype(int))
    (found,) = ginis(columns(values), times)[0]
    if not many.sum():
        assert np.isnan(found)
    else:
        plain = np.abs(many[:, None] - many[None]).sum() / (2 * len(many) ** 2 * many.mean())
        assert found == pytest.approx(plain, abs=1e-9)


def test_ginis_of_one_owner_and_of_equals() -> None:
    assert ginis(columns([0, 0, 0, 8], [3, 3, 3, 3]), ONE)[0].tolist() == pytest.approx([0.75, 0.0])
