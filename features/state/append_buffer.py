"""Columns to which events are appended and from whose front they are dropped: recent, not settled events."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import Array


class AppendBuffer:
    """Named columns of one length; a row is added and dropped in constant time."""

    def __init__(self, **dtypes: type) -> None:
        """No rows of columns with these types."""
        self._full: dict[str, Array] = {name: np.empty(0, dtype) for name, dtype in dtypes.items()}
        self._begin = self._end = 0

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, name: str) -> Array:
        return self._full[name][self._begin : self._end]

    def append(self, *columns: Array) -> None:
        """Adds rows, the columns in the order of their names."""
        end = self._end + len(columns[0])
        if end > len(next(iter(self._full.values()))):
            end = self._move(len(columns[0]))
        for full, column in zip(self._full.values(), columns, strict=True):
            full[self._end : end] = column
        self._end = end

    def before(self, name: str, value: int) -> int:
        """How many rows have less than `value` in an ascending column."""
        return int(np.searchsorted(self[name], value))

    def between(self, name: str, low: int, high: int, *, since: int = 0) -> dict[str, Array]:
        """The columns where an ascending one lies in [low, high), without the first `since` rows."""
        here = slice(max(self.before(name, low), since), self.before(name, high))
        return {column: self[column][here] for column in self._full}

    def drop(self, rows: int) -> None:
        """Drops the first `rows`."""
        self._begin += rows

    def arrays(self) -> dict[str, Array]:
        """The columns by name, for saving."""
        return {name: self[name] for name in self._full}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._full = {name: np.array(arrays[name], full.dtype) for name, full in self._full.items()}
        self._begin, self._end = 0, len(next(iter(self._full.values())))

    def _move(self, extra: int) -> int:
        """Moves rows to the front of larger columns; returns where `extra` more will end."""
        room, size = max(2 * (len(self) + extra), 256), len(self)
        for name, full in self._full.items():
            grown = np.empty(room, full.dtype)
            grown[:size] = self[name]
            self._full[name] = grown
        self._begin, self._end = 0, size
        return size + extra
