"""The rhythm of places: levels of hours, the line between them, and when they are read again."""

import numpy as np
import pytest

from candidates.trends.rhythm import Rhythm

STEADY = 50.0
HOUR = 480_000
"""Since 1970; of the week: 24."""


def hours(places: int = 3) -> np.ndarray:
    """Two weeks of 100 uses an hour in place 0, of 400 in its hours 24 and 25 of the week; nothing elsewhere."""
    out = np.zeros((places, 168, 2), np.float32)
    out[:, :, 1] = 2.0
    out[0, :, 0] = 200.0
    out[0, [HOUR % 168, HOUR % 168 + 1], 0] = 800.0
    return out


def level(uses: float, other: float, mean: float) -> float:
    """Uses of an hour in two weeks and one more week of the same hour of the seven days, beside the mean."""
    return ((uses + other) / 3.0 + STEADY) / (mean + STEADY)


def test_an_hour_is_held_beside_the_mean_and_the_time_between_two_is_a_line() -> None:
    rhythm, mean = Rhythm(STEADY), (166 * 200.0 + 2 * 800.0) / 336
    busy, quiet = level(800.0, (6 * 200 + 800) / 14, mean), level(200.0, 100.0, mean)
    assert rhythm.at(hours(), HOUR * 60 + 30)[0] == pytest.approx(busy)
    assert rhythm.at(hours(), (HOUR + 2) * 60 + 30)[0] == pytest.approx(quiet)
    assert rhythm.at(hours(), (HOUR + 2) * 60)[0] == pytest.approx((busy + quiet) / 2)
    assert rhythm.at(hours(), (HOUR + 2) * 60 + 15)[0] == pytest.approx(busy / 4 + 3 * quiet / 4)


def test_where_nothing_was_counted_the_rhythm_is_flat() -> None:
    assert (Rhythm(STEADY).at(hours(), HOUR * 60 + 30)[1:] == 1.0).all()
    assert (Rhythm(STEADY).at(np.zeros((3, 168, 2), np.float32), HOUR * 60) == 1.0).all()


def test_what_an_hour_that_ended_added_is_seen_as_soon_as_the_next_one_runs() -> None:
    counted = hours()
    rhythm = Rhythm(STEADY)
    for minute in (HOUR * 60 + 45, HOUR * 60 + 59):
        rhythm.at(counted, minute)
    counted[1, HOUR % 168, 0] = 9_000.0
    for minute in (HOUR * 60 + 60, HOUR * 60 + 61):
        assert (rhythm.at(counted, minute) == Rhythm(STEADY).at(counted, minute)).all()
        assert rhythm.at(counted, minute)[1] > 2.0
