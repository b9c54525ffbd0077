"""Tables of a live follow graph: what is kept of its changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import Array
from data.events import DAY_US, EventBatch
from data.ids import IdIndex
from features.graph.follow_edges import Edges
from features.graph.follow_snapshots import FollowGraph, Snapshot, SnapshotTables

DAYS = 400


def _counts(edges: Edges) -> Mapping[str, Array]:
    return {"edges": np.full(len(edges.ids), len(edges.targets))}


def _followed_and_unfollowed(graph: FollowGraph) -> None:
    """A thousand edges that begin on even days and end on odd ones."""
    rows = np.arange(1000)
    for day in range(DAYS):
        graph.update(EventBatch("follows", {
            "follower_row": rows, "followee_row": rows + 1, "time_us": np.full(1000, day * DAY_US),
            "ended": np.full(1000, day % 2 == 1),
        }))  # fmt: skip


def test_tables_that_are_never_read_keep_no_endless_list_of_changes() -> None:
    users = IdIndex()
    users.add(np.arange(1001))
    graph, daily, slow = (
        FollowGraph(users, SnapshotTables()),
        Snapshot(_counts),
        Snapshot(_counts, period_us=3 * DAY_US),
    )
    graph.read(daily)
    graph.read(slow)
    _followed_and_unfollowed(graph)
    assert len(graph.arrays()["change_pair"]) < 80_000 < 1000 * DAYS
    for snapshot in (daily, slow):
        tables = [graph.table(snapshot, (DAYS - back) * DAY_US).table for back in (2, 1, 0)]
        assert [len(one.ids) for one in tables] == [0, 1001, 0]
        assert tables[1].columns["edges"].tolist() == [1000] * 1001


def test_without_a_reader_no_edges_are_kept() -> None:
    graph = FollowGraph(IdIndex(), SnapshotTables())
    _followed_and_unfollowed(graph)
    assert not any(len(array) for array in graph.arrays().values())
