"""What a reader may be shown at the moment it is shown: judged anew, whatever was known when it was selected."""

from __future__ import annotations

import numpy as np

from candidates.component import Filter
from candidates.filters.ancestors import Ancestors
from candidates.filters.deleted import Deleted
from candidates.filters.relation import Blocked, Muted
from candidates.hydrators.tweet import Tweet
from candidates.hydrators.viewer import Viewer
from data.batch import CandidateBatch, Mask
from features.online import FeatureState

_GIVEN = ("tweet_row", "tweet_id", "author_row", "author_id")


class Hidden(Filter):
    """Drops what is deleted, and what is by people whom the reader mutes, blocks or is blocked by. Fails closed.

    It looks everything up in the state as it is now, and at no column that was written before.
    """

    reads = frozenset({*_GIVEN, "user_row", "time_us"})
    reason = "hidden"
    protects = True

    def __init__(self, state: FeatureState) -> None:
        """Looks up in `state`."""
        network = state.network
        self._hydrators = (Tweet(network), Viewer(network.graph, state.seen))
        self._filters = (Deleted(), Muted(), Blocked())

    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True for what is neither."""
        batch = CandidateBatch(batch.requests, batch.offsets, {name: batch.columns[name] for name in _GIVEN})
        for hydrator in self._hydrators:
            batch = batch.with_columns(hydrator.hydrate(batch))
        keep = np.ones(len(batch), np.bool_)
        for one in self._filters:
            keep &= one.keep(batch)
        return keep


class Visibility:
    """The filters that decide what may be shown, in order: `Hidden`, then `Ancestors`."""

    def __init__(self, state: FeatureState, *, ancestors: bool = True) -> None:
        """Over `state`; without `ancestors` a reply may be shown below what may not."""
        hidden = Hidden(state)
        self.filters: tuple[Filter, ...] = (hidden, Ancestors(state.network)) if ancestors else (hidden,)

    def visible(self, batch: CandidateBatch) -> Mask:
        """[N] True for what may be shown; `batch` has the columns of `FeatureState.base`."""
        keep = np.ones(len(batch), np.bool_)
        for one in self.filters:
            keep &= one.keep(batch)
        return keep
