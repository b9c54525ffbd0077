"""Whether the user was shown the tweet before: once seen, it is engaged with far less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from features.point_in_time.pairs import PairEvents, PairQueries, latest, stream
from features.shared import Shared
from features.state.seen import WINDOW_US
from features.view import Feature, OnlineView, Stateless
from features.views.pair import users_of


@dataclass(frozen=True)
class Seen:
    """An impression of the tweet for the user in the 48 hours before."""

    name: str = "pair.seen"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("impressions",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("pair.seen", "1 where the user was shown the tweet in the 48 hours before", unit="flag"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The pair's last impression before t."""
        own = rows.select("row", "user_id", "tweet_id", "time_us").sort("time_us").collect()
        time_us = own["time_us"].to_numpy()
        queries = PairQueries.of(own["user_id"].to_numpy(), own["tweet_id"].to_numpy(), time_us)
        shown = stream(log["impressions"], ["user_id", "tweet_id", "time_us"])
        # One more than the time, so that 0 means none.
        last = latest(queries, ((PairEvents(user, tweet, time), time + 1) for user, tweet, time in shown))
        seen = (last > 0) & (last - 1 > time_us - WINDOW_US)
        return pl.LazyFrame([own["row"], pl.Series(self.name, seen.astype(np.float32))])

    def online(self, state: Shared) -> OnlineView:
        """Reads what was seen."""
        return _Seen(state)


class _Seen(Stateless):
    def __init__(self, state: Shared) -> None:
        self._seen = state.seen

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        time_us = batch.requests.columns["time_us"][batch.request]
        seen = self._seen.has(users_of(batch), batch.columns["tweet_row"], time_us)
        return {"pair.seen": seen.astype(np.float32)}


VIEW = Seen()
