"""Push for most authors, pull for those whom very many follow."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from data.batch import I64, Mask
from data.events import HOUR_US
from serving.fanout.policy import Edges, FanoutPolicy


class Classic(FanoutPolicy):
    """Push for authors with few followers, pull for those with many; between them, push to recently active readers."""

    reads: ClassVar[tuple[str, ...]] = ("active_us", "time_us")

    push_below: int = Field(default=1_000, ge=0)
    """Authors with fewer followers push to all of them."""
    pull_from: int = Field(default=100_000, ge=0)
    """Authors with at least so many followers push to no reader."""
    active_within_h: float = Field(default=24.0, gt=0)
    """Hours since a reader's last act within which authors between the two thresholds push to them."""

    @model_validator(mode="after")
    def _ordered(self) -> Classic:
        if self.pull_from < self.push_below:
            raise ValueError(f"pull_from ({self.pull_from}) is below push_below ({self.push_below})")
        return self

    def mode(self, followers: I64) -> I64:
        """[T] push below the first threshold, pull from the second on, hybrid between."""
        return (followers >= self.push_below).astype(np.int64) + (followers >= self.pull_from)

    def push(self, edges: Edges) -> Mask:
        """[E] to readers who did something lately."""
        window = int(self.active_within_h * HOUR_US)
        active: Mask = edges.columns["active_us"] >= edges.columns["time_us"] - window
        return active
