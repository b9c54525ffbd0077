"""The three things that serving (or a simulation) lends a funnel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from data.batch import I64, Array, CandidateBatch, Ragged
from data.events import EventBatch


class Timelines(Protocol):
    """What fan-out wrote for a reader, merged with what it left to pull."""

    def read(self, users: I64, limit: int) -> Ragged:
        """[B] user rows to their newest tweet rows, newest first, at most `limit` each."""
        ...


class Ranker(Protocol):
    """Scores candidates, in process or over HTTP."""

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None) -> Mapping[str, Array]:
        """Columns to add: always `score` [N] float32; looks features up where it runs."""
        ...


class EventSink(Protocol):
    """Takes events that the funnel itself causes."""

    def emit(self, events: EventBatch) -> None:
        """Records `events`; may buffer."""
        ...
