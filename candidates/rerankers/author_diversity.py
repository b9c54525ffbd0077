"""Lets an author's further tweets count less."""

from __future__ import annotations

import numpy as np

from candidates.component import Reranker
from candidates.feed_order import order_by_score
from data.batch import F32, CandidateBatch
from ranking.slate.author_diversity import AuthorDiversityConfig, author_diversity


class AuthorDiversity(Reranker):
    """1 for an author's best tweet in a request, then ever less down to a floor: `ranking.slate.author_diversity`.

    An author's tweets stand in the feed's own order, so that of equal scores the newer tweet is the better one. Tweets
    without an author share none.
    """

    reads = frozenset({"score", "tweet_id", "author_id"})

    def __init__(self, config: AuthorDiversityConfig | None = None) -> None:
        """With the default configuration when none is given."""
        self.config = config or AuthorDiversityConfig()

    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers."""
        order, config = order_by_score(batch), self.config
        author = batch.columns["author_id"]
        author = np.where(author < 0, -1 - np.arange(len(batch)), author)
        factor = np.empty(len(batch), np.float32)
        factor[order] = author_diversity(
            batch.columns["score"][order], author[order], batch.offsets, decay=config.decay, floor=config.floor
        )
        return factor
