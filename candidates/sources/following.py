"""What the people one follows posted: the timeline that fan-out wrote, merged with what it left to pull."""

from __future__ import annotations

import numpy as np

from candidates.component import Source
from candidates.hydrators.tweet import originals
from candidates.ports import Timelines
from data.batch import Ragged, Requests
from features.state.network import NetworkState


class Following(Source):
    """The newest tweets of the reader's timeline; a retweet stands for the tweet it refers to."""

    reads = frozenset({"user_row"})

    def __init__(self, timelines: Timelines, network: NetworkState, cap: int = 400) -> None:
        """Reads at most `cap` entries a reader from `timelines`."""
        self.timelines, self.network, self.cap = timelines, network, cap

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, newest first."""
        found = self.timelines.read(requests.columns["user_row"], self.cap)
        return Ragged(found.offsets, originals(self.network, np.asarray(found.values, np.int64)))
