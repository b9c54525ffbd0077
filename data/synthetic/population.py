"""Notices when a world dies out or explodes: each day beside the first."""

from __future__ import annotations

import numpy as np

from data.batch import I64
from data.events import DAY_US, EventBatch

LEAST, MOST = 0.1, 10.0
"""Share of the first day's number below or above which a day is reported."""
_FEW = 20
"""A number of the first day below this counts as this above, and is too small to fall."""
_WHAT = {"people": "people loaded the feed", "impressions": "impressions", "originals": "originals"}


class Population:
    """Counts the people who load the feed, the impressions and the originals of each day.

    Each of the three is reported once for falling below a tenth of the first day's number and once for rising above ten
    times that, at the day it happens.
    """

    def __init__(self, start_us: int) -> None:
        """For a world that begins then, UTC microseconds."""
        self._start_us = start_us
        self._people: list[I64] = []
        self._counts = {"impressions": 0, "originals": 0}
        self._first: dict[str, int] = {}
        self._reported: set[tuple[str, bool]] = set()
        self._day = 0

    def observe(self, events: EventBatch) -> None:
        """Counts one batch of events of the day; tables that do not matter are ignored."""
        if events.table == "requests":
            self._people.append(np.unique(events.columns["user_id"]))
        elif events.table == "impressions":
            self._counts["impressions"] += len(events)
        elif events.table == "tweets":
            self._counts["originals"] += int(np.count_nonzero(events.columns["kind"] == "original"))

    def end_day(self) -> list[str]:
        """Ends the day; a line for each number that died or exploded on it."""
        people = len(np.unique(np.concatenate(self._people))) if self._people else 0
        counts = {"people": people, **self._counts}
        day, self._day = self._day, self._day + 1
        self._people, self._counts = [], dict.fromkeys(self._counts, 0)
        self._first = self._first or counts
        label = f"day {day + 1} ({np.datetime64(self._start_us + day * DAY_US, 'us').astype('datetime64[D]')})"
        found = []
        for name, count in counts.items():
            first = self._first[name]
            for over, out in (
                (True, count > MOST * max(first, _FEW)),
                (False, count < LEAST * first and first >= _FEW),
            ):
                if out and (name, over) not in self._reported:
                    self._reported.add((name, over))
                    word = "explodes" if over else "dies out"
                    found.append(f"{label}: the world {word}: {count:,} {_WHAT[name]}, {first:,} on the first day")
        return found
