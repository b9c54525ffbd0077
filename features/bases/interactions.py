"""What a user did to one side of a tweet (its author, its topic), as totals and as strengths that fade.

A ledger keeps a line for each pair of user and side. A line has lanes: counts of actions, seconds of dwell, and the
actions whose dwell is known. Each lane stands twice: its total ever, and its strength, an exponentially weighted sum
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
from data.events import DAY_US, EventBatch
from data.kernel import kernel
from data.schema import ACTIONS
from features.bases.targets import OfEvents, Side
from features.point_in_time.pairs import NONE, Asked, slot_of, stream
from features.state.columns import Columns
from features.state.pairs import EMPTY, PairTable, pair_slot
from features.state.shared import Shared
from features.view import Feature, OnlineView

KEEP = 0.955
"""What is left of a strength after a day: half of it after 15 days."""

FORGET_D = 60
"""Days without an action after which nothing is left."""

_KEPT = KEEP ** np.arange(FORGET_D)
_MS = 1000.0


@dataclass(frozen=True)
class Lane:
    """A feature of a ledger: the sum of some actions' lanes."""

    feature: Feature
    actions: tuple[str, ...]
    """Actions that are counted; empty for dwell."""
    fades: bool = False
    """Its strength, not its total."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """Columns of a pair's line."""

    name: str
    side: Side
    lanes: tuple[Lane, ...]
    dwell: Feature
    """Mean seconds of dwell, smoothed: (sum + 50) / (actions with a dwell + 5)."""
    entity: str = "candidate"
    reads: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """All engagements that count, and what the side reads."""
        return ("actions", *self.side.tables)

    @property
    def features(self) -> tuple[Feature, ...]:
        """One a lane, and the dwell."""
        return (*(lane.feature for lane in self.lanes), self.dwell)

    @cached_property
    def places(self) -> Mapping[tuple[str, ...], int]:
        """Each kept group of actions and its place in a line; seconds of dwell and their number stand after them."""
        return {actions: at for at, actions in enumerate(dict.fromkeys(lane.actions for lane in self.lanes))}

    @cached_property
    def width(self) -> int:
        """Lanes of a line."""
        return len(self.places) + 2

    @cached_property
    def groups(self) -> Array:
        """[actions, groups] 1 where an action belongs to a group of `places`."""
        return np.array([[action in group for group in self.places] for action in ACTIONS], np.float64)

    def columns(self, total: F32, strength: F32) -> dict[str, F32]:
        """The features from lines [N, width]."""
        out = {lane.feature.name: (strength if lane.fades else total)[:, self.places[lane.actions]]
               for lane in self.lanes}  # fmt: skip
        seconds, number = total[:, -2].astype(np.float64), total[:, -1]
        return out | {self.dwell.name: ((seconds + 50.0) / (number + 5.0)).astype(np.float32)}

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """One pass over the actions."""
        own = rows.select("row", "user_id", "tweet_id", "author_id", "time_us", "posted_us").collect()
        own = own if own["time_us"].is_sorted() else own.sort("time_us")
        of_rows, of_events = self.side.offline(log)
        asked = Asked(own["user_id"].to_numpy(), of_rows(own), own["time_us"].to_numpy())
        total, strength = _swept(asked, self._events(log, of_events), self.groups)
        return pl.LazyFrame([own["row"], *(pl.Series(n, v) for n, v in self.columns(total, strength).items())])

    def _events(self, log: Mapping[str, pl.LazyFrame], side: OfEvents) -> Iterator[Sequence[Array]]:
        names = ["user_id", "tweet_id", "author_id", "time_us", "action_code", "dwell_ms"]
        for user, tweet, author, time, code, dwell in stream(log["actions"], names):
            yield user, side(tweet, author, time), time, code, dwell

    def online(self, state: Shared) -> OnlineView:
        """A table of lines."""
        return _Lines(self, state)


