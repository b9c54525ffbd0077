"""Models that score what another one answered, after the answer was sent, so that both can be compared.

Requests wait in a short queue. One that comes when it is full is dropped and counted: the shadow never delays answers
by more than the one request that it is scoring.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.batch import F32
from serving.kit.telemetry import Metrics

log = logging.getLogger("rookery.serving")

TOP = 10
"""Candidates at the top that are compared."""


@dataclass(frozen=True)
class Answered:
    """A request that was answered."""

    user_id: int
    tweet_ids: list[int]
    """The candidates that were scored."""
    scores: F32
    time_us: int
    alias: str
    """Whose scores they are."""


class Shadow:
    """The queue, and the thread that works it off."""

    def __init__(
        self, aliases: tuple[str, ...], waiting: int, score: Callable[[str, Answered], F32], metrics: Metrics
    ) -> None:
        """Has `score(alias, request)` give the scores of the same candidates by each of `aliases`."""
        self._aliases, self._score, self._metrics = aliases, score, metrics
        self._waiting: queue.Queue[Answered | None] = queue.Queue(waiting)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="rookery-shadow", daemon=True)
        self._thread.start()

    def offer(self, request: Answered) -> None:
        """Scores it later, or drops it where too many wait."""
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            for alias in self._aliases:
                self._metrics.shadow.labels(alias, "dropped").inc()

    def settle(self) -> None:
        """Waits until all that waited were scored."""
        self._waiting.join()

    def close(self) -> None:
        """Drops what waits and ends the thread after the request under way."""
        self._closing = True
        while True:
            try:
                self._waiting.put_nowait(None)
                break
            except queue.Full:
                self._waiting.get_nowait()
                self._waiting.task_done()
        self._thread.join()

    def _run(self) -> None:
        while True:
            request = self._waiting.get()
            try:
                if request is None or self._closing:
                    return
                for alias in self._aliases:
                    if alias != request.alias:
                        self._compare(alias, request)
            finally:
                self._waiting.task_done()

    def _compare(self, alias: str, request: Answered) -> None:
        try:
            scores = self._score(alias, request)
        except Exception as error:
            self._metrics.shadow.labels(alias, "failed").inc()
            log.warning("shadow %s failed for user %d: %s", alias, request.user_id, error)
            return
        self._metrics.shadow.labels(alias, "scored").inc()
        self._metrics.shadow_overlap.labels(alias).observe(overlap(request.scores, scores))


def overlap(ours: F32, theirs: F32, k: int = TOP) -> float:
    """The share of the best `k` by one list of scores [N] that are among the best `k` by the other; ties in order."""
    k = min(k, len(ours))
    if not k:
        return 1.0
    best = [set(np.argsort(-scores, kind="stable")[:k].tolist()) for scores in (ours, theirs)]
    return len(best[0] & best[1]) / k
