"""Keeps the index of tweet vectors in which the retrieval model finds candidates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from candidates.tweet_vectors import TweetVectors
from data.events import MINUTE_US, EventBatch
from features.online import FeatureState
from serving.events.consumer import SavedConsumer

REFRESH_US = 15 * MINUTE_US
"""Age at which all vectors are computed again: they depend on counts, which grow."""


class VectorsConsumer(SavedConsumer):
    """Notes that tweets came; the index is brought up to date before a read, when `bring_up` is called."""

    group = "vectors"
    tables = frozenset({"tweets", "deletions"})

    def __init__(self, state: FeatureState, index: TweetVectors | None) -> None:
        """Computes vectors from `state`; without an `index` (the model retrieves nothing) there is nothing to do."""
        super().__init__()
        self.index = index
        self._state = state
        self._refreshed_us = 0
        self._stale = False

    def __len__(self) -> int:
        return 0 if self.index is None else len(self.index)

    def take(self, events: EventBatch) -> None:
        """Notes that the index lacks something."""
        self._stale = True

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """Computes the vectors of all living tweets as of `time_us`."""
        if self.index is not None:
            self._refresh(self.index, time_us)

    def freeze(self, folder: Path) -> Callable[[], None]:
        """Nothing: vectors are computed from the state."""
        return lambda: None

    def thaw(self, folder: Path) -> None:
        """The first `bring_up` computes all."""
        self._refreshed_us = -REFRESH_US

    def replace(self, index: TweetVectors | None, time_us: int) -> None:
        """Keeps another index from now on, of another model, with the vectors of all living tweets as of `time_us`."""
        if index is not None:
            self._refresh(index, time_us)
        self.index = index

    def bring_up(self, time_us: int) -> None:
        """Brings the index up to the tweets taken: many tweets at once cost little more than one."""
        if self.index is None:
            return
        if time_us - self._refreshed_us > REFRESH_US:
            self._refresh(self.index, time_us)
        elif self._stale:
            self.index.follow(self._state, time_us)
            self._stale = False

    def _refresh(self, index: TweetVectors, time_us: int) -> None:
        index.refresh(self._state, time_us)
        self._refreshed_us, self._stale = time_us, False
