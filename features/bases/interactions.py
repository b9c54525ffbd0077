"""What a user did to one target of a tweet (its author, its topic), as totals and as strengths that fade.

There is an entry for each pair of user and target. An entry has fields: counts of actions, seconds of dwell, and the
actions whose dwell is known. Each field is kept twice: its total ever, and its strength, an exponentially weighted sum
over UTC days, x_t + 0.955 ewma_{t-1}, as in Twitter's real graph (Kamath et al., RealGraph, UEO 2014). A pair
without an action for 60 days has no strength left. An action that was taken back no longer counts; the seconds of dwell
stay, as the eyes did rest on the tweet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

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
_LONG_AGO = -(2**40)
"""Day of an entry without an action."""


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
        """Each kept group of actions and its place in an entry; seconds of dwell and their number come after them."""
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
        queries = PairQueries.of(own["user_id"].to_numpy(), of_rows(own), own["time_us"].to_numpy())
        total, strength = _filled_rows(queries, self._events(log, of_events), self.groups)
        return pl.LazyFrame([own["row"], *(pl.Series(n, v) for n, v in self.columns(total, strength).items())])

    def _events(self, log: Mapping[str, pl.LazyFrame], target: OfEvents) -> Iterator[Actions]:
        names = ["user_id", "tweet_id", "author_id", "time_us", "action_code", "dwell_ms", "engaged_us"]
        for user, tweet, author, time, code, dwell, engaged in stream(_with_undos(log), names):
            yield Actions(user, target(tweet, author, time), time, code, dwell, engaged)

    def online(self, state: Shared) -> OnlineView:
        """A table of entries."""
        return _Interactions(self, state)


class _Interactions:
    """The entries, and the number of each pair's entry."""

    listens: tuple[str, ...] = ("actions", "undos")

    def __init__(self, view: Interactions, state: Shared) -> None:
        self._view, self._state = view, state
        self._entry = PairTable()
        wide = (np.float64, 0.0, view.width)
        self._entries = Columns({"total": wide, "strength": wide, "day": (np.int64, _LONG_AGO, 0)})

    def update(self, events: EventBatch) -> None:
        c, entries = events.columns, self._entries
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], events.time_us)
        self._entry.reserve(len(events))
        entries.resize(self._entry.size + len(events))
        dwell = c["dwell_ms"] if "dwell_ms" in c else np.full(len(events), NONE, np.int64)
        engaged = c["engaged_us"] if "engaged_us" in c else np.full(len(events), NONE, np.int64)
        actions = Actions(c["user_row"], target, events.time_us, c["action_code"], dwell, engaged)
        kept = Entries(entries.total, entries.strength, entries.day)
        self._entry.size = int(
            _post(self._entry.keys, self._entry.values, self._entry.size, actions, self._view.groups, kept)
        )

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, entries = batch.requests.columns, self._entries
        time, c = requests["time_us"][batch.request], batch.columns
        target = self._view.target.online(self._state, c["tweet_row"], c["author_row"], time)
        total = np.zeros((len(batch), self._view.width), np.float32)
        strength = np.zeros_like(total)
        _read(
            self._entry.keys, self._entry.values, batch.offsets, requests["user_row"], requests["time_us"], target,
            Entries(entries.total, entries.strength, entries.day), total, strength,
        )  # fmt: skip
        return self._view.columns(total, strength)

    def arrays(self) -> Mapping[str, Array]:
        entries = {name: array[: self._entry.size] for name, array in self._entries.arrays().items()}
        return {**{f"entry_{name}": array for name, array in self._entry.arrays().items()}, **entries}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._entry.restore({"keys": arrays["entry_keys"], "values": arrays["entry_values"]})
        self._entries.restore(arrays)


class Entries(NamedTuple):
    """L entries."""

    total: Array
    """[L, width] each field ever."""
    strength: Array
    """[L, width] each field fading, at the end of `day`."""
    day: Array
    """[L] UTC day of the entry's last action."""


class Actions(NamedTuple):
    """E engagements and undos, in order of time."""

    user: Array
    target: Array
    time_us: Array
    code: Array
    """Place of the action in `ACTIONS`."""
    dwell_ms: Array
    """-1 where it is not known."""
    engaged_us: Array
    """Of an undo, the time of the engagement that it takes back; -1 for an engagement."""


