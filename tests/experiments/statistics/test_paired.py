"""Intervals and tests against answers known by construction, against peers, and by their coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from data.errors import DataError
from experiments.statistics.auc import auc_interval
from experiments.statistics.paired import (
    Pair,
    effect_size,
    family_resamples,
    holm,
    mean_interval,
    paired_difference,
    paired_differences,
    signed_rank,
)


def _clustered(seed: int, users: int = 200, n: int = 1500) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Values of mean zero whose users differ as much as their requests do."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, n)
    return rng.normal(size=users)[user] + rng.normal(size=n), user


def test_the_mean_leaves_undefined_values_out() -> None:
    interval = mean_interval([1.0, math.nan, 3.0, math.nan], [5, 5, 9, 11])
    assert (interval.mean, interval.n, interval.users) == (2.0, 2, 2)
    assert (interval.low, interval.high) == (1.0, 3.0)


def test_the_same_seed_gives_the_same_interval() -> None:
    values, users = _clustered(1)
    assert mean_interval(values, users, seed=4) == mean_interval(values, users, seed=4)
    assert mean_interval(values, users, seed=4) != mean_interval(values, users, seed=5)


def test_names_of_users_do_not_matter_beyond_their_order() -> None:
    values, users = _clustered(2)
    assert mean_interval(values, users) == mean_interval(values, users * 1000 + 7)


def test_intervals_cover_the_truth_as_often_as_they_say_although_requests_are_clustered() -> None:
    clustered = naive = 0
    for seed in range(300):
        values, users = _clustered(seed)
        one = mean_interval(values, users, resamples=300, seed=seed)
        each = mean_interval(values, np.arange(len(values)), resamples=300, seed=seed)
        clustered += one.low <= 0 <= one.high
        naive += each.low <= 0 <= each.high
    assert 0.90 <= clustered / 300 <= 0.98
    assert naive / 300 < 0.75  # what an interval over requests would have claimed


def test_one_user_has_no_interval() -> None:
    interval = mean_interval([1.0, 2.0], [3, 3])
    assert interval.mean == 1.5
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert interval.overlaps(mean_interval([9.0, 9.0], [1, 2]))


def test_overlap() -> None:
    users = np.arange(50)
    low, high = (mean_interval(np.arange(50) / 100 + shift, users) for shift in (0, 5))
    assert low.overlaps(low)
    assert not low.overlaps(high)
    assert not high.overlaps(low)


def test_a_paired_difference_sees_what_intervals_hide() -> None:
    values, users = _clustered(3)
    better = values + 0.01
    found = paired_difference(better, values, users)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)
    assert found.p_value == pytest.approx(2 / 1001)
    assert mean_interval(better, users).overlaps(mean_interval(values, users))


def test_a_paired_difference_is_antisymmetric_and_one_for_equals() -> None:
    (a, users), (b, _) = _clustered(4), _clustered(5)
    one, other = paired_difference(a, b, users), paired_difference(b, a, users)
    assert one.mean == pytest.approx(-other.mean)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.p_value == other.p_value
    assert paired_difference(a, a, users).p_value == 1.0
    assert signed_rank(a, a, users).p_value == 1.0


def test_p_values_are_uniform_where_nothing_differs() -> None:
    p = np.array([paired_difference(*_noise(seed), resamples=200, seed=seed).p_value for seed in range(400)])
    assert (p < 0.05).mean() < 0.09
    assert 0.40 < p.mean() < 0.60


def test_a_family_gives_each_row_what_it_has_alone() -> None:
    # Rows of 60 and of 40 users, one with a value undefined, and one of a single user.
    few, users = _clustered(11, users=40, n=150)
    holes = few.copy()
    holes[::7] = math.nan
    pairs = [Pair(*_noise(seed)) for seed in range(3)]
    pairs += [Pair(few, holes[::-1], users), Pair(few, -few, users), Pair([1.0, 2.0], [0.0, 0.0], [3, 3])]
    together = paired_differences(pairs, resamples=300, seed=5)
    for pair, found in zip(pairs, together, strict=True):
        alone = paired_difference(pair.a, pair.b, pair.users, resamples=300, seed=5)
        assert (found.mean, found.n, found.users, found.p_value) == (alone.mean, alone.n, alone.users, alone.p_value)
        assert (found.low, found.high) == pytest.approx((alone.low, alone.high), nan_ok=True)
    assert together[-1].p_value == 1.0
    assert paired_differences([]) == []


def test_resamples_of_a_family_are_those_of_a_plain_bootstrap_over_users() -> None:
    values, zeros, users = _noise(3)
    size = len(np.unique(users))
    code = np.searchsorted(np.unique(users), users)
    drawn = np.random.Generator(np.random.PCG64(8)).integers(0, size, (500, size), dtype=np.int32)
    means = np.bincount(code, values)[drawn].sum(axis=1) / np.bincount(code)[drawn].sum(axis=1)
    (found,) = paired_differences([Pair(values, zeros, users)], resamples=500, seed=8)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


@pytest.mark.parametrize("rows", [1, 60, 400])
def test_the_smallest_p_value_survives_holm_whatever_the_size_of_the_family(rows: int) -> None:
    assert rows * 2 / (family_resamples(rows) + 1) < 0.01


def test_a_large_effect_is_seen_among_sixty_rows_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    users = np.arange(80)
    pairs = [Pair(rng.normal(2.0 * (row == 7), 0.5, 80), np.zeros(80), users) for row in range(60)]
    p = {str(at): one.p_value for at, one in enumerate(paired_differences(pairs))}
    corrected = holm(p)
    assert corrected["7"] < 0.05
    assert [name for name, one in corrected.items() if one < 0.05] == ["7"]
    # A thousand resamples could not have said so.
    assert holm(p | {"7": 2 / 1001})["7"] > 0.05


def test_a_family_of_equals_rejects_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(1)
    users, single, families = np.arange(300), 0, 0
    for seed in range(200):
        pairs = [Pair(rng.normal(size=300), rng.normal(size=300), users) for _ in range(10)]
        p = {str(at): one.p_value for at, one in enumerate(paired_differences(pairs, resamples=1000, seed=seed))}
        single += sum(one < 0.05 for one in p.values())
        families += min(holm(p).values()) < 0.05
    # Up to three deviations above nominal, of 2,000 tests and of 200 families.
    assert single / 2000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert families / 200 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def _noise(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    values, users = _clustered(seed, users=60, n=300)
    return values, np.zeros_like(values), users


def test_signed_rank_agrees_with_a_count_by_hand() -> None:
    # Five users, all better: the only arrangement of 32 as extreme on either side, so p = 2 / 32.
    found = signed_rank([1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 1.0, 1.5, 2.0, 2.4], [1, 2, 3, 4, 5])
    assert (found.statistic, found.p_value, found.users) == (0.0, pytest.approx(2 / 32), 5)


def test_holm_by_hand() -> None:
    assert holm({"c": 0.04, "a": 0.01, "d": 0.03, "b": 0.02}) == pytest.approx(
        {"c": 0.06, "a": 0.04, "d": 0.06, "b": 0.06}
    )
    assert holm({}) == {}
    assert holm({"only": 0.2}) == {"only": 0.2}
    assert holm({"x": 0.9, "y": 0.8}) == {"x": 1.0, "y": 1.0}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_nor_changes_their_order(p_values: dict[str, float]) -> None:
    corrected = holm(p_values)
    assert list(corrected) == list(p_values)
    assert all(p <= corrected[name] <= 1 for name, p in p_values.items())
    order = sorted(p_values, key=lambda name: (p_values[name], name))
    assert [corrected[name] for name in order] == sorted(corrected.values())


def test_auc_agrees_with_scikit_learn_and_its_interval_covers_the_truth() -> None:
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        users = rng.integers(0, 150, 1200)
        taste = rng.normal(size=150)[users]
        labels = rng.random(1200) < 1 / (1 + np.exp(1 - taste))
        scores = np.round(labels + rng.normal(size=1200), 1)
        interval = auc_interval(scores, labels, users)
        assert interval.mean == pytest.approx(roc_auc_score(labels, scores))
        truth = 0.7602499389065233  # Phi(1 / sqrt 2): two unit normals one apart
        hits += interval.low <= truth <= interval.high
    assert 0.90 <= hits / 200 <= 0.99


def test_the_interval_of_an_auc_by_hand() -> None:
    """Positives 3 and 1, negatives 2 and 0: AUC 3/4, and each row is placed 1/4 above or below it, over 2 of its class.

    Of two users one pulls by 1/8 + 1/8, the other by as much down: the variance is 2 / 1 x 2 x (1/4)^2 = 1/4. Of three
    users one pulls so and two by 1/8: 3 / 2 x (1/16 + 2 / 64) = 9/64.
    """
    scores, labels = [3, 0, 2, 1], [1, 0, 0, 1]
    for users, spread in (([1, 1, 2, 2], 1 / 2), ([1, 1, 2, 3], 3 / 8)):
        found = auc_interval(scores, labels, users, level=0.5)
        assert found.mean == 0.75
        assert found.low == pytest.approx(0.75 - 0.6744898 * spread, abs=1e-6)
        assert found.high == pytest.approx(min(0.75 + 0.6744898 * spread, 1), abs=1e-6)
        assert (found.n, found.users) == (4, len(set(users)))


def test_a_user_who_stands_for_many_rows_widens_the_interval() -> None:
    rng = np.random.default_rng(0)
    users = rng.integers(0, 40, 4000)
    taste = rng.normal(size=40)[users]
    labels = rng.random(4000) < 1 / (1 + np.exp(-2 * taste))
    by_user, by_row = (auc_interval(taste + rng.normal(size=4000), labels, u) for u in (users, np.arange(4000)))
    assert by_user.high - by_user.low > 2 * (by_row.high - by_row.low)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: mean_interval([math.nan], [1]), "none of 1 values is defined"),
        (lambda: mean_interval([1.0, 2.0], [1]), "1 users for 2 values"),
        (lambda: paired_difference([1.0], [1.0, 2.0], [1]), "a has 1 values and b 2"),
        (lambda: paired_differences([Pair([1.0], [math.nan], [1])]), "none of 1 values is defined"),
        (lambda: auc_interval([1.0, 2.0], [True, True], [1, 2]), "needs both classes, found 2 positive and 0 negative"),
        (lambda: auc_interval([1.0, math.nan], [True, False], [1, 2]), "1 scores are NaN"),
    ],
)
def test_what_cannot_be_said_is_refused(call, problem: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=problem):
        call()


def test_the_effect_size_is_the_mean_over_the_deviation_of_users_differences() -> None:
    # Users differ by 1, 2 and 3 (one in two requests): mean 2, deviation 1.
    effect = effect_size([1.0, 5.0, 7.0, 3.0], [0.0, 3.0, 3.0, 1.0], [1, 2, 3, 3])
    assert effect.size == pytest.approx(2.0)
    assert effect.low <= effect.size <= effect.high
    assert effect.users == 3
    assert effect_size([0.0, 3.0, 3.0, 1.0], [1.0, 5.0, 7.0, 3.0], [1, 2, 3, 3]).size == pytest.approx(-2.0)
    assert math.isnan(effect_size([1.0, 1.0], [0.0, 0.0], [1, 2]).size)


def test_the_interval_of_an_effect_covers_what_it_should() -> None:
    rng = np.random.default_rng(0)
    users, hits = np.arange(80), 0
    for _ in range(200):
        difference = rng.normal(0.3, 1.0, 80)
        effect = effect_size(difference, np.zeros(80), users, resamples=300)
        hits += effect.low <= 0.3 <= effect.high
    assert 0.88 <= hits / 200 <= 0.99
