"""Loops that slide the windows: uses enter, leave the window for the one before, leave that, and are undone.

Every use is kept in a ring until it has left both windows, and longer where few things happen. Sliding by a step
therefore costs in proportion to the uses that enter and leave, whatever the number of terms, and is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from candidates.trends.cells import cell_at, find_cell, name_of, pointer, take_cell
from candidates.trends.expected import age, begin_hour, hour_at, turn_hour
from candidates.trends.layout import (
    BEFORE,
    EVALUATION,
    F32,
    FIRST,
    FRESH,
    FRESH_PREVIOUS,
    HEAD,
    HELD,
    HOUR,
    HOUR_PEAK,
    HOUR_USES,
    I32,
    IS_ESTABLISHED,
    IS_FRESH,
    IS_UNDONE,
    LAST,
    LOG_PERSON,
    LOG_STEP,
    NOTED,
    NOW,
    PLACE,
    PREVIOUS,
    SHORTENED,
    SKETCH,
    SWEPT,
    TAIL,
    TOTAL,
    TOUCHED,
    VOLUME,
    WINDOW,
    Tables,
    mixed,
)
from candidates.trends.people import TURN, drop_people, see, start_sketch, store_person, sweep, take_back
from data.batch import I64, Mask
from data.kernel import inline_kernel, kernel

_FLAGS = 3
_SHIFT = np.uint64(32)
_LONG_GAP_H = 400


@kernel
def add_uses(t: Tables, steps: I64, keys: I64, places: I64, people: I64, established: Mask, sizes: I64) -> None:
    """Takes N uses in their order; one that comes late counts for the step now.

    Args:
        t: the tables.
        steps: [N] when.
        keys: [N] what term.
        places: [N, 3] rows of the world, the country and the place; -1 where there is none.
        people: [N] ids.
        established: [N] whether the account may make trends; others are counted in the volume alone.
        sizes: [7] steps of the window, of the memory of first uses, of the long-run memory, an hour, of what is kept
            at most; the uses kept beyond both windows at most; and the fresh uses that make a cell worth a look.
    """
    span, memory = sizes[0], sizes[1]
    info, log, state = t.info, t.log, t.state
    last = len(log) - 1
    now = state[NOW]
    hour = hour_at(t, now, sizes[3])
    for at in range(len(steps)):
        if steps[at] > now:
            slide(t, steps[at], sizes)
            now = steps[at]
            hour = hour_at(t, now, sizes[3])
        person = np.int32(np.uint32(mixed(people[at]) >> _SHIFT))
        flags = _flags(t.recent, keys[at], person, now, span) if established[at] else 0
        row = state[HEAD] & last
        state[HEAD] += 1
        log[row, LOG_PERSON] = person
        log[row, LOG_STEP] = (now << _FLAGS) | flags
        for level in range(3):
            place = places[at, level]
            if place < 0:
                log[row, level] = -1
                continue
            name = name_of(keys[at], place)
            cell = find_cell(t.slots, name)
            if cell < 0:
                cell = take_cell(t, name, keys[at], place)
            log[row, level] = pointer(info, cell)
            _enter(info, cell, now, memory, flags & IS_FRESH)
            if flags & IS_FRESH:
                t.place_now[place] += 1
                if info[cell, HOUR] != hour:
                    begin_hour(t, cell, hour)
                info[cell, HOUR_USES] += 1
                info[cell, HOUR_PEAK] = max(info[cell, HOUR_PEAK], info[cell, FRESH])
            if flags & IS_ESTABLISHED:
                sketch = np.int64(info[cell, SKETCH])
                if sketch >= 0:
                    see(t, sketch, person, now)
                elif not store_person(info, t.store, cell, person, now, span):
                    start_sketch(t, cell, person)
                if info[cell, TOUCHED] != state[EVALUATION] and info[cell, FRESH] >= sizes[6]:
                    info[cell, TOUCHED] = state[EVALUATION]
                    t.noted[state[NOTED]] = cell
                    state[NOTED] += 1
        if state[HEAD] - state[TAIL] > last:
            _make_room(t, float(sizes[2]))


@kernel
def _enter(info: I32, cell: Any, now: Any, memory: Any, fresh: Any) -> None:
    if info[cell, LAST] < now - memory:
        info[cell, FIRST] = now
    info[cell, LAST] = now
    info[cell, VOLUME] += 1
    info[cell, FRESH] += fresh
    info[cell, TOTAL] += fresh


@inline_kernel
def _recent_at(recent: I32, key: Any, person: Any) -> Any:
    """Row and tag of a term and the hash of a person."""
    pair = mixed(np.int64(mixed(key)) ^ np.int64(person))
    return np.int64(pair) & (len(recent) - 1), np.int32(np.uint32(pair >> _SHIFT))


@kernel
def _flags(recent: I32, key: Any, person: Any, now: Any, span: Any) -> Any:
    """Flags of a use by an established account: fresh where none of the person's was counted in a window's length.

    A table of fixed size remembers what was counted: where it forgot, a repeat counts again.
    """
    row, tag = _recent_at(recent, key, person)
    if recent[row, 0] == tag and recent[row, 1] > max(now - span + 1, 0):
        return IS_ESTABLISHED
    recent[row, 0] = tag
    recent[row, 1] = now + 1
    return IS_ESTABLISHED | IS_FRESH


@kernel
def slide(t: Tables, step: Any, sizes: I64) -> None:
    """Goes on to a later step."""
    span, discount, an_hour = sizes[0], float(sizes[2]), sizes[3]
    hour, ends = hour_at(t, t.state[NOW], an_hour), hour_at(t, step, an_hour)
    if ends - hour > _LONG_GAP_H:
        hour = ends - _LONG_GAP_H
    while hour < ends:
        turn_hour(t, hour)
        hour += 1
    while t.state[WINDOW] < t.state[HEAD] and _step_of(t.log, t.state[WINDOW]) <= step - span:
        _leave_window(t, t.info, t.log, t.state)
    while t.state[BEFORE] < t.state[WINDOW] and _step_of(t.log, t.state[BEFORE]) <= step - 2 * span:
        _leave_before(t.info, t.log, t.aged, t.state, 2 * span, discount)
    t.state[NOW] = step
    while t.state[TAIL] < t.state[BEFORE] and (
        _step_of(t.log, t.state[TAIL]) <= step - sizes[4] or t.state[HEAD] - t.state[TAIL] > sizes[5]
    ):
        t.state[TAIL] += 1
    if step - t.state[SWEPT] >= TURN // 2:
        sweep(t, span)
        t.state[SWEPT] = step


@kernel
def _step_of(log: I32, position: Any) -> Any:
    return np.int64(log[position & (len(log) - 1), LOG_STEP]) >> _FLAGS


@kernel
def _leave_window(t: Tables, info: I32, log: I32, state: I64) -> None:
    """The oldest use in the window becomes one of the window before."""
    row = state[WINDOW] & (len(log) - 1)
    state[WINDOW] += 1
    flags = log[row, LOG_STEP]
    if flags & IS_UNDONE:
        return
    fresh = flags & IS_FRESH
    for level in range(3):
        cell = cell_at(info, log[row, level])
        if cell < 0:
            continue
        info[cell, VOLUME] -= 1
        info[cell, PREVIOUS] += 1
        info[cell, FRESH] -= fresh
        info[cell, FRESH_PREVIOUS] += fresh
        if info[cell, VOLUME] == 0:
            info[cell, HELD] = 0
            if info[cell, SKETCH] >= 0:
                drop_people(t, cell)


@kernel
def _leave_before(info: I32, log: I32, aged: F32, state: I64, late: Any, discount: Any) -> None:
    """The oldest use in the window before joins what the long-run rate is made of, `late` steps after it was made."""
    row = state[BEFORE] & (len(log) - 1)
    state[BEFORE] += 1
    flags = log[row, LOG_STEP]
    if flags & IS_UNDONE:
        return
    fresh = flags & IS_FRESH
    for level in range(3):
        cell = cell_at(info, log[row, level])
        if cell < 0:
            continue
        info[cell, PREVIOUS] -= 1
        info[cell, FRESH_PREVIOUS] -= fresh
        if fresh:
            age(info, aged, cell, (flags >> _FLAGS) + late, discount)
            aged[cell] += 1.0


@kernel
def _make_room(t: Tables, discount: Any) -> None:
    """The log is full: its oldest use leaves early, whatever window it is in."""
    if t.state[TAIL] == t.state[BEFORE]:
        if t.state[BEFORE] == t.state[WINDOW]:
            t.state[SHORTENED] += 1
            _leave_window(t, t.info, t.log, t.state)
        _leave_before(t.info, t.log, t.aged, t.state, 0, discount)
    t.state[TAIL] += 1


@kernel
def undo_uses(t: Tables, positions: I64, steps_an_hour: Any) -> None:
    """Takes back the uses at [N] positions of the log, once each; those that the log dropped are left as they are.

    A person whose use that counted was undone may be counted again: who deletes a tweet and writes it anew is heard.
    """
    for at in range(len(positions)):
        position = positions[at]
        if position < t.state[TAIL] or position >= t.state[HEAD]:
            continue
        row = position & (len(t.log) - 1)
        flags = t.log[row, LOG_STEP]
        if flags & IS_UNDONE:
            continue
        t.log[row, LOG_STEP] = flags | IS_UNDONE
        for level in range(3):
            cell = cell_at(t.info, t.log[row, level])
            if cell >= 0:
                if flags & IS_FRESH:
                    _forget(t, cell, flags >> _FLAGS, t.log[row, LOG_PERSON], steps_an_hour)
                _undo(t, cell, position, flags, t.log[row, LOG_PERSON])


@kernel
def _forget(t: Tables, cell: Any, step: Any, person: Any, steps_an_hour: Any) -> None:
    """Takes a fresh use of `step` out of its hour, of its place's hour, and of whom is remembered to have used it."""
    hour = hour_at(t, step, steps_an_hour)
    if t.info[cell, HOUR] == hour and t.info[cell, HOUR_USES] > 0:
        t.info[cell, HOUR_USES] -= 1
    place = t.info[cell, PLACE]
    if hour == hour_at(t, t.state[NOW], steps_an_hour) and t.place_now[place] > 0:
        t.place_now[place] -= 1
    row, tag = _recent_at(t.recent, t.key[cell], person)
    if t.recent[row, 0] == tag and t.recent[row, 1] == step + 1:
        t.recent[row, 1] = 0


@kernel
def _undo(t: Tables, cell: Any, position: Any, flags: Any, person: Any) -> None:
    fresh = 1 if flags & IS_FRESH else 0
    t.info[cell, TOTAL] -= fresh
    if position >= t.state[WINDOW]:
        t.info[cell, VOLUME] -= 1
        t.info[cell, FRESH] -= fresh
        take_back(t, cell, person, flags >> _FLAGS)
        if t.info[cell, VOLUME] == 0:
            drop_people(t, cell)
    elif position >= t.state[BEFORE]:
        t.info[cell, PREVIOUS] -= 1
        t.info[cell, FRESH_PREVIOUS] -= fresh
    elif fresh:
        t.aged[cell] = max(0.0, t.aged[cell] - 1.0)
