"""How the reader is related to each candidate's authors: follows, mutes, blocks, and what was shown before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from candidates.component import Hydrator
from data.batch import I64, Array, CandidateBatch, Mask
from features.state.graph import Graph
from features.state.seen import Seen


class Viewer(Hydrator):
    """`viewer_follows` of the author, `viewer_muted` and `viewer_blocked` of any author, and earlier showings.

    The authors of a candidate are who posted it, who wrote what it retweets, and who wrote what either quotes. A block
    counts both ways: authors who block the reader are dropped, too. `viewer_last_shown_us` is when the reader was last
    shown what the candidate shows (`content_row`) in the 48 hours before, `viewer_showings` how often.
    """

    reads = frozenset({"user_row", "time_us", "author_row", "content_row", "content_author_row", "quoted_author_row"})
    writes = frozenset({"viewer_follows", "viewer_muted", "viewer_blocked", "viewer_last_shown_us", "viewer_showings"})

    def __init__(self, graph: Graph, seen: Seen) -> None:
        """Reads relations from `graph`, and from `seen` what was shown in the last 48 hours."""
        self.graph, self.seen = graph, seen

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N] columns."""
        user, author = batch.column("user_row"), batch.columns["author_row"]
        # The candidates' own `time_us`, if a source brought one, is not when the request was made.
        requested = batch.requests.columns["time_us"][batch.request]
        last_us, showings = self.seen.shown(user, batch.columns["content_row"], requested)
        muted, blocked = self.graph.muted(user, author), self._blocked(user, author)
        for other in (batch.columns["content_author_row"], batch.columns["quoted_author_row"]):
            at = np.flatnonzero((other >= 0) & (other != author))
            if len(at):
                muted[at] |= self.graph.muted(user[at], other[at])
                blocked[at] |= self._blocked(user[at], other[at])
        return {
            "viewer_follows": self.graph.follows(user, author),
            "viewer_muted": muted,
            "viewer_blocked": blocked,
            "viewer_last_shown_us": last_us,
            "viewer_showings": showings,
        }

    def _blocked(self, user: I64, author: I64) -> Mask:
        return self.graph.blocked(user, author) | self.graph.blocked(author, user)
