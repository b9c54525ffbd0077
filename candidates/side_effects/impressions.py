"""Records each served slate with the propensities of its positions."""

from __future__ import annotations

import numpy as np

from candidates.component import SideEffect
from candidates.ports import EventSink
from candidates.trace import FunnelResult
from data.batch import I64, Array, CandidateBatch, Requests
from data.events import EventBatch
from data.ids import MAX_SEQUENCE, snowflake

PER_MS = MAX_SEQUENCE + 1
HOLDOUT = "holdout"
"""The request column of `candidates.filters.holdout`."""


class Impressions(SideEffect):
    """Emits a row of `requests` for each request and a row of `impressions` for each position.

    A policy without chance shows what it shows with probability 1; what an exploring source alone drew has the
    probability of its draw, and given the draw the slate is made without chance. Ids are snowflakes of the request's
    time, counted on within a millisecond.
    """

    reads = frozenset(
        {"request_id", "user_id", "time_us", "tweet_id", "author_id", "source", "score", "position", "propensity"}
    )

    def __init__(self, sink: EventSink, *, policy: str, product: str = "home", worker: int = 30) -> None:
        """Emits to `sink` under the name of `policy` (with its version); `worker` is its own in the snowflakes."""
        self.sink, self.policy, self.product, self._worker = sink, policy, product, worker
        self._next = 0

    def after(self, result: FunnelResult) -> None:
        """Emits what `result` shows."""
        slate = result.slate
        query = slate.requests.columns
        self.sink.emit(EventBatch("requests", {
            "request_id": query["request_id"], "time_us": query["time_us"], "user_id": query["user_id"],
            "product": _texts(self.product, len(slate.requests)), "policy": self._policies(slate.requests),
        }))  # fmt: skip
        self.show(slate)

    def show(self, slate: CandidateBatch) -> None:
        """Emits the impressions of `slate`, a whole one or a later page of one, at the times of its requests."""
        if not len(slate):
            return
        query, owner = slate.requests.columns, slate.request
        order = np.lexsort((slate.columns["position"], owner, query["time_us"][owner]))
        shown = owner[order]
        times = query["time_us"][shown]
        self.sink.emit(EventBatch("impressions", {
            "impression_id": self._ids(times), "time_us": times,
            "request_id": query["request_id"][shown], "user_id": query["user_id"][shown],
            **{name: slate.columns[name][order] for name in ("tweet_id", "author_id", "position", "source")},
            "score": slate.columns["score"][order].astype(np.float32),
            "propensity": slate.columns["propensity"][order],
        }))  # fmt: skip

    def _policies(self, requests: Requests) -> Array:
        """[B] the policy's name, with "+holdout" for readers of the group that is held out."""
        policy = _texts(self.policy, len(requests))
        if HOLDOUT in requests.columns:
            policy[requests.columns[HOLDOUT]] = f"{self.policy}+{HOLDOUT}"
        return policy

    def _ids(self, times: I64) -> I64:
        """[N] snowflakes never given before, for times in ascending order.

        A millisecond has `PER_MS` slots; where one is full, ids run over into the next.
        """
        count = np.arange(len(times), dtype=np.int64)
        slots = np.maximum.accumulate(np.maximum(times // 1000 * PER_MS - count, self._next)) + count
        self._next = int(slots[-1]) + 1
        return snowflake(slots // PER_MS * 1000, slots % PER_MS, worker=self._worker)


def _texts(text: str, rows: int) -> Array:
    return np.full(rows, text, object)
