"""How far each candidate and its author reach already."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from candidates.component import Hydrator
from data.batch import Array, CandidateBatch
from features.online import FeatureState


class Reach(Hydrator):
    """`author_followers` now (0 where the author is not known), `tweet_views` and `tweet_engagements` so far."""

    reads = frozenset({"user_row", "time_us", "tweet_row", "tweet_id", "author_row", "author_id"})
    writes = frozenset({"author_followers", "tweet_views", "tweet_engagements"})

    def __init__(self, state: FeatureState) -> None:
        """Counts in `state`."""
        self.state = state

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N] columns."""
        author = batch.columns["author_row"]
        known = self.state.lookup(batch, ("tweet.impressions", "tweet.engagements"))
        followers = self.state.network.graph.follow.in_count
        return {
            "author_followers": np.where(author >= 0, followers[author], 0),
            "tweet_views": known.column("tweet.impressions"),
            "tweet_engagements": known.column("tweet.engagements"),
        }
