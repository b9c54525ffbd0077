"""Drops replies in conversations that the reader cannot see to their beginning."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from candidates.hydrators.tweet import originals
from data.batch import CandidateBatch, Mask
from data.schema import KIND_CODE
from features.state.network import NetworkState

DEEPEST = 100
"""Ancestors that are looked at; a reply under more of them is dropped, as is one in a circle."""


class Ancestors(Filter):
    """Drops replies of which a tweet above was deleted, or is by someone the reader mutes, blocks or is blocked by.

    The tweets above are what it answers, what that answers, and so on to the first tweet of the conversation or to
    one that is not known. Fails closed.
    """

    reads = frozenset({"user_row", "tweet_row"})
    reason = "ancestor"
    protects = True

    def __init__(self, network: NetworkState) -> None:
        """Looks tweets and relations up in `network` as it is when it is asked."""
        self.network = network

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where every tweet above can be seen."""
        tweet, graph = self.network.tweet, self.network.graph
        keep = np.ones(len(batch), np.bool_)
        above, at, user = (
            originals(self.network, batch.columns["tweet_row"]),
            np.arange(len(batch)),
            batch.column("user_row"),
        )
        for _ in range(DEEPEST + 1):
            answered = tweet.referenced_row[above]
            on = (tweet.kind[above] == KIND_CODE["reply"]) & (answered >= 0)
            above, at = answered[on], at[on]
            if not len(at):
                return keep
            author, reader = tweet.author_row[above], user[at]
            hidden = tweet.deleted[above] | graph.muted(reader, author)
            hidden |= graph.blocked(reader, author) | graph.blocked(author, reader)
            keep[at[hidden]] = False
            above, at = above[~hidden], at[~hidden]
        keep[at] = False
        return keep
