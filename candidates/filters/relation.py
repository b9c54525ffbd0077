"""Drops tweets of the reader and of authors whom the reader mutes or blocks, and quotes of the latter."""

from __future__ import annotations

from candidates.component import Filter
from data.batch import CandidateBatch, Mask


class Own(Filter):
    """Drops the reader's own tweets."""

    reads = frozenset({"user_row", "author_row"})
    reason = "own"

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where another user wrote it."""
        others: Mask = batch.columns["author_row"] != batch.column("user_row")
        return others


class Muted(Filter):
    """Drops tweets of authors that the reader mutes, and quotes of them. Fails closed."""

    reads = frozenset({"viewer_muted"})
    reason = "muted"
    protects = True

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where no author is muted."""
        heard: Mask = ~batch.columns["viewer_muted"]
        return heard


class Blocked(Filter):
    """Drops tweets of authors that the reader blocks or is blocked by, and quotes of them. Fails closed."""

    reads = frozenset({"viewer_blocked"})
    reason = "blocked"
    protects = True

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where no block stands."""
        free: Mask = ~batch.columns["viewer_blocked"]
        return free
