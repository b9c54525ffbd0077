"""Columns of an account: how old, how followed, verified; of the requester (`user.`) and of the author (`author.`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch
from data.events import DAY_US, HOUR_US
from features.asof import as_of, changes
from features.state.columns import at
from features.state.network import UNKNOWN_US
from features.state.shared import Shared
from features.view import Feature, OnlineView, Stateless
from features.windows import WindowCount, gathered


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
        """Counts of edges as they stand, the mark, and days since the account was made."""
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

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        prefix, network = self._view.prefix, self._network
        requests = batch.requests.columns
        own = self._view.entity == "request"
        rows = requests["user_row"] if own else batch.columns["author_row"]
        time = requests["time_us"] if own else requests["time_us"][batch.request]
        created = at(network.user.created_us, rows, UNKNOWN_US)
        age = (time - created) / DAY_US
        age[created == UNKNOWN_US] = 0
        return {
            f"{prefix}.followers": gathered(network.graph.follow.in_count, rows),
            f"{prefix}.following": gathered(network.graph.follow.out_count, rows),
            f"{prefix}.verified": gathered(network.user.verified, rows),
            f"{prefix}.account_age_d": age.astype(np.float32),
        }


USER = Account("user", "request")
AUTHOR = Account("author", "candidate")

USER_ENGAGEMENTS_7D = WindowCount(
    "user.engagements_7d",
    "engagements",
    "user_row",
    HOUR_US,
    168,
    "positive actions the user took in 168 hourly buckets",
)
AUTHOR_ENGAGEMENTS_7D = WindowCount(
    "author.engagements_7d", "engagements", "author_row", HOUR_US, 168,
    "positive actions that the author's tweets received in 168 hourly buckets",
)  # fmt: skip
