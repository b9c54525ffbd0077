"""Keeps one tweet of a conversation."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from candidates.hydrators.tweet import originals
from data.batch import I64, CandidateBatch, Mask
from data.schema import KIND_CODE
from features.state.network import NetworkState

DEEPEST = 100
"""Replies that are followed up; a longer thread counts as several conversations."""


class OneAConversation(Filter):
    """Of the tweets of a conversation within a request keeps the first: after selection, the best placed one.

    A conversation is a tweet that answers nothing known, and all replies below it.
    """

    reads = frozenset({"tweet_row"})
    reason = "conversation"

    def __init__(self, network: NetworkState) -> None:
        """Follows replies up in `network`."""
        self.network = network

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True for the first of its conversation."""
        root = roots(self.network, batch.columns["tweet_row"])
        _, first = np.unique(batch.request * (int(root.max(initial=0)) + 1) + root, return_index=True)
        keep = np.zeros(len(batch), np.bool_)
        keep[first] = True
        return keep


def roots(network: NetworkState, rows: I64) -> I64:
    """[N] the tweet that began the conversation of each of `rows`; of a retweet, that of its original."""
    tweet, root = network.tweet, originals(network, rows).copy()
    at = np.arange(len(root))
    for _ in range(DEEPEST):
        answered = tweet.referenced_row[root[at]]
        on = (tweet.kind[root[at]] == KIND_CODE["reply"]) & (answered >= 0)
        at = at[on]
        if not len(at):
            break
        root[at] = answered[on]
    return root
