"""Pull for authors whom few follow, push for those whom many follow, and a mixture for those whom very many follow."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from data.batch import I64, Mask
from serving.fanout.most_active import most_active
from serving.fanout.policy import HYBRID, PULL, PUSH, Edges, FanoutPolicy

SCALES: dict[str, tuple[int, int, int]] = {
    "full": (10_000, 1_000_000, 100_000),
    "medium": (200, 2_000, 200),
    "small": (100, 600, 60),
    "tiny": (40, 80, 8),
}
"""`pull_below`, `push_below` and `active_most` by the size of the world: in the worlds `tiny` and `small` half of all
follows are of authors below the first threshold, and about a fifth of authors above the second; `medium` goes on from
there."""


class FollowerCount(FanoutPolicy):
    """The modelled system's rule: a tweet of an author with fewer than 10,000 followers is pulled, with fewer than
    1,000,000 pushed to all; above that it is pushed to the 10% most active readers, at most 100,000, and pulled by the
    rest. `classic` is its mirror.
    """

    reads: ClassVar[tuple[str, ...]] = ("acts_per_h",)

    scale: Literal["full", "medium", "small", "tiny"] = "full"
    """The size of the world that thresholds which are not given are for: the modelled system, or a preset."""
    pull_below: int = Field(default=-1, ge=-1)
    """Authors with fewer followers push to nobody; -1: by `scale`."""
    push_below: int = Field(default=-1, ge=-1)
    """Authors with fewer followers, but not fewer than `pull_below`, push to all of them; -1: by `scale`."""
    active_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the readers, the most active, to whom authors with more followers push."""
    active_most: int = Field(default=-1, ge=-1)
    """Readers that those are at most; -1: by `scale`."""

    @model_validator(mode="before")
    @classmethod
    def _scaled(cls, values: dict[str, object]) -> dict[str, object]:
        scaled = SCALES.get(str(values.get("scale", "full")), SCALES["full"])
        return dict(zip(("pull_below", "push_below", "active_most"), scaled, strict=True)) | values

    @model_validator(mode="after")
    def _ordered(self) -> FollowerCount:
        if self.push_below < self.pull_below:
            raise ValueError(f"push_below ({self.push_below}) is below pull_below ({self.pull_below})")
        return self

    def mode(self, followers: I64) -> I64:
        """[T] pull, push, hybrid, from few followers to many."""
        return np.select([followers < self.pull_below, followers < self.push_below], [PULL, PUSH], HYBRID)

    def push(self, edges: Edges) -> Mask:
        """[E] to the most active readers of each author."""
        most = np.minimum((np.diff(edges.offsets) * self.active_share).astype(np.int64), self.active_most)
        return most_active(edges.offsets, edges.columns["acts_per_h"], most)
