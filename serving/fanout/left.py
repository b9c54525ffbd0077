"""What fan-out left to be pulled: which tweets, of which authors, along which edges.

A reader merges only the lists of authors of whom something young enough was left to them: to all followers of an author
alike, which costs nothing an edge, or along the reader's own edge.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import I32, I64, Array, Mask, Ragged
from features.state.columns import Columns, at
from features.state.network import NetworkState

_NONE = -1


class LeftToPull:
    """By tweet row, by user row and by the place of an edge in the follow graph."""

    def __init__(self, network: NetworkState) -> None:
        """Nothing is left yet."""
        self.network = network
        self.clear()

    def clear(self) -> None:
        """Forgets all."""
        self._tweets = Columns({"left": (np.bool_, False, 0)})
        self._authors = Columns({"through": (np.int32, _NONE, 0)})
        self._edges = Columns({"through": (np.int32, _NONE, 0)})
        self.newest_to_all = _NONE
        """The newest row that was left to all followers of its author."""

    def to_all(self, tweets: I64, authors: I64) -> None:
        """Leaves tweets to all followers of their authors."""
        self._resize()
        self._tweets.left[tweets] = True
        np.maximum.at(self._authors.through, authors, tweets.astype(np.int32))
        self.newest_to_all = max(self.newest_to_all, int(tweets.max(initial=_NONE)))

    def along(self, tweets: I64, places: I64) -> None:
        """Leaves tweet i along the edge at `places[i]`."""
        self._resize()
        self._tweets.left[tweets] = True
        np.maximum.at(self._edges.through, places, tweets.astype(np.int32))

    def left(self, tweets: I64) -> Mask:
        """[N] whether any reader has to pull a tweet."""
        found: Mask = at(self._tweets.left, tweets, False)
        return found

    def to_merge(self, users: I64, oldest: int) -> Ragged:
        """[B] rows of the authors, among those whom each user follows, of whom tweets from row `oldest` on may be left
        to that user."""
        follow = self.network.graph.follow
        places = follow.leaving(users)
        authors = follow.ends[places.values, 1].astype(np.int64)
        through: I32 = np.maximum(
            at(self._authors.through, authors, _NONE), at(self._edges.through, places.values, _NONE)
        )
        some = through >= max(oldest, 0)
        return Ragged(Ragged.from_mask(places.offsets, some).offsets, authors[some])

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        parts = {"tweets": self._tweets, "authors": self._authors, "edges": self._edges}
        return {name: next(iter(one.arrays().values())).copy() for name, one in parts.items()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._tweets.restore({"left": arrays["tweets"]})
        self._authors.restore({"through": arrays["authors"]})
        self._edges.restore({"through": arrays["edges"]})
        self.newest_to_all = int(self._authors.through.max(initial=_NONE))

    def _resize(self) -> None:
        self._tweets.resize(len(self.network.tweets))
        self._authors.resize(len(self.network.users))
        self._edges.resize(self.network.graph.follow.places)
