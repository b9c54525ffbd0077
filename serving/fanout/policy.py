"""Which readers get a tweet when it is posted, and which fetch it when they read: policies as masks over edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.batch import I64, Array, Mask
from data.events import HOUR_US

MODES: tuple[str, ...] = ("push", "hybrid", "pull")
"""What happens to a tweet; its code is the place in this tuple."""


@dataclass(frozen=True, slots=True)
class Edges:
    """[E] author to reader: `followers` of the author, `active_us` of the reader, `time_us` of the tweet."""

    columns: Mapping[str, Array]


class FanoutPolicy(Protocol):
    """Decides, edge by edge. Whatever `push` leaves out, `pull` must take."""

    def push(self, edges: Edges) -> Mask:
        """[E] written to the reader's list when the tweet is posted."""
        ...

    def pull(self, edges: Edges) -> Mask:
        """[E] merged when the reader reads."""
        ...

    def mode(self, followers: I64) -> I64:
        """[A] code in `MODES` for authors with so many followers."""
        ...


class FanoutConfig(BaseModel):
    """Thresholds on an author's followers, and what counts as an active reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    push_below: int = Field(default=1_000, ge=0)
    """Authors with fewer followers push to all of them."""
    pull_from: int = Field(default=100_000, ge=0)
    """Authors with at least so many followers push to no reader."""
    active_within_h: float = Field(default=24.0, gt=0)
    """Hours since a reader's last act within which authors between the two thresholds push to them."""
    capacity: int = Field(default=800, ge=1)
    """Entries that a list holds."""

    @model_validator(mode="after")
    def _ordered(self) -> FanoutConfig:
        if self.pull_from < self.push_below:
            raise ValueError(f"pull_from ({self.pull_from}) is below push_below ({self.push_below})")
        return self


@dataclass(frozen=True)
class Thresholds:
    """Push for authors with few followers, pull for those with many; between them, push to recently active readers."""

    config: FanoutConfig

    def push(self, edges: Edges) -> Mask:
        """[E] edges of authors below the first threshold, and between the two those to active readers."""
        mode = self.mode(edges.columns["followers"])
        window = int(self.config.active_within_h * HOUR_US)
        active = edges.columns["active_us"] >= edges.columns["time_us"] - window
        pushed: Mask = (mode == 0) | ((mode == 1) & active)
        return pushed

    def pull(self, edges: Edges) -> Mask:
        """[E] every edge that is not pushed."""
        return ~self.push(edges)

    def mode(self, followers: I64) -> I64:
        """[A] 0 push, 1 hybrid, 2 pull."""
        config = self.config
        return (followers >= config.push_below).astype(np.int64) + (followers >= config.pull_from)
