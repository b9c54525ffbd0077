"""What a tick's requests may meet of the tick itself, from a log."""

from __future__ import annotations

import numpy as np

from data.dataset import Dataset
from data.events import EventBatch


class Previews:
    """The originals of any span of a log."""

    def __init__(self, dataset: Dataset) -> None:
        tweets = dataset.read("tweets")
        self._originals = tweets.where(tweets.columns["kind"] == "original")

    def between(self, low_us: int, high_us: int) -> EventBatch:
        return self._originals.where(slice(*np.searchsorted(self._originals.time_us, (low_us, high_us))))
