"""Push to those who are there, as far as a budget goes; the others go without."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from data.batch import Mask
from data.events import HOUR_US
from serving.fanout.most_active import most_active
from serving.fanout.policy import Edges, FanoutPolicy


class Lossy(FanoutPolicy):
    """A tweet is pushed to the most active of its author's followers; the others never find it among what those whom
    they follow posted. The counts `lost` of `GET /v1/network` say how many edges that were."""

    reads: ClassVar[tuple[str, ...]] = ("active_us", "time_us", "acts_per_h")

    active_within_h: float = Field(default=168.0, gt=0)
    """Hours since a reader's last act after which nothing is pushed to them."""
    budget: int = Field(default=10_000, ge=0)
    """Pushes that a tweet may cost."""

    def push(self, edges: Edges) -> Mask:
        """[E] to the `budget` most active readers who did something lately."""
        columns = edges.columns
        active = columns["active_us"] >= columns["time_us"] - int(self.active_within_h * HOUR_US)
        acts = np.where(active, columns["acts_per_h"], -1.0)
        chosen = most_active(edges.offsets, acts, np.full(len(edges.offsets) - 1, self.budget, np.int64))
        pushed: Mask = chosen & active
        return pushed

    def lost(self, edges: Edges) -> Mask:
        """[E] all that is not pushed."""
        return np.ones(int(edges.offsets[-1]), np.bool_)
