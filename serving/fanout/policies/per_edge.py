"""Push along an edge when its reader reads often enough for what its author posts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from data.batch import Mask
from serving.fanout.policy import Edges, FanoutPolicy


class PerEdge(FanoutPolicy):
    """The rule that costs least when each edge is decided alone: a reader who asks more often than an author posts is
    served cheaper by pushing, one who asks less often by pulling.

    Silberstein, Terrace, Cooper, Ramakrishnan: "Feeding Frenzy: selectively materializing users' event feeds",
    SIGMOD 2010, section 3. Rates are estimated from events (`serving.fanout.rates`).
    """

    reads: ClassVar[tuple[str, ...]] = ("reader_reads_per_h", "author_posts_per_h")

    cost_ratio: float = Field(default=1.0, gt=0)
    """What it costs to push one tweet to one reader, as a multiple of what it costs to pull one author's list once."""

    def push(self, edges: Edges) -> Mask:
        """[E] reads an hour over posts an hour exceed the ratio."""
        reads, posts = (edges.columns[name] for name in self.reads)
        pushed: Mask = reads > self.cost_ratio * posts
        return pushed
