"""Drops what the reader was served in the last 48 hours."""

from __future__ import annotations

from candidates.component import Filter
from data.batch import CandidateBatch, Mask


class AlreadySeen(Filter):
    """Keeps what is new to the reader."""

    reads = frozenset({"viewer_seen"})
    reason = "seen"

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where it was not served yet."""
        fresh: Mask = ~batch.columns["viewer_seen"]
        return fresh
