"""Batch tables computed from the follow graph at scheduled times.

The table of a boundary is made of the edges that exist after all events strictly before it. Both engines give the
same canonical edges to the same pure function, so that their values are equal to the last bit, in whatever order events
came. A table is made when a row first needs it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.events import DAY_US, EventBatch
from data.ids import IdIndex, rows_of
from features.graph.follow_edges import Edges, FollowEdges
from features.point_in_time.pairs import stream
from features.state.columns import at

BACK = 2
"""How many boundaries before the last one a live view may still read."""

_OPEN = 1 << 16
"""Changes that a live state keeps unsettled whatever their age."""

_KEPT_BYTES = 1 << 29
"""How much of the tables is kept for the next view, call or state that has the same edges."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns `[U, ...]` of the users `ids` [U], ascending."""

    ids: I64
    columns: Mapping[str, Array]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + sum(column.nbytes for column in self.columns.values())


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A table of users made of the follow graph, once a period."""

    columns: Callable[[Edges], Mapping[str, Array]]
    """From edges to columns `[U, ...]` in the order of their users; pure and deterministic."""
    period_us: int = DAY_US
    """Boundaries are its multiples since the epoch: midnight in UTC for a day."""

    def boundary(self, time_us: I64) -> I64:
        """[N] the last boundary at or before each time."""
        return time_us - time_us % self.period_us

    def parts(self, time_us: I64) -> dict[int, slice]:
        """The last boundaries of ascending times, ascending, each with the places of its times."""
        boundaries, begin = np.unique(self.boundary(time_us), return_index=True)
        ends = np.append(begin, len(time_us))[1:]
        return {one: slice(*ends) for one, *ends in zip(boundaries.tolist(), begin, ends, strict=True)}


class SnapshotTables:
    """Owner of the tables made of some edges; the one unused for longest is dropped first. One thread uses it."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        self._tables: OrderedDict[tuple[Snapshot, bytes], Table] = OrderedDict()

    def of(self, snapshot: Snapshot, edges: Edges) -> Table:
        """The table of these edges, made where it is not kept."""
        key = snapshot, edges.digest
        if key in self._tables:
            self._tables.move_to_end(key)
            return self._tables[key]
        table = self._tables[key] = Table(edges.ids, snapshot.columns(edges))
        while len(self._tables) > 1 and sum(one.nbytes for one in self._tables.values()) > _KEPT_BYTES:
            self._tables.popitem(last=False)
        return table

    def of_log(self, snapshot: Snapshot, follows: pl.LazyFrame, boundaries: Sequence[int]) -> Iterator[Table]:
        """The table of each of the boundaries, ascending, in one pass over the follows of a log."""
        index, edges, due = IdIndex(), FollowEdges(), deque(boundaries)

        def made() -> Table:
            edges.settle(due[0])
            return self.of(snapshot, Edges.of(edges.pairs(due.popleft()), index.ids))

        for source, target, time, ended in stream(follows, ["follower_id", "followee_id", "time_us", "ended"]):
            edges.update(index.add(source, least=0), index.add(target, least=0), time, ended)
            while due and len(time) and due[0] <= time[-1]:
                yield made()
        while due:
            yield made()


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table with the place in it of each user row; a row without, or of a later user, has none."""

    table: Table
    _place: Array

    def place(self, rows: I64) -> Array:
        """[N] place of each row in the table, -1 for none."""
        return at(self._place, rows, -1)


class FollowGraph:
    """The follow edges of a live state and the tables made of them, for all views that read some.

    Edges are kept only where a view reads a table.
    """

    def __init__(self, users: IdIndex, tables: SnapshotTables) -> None:
        """No edges between `users`, which others add to; `tables` owns what is made of them."""
        self._users, self._tables = users, tables
        self._edges = FollowEdges()
        self._limit = _OPEN
        self._made: dict[Snapshot, dict[int, PlacedTable]] = {}

    def read(self, snapshot: Snapshot) -> None:
        """Keeps the edges from now on that tables of `snapshot` are made of."""
        self._made.setdefault(snapshot, {})
        self._edges.remember((BACK + 2) * snapshot.period_us)

    def update(self, follows: EventBatch) -> None:
        """Takes a batch of follows with rows."""
        if not self._made:
            return
        c = follows.columns
        self._edges.update(c["follower_row"], c["followee_row"], follows.time_us, c["ended"])
        if self._edges.open > self._limit:
            # At every doubling, so that a state whose tables are never read does not keep all their changes.
            self._edges.forget()
            self._limit = 2 * self._edges.open + _OPEN

    def table(self, snapshot: Snapshot, boundary_us: int) -> PlacedTable:
        """The table of a boundary, at most `BACK` before that of the last event, of a snapshot given to `read`."""
        made, count = self._made[snapshot], self._edges.count(boundary_us)
        if count not in made:
            self._edges.forget()
            table = self._tables.of(snapshot, self._edges.edges(boundary_us, self._users.ids))
            while len(made) > BACK:
                del made[min(made)]
            made[count] = PlacedTable(table, rows_of(table.ids, self._users.ids).astype(np.int32))
        return made[count]

    def arrays(self) -> Mapping[str, Array]:
        """The edges, for saving."""
        return self._edges.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._edges.restore(arrays)
