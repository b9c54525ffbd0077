"""What the funnel itself needs of each candidate's tweet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from candidates.component import Hydrator
from data.batch import I64, Array, CandidateBatch
from data.schema import KIND_CODE
from features.state.network import NetworkState


class Tweet(Hydrator):
    """`tweet_time_us`, whether it is `tweet_deleted`, its `content_row`, `content_author_row`, `quoted_author_row`."""

    reads = frozenset({"tweet_row"})
    writes = frozenset({"tweet_time_us", "tweet_deleted", "content_row", "content_author_row", "quoted_author_row"})

    def __init__(self, network: NetworkState) -> None:
        """Looks tweets up in `network`."""
        self.network = network

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N] columns; `quoted_author_row` is -1 where the content quotes nothing known."""
        rows, tweet = batch.columns["tweet_row"], self.network.tweet
        content = originals(self.network, rows)
        referenced = tweet.referenced_row[content]
        quotes = (tweet.kind[content] == KIND_CODE["quote"]) & (referenced >= 0)
        return {
            "tweet_time_us": tweet.time_us[rows],
            "tweet_deleted": tweet.deleted[rows] | tweet.deleted[content],
            "content_row": content,
            "content_author_row": tweet.author_row[content],
            "quoted_author_row": np.where(quotes, tweet.author_row[referenced], -1),
        }


def originals(network: NetworkState, rows: I64) -> I64:
    """[N] the tweet that each of `rows` shows: what a retweet refers to, else the tweet itself."""
    tweet = network.tweet
    referenced = tweet.referenced_row[rows]
    refers = (tweet.kind[rows] == KIND_CODE["retweet"]) & (referenced >= 0)
    return np.where(refers, referenced, rows) if refers.any() else rows
