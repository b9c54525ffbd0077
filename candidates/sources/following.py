"""What the people one follows posted: the timeline that fan-out wrote, merged with what it left to pull."""

from __future__ import annotations

from typing import Any

import numpy as np

from candidates.component import Source
from candidates.hydrators.tweet import originals
from candidates.ports import Timelines
from data.batch import I64, Mask, Ragged, Requests
from data.kernel import kernel
from features.state.network import NetworkState


class Following(Source):
    """The newest tweets of the reader's timeline; a retweet stands for the tweet it refers to.

    With `per_author`, at most so many of each account, its retweets among them; the timeline is then read twice as far.

    What it refers to is judged by the filters like any other tweet, its retweeter here: one whom the reader mutes or
    blocks, or who blocks the reader, brings nothing.
    """

    reads = frozenset({"user_row"})

    def __init__(self, timelines: Timelines, network: NetworkState, cap: int = 400, per_author: int = 0) -> None:
        """Reads at most `cap` entries a reader from `timelines`, at most `per_author` of an account; 0: any number."""
        self.timelines, self.network, self.cap, self.per_author = timelines, network, cap, per_author

    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, newest first."""
        found = self.timelines.read(requests.columns["user_row"], 2 * self.cap if self.per_author else self.cap)
        rows = np.asarray(found.values, np.int64)
        if self.per_author:
            keep = np.zeros(len(rows), np.bool_)
            counts = np.zeros(len(self.network.users), np.int64)
            _spread(found.offsets, self.network.tweet.author_row[rows], counts, self.per_author, self.cap, keep)
            kept = Ragged.from_mask(found.offsets, keep)
            found, rows = kept, rows[kept.values]
        reader, graph = requests.columns["user_row"][found.owner], self.network.graph
        author, shown = self.network.tweet.author_row[rows], originals(self.network, rows)
        apart = graph.muted(reader, author) | graph.blocked(reader, author) | graph.blocked(author, reader)
        apart &= shown != rows
        if apart.any():
            return Ragged(Ragged.from_mask(found.offsets, ~apart).offsets, shown[~apart])
        return Ragged(found.offsets, shown)


@kernel
def _spread(offsets: I64, author: I64, counts: I64, per_author: Any, cap: Any, keep: Mask) -> Any:
    """Marks the first `per_author` of each author in each list, `cap` in all; `counts` [users] begins and ends as 0."""
    for b in range(len(offsets) - 1):
        left = cap
        for i in range(offsets[b], offsets[b + 1]):
            if left > 0 and (author[i] < 0 or counts[author[i]] < per_author):
                keep[i] = True
                left -= 1
                if author[i] >= 0:
                    counts[author[i]] += 1
        for i in range(offsets[b], offsets[b + 1]):
            if author[i] >= 0:
                counts[author[i]] = 0