class _Lines:
    """`total` and `strength` [lines, width], the `day` of each line's last action, and the line of each pair."""

    listens: tuple[str, ...] = ("actions",)

    def __init__(self, view: Ledger, state: Shared) -> None:
        self._view, self._state = view, state
        self._line = PairTable()
        wide = (np.float64, 0.0, view.width)
        self._lines = Columns({"total": wide, "strength": wide, "day": (np.int64, -(2**40), 0)})

    def update(self, events: EventBatch) -> None:
        c, lines = events.columns, self._lines
        side = self._view.side.online(self._state, c["tweet_row"], c["author_row"], events.time_us)
        self._line.reserve(len(events))
        lines.resize(self._line.size + len(events))
        dwell = c["dwell_ms"] if "dwell_ms" in c else np.full(len(events), NONE, np.int64)
        self._line.size = int(_post(
            self._line.keys, self._line.values, self._line.size, c["user_row"], side, events.time_us, c["action_code"],
            dwell, self._view.groups, lines.total, lines.strength, lines.day,
        ))  # fmt: skip

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        requests, lines = batch.requests.columns, self._lines
        time, c = requests["time_us"][batch.request], batch.columns
        side = self._view.side.online(self._state, c["tweet_row"], c["author_row"], time)
        total = np.zeros((len(batch), self._view.width), np.float32)
        strength = np.zeros_like(total)
        _read(
            self._line.keys, self._line.values, batch.offsets, requests["user_row"], requests["time_us"], side,
            lines.total, lines.strength, lines.day, total, strength,
        )  # fmt: skip
        return self._view.columns(total, strength)

    def arrays(self) -> Mapping[str, Array]:
        lines = {name: array[: self._line.size] for name, array in self._lines.arrays().items()}
        return {**{f"line_{name}": array for name, array in self._line.arrays().items()}, **lines}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._line.restore({"keys": arrays["line_keys"], "values": arrays["line_values"]})
        self._lines.restore(arrays)


def _swept(asked: Asked, events: Iterator[Sequence[Array]], groups: Array) -> tuple[F32, F32]:
    """[R, width] totals and strengths of the rows' lines."""
    size, width = (len(asked.time_us), groups.shape[1] + 2)
    total, strength = np.zeros((asked.slots, width)), np.zeros((asked.slots, width))
    day = np.full(asked.slots, -(2**40), np.int64)
    out = np.zeros((size, width), np.float32), np.zeros((size, width), np.float32)
    done = 0
    for user, side, time, code, dwell in events:
        done = _sweep(
            asked.table, asked.slot, asked.time_us, user, side, time, code, dwell, groups, total, strength, day, *out,
            done,
        )  # fmt: skip
    _answer(asked.slot, asked.time_us, 2**62, total, strength, day, *out, done)
    return out


@kernel
def _add(line: Any, time: Any, code: Any, dwell: Any, groups: Any, total: Any, strength: Any, day: Any) -> Any:
    """One action into a line."""
    today = time // DAY_US
    gap = today - day[line]
    if gap > 0:
        kept = _KEPT[gap] if gap < FORGET_D else 0.0
        for lane in range(strength.shape[1]):
            strength[line, lane] *= kept
        day[line] = today
    lanes = groups.shape[1]
    for lane in range(lanes):
        total[line, lane] += groups[code, lane]
        strength[line, lane] += groups[code, lane]
    if dwell >= 0:
        total[line, lanes] += dwell / _MS
        total[line, lanes + 1] += 1
        strength[line, lanes] += dwell / _MS
        strength[line, lanes + 1] += 1


@kernel
def _copy(line: Any, time: Any, total: Any, strength: Any, day: Any, out_total: Any, out_strength: Any) -> Any:
    """A line as it stands at a moment."""
    gap = time // DAY_US - day[line]
    kept = _KEPT[gap] if gap < FORGET_D else 0.0
    for lane in range(total.shape[1]):
        out_total[lane] = total[line, lane]
        out_strength[lane] = strength[line, lane] * kept


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
    table: Any, slot: Any, moment: Any, user: Any, side: Any, time: Any, code: Any, dwell: Any, groups: Any,
    total: Any, strength: Any, day: Any, out_total: Any, out_strength: Any, row: Any,
) -> Any:  # fmt: skip
    for i in range(len(time)):
        row = _answer(slot, moment, time[i], total, strength, day, out_total, out_strength, row)
        line = table[slot_of(table, user[i], side[i]), 2]
        if line != NONE:
            _add(line, time[i], code[i], dwell[i], groups, total, strength, day)
    return row


@kernel
def _post(
    keys: Any, values: Any, size: Any, user: Any, side: Any, time: Any, code: Any, dwell: Any, groups: Any,
    total: Any, strength: Any, day: Any,
) -> Any:  # fmt: skip
    for i in range(len(time)):
        if user[i] < 0 or side[i] < 0:
            continue
        pair = (np.int64(user[i]) << 32) | np.int64(side[i])
        at = pair_slot(keys, pair)
        if keys[at] == EMPTY:
            keys[at] = pair
            values[at] = size
            size += 1
        _add(values[at], time[i], code[i], dwell[i], groups, total, strength, day)
    return size


@kernel
def _read(
    keys: Any, values: Any, offsets: Any, user: Any, time: Any, side: Any, total: Any, strength: Any, day: Any,
    out_total: Any, out_strength: Any,
) -> Any:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            if user[b] < 0 or side[i] < 0:
                continue
            at = pair_slot(keys, (np.int64(user[b]) << 32) | np.int64(side[i]))
            if keys[at] != EMPTY:
                _copy(values[at], time[b], total, strength, day, out_total[i], out_strength[i])
