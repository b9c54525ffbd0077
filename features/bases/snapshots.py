"""Batch tables computed from the follow graph at scheduled moments, and joined as of a time.

A row at t reads the table of the last boundary at or before t, and the table of a boundary is made of the edges that
stand from events strictly before it. Both engines hand the same canonical edges to the same pure function, so that
their values are equal to the last bit, in whatever order events came. A table is made when a row first needs it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from data.batch import I64, Array, CandidateBatch
from data.events import DAY_US, EventBatch
from data.ids import IdIndex, rows_of
from features.graph.follow_edges import Edges, Follows, Standing
from features.point_in_time.pairs import stream
from features.state.columns import at
from features.state.network import Network
from features.state.shared import Shared
from features.view import Feature, OnlineView

BACK = 2
"""How many boundaries before the last one a live view may still ask for."""

_MEMO_BYTES = 1 << 28
"""How much of a snapshot's tables is kept for the next view, data set or state that has the same edges."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns `[U, ...]` of the users `ids` [U], ascending."""

    ids: I64
    columns: Mapping[str, Array]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + sum(column.nbytes for column in self.columns.values())


class _Memo:
    """Tables by their edges' digest; the one unused for longest goes first."""

    def __init__(self) -> None:
        self._tables: OrderedDict[bytes, Table] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> Table | None:
        with self._lock:
            if key in self._tables:
                self._tables.move_to_end(key)
            return self._tables.get(key)

    def put(self, key: bytes, table: Table) -> None:
        with self._lock:
            self._tables[key] = table
            while len(self._tables) > 1 and sum(one.nbytes for one in self._tables.values()) > _MEMO_BYTES:
                self._tables.popitem(last=False)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A table of users made of the follow graph, once a period."""

    columns: Callable[[Edges], Mapping[str, Array]]
    """From edges to columns `[U, ...]` in the order of their users; pure and deterministic."""
    period_us: int = DAY_US
    """Boundaries are its multiples since the epoch: midnight in UTC for a day."""
    _memo: _Memo = field(default_factory=_Memo, repr=False)

    def boundary(self, time_us: I64) -> I64:
        """[N] the last boundary at or before each moment."""
        return time_us - time_us % self.period_us

    def parts(self, time_us: I64) -> dict[int, slice]:
        """Each boundary that ascending moments fall behind, ascending, and where those moments are."""
        boundaries, begin = np.unique(self.boundary(time_us), return_index=True)
        ends = np.append(begin, len(time_us))[1:]
        return {one: slice(*ends) for one, *ends in zip(boundaries.tolist(), begin, ends, strict=True)}

    def table(self, edges: Edges) -> Table:
        """The table of these edges."""
        key = edges.digest
        table = self._memo.get(key)
        if table is None:
            table = Table(edges.ids, self.columns(edges))
            self._memo.put(key, table)
        return table

    def tables(self, log: Mapping[str, pl.LazyFrame], boundaries: Sequence[int]) -> Iterator[Table]:
        """The table of each of the boundaries, ascending, in one pass over the follows of a log."""
        index, standing, due = IdIndex(), Standing(), deque(boundaries)

        def made() -> Table:
            standing.settle(due[0])
            return self.table(Edges.of(standing.pairs(due.popleft()), index.ids))

        for source, target, time, ended in stream(log["follows"], ["follower_id", "followee_id", "time_us", "ended"]):
            standing.update(index.add(source, least=0), index.add(target, least=0), time, ended)
            while due and len(time) and due[0] <= time[-1]:
                yield made()
        while due:
            yield made()


@dataclass(frozen=True, slots=True)
class Placed:
    """A table with the place in it of each user row; a row without, or of a later user, has none."""

    table: Table
    _place: Array

    def place(self, rows: I64) -> Array:
        """[N] place of each row in the table, -1 for none."""
        return at(self._place, rows, -1)


class Tables:
    """A view's share in the tables of a snapshot in a live state, which all views of the snapshot have in common."""

    def __init__(self, snapshot: Snapshot, network: Network) -> None:
        """No table yet, if this is the first."""
        self._snapshot, self._users = snapshot, network.users
        self.follows = Follows(network, (BACK + 2) * snapshot.period_us)
        self._made = _OF_NETWORK.setdefault(network, {}).setdefault(snapshot, {})

    def at(self, boundary_us: int) -> Placed:
        """The table of a boundary, at most `BACK` before that of the last event."""
        standing, made = self.follows.standing, self._made
        count = standing.count(boundary_us)
        if count not in made:
            standing.forget()
            table = self._snapshot.table(standing.edges(boundary_us, self._users.ids))
            while len(made) > BACK:
                del made[min(made)]
            made[count] = Placed(table, rows_of(table.ids, self._users.ids).astype(np.int32))
        return made[count]


_OF_NETWORK: WeakKeyDictionary[Network, dict[Snapshot, dict[int, Placed]]] = WeakKeyDictionary()
"""The last tables of each snapshot by the count of changes of edges that they stand on."""


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
        """[size, ...] each column where nothing is known; an id, which float32 cannot hold, stands in a list."""
        lists = {one: one.width > 1 or one.dtype == "int64" for one in self.features}
        shapes = {one: (size, one.width) if lists[one] else size for one in self.features}
        return {one.name: np.full(shape, one.default, one.dtype) for one, shape in shapes.items()}

    def read(self, table: Table, place: Array) -> dict[str, Array]:
        """[N, ...] each column at places in the table."""
        return {one.name: at(table.columns[c], place, one.default) for c, one in self.columns.items()}

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """A table for each boundary that rows fall behind."""
        own = rows.select("row", f"{self.by}_id", "time_us").sort("time_us").collect()
        ids = own[f"{self.by}_id"].fill_null(-1).to_numpy()
        out, parts = self.blank(len(own)), self.snapshot.parts(own["time_us"].to_numpy())
        for part, table in zip(parts.values(), self.snapshot.tables(log, list(parts)), strict=True):
            for name, values in self.read(table, rows_of(table.ids, ids[part])).items():
                out[name][part] = values
        return pl.LazyFrame([own["row"], *(pl.Series(name, values) for name, values in out.items())])

    def online(self, state: Shared) -> OnlineView:
        """The table that is due."""
        return _Joined(self, state)


class _Joined:
    def __init__(self, view: SnapshotView, state: Shared) -> None:
        self._view, self._tables = view, Tables(view.snapshot, state.network)
        self.listens = self._tables.follows.listens

    def update(self, events: EventBatch) -> None:
        self._tables.follows.update(events)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, view = batch.requests.columns, self._view
        own = view.by == "user"
        rows = requests["user_row"] if own else batch.columns["author_row"]
        boundary = view.snapshot.boundary(requests["time_us"])
        due = distinct(boundary)
        if len(due) == 1:
            placed = self._tables.at(due[0])
            return view.read(placed.table, placed.place(rows))
        boundary = boundary if own else boundary[batch.request]
        out = view.blank(len(rows))
        for one in due:
            here, placed = boundary == one, self._tables.at(one)
            for name, values in view.read(placed.table, placed.place(rows[here])).items():
                out[name][here] = values
        return out

    def arrays(self) -> Mapping[str, Array]:
        return self._tables.follows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._tables.follows.restore(arrays)
