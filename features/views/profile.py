"""Columns of the requester's profile and day: place, device, language and hours of activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, Array, CandidateBatch
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch
from data.kernel import kernel
from data.schema import DEVICES
from features.bases.derived import Derived
from features.bases.totals import queries_of, shares, tally
from features.bases.windows import gathered
from features.codes import LANGUAGES, NO_OFFSET, code_column
from features.point_in_time.pairs import stream
from features.shared import Shared
from features.state.columns import Columns, at
from features.state.network import LanguageCodes
from features.view import Feature, OnlineView, Stateless

HOURS = 24
_OFFSET = pl.col("utc_offset_min").fill_null(0).replace(NO_OFFSET, 0).cast(pl.Int64) * MINUTE_US
"""Microseconds ahead of UTC in a frame of users."""

_MONDAY = 3
"""1970-01-01 was a Thursday."""


@dataclass(frozen=True)
class Profile:
    """What the account states about itself, and the local time of the request; UTC where it states no zone."""

    name: str = "user.profile"
    entity: str = "request"
    tables: tuple[str, ...] = ("users",)
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("user.place", "WOEID of the home place, a list of one", unit="id", default=-1, dtype="int64"),
        Feature("user.language", "place in features.codes.LANGUAGES, the next one for others", unit="code", default=-1),
        Feature("user.device", "ios 0, android 1, web 2, others 3", unit="code", default=-1),
        Feature("user.hour", "local hour of the request, 0 to 23", unit="hour of day"),
        Feature("user.weekend", "1 where it is a local Saturday or Sunday", unit="flag"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The account, if it was made before t."""
        users = log["users"].select(
            "user_id", "created_us", "place", offset=_OFFSET, language=code_column("language", LANGUAGES),
            device=code_column("device", DEVICES),
        )  # fmt: skip
        known = users.join(rows.select("user_id").unique(), on="user_id", how="semi")
        own = rows.select("row", "user_id", "time_us").join(known, on="user_id", how="left")
        made = pl.col("created_us") < pl.col("time_us")
        local = pl.col("time_us") + pl.when(made).then("offset").otherwise(0)
        place = pl.when(made).then("place").fill_null(-1)
        return own.select(
            "row",
            place.reshape((-1, 1)).alias("user.place"),
            pl.when(made).then("language").alias("user.language"),
            pl.when(made).then("device").alias("user.device"),
            local.floordiv(HOUR_US).mod(HOURS).alias("user.hour"),
            (local.floordiv(DAY_US).add(_MONDAY).mod(7) >= 5).alias("user.weekend"),
        )

    def online(self, state: Shared) -> OnlineView:
        """Reads the network."""
        return _Profile(state)


class _Profile(Stateless):
    def __init__(self, state: Shared) -> None:
        self._user, self._language = state.network.user, LanguageCodes(state.network)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, user = batch.requests.columns, self._user
        rows = requests["user_row"]
        local = requests["time_us"] + at(user.utc_offset_min, rows, 0).astype(np.int64) * MINUTE_US
        return {
            "user.place": at(user.place, rows, -1)[:, None],
            "user.language": self._language.codes[at(user.language, rows, -1)],
            "user.device": at(user.device, rows, -1).astype(np.float32),
            "user.hour": (local // HOUR_US % HOURS).astype(np.float32),
            "user.weekend": ((local // DAY_US + _MONDAY) % 7 >= 5).astype(np.float32),
        }


@dataclass(frozen=True)
class Activity:
    """At which local hours the user acted: by the zone that was known when each action happened, UTC without one."""

    name: str = "user.activity"
    entity: str = "request"
    tables: tuple[str, ...] = ("users", "engagements")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("user.activity", "share of the positive actions by local hour", unit="share", width=HOURS),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the actions, each at its hour."""
        row, queries = queries_of(rows, "user_id")
        users = log["users"].select("user_id", "created_us", offset=_OFFSET)
        events = log["engagements"].select("user_id", "time_us")
        events = events.join(users, on="user_id", how="left", maintain_order="left")
        offset = pl.when(pl.col("created_us") <= pl.col("time_us")).then("offset").otherwise(0)
        hour = (pl.col("time_us") + offset).floordiv(HOUR_US).mod(HOURS).cast(pl.Int8)
        chunks = stream(events.select("user_id", "time_us", hour=hour), ["user_id", "time_us", "hour"])
        counts = tally(queries, chunks, np.eye(HOURS, dtype=np.int32))
        return pl.LazyFrame([row, pl.Series(self.name, shares(np.ascontiguousarray(counts.T)))])

    def online(self, state: Shared) -> OnlineView:
        """A counter a user and hour."""
        return _Activity(state)


class _Activity:
    listens: tuple[str, ...] = ("engagements",)

    def __init__(self, state: Shared) -> None:
        self._network = state.network
        self._rows = Columns({"counts": (np.int32, 0, HOURS)})

    def update(self, events: EventBatch) -> None:
        user = self._network.user
        self._rows.resize(len(user))
        _act(events.columns["user_row"], events.time_us, user.created_us, user.utc_offset_min, self._rows.counts)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"user.activity": shares(gathered(self._rows.counts, batch.requests.columns["user_row"]))}

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


@kernel
def _act(users: Any, times: Any, created: Any, offset: Any, counts: Any) -> Any:
    for i in range(len(users)):
        if users[i] >= 0:
            # Tables come one after the other: the account may be here that was made after this action.
            ahead = offset[users[i]] * MINUTE_US if created[users[i]] <= times[i] else 0
            counts[users[i], (times[i] + ahead) // HOUR_US % HOURS] += 1


def _activity_now(batch: CandidateBatch) -> F32:
    """[B] the share at the request's own hour."""
    requests = batch.requests.columns
    now: F32 = np.take_along_axis(requests["user.activity"], requests["user.hour"].astype(np.int64)[:, None], axis=1)
    return now[:, 0]


PROFILE = Profile()
ACTIVITY = Activity()
ACTIVITY_NOW = Derived(
    Feature("user.activity_now", "share of the positive actions at the local hour of the request", unit="share"),
    ("user.activity", "user.hour"),
    _activity_now,
    entity="request",
)
