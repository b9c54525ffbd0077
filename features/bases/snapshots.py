"""Columns of a snapshot of the follow graph, joined as of a time: a row at t reads the table of the last boundary at or
before t."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import I64, Array, CandidateBatch
from data.ids import rows_of
from features.graph.follow_snapshots import Snapshot, Table
from features.log import Log
from features.shared import Shared
from features.state.columns import at
from features.view import Feature, OnlineView, Stateless


def distinct(boundaries: I64) -> list[int]:
    """The boundaries among [B] requests' own, ascending: mostly one."""
    if len(boundaries) and (boundaries == boundaries[0]).all():
        return [int(boundaries[0])]
    return np.unique(boundaries).tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class SnapshotView:
    """Columns of a snapshot's table for the user or the author of a row."""

    name: str
    snapshot: Snapshot
    by: str
    """`user` (the request's) or `author` (the candidate's)."""
    columns: Mapping[str, Feature]
    """The table's column that each feature shows."""
    tables: tuple[str, ...] = ("follows",)
    reads: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        """The user's columns belong to the request, the author's to the candidate."""
        return "request" if self.by == "user" else "candidate"

    @property
    def features(self) -> tuple[Feature, ...]:
        """One a column."""
        return tuple(self.columns.values())

    def blank(self, size: int) -> dict[str, Array]:
        """[size, ...] each column where nothing is known; an id, which float32 cannot hold, is in a list."""
        lists = {one: one.width > 1 or one.dtype == "int64" for one in self.features}
        shapes = {one: (size, one.width) if lists[one] else size for one in self.features}
        return {one.name: np.full(shape, one.default, one.dtype) for one, shape in shapes.items()}

    def read(self, table: Table, place: Array) -> dict[str, Array]:
        """[N, ...] each column at places in the table."""
        return {one.name: at(table.columns[c], place, one.default) for c, one in self.columns.items()}

    def offline(self, log: Log, rows: pl.LazyFrame) -> pl.LazyFrame:
        """A table for each last boundary of the rows."""
        own = rows.select("row", f"{self.by}_id", "time_us").sort("time_us").collect()
        ids = own[f"{self.by}_id"].fill_null(-1).to_numpy()
        out, parts = self.blank(len(own)), self.snapshot.parts(own["time_us"].to_numpy())
        tables = log.snapshots.of_log(self.snapshot, log["follows"], list(parts))
        for part, table in zip(parts.values(), tables, strict=True):
            for name, values in self.read(table, rows_of(table.ids, ids[part])).items():
                out[name][part] = values
        return pl.LazyFrame([own["row"], *(pl.Series(name, values) for name, values in out.items())])

    def online(self, state: Shared) -> OnlineView:
        """The table that is due."""
        return _Joined(self, state)


class _Joined(Stateless):
    def __init__(self, view: SnapshotView, state: Shared) -> None:
        self._view, self._graph = view, state.follow_graph
        self._graph.read(view.snapshot)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, view = batch.requests.columns, self._view
        own = view.by == "user"
        rows = requests["user_row"] if own else batch.columns["author_row"]
        boundary = view.snapshot.boundary(requests["time_us"])
        due = distinct(boundary)
        if len(due) == 1:
            placed = self._graph.table(view.snapshot, due[0])
            return view.read(placed.table, placed.place(rows))
        boundary = boundary if own else boundary[batch.request]
        out = view.blank(len(rows))
        for one in due:
            here, placed = boundary == one, self._graph.table(view.snapshot, one)
            for name, values in view.read(placed.table, placed.place(rows[here])).items():
                out[name][here] = values
        return out
