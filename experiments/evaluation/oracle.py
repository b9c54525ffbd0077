"""The oracles: scorers that know the truth. They bound what any model can reach; nothing is ever trained on them.

The *oracle* scores by the engagement to expect, the *welfare oracle* by how glad the reader will be to have seen it.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from data.batch import F32, CandidateBatch, Requests
from data.dataset import Dataset
from data.events import EventBatch
from data.schema import POSITIVE_ACTIONS
from data.synthetic.state import State
from data.synthetic.world import World


class TrueScores(NamedTuple):
    """[N] the truth about candidates, were they looked at; what the oracles score by."""

    value: F32
    """Probability of any engagement, in [0, 1]."""
    welfare: F32
    """Expected welfare, in [-1, 1]."""


class Oracle:
    """Scores a tweet by the true probability that the person engages with it: 1 - product over actions of (1 - p).

    Its state is the one that the world kept before the test; `apply` brings it forward with the log.
    """

    reads: tuple[str, ...] = ("user_id", "tweet_id")
    tables = frozenset(State.tables)

    def __init__(self, world: World) -> None:
        """Starts from the state that `world` keeps."""
        self.world = world
        self.state = world.saved()
        self.since_us = self.state.time_us
        """Time of the first event to apply."""
        self._positive = np.array([action in POSITIVE_ACTIONS for action in world.truth.actions])

    @staticmethod
    def available(dataset: Dataset) -> bool:
        """Whether the data set still has its truth."""
        return (dataset.truth / "config.json").is_file()

    @classmethod
    def open(cls, dataset: Dataset) -> Self:
        """From a data set's truth.

        Raises:
            DataError: the truth is damaged.
        """
        return cls(World.open(dataset.truth))

    def apply(self, events: EventBatch) -> None:
        """Brings the state forward."""
        if events.table in self.tables:
            self.state.apply(events)

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 true probability of any engagement with each candidate, were it looked at."""
        return self._engagement(self._of_this_world(batch))

    def scores(self, batch: CandidateBatch) -> TrueScores:
        """What both oracles score by."""
        slate = self._of_this_world(batch)
        welfare = self.world.truth.welfare(self.state, slate).astype(np.float32)
        return TrueScores(self._engagement(slate), welfare)

    def _of_this_world(self, batch: CandidateBatch) -> CandidateBatch:
        """The candidates by the rows of the world's state."""
        columns = {
            "user_row": self.state.user_rows(batch.requests.columns["user_id"]),
            "time_us": batch.requests.columns["time_us"],
        }
        rows = {"tweet_row": self.state.tweet_rows(batch.columns["tweet_id"])}
        return CandidateBatch(Requests(columns), batch.offsets, rows)

    def _engagement(self, slate: CandidateBatch) -> F32:
        p = self.world.truth.action_probability(self.state, slate)
        engages: F32 = (1 - np.prod(1 - p[:, self._positive], axis=1)).astype(np.float32)
        return engages
