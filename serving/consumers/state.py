"""Keeps the feature state: the network's rows, histories, and every live view."""

from __future__ import annotations

import numpy as np

from data.events import EventBatch
from features.online import FeatureState
from serving.events.consumer import MemoryConsumer


class StateConsumer(MemoryConsumer):
    """Updates the feature state. It comes first: the others look up the rows that it makes."""

    group = "state"
    # A second try would count again what was counted before the failure.
    atomic = False

    def __init__(self, state: FeatureState) -> None:
        """Keeps `state`."""
        super().__init__()
        self.state = state
        self.last_tweet_us = 0
        """Time of the latest tweet taken."""

    @property
    def tables(self) -> frozenset[str]:
        """Those of the views, and all that make rows of users and tweets."""
        return frozenset(self.state.tables | {"users", "follows", "tweets", "deletions"})

    def take(self, events: EventBatch) -> None:
        """Updates the state."""
        self.state.update(events)
        if events.table == "tweets":
            self.last_tweet_us = max(self.last_tweet_us, int(np.max(events.time_us)))
