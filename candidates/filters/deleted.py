"""Drops what its author deleted."""

from __future__ import annotations

from candidates.component import Filter
from data.batch import CandidateBatch, Mask


class Deleted(Filter):
    """Drops deleted tweets and retweets of them. Fails closed."""

    reads = frozenset({"tweet_deleted"})
    reason = "deleted"
    protects = True

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where it stands."""
        standing: Mask = ~batch.columns["tweet_deleted"]
        return standing
