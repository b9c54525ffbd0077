"""A look-up in another thread, and an update meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from data.batch import Array, CandidateBatch, Ragged
from data.events import EventBatch
from features.view import OnlineView
from tests.candidates.small_network import NOW, engage, network

COUNT = "tweet.engagements_6h"


class Slow:
    """A view whose look-up waits for a moment, for an update that must not come."""

    def __init__(self, view: OnlineView) -> None:
        self.view, self.listens = view, view.listens
        self.began, self.updated = threading.Event(), threading.Event()
        self.overtaken = False

    def update(self, events: EventBatch) -> None:
        self.updated.set()
        self.view.update(events)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        self.began.set()
        self.overtaken = self.updated.wait(0.3)
        return self.view.lookup(batch)


def test_an_update_waits_for_a_look_up_of_another_thread() -> None:
    state = network([1, 2], [(101, 1, 1.0)])
    slow = Slow(state._views["tweet.windows"])
    state._views["tweet.windows"] = slow  # type: ignore[assignment]
    state._listeners = {table: [slow] for table in slow.listens}  # type: ignore[list-item]
    batch = state.base(state.requests([2], NOW + 1), Ragged(np.array([0, 1]), np.array([0])))
    found: list[float] = []
    reader = threading.Thread(target=lambda: found.extend(state.lookup(batch, [COUNT]).column(COUNT).tolist()))
    reader.start()
    assert slow.began.wait(60)
    engage(state, 101, [2])
    reader.join(60)
    assert not slow.overtaken
    assert found == [0.0]
    slow.updated.clear()
    assert state.lookup(batch, [COUNT]).column(COUNT).tolist() == [1.0]
