"""The protocol of what serves the world's requests; feeds are in `experiments.simulation`."""

from __future__ import annotations

from typing import Protocol

from data.batch import CandidateBatch, Requests
from data.events import EventBatch


class Feed(Protocol):
    """Ranks what people see. One object serves a whole run and observes everything that happens."""

    @property
    def policy(self) -> str:
        """Name and version, written into each request."""
        ...

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        """At most `k` tweets a request, best first.

        `requests` has `request_id`, `user_id`, `user_row`, `time_us` and `limit`, how many tweets the client will
        load as the user scrolls: a feed may stop there, but must not rank by it. The slate has columns `tweet_id`,
        `tweet_row`, `author_id`, `author_row` (int64), `source` (object: the candidate source), `score` (float32) and
        `propensity` (float64, NaN where the policy does not know it). A slate may be shorter than `k`, or empty.
        """
        ...

    def preview(self, originals: EventBatch) -> None:
        """The originals of the tick whose requests come next, ordered by id; none of those of the tick before it.

        A request may be shown what was posted before it. `observe` brings them again when the tick is over, among all
        its tweets, so a feed that shows nothing that young does nothing here.
        """
        ...

    def observe(self, events: EventBatch) -> None:
        """Learns what happened: users and follows before the first request, then each tick's events."""
        ...
