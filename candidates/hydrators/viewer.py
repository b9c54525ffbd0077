"""How the reader is related to each candidate's authors: follows, mutes, blocks, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping

from candidates.component import Hydrator
from data.batch import I64, Array, CandidateBatch, Mask
from features.state.graph import Graph
from features.state.seen import Seen


class Viewer(Hydrator):
    """`viewer_follows` and `viewer_seen` of the tweet; `viewer_muted`, `viewer_blocked` of its author or the quoted.

    A block counts both ways: authors who block the reader are dropped, too.
    """

    reads = frozenset({"user_row", "time_us", "tweet_row", "author_row", "quoted_author_row"})
    writes = frozenset({"viewer_follows", "viewer_muted", "viewer_blocked", "viewer_seen"})

    def __init__(self, graph: Graph, seen: Seen) -> None:
        """Reads relations from `graph`, and from `seen` what was served in the last 48 hours."""
        self.graph, self.seen = graph, seen

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N] bool columns."""
        user, author = batch.column("user_row"), batch.columns["author_row"]
        quoted = batch.columns["quoted_author_row"]
        # The candidates' own `time_us`, if a source brought one, is not when the request was made.
        requested = batch.requests.columns["time_us"][batch.request]
        return {
            "viewer_follows": self.graph.follows(user, author),
            "viewer_muted": self.graph.muted(user, author) | self.graph.muted(user, quoted),
            "viewer_blocked": self._blocked(user, author) | self._blocked(user, quoted),
            "viewer_seen": self.seen.has(user, batch.columns["tweet_row"], requested),
        }

    def _blocked(self, user: I64, author: I64) -> Mask:
        return self.graph.blocked(user, author) | self.graph.blocked(author, user)
