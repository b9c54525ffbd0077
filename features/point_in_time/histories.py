"""Each user's engagements in order, and how many came before a time: the offline side of histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.kernel import kernel


@dataclass(frozen=True, slots=True)
class Past:
    """Engagements grouped by user, oldest first; row r has seen `begin[r]:end[r]` of them."""

    row: I64
    time_us: I64
    """[R] the rows' times."""
    begin: I64
    end: I64
    events: pl.DataFrame

    def column(self, name: str) -> Array:
        """[E] a column of the engagements; -1 for null."""
        values: Array = self.events[name].fill_null(-1).to_numpy()
        return values


def past(log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame, *columns: str, table: str = "engagements") -> Past:
    """The engagements of the users of `rows`, with `time_us` and `columns`, and how many of them each row has seen.

    With `table` `undos` the same of what they took back.
    """
    own = rows.select("row", "user_id", "time_us").collect()
    events = log[table].select("user_id", "time_us", *columns)
    events = events.join(own.lazy().select("user_id").unique(), on="user_id", how="semi", maintain_order="left")
    grouped = events.sort("user_id", maintain_order=True).collect()
    users, wanted, time_us = (c.to_numpy() for c in (grouped["user_id"], own["user_id"], own["time_us"]))
    begin, end = np.searchsorted(users, wanted, "left"), np.searchsorted(users, wanted, "right")
    _seen(grouped["time_us"].to_numpy(), time_us, begin, end)
    return Past(own["row"].to_numpy(), time_us, begin, end, grouped)


@kernel
def _seen(times: Any, until: Any, begin: Any, end: Any) -> Any:
    """Moves each `end` to the first of its user's events that is not before `until`."""
    for r in range(len(until)):
        end[r] = begin[r] + np.searchsorted(times[begin[r] : end[r]], until[r])
