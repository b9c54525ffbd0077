"""What a user did to one target of a tweet (its author, its topic), as totals and as strengths that fade.

There is an entry for each pair of user and target. An entry has fields: counts of actions, seconds of dwell, and the
actions whose dwell is known. Each field is kept twice: its total ever, and its strength, an exponentially weighted sum
over UTC days, x_t + 0.955 ewma_{t-1}, as in Twitter's real graph (Kamath et al., RealGraph, UEO 2014). A pair
without an action for 60 days has no strength left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, Array, CandidateBatch
from data.events import DAY_US, NEVER_US, EventBatch
from data.kernel import kernel
from data.schema import ACTIONS
from features.bases.targets import OfEvents, Target
from features.point_in_time.pairs import NONE, PairQueries, slot_of, stream
from features.shared import Shared
from features.state.columns import Columns
from features.state.pairs import EMPTY, PairTable, pair_slot
from features.view import Feature, OnlineView

KEEP = 0.955
"""What is left of a strength after a day: half of it after 15 days."""

FORGET_D = 60
"""Days without an action after which nothing is left."""

_KEPT = KEEP ** np.arange(FORGET_D)
_MS = 1000.0


@dataclass(frozen=True)
class Aggregate:
    """A feature of interactions: how many of some actions."""

    feature: Feature
    actions: tuple[str, ...]
    """Actions that are counted; empty for dwell."""
    fades: bool = False
    """Its strength, not its total."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Columns of a pair's entry."""

    name: str
    target: Target
    aggregates: tuple[Aggregate, ...]
    dwell: Feature
    """Mean seconds of dwell, smoothed: (sum + 50) / (actions with a dwell + 5)."""
    entity: str = "candidate"
    reads: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """All engagements that count, and what the target reads."""
        return ("actions", *self.target.tables)

    @property
    def features(self) -> tuple[Feature, ...]:
        """One for each aggregate, and the dwell."""
        return (*(one.feature for one in self.aggregates), self.dwell)

    @cached_property
    def places(self) -> Mapping[tuple[str, ...], int]:
        """Each kept group of actions and its place in an entry; seconds of dwell and their number stand after them."""
        return {actions: at for at, actions in enumerate(dict.fromkeys(one.actions for one in self.aggregates))}

    @cached_property
    def width(self) -> int:
        """Fields of an entry."""
        return len(self.places) + 2

    @cached_property
    def groups(self) -> Array:
        """[actions, groups] 1 where an action belongs to a group of `places`."""
        return np.array([[action in group for group in self.places] for action in ACTIONS], np.float64)

    def columns(self, total: F32, strength: F32) -> dict[str, F32]:
        """The features from entries [N, width]."""
        out = {one.feature.name: (strength if one.fades else total)[:, self.places[one.actions]]
               for one in self.aggregates}  # fmt: skip
        seconds, number = total[:, -2].astype(np.float64), total[:, -1]
        return out | {self.dwell.name: ((seconds + 50.0) / (number + 5.0)).astype(np.float32)}

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the actions."""
        own = rows.select("row", "user_id", "tweet_id", "author_id", "time_us", "posted_us").collect()
        own = own if own["time_us"].is_sorted() else own.sort("time_us")
        of_rows, of_events = self.target.offline(log)
        queries = PairQueries(own["user_id"].to_numpy(), of_rows(own), own["time_us"].to_numpy())
        total, strength = _swept(queries, self._events(log, of_events), self.groups)
        return pl.LazyFrame([own["row"], *(pl.Series(n, v) for n, v in self.columns(total, strength).items())])

    def _events(self, log: Mapping[str, pl.LazyFrame], target: OfEvents) -> Iterator[Sequence[Array]]:
        names = ["user_id", "tweet_id", "author_id", "time_us", "action_code", "dwell_ms"]
        for user, tweet, author, time, code, dwell in stream(log["actions"], names):
            yield user, target(tweet, author, time), time, code, dwell

    def online(self, state: Shared) -> OnlineView:
        """A table of entries."""
        return _Interactions(self, state)


class _Interactions:
    """`total` and `strength` [entries, width], the `day` of each entry's last action, and the entry of each pair."""

    listens: tuple[str, ...] = ("actions",)

    def __init__(self, view: Interactions, state: Shared) -> None:
        self._view, self._state = view, state
        self._entry = PairTable()
        wide = (np.float64, 0.0, view.width)
        self._entries = Columns({"total": wide, "strength": wide, "day": (np.int64, -(2**40), 0)})

    def update(self, events: EventBatch) -> None:
        c, entries = events.columns, self._entries
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], events.time_us)
        self._entry.reserve(len(events))
        entries.resize(self._entry.size + len(events))
        dwell = c["dwell_ms"] if "dwell_ms" in c else np.full(len(events), NONE, np.int64)
        self._entry.size = int(_post(
            self._entry.keys, self._entry.values, self._entry.size, c["user_row"], target, events.time_us,
            c["action_code"], dwell, self._view.groups, entries.total, entries.strength, entries.day,
        ))  # fmt: skip

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, entries = batch.requests.columns, self._entries
        time, c = requests["time_us"][batch.request], batch.columns
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], time)
        total = np.zeros((len(batch), self._view.width), np.float32)
        strength = np.zeros_like(total)
        _read(
            self._entry.keys, self._entry.values, batch.offsets, requests["user_row"], requests["time_us"], target,
            entries.total, entries.strength, entries.day, total, strength,
        )  # fmt: skip
        return self._view.columns(total, strength)

    def arrays(self) -> Mapping[str, Array]:
        entries = {name: array[: self._entry.size] for name, array in self._entries.arrays().items()}
        return {**{f"entry_{name}": array for name, array in self._entry.arrays().items()}, **entries}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._entry.restore({"keys": arrays["entry_keys"], "values": arrays["entry_values"]})
        self._entries.restore(arrays)


