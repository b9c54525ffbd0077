"""Drops replies and retweets from outside the reader's network."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from data.batch import CandidateBatch, Mask
from data.schema import KIND_CODE
from features.state.network import NetworkState


class Outside(Filter):
    """Keeps a reply whose author and whose answered author are both of the network, and a retweet by one of it.

    Of the network are the reader and those they follow; for the answered author also the reply's own (a thread), and
    anybody where what was answered is not known. Other kinds of tweets pass.
    """

    reads = frozenset({"user_row", "tweet_row", "author_row", "viewer_follows"})
    reason = "outside"

    def __init__(self, network: NetworkState) -> None:
        """Looks up in `network` what was answered."""
        self.network = network

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True for what may come from outside, or is not from there."""
        tweet, rows = self.network.tweet, batch.columns["tweet_row"]
        kind, author = tweet.kind[rows], batch.columns["author_row"]
        outside = ~batch.columns["viewer_follows"] & (author != batch.column("user_row"))
        keep: Mask = ~(outside & ((kind == KIND_CODE["reply"]) | (kind == KIND_CODE["retweet"])))
        at = np.flatnonzero(keep & (kind == KIND_CODE["reply"]))
        if len(at):
            about = tweet.referenced_row[rows[at]]
            answered, reader = np.where(about >= 0, tweet.author_row[about], -1), batch.column("user_row")[at]
            near = (answered < 0) | (answered == reader) | (answered == author[at])
            keep[at] = near | self.network.graph.follows(reader, answered)
        return keep
