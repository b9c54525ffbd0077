"""The replay of a data set's events in order, up to any time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import polars as pl

from data.events import DAY_US, NEVER_US, EventBatch
from data.schema import TABLES


class DailyTables(Protocol):
    """Tables that can be read a day at a time."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables there are."""
        ...

    def days(self, name: str) -> list[str]:
        """UTC days that the table has rows of, ascending; a name that does not begin with a digit means all days."""
        ...

    def read_day(self, name: str, day: str) -> pl.DataFrame:
        """The table's rows of one day, ordered by (time, key)."""
        ...


class Replay:
    """Yields a data set's events in order, once each, up to times that never go back.

    Within a UTC day and one call to `advance` the tables come in the schema's order, each ordered by (time, key); days
    come one after the other. A state that is read only between calls is therefore the same as if the events had come
    one by one. Reads a day at a time.
    """

    def __init__(self, dataset: DailyTables, tables: Sequence[str], *, after_us: int | None = None) -> None:
        """Replays `tables` (those that the data set has) from `after_us` on, exclusive; from the start when None."""
        self._dataset = dataset
        self._tables = [name for name in TABLES if name in tables and name in dataset.tables]
        self._after = -NEVER_US if after_us is None else after_us
        self._days = {name: [day for day in dataset.days(name) if _day_end(day) > self._after] for name in self._tables}
        self._open: dict[str, EventBatch] = {}

    def advance(self, before_us: int | None = None) -> Iterator[EventBatch]:
        """Events not yielded yet with time < `before_us` (all that are left when None)."""
        until = NEVER_US if before_us is None else before_us
        stop = -NEVER_US
        while stop < until:
            stop = min([until, *(self._first_day_end(name) for name in self._tables)])
            for name in self._tables:
                yield from self._advance_table(name, stop)

    def _first_day_end(self, name: str) -> int:
        """The end of the day of a table's next event, NEVER_US when none is left. Opens a file of all days."""
        while name not in self._open:
            if not self._days[name]:
                return NEVER_US
            if self._days[name][0][0].isdigit():
                return _day_end(self._days[name][0])
            opened = self._read(name, self._days[name].pop(0))
            if len(opened):
                self._open[name] = opened
        return (int(self._open[name].time_us[0]) // DAY_US + 1) * DAY_US

    def _advance_table(self, name: str, until: int) -> Iterator[EventBatch]:
        while True:
            if name not in self._open:
                if not self._days[name] or _day_start(self._days[name][0]) >= until:
                    return
                self._open[name] = self._read(name, self._days[name].pop(0))
            batch = self._open[name]
            cut = int(np.searchsorted(batch.time_us, until, side="left"))
            if cut:
                yield batch.where(slice(0, cut))
            if cut < len(batch):
                self._open[name] = batch.where(slice(cut, None))
                return
            del self._open[name]

    def _read(self, name: str, day: str) -> EventBatch:
        batch = EventBatch.from_frame(name, self._dataset.read_day(name, day))
        return batch.where(slice(int(np.searchsorted(batch.time_us, self._after, side="right")), None))


def _day_start(day: str) -> int:
    if not day[0].isdigit():
        return -NEVER_US
    return int(np.datetime64(day, "us").astype(np.int64))


def _day_end(day: str) -> int:
    return _day_start(day) + DAY_US if day[0].isdigit() else NEVER_US
