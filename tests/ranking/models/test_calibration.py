"""Calibration, with numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigError
from ranking.models.calibration import Calibration, Isotonic, undo_down_sampling


def test_down_sampling_is_undone_by_the_counts():
    # 100 of 1,100 rows are positive. Of 1,000 negatives 100 were kept, so a model sees one half.
    assert undo_down_sampling(np.array([0.5]), 0.1)[0] == pytest.approx(100 / 1100)
    assert undo_down_sampling(np.array([0.0, 1.0]), 0.1).tolist() == [0.0, 1.0]
    assert undo_down_sampling(np.array([0.3]), 1.0)[0] == pytest.approx(0.3)


@given(st.integers(1, 500), st.integers(1, 500), st.sampled_from([0.01, 0.2, 0.5, 1.0]))
def test_down_sampling_is_undone_for_any_counts(positives, negatives, rate):
    seen = positives / (positives + negatives * rate)
    assert undo_down_sampling(np.array([seen]), rate)[0] == pytest.approx(positives / (positives + negatives))


@pytest.mark.parametrize("rate", [0.0, -1.0, 1.5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ConfigError, match="rate"):
        undo_down_sampling(np.array([0.5]), rate)


def test_isotonic_pools_what_falls_and_joins_blocks_by_lines():
    # 0.2 -> 0, 1 and 0.4 -> 0 pool to 1/3 at their mean 4/15; 0.8 -> 1, 1, 0 is 2/3.
    p = np.array([0.2, 0.2, 0.4, 0.8, 0.8, 0.8])
    line = Isotonic.fit(p, np.array([0, 1, 0, 1, 1, 0]))
    assert line.x == pytest.approx([0, 4 / 15, 0.8, 1])
    assert line.y == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert line(np.array([4 / 15, (4 / 15 + 0.8) / 2, 0.9])) == pytest.approx([1 / 3, 1 / 2, 5 / 6])


def test_weights_count_rows_that_were_left_out():
    line = Isotonic.fit(np.array([0.5, 0.5]), np.array([1, 0]), np.array([1.0, 9.0]))
    assert line(np.array([0.5]))[0] == pytest.approx(0.1)


@given(st.integers(0, 10_000))
def test_order_is_kept_strictly(seed):
    rng = np.random.default_rng(seed)
    p = rng.random(60)
    line = Isotonic.fit(p, rng.random(60) < p**2)
    assert (np.diff(line.x) > 0).all()
    assert (np.diff(line(np.linspace(0, 1, 500))) > 0).all()


def test_nothing_to_learn_changes_nothing():
    for label in (0, 1):
        line = Isotonic.fit(np.array([0.1, 0.6]), np.full(2, label))
        assert line(np.array([0.3])).tolist() == [0.3]


def test_predictions_that_are_no_probabilities_are_refused():
    with pytest.raises(ConfigError, match=r"\[0, 1\]"):
        Isotonic.fit(np.array([0.5, np.nan]), np.array([0, 1]))


def test_a_calibration_survives_its_arrays():
    rng = np.random.default_rng(1)
    p = rng.random((400, 2)).astype(np.float32)
    labels = (rng.random((400, 2)) < p**2).astype(np.int8)
    made = Calibration.fit(p, labels, rate=0.3, weight=np.where(labels.any(axis=1), 1, 1 / 0.3))
    again = Calibration.of(made.arrays() | {"other": p})
    assert np.array_equal(made(p), again(p))
    assert np.array_equal(Calibration.of({})(p), p)


def test_calibrated_probabilities_add_up_to_what_happened():
    rng = np.random.default_rng(2)
    p = rng.random((40_000, 1)) * 0.6
    happens = rng.random((40_000, 1)) < p**2
    kept = happens[:, 0] | (rng.random(40_000) < 0.25)
    learned = p[kept] / (p[kept] + (1 - p[kept]) * 0.25)
    weight = np.where(happens[kept, 0], 1.0, 4.0)
    made = Calibration.fit(learned, happens[kept].astype(np.int8), rate=0.25, weight=weight)
    assert (weight * made(learned)[:, 0]).sum() == pytest.approx(happens.sum(), rel=0.02)


def test_an_action_that_is_not_known_is_left_alone():
    p = np.array([[0.2], [0.7]], np.float32)
    made = Calibration.fit(p, np.full((2, 1), -1, np.int8), rate=1.0, weight=np.ones(2))
    assert made(p) == pytest.approx(p)


def test_rows_stand_for_their_weight():
    """What falls is pooled, .2 (happened) with three of .4 (did not): .25 at the weighted mean of predictions, .35."""
    line = Isotonic.fit([0.2, 0.4, 0.9, 0.9], [1, 0, 1, 0], [1, 3, 1, 1])
    assert line.x == pytest.approx([0, 0.35, 0.9, 1])
    assert line.y == pytest.approx([0, 0.25, 0.5, 1])
    assert line([0.35, 0.625, 0.95]) == pytest.approx([0.25, 0.375, 0.75])
    same = Isotonic.fit([0.2, 0.4, 0.4, 0.4, 0.9, 0.9], [1, 0, 0, 0, 1, 0])
    assert same.x == pytest.approx(line.x)
    assert same.y == pytest.approx(line.y)
