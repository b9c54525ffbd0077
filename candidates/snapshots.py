"""Ranked snapshots of home feeds: what a feed's later pages read on from.

A snapshot is the whole ranking that the first page was cut from. It is kept for minutes in bounded memory, and belongs
to one user. It is not saved: after a restart a reader begins at the first page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.trace import FunnelResult
from data.batch import Array, CandidateBatch, offsets_of
from data.events import MINUTE_US

_KEPT = ("tweet_row", "tweet_id", "author_row", "author_id", "source", "sources", "score", "propensity")


class SnapshotConfig(BaseModel):
    """How much of home feeds is kept for their later pages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tweets: int = Field(750, ge=1)
    """The most tweets of a snapshot, those of the first page among them."""
    held: int = Field(2_000, ge=1)
    """Snapshots that are kept, the newest; one takes up to 50 KB."""
    keep_min: float = Field(30.0, gt=0)
    """Minutes after which one expires."""


@dataclass(frozen=True)
class Snapshot:
    """One ranking of one user's home feed."""

    user_id: int
    request_id: int
    time_us: int
    """The time that it was ranked for."""
    ranked: CandidateBatch
    """One request and its tweets, in the order in which pages show them, with `position`, 0 at the top of the first."""
    fetched: Mapping[str, int]
    removed: Mapping[str, int]
    removed_after: Mapping[str, int]
    degraded: Mapping[str, str]

    @classmethod
    def of(cls, result: FunnelResult, tweets: int) -> Snapshot:
        """The slate of a run for one request, and after it, best score first, the candidates that it left.

        Raises:
            ValueError: the run was for several requests.
        """
        trace, slate = result.trace, result.slate
        (user_id,), (request_id,), (time_us,) = (
            slate.requests.columns[name].tolist() for name in ("user_id", "request_id", "time_us")
        )
        left = np.ones(len(trace.scored), np.bool_)
        left[trace.picked.values] = False
        left &= trace.fate_after < 0
        rest = np.flatnonzero(left)[: max(tweets - len(slate), 0)]
        columns: dict[str, Array] = {"position": np.arange(len(slate) + len(rest), dtype=np.int64)}
        for name in _KEPT:
            columns[name] = np.concatenate([slate.columns[name], trace.scored.columns[name][rest]])
        ranked = CandidateBatch(slate.requests, offsets_of([len(slate) + len(rest)]), columns)
        return cls(
            user_id, request_id, time_us, ranked, trace.fetched, trace.removed, trace.removed_after, result.degraded
        )


class Snapshots:
    """The snapshots that are kept, by request; one thread owns them."""

    def __init__(self, config: SnapshotConfig) -> None:
        """Keeps none yet."""
        self.config = config
        self._held: OrderedDict[int, Snapshot] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def keep(self, snapshot: Snapshot) -> None:
        """Keeps one, and gives up the oldest where there are too many."""
        self._held[snapshot.request_id] = snapshot
        while len(self._held) > self.config.held:
            self._held.popitem(last=False)

    def find(self, request_id: int, time_us: int) -> Snapshot | None:
        """The snapshot of a request, None for one that expired before `time_us` or was given up."""
        snapshot = self._held.get(request_id)
        if snapshot is not None and time_us - snapshot.time_us > self.config.keep_min * MINUTE_US:
            del self._held[request_id]
            return None
        return snapshot
