"""Everything is written to everybody."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Mask
from serving.fanout.policy import PUSH, Edges, FanoutPolicy


class Push(FanoutPolicy):
    """A tweet is pushed to all followers of its author: reads are cheap, and a write costs as much as the author has
    followers."""

    def mode(self, followers: I64) -> I64:
        """[T] push."""
        return np.full(len(followers), PUSH, np.int64)

    def push(self, edges: Edges) -> Mask:
        """[E] all."""
        return np.ones(int(edges.offsets[-1]), np.bool_)
