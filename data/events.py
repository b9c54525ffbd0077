"""Events: rows of one table in order, as NumPy columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.batch import I64, Array, Mask
from data.schema import TABLES, Table, table

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
SECOND_US = 1_000_000

NEVER_US = 2**62
"""A time later than any other; `-NEVER_US` is earlier than any. Sums with a real time fit int64."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Rows of one table ordered by (time, key). Nulls are -1, NaN, "" or False by dtype; texts are object arrays."""

    table: str
    columns: Mapping[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def spec(self) -> Table:
        """The table's schema."""
        return table(self.table)

    @property
    def time_us(self) -> I64:
        """[N] the time of each event."""
        return self.columns[TABLES[self.table].time]

    def where(self, keep: Mask | slice) -> EventBatch:
        """The rows that `keep` picks."""
        return EventBatch(self.table, {name: column[keep] for name, column in self.columns.items()})

    def frame(self) -> pl.DataFrame:
        """The rows as a Polars frame of the table's schema, fills back to nulls."""
        series = []
        for name, column in self.spec.columns.items():
            if name not in self.columns:
                series.append(pl.Series(name, [None] * len(self), column.dtype))
                continue
            values = self.columns[name]
            plain = values.tolist() if values.dtype == object else values
            one = pl.Series(name, plain, strict=False).cast(column.dtype)
            if column.nullable:
                missing = one.is_nan() if column.dtype.is_float() else one == column.fill
                one = one.set(missing.fill_null(False), None)
            series.append(one)
        return pl.DataFrame(series)

    @classmethod
    def from_frame(cls, name: str, frame: pl.DataFrame) -> EventBatch:
        """From a frame that has the table's columns (all or some), in the order it has."""
        columns: dict[str, Array] = {}
        for c, meaning in table(name).columns.items():
            if c not in frame.columns:
                continue
            values = frame[c]
            columns[c] = values.fill_null(meaning.fill).to_numpy() if values.null_count() else values.to_numpy()
            if meaning.dtype == pl.String and columns[c].dtype != object:
                columns[c] = columns[c].astype(object)
        return cls(name, columns)
