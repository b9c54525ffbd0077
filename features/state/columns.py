"""Arrays that grow together by doubling, so that a row is appended in constant time and read without a copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from data.batch import I64, Array

Spec = Mapping[str, tuple[Any, Any, int]]
"""Column name to (dtype, fill, width): width 0 is `[rows]`, a width W is `[rows, W]`."""


class Columns:
    """Named arrays with one length; a subclass annotates the names that its `SPEC` lists."""

    SPEC: ClassVar[Spec] = {}

    def __init__(self, spec: Spec | None = None) -> None:
        """Empty columns of `spec`, or of the class's own."""
        self._spec = dict(self.SPEC if spec is None else spec)
        self._full: dict[str, Array] = {name: _blank(one, 0) for name, one in self._spec.items()}
        self._size = 0
        self._publish()

    def __len__(self) -> int:
        return self._size

    def resize(self, size: int) -> None:
        """Grows to `size` rows, new ones filled; never shrinks."""
        if size <= self._size:
            return
        if self._full and size > len(next(iter(self._full.values()))):
            room = max(size, 2 * self._size, 256)
            for name, one in self._spec.items():
                grown = _blank(one, room)
                grown[: self._size] = self._full[name][: self._size]
                self._full[name] = grown
        self._size = size
        self._publish()

    def arrays(self) -> dict[str, Array]:
        """The columns by name, for saving."""
        return {name: full[: self._size] for name, full in self._full.items()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes columns that `arrays` of another instance gave; widths may not differ."""
        self._full = {name: np.ascontiguousarray(arrays[name], one[0]).copy() for name, one in self._spec.items()}
        self._size = len(next(iter(self._full.values()))) if self._full else 0
        self._publish()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__} has no column {name!r}")

    def _publish(self) -> None:
        for name, full in self._full.items():
            setattr(self, name, full[: self._size])


def _blank(one: tuple[Any, Any, int], rows: int) -> Array:
    dtype, fill, width = one
    return np.full((rows, width) if width else rows, fill, dtype)


def at(column: Array, rows: I64, default: Any) -> Array:
    """[N, ...] a new array of the column at `rows`; `default` for a row that is negative or beyond the column."""
    if not len(rows):
        return np.empty((0, *column.shape[1:]), column.dtype)
    if len(column) and rows.min() >= 0 and rows.max() < len(column):
        return column.take(rows, axis=0)
    out = np.full((len(rows), *column.shape[1:]), default, column.dtype)
    inside = (rows >= 0) & (rows < len(column))
    out[inside] = column[rows[inside]]
    return out
