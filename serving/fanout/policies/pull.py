"""Nothing is written; readers fetch."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Mask
from serving.fanout.policy import PULL, Edges, FanoutPolicy


class Pull(FanoutPolicy):
    """A tweet stays in its author's list: a write costs nothing, and a read merges the lists of all whom the reader
    follows."""

    def mode(self, followers: I64) -> I64:
        """[T] pull."""
        return np.full(len(followers), PULL, np.int64)

    def push(self, edges: Edges) -> Mask:
        """[E] none."""
        return np.zeros(int(edges.offsets[-1]), np.bool_)
