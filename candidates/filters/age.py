"""Drops tweets older than the stated limit."""

from __future__ import annotations

from candidates.component import Filter
from data.batch import CandidateBatch, Mask
from data.events import HOUR_US


class Age(Filter):
    """Keeps tweets younger than the limit when the request was made; one from after it is dropped as well."""

    reads = frozenset({"tweet_time_us", "time_us"})
    reason = "age"

    def __init__(self, max_age_h: float = 48.0) -> None:
        """`max_age_h` is the limit in hours."""
        self.max_age_us = int(max_age_h * HOUR_US)

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] 0 <= age < limit."""
        age = batch.requests.columns["time_us"][batch.request] - batch.columns["tweet_time_us"]
        young: Mask = (age >= 0) & (age < self.max_age_us)
        return young