def _swept(queries: PairQueries, events: Iterator[Sequence[Array]], groups: Array) -> tuple[F32, F32]:
    """[R, width] totals and strengths of the rows' entries."""
    size, width = (len(queries.time_us), groups.shape[1] + 2)
    total, strength = np.zeros((queries.slots, width)), np.zeros((queries.slots, width))
    day = np.full(queries.slots, -(2**40), np.int64)
    out = np.zeros((size, width), np.float32), np.zeros((size, width), np.float32)
    done = 0
    for user, target, time, code, dwell in events:
        done = _sweep(
            queries.table, queries.slot, queries.time_us, user, target, time, code, dwell, groups, total, strength, day,
            *out, done,
        )  # fmt: skip
    _answer(queries.slot, queries.time_us, NEVER_US, total, strength, day, *out, done)
    return out


@kernel
def _add(entry: Any, time: Any, code: Any, dwell: Any, groups: Any, total: Any, strength: Any, day: Any) -> Any:
    """One action into an entry."""
    today = time // DAY_US
    gap = today - day[entry]
    if gap > 0:
        kept = _KEPT[gap] if gap < FORGET_D else 0.0
        for field in range(strength.shape[1]):
            strength[entry, field] *= kept
        day[entry] = today
    fields = groups.shape[1]
    for field in range(fields):
        total[entry, field] += groups[code, field]
        strength[entry, field] += groups[code, field]
    if dwell >= 0:
        total[entry, fields] += dwell / _MS
        total[entry, fields + 1] += 1
        strength[entry, fields] += dwell / _MS
        strength[entry, fields + 1] += 1


@kernel
def _copy(entry: Any, time: Any, total: Any, strength: Any, day: Any, out_total: Any, out_strength: Any) -> Any:
    """An entry as it stands at a moment."""
    gap = time // DAY_US - day[entry]
    kept = _KEPT[gap] if gap < FORGET_D else 0.0
    for field in range(total.shape[1]):
        out_total[field] = total[entry, field]
        out_strength[field] = strength[entry, field] * kept


@kernel
def _answer(
    slot: Any, moment: Any, until: Any, total: Any, strength: Any, day: Any, out_total: Any, out_strength: Any, row: Any
) -> Any:  # fmt: skip
    while row < len(moment) and moment[row] <= until:
        if slot[row] != NONE:
            _copy(slot[row], moment[row], total, strength, day, out_total[row], out_strength[row])
        row += 1
    return row


@kernel
def _sweep(
    table: Any, slot: Any, moment: Any, user: Any, target: Any, time: Any, code: Any, dwell: Any, groups: Any,
    total: Any, strength: Any, day: Any, out_total: Any, out_strength: Any, row: Any,
) -> Any:  # fmt: skip
    for i in range(len(time)):
        row = _answer(slot, moment, time[i], total, strength, day, out_total, out_strength, row)
        entry = table[slot_of(table, user[i], target[i]), 2]
        if entry != NONE:
            _add(entry, time[i], code[i], dwell[i], groups, total, strength, day)
    return row


@kernel
def _post(
    keys: Any, values: Any, size: Any, user: Any, target: Any, time: Any, code: Any, dwell: Any, groups: Any,
    total: Any, strength: Any, day: Any,
) -> Any:  # fmt: skip
    for i in range(len(time)):
        if user[i] < 0 or target[i] < 0:
            continue
        pair = (np.int64(user[i]) << 32) | np.int64(target[i])
        at = pair_slot(keys, pair)
        if keys[at] == EMPTY:
            keys[at] = pair
            values[at] = size
            size += 1
        _add(values[at], time[i], code[i], dwell[i], groups, total, strength, day)
    return size


@kernel
def _read(
    keys: Any, values: Any, offsets: Any, user: Any, time: Any, target: Any, total: Any, strength: Any, day: Any,
    out_total: Any, out_strength: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            if user[b] < 0 or target[i] < 0:
                continue
            at = pair_slot(keys, (np.int64(user[b]) << 32) | np.int64(target[i]))
            if keys[at] != EMPTY:
                _copy(values[at], time[b], total, strength, day, out_total[i], out_strength[i])