def _with_undos(log: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The actions and their undos in order of time; those of one time in the order of tables."""
    columns = ("user_id", "tweet_id", "author_id", "time_us", "action_code")
    actions = log["actions"].select(*columns, "dwell_ms", engaged_us=pl.lit(None, pl.Int64))
    undos = log["undos"].select(*columns, pl.lit(None, pl.Int32).alias("dwell_ms"), "engaged_us").collect()
    if undos.is_empty():
        return actions
    return pl.concat([actions, undos.lazy()]).sort("time_us", maintain_order=True)


def _filled_rows(queries: PairQueries, chunks: Iterator[Actions], groups: Array) -> tuple[F32, F32]:
    """[R, width] totals and strengths of the rows' entries."""
    size, width = (len(queries.time_us), groups.shape[1] + 2)
    total, strength = np.zeros((queries.slots, width)), np.zeros((queries.slots, width))
    entries = Entries(total, strength, np.full(queries.slots, _LONG_AGO, np.int64))
    out = np.zeros((size, width), np.float32), np.zeros((size, width), np.float32)
    done = 0
    for actions in chunks:
        done = _sweep(queries, actions, groups, entries, *out, done)
    _fill(queries, NEVER_US, entries, *out, done)
    return out


@kernel
def _add(entry: Any, actions: Any, i: Any, groups: Any, entries: Any) -> Any:
    """Action `i` into an entry; an undo takes out what is left of its engagement."""
    total, strength = entries.total, entries.strength
    if actions.engaged_us[i] >= 0:
        left = KEEP ** max(entries.day[entry] - actions.engaged_us[i] // DAY_US, 0)
        for field in range(groups.shape[1]):
            total[entry, field] -= groups[actions.code[i], field]
            strength[entry, field] = max(strength[entry, field] - left * groups[actions.code[i], field], 0.0)
        return
    today = actions.time_us[i] // DAY_US
    gap = today - entries.day[entry]
    if gap > 0:
        kept = _KEPT[gap] if gap < FORGET_D else 0.0
        for field in range(strength.shape[1]):
            strength[entry, field] *= kept
        entries.day[entry] = today
    fields, code, dwell = groups.shape[1], actions.code[i], actions.dwell_ms[i]
    for field in range(fields):
        total[entry, field] += groups[code, field]
        strength[entry, field] += groups[code, field]
    if dwell >= 0:
        total[entry, fields] += dwell / _MS
        total[entry, fields + 1] += 1
        strength[entry, fields] += dwell / _MS
        strength[entry, fields + 1] += 1


@kernel
def _copy(entry: Any, time: Any, entries: Any, out_total: Any, out_strength: Any) -> Any:
    """An entry at a time."""
    gap = time // DAY_US - entries.day[entry]
    kept = _KEPT[gap] if gap < FORGET_D else 0.0
    for field in range(entries.total.shape[1]):
        out_total[field] = entries.total[entry, field]
        out_strength[field] = entries.strength[entry, field] * kept


@kernel
def _fill(queries: Any, until: Any, entries: Any, out_total: Any, out_strength: Any, row: Any) -> Any:
    """Fills the rows from `row` on whose time is at most `until`; returns the first row that is left."""
    while row < len(queries.time_us) and queries.time_us[row] <= until:
        if queries.slot[row] != NONE:
            _copy(queries.slot[row], queries.time_us[row], entries, out_total[row], out_strength[row])
        row += 1
    return row


@kernel
def _sweep(
    queries: Any, actions: Any, groups: Any, entries: Any, out_total: Any, out_strength: Any, row: Any
) -> Any:  # fmt: skip
    for i in range(len(actions.time_us)):
        row = _fill(queries, actions.time_us[i], entries, out_total, out_strength, row)
        entry = queries.table[slot_of(queries.table, actions.user[i], actions.target[i]), 2]
        if entry != NONE:
            _add(entry, actions, i, groups, entries)
    return row


@kernel
def _post(keys: Any, values: Any, size: Any, actions: Any, groups: Any, entries: Any) -> Any:
    """Adds actions to the entries of their pairs; returns how many entries there are."""
    for i in range(len(actions.time_us)):
        if actions.user[i] < 0 or actions.target[i] < 0:
            continue
        pair = (np.int64(actions.user[i]) << 32) | np.int64(actions.target[i])
        at = pair_slot(keys, pair)
        if keys[at] == EMPTY:
            keys[at] = pair
            values[at] = size
            size += 1
        _add(values[at], actions, i, groups, entries)
    return size


@kernel
def _read(
    keys: Any, values: Any, offsets: Any, user: Any, time: Any, target: Any, entries: Any,
    out_total: Any, out_strength: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            if user[b] < 0 or target[i] < 0:
                continue
            at = pair_slot(keys, (np.int64(user[b]) << 32) | np.int64(target[i]))
            if keys[at] != EMPTY:
                _copy(values[at], time[b], entries, out_total[i], out_strength[i])
