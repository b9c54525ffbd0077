"""How many uses are no news: a term's long-run rate, the rhythm of its place, and its own hours of the week.

The expectation of a window is

    rate x rhythm,    rate = (A + a) / (E + b),

where A sums a term's fresh uses older than two windows, each discounted by exp(-age / `memory`), E is the sum that one
use a window would have by now, and a / b is the prior of a term that nothing is known of. The rhythm is the activity
of the place at this hour of the week beside its mean. Where a term has hours of its own (a weekly hashtag), the
expectation is at least what a window then held in the weeks before: the lower bounds, at `doubt` standard deviations
of a Poisson count, of the hour's mean and of its highest window. Terms that only vary by chance stay below these.

What is known of hours outlives the term's cell: a table of fixed size keeps it by term, place and hour of the week.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from candidates.trends.layout import (
    AGED,
    F32,
    HOUR,
    HOUR_PEAK,
    HOUR_USES,
    I32,
    NOW,
    ORIGIN_HOUR,
    ORIGIN_STEP,
    PLACE,
    Tables,
    mixed,
)
from data.batch import F64, I64
from data.kernel import inline_kernel, kernel

WEEK_H = 168
WEEKLY = 0.5
"""Weight of the newest week in what is kept of an hour of the week."""
LEAST_HOUR = 3
"""Fresh uses in an hour that are worth keeping."""
_PROBES = 8
_NEAR = 1.0 / 6.0
"""Part of an hour before its end within which the next hour counts too, and after its start the one before."""


@inline_kernel
def hour_at(t: Tables, step: Any, steps_an_hour: Any) -> Any:
    """The hour since 1970 in which a step lies."""
    return t.state[ORIGIN_HOUR] + (step + t.state[ORIGIN_STEP]) // steps_an_hour


@kernel
def _season_key(name: Any, hour: Any) -> Any:
    key = np.int64(mixed(np.int64(name) + np.int64(hour % WEEK_H) * 0x1F123BB5))
    return key if key != 0 else np.int64(1)


@kernel
def keep_hour(t: Tables, cell: Any) -> None:
    """Moves the finished hour of a cell into the table of seasons, when it held enough."""
    uses = t.info[cell, HOUR_USES]
    hour = np.int64(t.info[cell, HOUR])
    t.info[cell, HOUR_USES] = 0
    if hour < 0 or uses < LEAST_HOUR:
        return
    key = _season_key(t.name[cell], hour)
    week = hour // WEEK_H
    row = _season_row(t, key)
    if t.season_key[row] != key:
        t.season_key[row] = key
        t.season[row, 0] = 0.0
        t.season[row, 1] = 0.0
        t.season[row, 2] = week - 1
    # Weeks that were watched without this hour count as empty ones: the newest has weight 0.5, the one before 0.25, ...
    watched = (hour - t.state[ORIGIN_HOUR]) // WEEK_H + 1
    weight = WEEKLY / (1.0 - (1.0 - WEEKLY) ** watched)
    missed = week - np.int64(t.season[row, 2]) - 1
    old = 1.0 if missed < 0 else (1.0 - weight) * (1.0 - WEEKLY) ** float(missed)  # below 0: a second part of the hour
    t.season[row, 0] = old * t.season[row, 0] + weight * uses
    t.season[row, 1] = old * t.season[row, 1] + weight * t.info[cell, HOUR_PEAK]
    t.season[row, 2] = week


@kernel
def _season_row(t: Tables, key: Any) -> Any:
    """The row of a key, else an empty one, else that of the smallest count among those where it may lie."""
    last = len(t.season_key) - 1
    start = key & last
    best = start
    for probe in range(_PROBES):
        row = (start + probe) & last
        if t.season_key[row] == key or t.season_key[row] == 0:
            return row
        if t.season[row, 0] < t.season[best, 0]:
            best = row
    return best


@kernel
def _season_of(t: Tables, name: Any, hour: Any, doubt: Any, windows_an_hour: Any) -> Any:
    """Uses a window that an hour had in the weeks before: the larger of two lower bounds, 0 where nothing is kept."""
    key = _season_key(name, hour)
    row = _season_row(t, key)
    if t.season_key[row] != key:
        return 0.0
    missed = hour // WEEK_H - np.int64(t.season[row, 2]) - 1
    if missed < 0:
        return 0.0  # what goes on at this moment is no reason to expect it
    kept = (1.0 - WEEKLY) ** float(missed)
    mean, peak = kept * t.season[row, 0], kept * t.season[row, 1]
    return max(
        (mean - doubt * math.sqrt(mean)) / windows_an_hour,
        peak - doubt * math.sqrt(max(peak, 1.0) * 2.0 * math.log(2.0 * windows_an_hour)),
        0.0,
    )


@kernel
def age(info: I32, aged: F32, cell: Any, now: Any, memory: Any) -> None:
    """Discounts a cell's long-run sum up to a step; `memory` is in steps."""
    passed = now - info[cell, AGED]
    if passed > 0:
        aged[cell] *= math.exp(-passed / memory)
        info[cell, AGED] = now


@kernel
def expect(t: Tables, cells: I64, rhythm: F64, numbers: F64, recent: F64, seasonal: F64) -> None:
    """Fills [H] `recent` (rate x rhythm) and `seasonal` (with the term's own hours) for [H] cells.

    Args:
        t: the tables.
        cells: rows.
        rhythm: [P] activity of each place now beside its mean.
        numbers: [7] window and memory in steps, steps an hour, prior uses, prior windows, least expectation, doubt.
        recent: written.
        seasonal: written.
    """
    span, memory, an_hour, prior, windows, least, doubt = numbers
    now = t.state[NOW]
    exposure = memory / span * (1.0 - math.exp(-max(now - 2.0 * span, 0.0) / memory))
    hour = hour_at(t, now, np.int64(an_hour))
    part = ((now + t.state[ORIGIN_STEP]) % np.int64(an_hour)) / an_hour
    for at in range(len(cells)):
        cell = cells[at]
        if t.info[cell, HOUR] != hour:
            keep_hour(t, cell)
        age(t.info, t.aged, cell, now, memory)
        rate = (t.aged[cell] + prior) / (exposure + windows)
        recent[at] = max(rate * rhythm[t.info[cell, PLACE]], least)
        known = _season_of(t, t.name[cell], hour, doubt, an_hour / span)
        if part < _NEAR:
            known = max(known, _season_of(t, t.name[cell], hour - 1, doubt, an_hour / span))
        if part > 1.0 - _NEAR:
            known = max(known, _season_of(t, t.name[cell], hour + 1, doubt, an_hour / span))
        seasonal[at] = max(recent[at], known)


@kernel
def begin_hour(t: Tables, cell: Any, hour: Any) -> None:
    """The first fresh use of a cell in an hour."""
    keep_hour(t, cell)
    t.info[cell, HOUR] = hour
    t.info[cell, HOUR_PEAK] = 0


@kernel
def turn_hour(t: Tables, hour: Any) -> None:
    """Ends an hour for all places: adds what was counted to its hour of the week."""
    of_week = hour % WEEK_H
    for place in range(len(t.place_now)):
        for part in range(2):
            t.place_hours[place, of_week, part] *= 1.0 - WEEKLY
        t.place_hours[place, of_week, 0] += t.place_now[place]
        t.place_hours[place, of_week, 1] += 1.0
        t.place_now[place] = 0
