"""Columns of an account: age, followers, verified; of the requester (`user.`) and of the author (`author.`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from data.events import DAY_US, HOUR_US
from data.kernel import kernel
from features.bases.totals import Total, TotalCounts, rows_of
from features.bases.windows import Window, WindowCounts
from features.point_in_time.asof import as_of, changes
from features.shared import Shared
from features.state.network import UNKNOWN_US
from features.view import Feature, OnlineView, Stateless
from features.views.rate import rate_of


@dataclass(frozen=True)
class Account:
    """Followers, following, verified mark and age of the account that `prefix` names."""

    prefix: str
    entity: str
    tables: tuple[str, ...] = ("users", "follows")
    reads: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`user.account` or `author.account`."""
        return f"{self.prefix}.account"

    @property
    def features(self) -> tuple[Feature, ...]:
        """Counts of edges at that time, the mark, and days since the account was made."""
        return (
            Feature(f"{self.prefix}.followers", "accounts that follow it"),
            Feature(f"{self.prefix}.following", "accounts that it follows"),
            Feature(f"{self.prefix}.verified", "1 with the verified mark", unit="flag"),
            Feature(f"{self.prefix}.account_age_d", "time since it was made", unit="days"),
        )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """Sums of beginnings less ends before t; the account if it was made before t."""
        key = f"{self.prefix}_id"
        step = pl.when("ended").then(-1).otherwise(1).cast(pl.Int64)
        edges = changes(log["follows"], "follower_id", "followee_id").with_columns(step=step)
        out = rows.select("row", key, "time_us")
        for column, side in (("followers", "followee_id"), ("following", "follower_id")):
            counts = edges.select(side, "time_us", pl.col("step").cum_sum().over(side).alias(f"{self.prefix}.{column}"))
            out = as_of(out, counts, {key: side}, [f"{self.prefix}.{column}"])
        users = log["users"].select(pl.col("user_id").alias(key), "created_us", "verified")
        made = pl.col("created_us") < pl.col("time_us")
        age = (pl.col("time_us") - pl.col("created_us")) / DAY_US
        return out.join(users, on=key, how="left").select(
            "row",
            f"{self.prefix}.followers",
            f"{self.prefix}.following",
            pl.when(made).then("verified").alias(f"{self.prefix}.verified"),
            pl.when(made).then(age).alias(f"{self.prefix}.account_age_d"),
        )

    def online(self, state: Shared) -> OnlineView:
        """Reads the network."""
        return _Account(self, state)


class _Account(Stateless):
    def __init__(self, view: Account, state: Shared) -> None:
        self._view, self._network = view, state.network
        self._names = [feature.name for feature in view.features]

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        entities, offsets = rows_of(batch, self._view.prefix)
        user, follow = self._network.user, self._network.graph.follow
        out = np.zeros((len(self._names), len(entities)), np.float32)
        time_us = batch.requests.columns["time_us"]
        _account(entities, offsets, time_us, follow.in_count, follow.out_count, user.verified, user.created_us, out)
        return dict(zip(self._names, out, strict=True))


@kernel
def _account(
    rows: Any, offsets: Any, time: Any, followers: Any, following: Any, verified: Any, created: Any, out: Any
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            row = rows[i]
            if 0 <= row < len(created):
                out[0, i] = followers[row]
                out[1, i] = following[row]
                out[2, i] = verified[row]
                if created[row] != UNKNOWN_US:
                    out[3, i] = (time[b] - created[row]) / DAY_US


USER = Account("user", "request")
AUTHOR = Account("author", "candidate")

USER_TOTALS = TotalCounts("user.totals", "user", {
    "user.tweets": Total("tweets", "tweets of every kind that the user posted"),
    "user.engagements": Total("engagements", "positive actions the user took"),
    "user.impressions": Total("impressions", "tweets that the user was shown"),
})  # fmt: skip
AUTHOR_TOTALS = TotalCounts("author.totals", "author", {
    "author.tweets": Total("tweets", "tweets of every kind that the author posted"),
    "author.engagements": Total("engagements", "positive actions that the author's tweets received"),
    "author.impressions": Total("impressions", "impressions that the author's tweets received"),
})  # fmt: skip
USER_RATE = rate_of(
    "user.engagement_rate", "user.engagements", "user.impressions", "positive actions an impression seen", "request"
)
AUTHOR_RATE = rate_of(
    "author.engagement_rate", "author.engagements", "author.impressions",
    "positive actions an impression of the author's tweets",
)  # fmt: skip
USER_ENGAGEMENTS_7D = WindowCounts("user.engagements_7d", "engagements", "user", {
    "user.engagements_7d": Window(HOUR_US, 168, "positive actions the user took in 168 hourly buckets"),
})  # fmt: skip
AUTHOR_ENGAGEMENTS_7D = WindowCounts("author.engagements_7d", "engagements", "author", {
    "author.engagements_7d": Window(
        HOUR_US, 168, "positive actions that the author's tweets received in 168 hourly buckets"
    ),
})  # fmt: skip
