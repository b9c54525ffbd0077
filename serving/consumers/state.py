"""Keeps the feature state: the network's rows, histories, and every live view."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.events import EventBatch
from features.online import FeatureState
from serving.events.consumer import SavedConsumer


class StateConsumer(SavedConsumer):
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

    def freeze(self, folder: Path) -> Callable[[], None]:
        """Copies the state."""
        frozen, last_tweet_us = self.state.frozen(), self.last_tweet_us

        def write() -> None:
            frozen.write(folder)
            (folder / _LAST).write_text(json.dumps(last_tweet_us))

        return write

    def thaw(self, folder: Path) -> None:
        """Takes what `freeze` wrote."""
        self.state.restore(folder)
        self.last_tweet_us = int(json.loads((folder / _LAST).read_text()))


_LAST = "last_tweet_us.json"
