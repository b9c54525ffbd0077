"""Gets the value of every candidate from the ranker, in process or over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from candidates.component import Component
from candidates.ports import Ranker
from data.batch import Array, CandidateBatch


class AskRanker(Component):
    """The one component between filters and factors. The ranker looks features up where it runs."""

    reads = frozenset({"user_row", "time_us", "tweet_row", "tweet_id"})
    writes = frozenset({"value"})
    budget_ms = 1_000.0

    def __init__(self, ranker: Ranker) -> None:
        """Calls `ranker`."""
        self.ranker = ranker

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None) -> Mapping[str, Array]:
        """`score` [N] float32 and whatever columns the ranker adds to explain it."""
        return self.ranker.rank(batch, deadline_ms=deadline_ms)
