"""The log that the offline engines of views read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from features.graph.follow_snapshots import SnapshotTables


class Log(Mapping[str, pl.LazyFrame]):
    """Tables by name, in order of (time, key), and the owner of the follow graph's tables that are made of them."""

    def __init__(self, tables: Mapping[str, pl.LazyFrame], snapshots: SnapshotTables) -> None:
        """A log of `tables`."""
        self._tables = tables
        self.snapshots = snapshots

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
