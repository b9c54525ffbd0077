"""The rhythm of places: how much is said at an hour of the week beside the mean of all hours."""

from __future__ import annotations

import numpy as np

from candidates.trends.expected import WEEK_H
from candidates.trends.layout import F32
from data.batch import F64, I64

_DAY_H = 24


class Rhythm:
    """The activity of each place, to the minute, as it was counted up to the hour that is running.

    The level of an hour changes only when an hour ends, and is kept until then: lists are brought up to date every few
    seconds, and the hours of the week of all places are many.
    """

    def __init__(self, steady: float) -> None:
        """`steady` uses an hour are added on both sides, so that a place where little happens has a flat rhythm."""
        self._steady = steady
        self._minute, self._hour = -1, -1
        self._now: F64 = np.ones(0)
        self._levels: dict[int, F64] = {}
        self._size = 0
        self._places: I64 = np.zeros(0, np.int64)
        self._sums, self._weeks = np.zeros((2, 0, WEEK_H))
        self._mean: F64 = np.zeros(0)

    def at(self, place_hours: F32, minute: int) -> F64:
        """[P] activity of each place beside its mean, in a straight line between the middles of two hours.

        Args:
            place_hours: as `Tables.place_hours`; read again when another hour is running.
            minute: minutes since 1970.
        """
        if minute != self._minute:
            self._minute, self._now = minute, self._between(place_hours, minute)
        return self._now

    def _between(self, place_hours: F32, minute: int) -> F64:
        if minute // 60 != self._hour:
            self._hour, self._levels = minute // 60, {}
            self._read(place_hours)
        before = (minute - 30) // 60
        share = (minute - 30) / 60 - before
        out: F64 = (1.0 - share) * self._level(before) + share * self._level(before + 1)
        return out

    def _read(self, place_hours: F32) -> None:
        """Takes the hours of the week of the places where anything was counted; the level of all others is 1."""
        self._size, self._places = len(place_hours), np.flatnonzero(place_hours[:, :, 0].any(axis=1))
        self._sums, self._weeks = np.moveaxis(place_hours[self._places].astype(np.float64), 2, 0)
        seen = self._weeks.sum(axis=1)
        self._mean = np.divide(self._sums.sum(axis=1), seen, out=np.zeros_like(seen), where=seen > 0)

    def _level(self, hour: int) -> F64:
        """[P] activity in an hour beside the mean; an hour of the week not seen yet is that of the other days."""
        if hour not in self._levels:
            at = hour % WEEK_H
            days = np.arange(at % _DAY_H, WEEK_H, _DAY_H)
            # Own weeks count in full; the other days as one more week, which fades as own weeks come.
            other = self._weeks[:, days].sum(axis=1)
            daily = np.divide(self._sums[:, days].sum(axis=1), other, out=self._mean.copy(), where=other > 0)
            here = (self._sums[:, at] + daily) / (self._weeks[:, at] + 1.0)
            level = np.ones(self._size)
            level[self._places] = (here + self._steady) / (self._mean + self._steady)
            self._levels[hour] = level
        return self._levels[hour]
