"""Drops what there is nothing to show of."""

from __future__ import annotations

from candidates.component import Filter
from candidates.hydrators.tweet import originals
from data.batch import CandidateBatch, Mask
from data.schema import KIND_CODE
from features.state.network import NetworkState


class Incomplete(Filter):
    """Drops tweets of which only the id is known, those without author, and those without text and media.

    A retweet is judged by what it retweets. Items of imported logs have neither author nor need of a text.
    """

    reads = frozenset({"tweet_row"})
    reason = "incomplete"

    def __init__(self, network: NetworkState) -> None:
        """Looks tweets up in `network`."""
        self.network = network

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True where there is something to show."""
        tweet, rows = self.network.tweet, batch.columns["tweet_row"]
        content = originals(self.network, rows)
        kind = tweet.kind[content]
        shows = (tweet.length[content] > 0) | (tweet.media_count[content] > 0)
        shows &= (tweet.author_row[rows] >= 0) & (tweet.author_row[content] >= 0)
        whole: Mask = (tweet.kind[rows] >= 0) & ((kind == KIND_CODE["item"]) | ((kind >= 0) & shows))
        return whole
