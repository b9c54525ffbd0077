"""The table of cells: one term at one place each, found by hash, a fixed number of them.

When all rows are taken, a new term takes the row of the least used among eight neighbours. A flood of terms that are
used once therefore turns out terms that were used once, and what many people use stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from candidates.trends.expected import keep_hour
from candidates.trends.layout import (
    AGED,
    CELL_BITS,
    CELL_COLUMNS,
    CELLS,
    EVICTED,
    FIRST,
    GENERATION,
    HAND,
    HOUR,
    I32,
    LAST,
    NOW,
    PLACE,
    PREVIOUS,
    SKETCH,
    TOUCHED,
    VOLUME,
    Tables,
    mixed,
)
from candidates.trends.people import drop_people
from data.batch import I64
from data.kernel import inline_kernel, kernel

_NEIGHBOURS = 8
_GENERATIONS = 256
_SHIFT = np.uint64(20)


@kernel
def name_of(key: Any, place: Any) -> Any:
    """The int64 hash, never 0, of a term at a place."""
    name = np.int64(mixed(np.int64(mixed(key)) ^ np.int64(place + 1)))
    return name if name != 0 else np.int64(1)


@inline_kernel
def pointer(info: I32, cell: Any) -> Any:
    """What the log keeps of a cell: its row and for which of its terms that is meant."""
    return cell | (np.int64(info[cell, GENERATION]) << CELL_BITS)


@inline_kernel
def cell_at(info: I32, pointed: Any) -> Any:
    """The row that a pointer means, -1 where there is none or it holds another term since."""
    cell = np.int64(pointed) & ((1 << CELL_BITS) - 1)
    if pointed < 0 or info[cell, GENERATION] != np.int64(pointed) >> CELL_BITS:
        cell = np.int64(-1)
    return cell


@inline_kernel
def _first_slot(slots: I64, name: Any) -> Any:
    return np.int64(np.uint64(name) >> _SHIFT) & (len(slots) - 1)


@kernel
def find_cell(slots: I64, name: Any) -> Any:
    """The row of a name, -1 when it has none."""
    slot = _first_slot(slots, name)
    while slots[slot, 0] != 0:
        if slots[slot, 0] == name:
            return slots[slot, 1]
        slot = (slot + 1) & (len(slots) - 1)
    return np.int64(-1)


@kernel
def take_cell(t: Tables, name: Any, key: Any, place: Any) -> Any:
    """A row for a term at a place that has none."""
    if t.state[CELLS] < len(t.key):
        cell = t.state[CELLS]
        t.state[CELLS] += 1
    else:
        cell = _least_used(t)
        _clear(t, cell)
    slot = _first_slot(t.slots, name)
    while t.slots[slot, 0] != 0:
        slot = (slot + 1) & (len(t.slots) - 1)
    t.slots[slot, 0] = name
    t.slots[slot, 1] = cell
    t.name[cell] = name
    t.key[cell] = key
    t.aged[cell] = 0.0
    t.info[cell, SKETCH] = -1
    t.info[cell, PLACE] = place
    t.info[cell, FIRST] = t.state[NOW]
    t.info[cell, LAST] = t.state[NOW]
    t.info[cell, AGED] = t.state[NOW]
    t.info[cell, HOUR] = -1
    return cell


@kernel
def _least_used(t: Tables) -> Any:
    best = t.state[HAND]
    least = np.int64(1) << 62
    for _ in range(_NEIGHBOURS):
        cell = t.state[HAND]
        t.state[HAND] = (cell + 1) % len(t.key)
        uses = np.int64(t.info[cell, VOLUME]) + t.info[cell, PREVIOUS]
        rank = (uses << 32) + t.info[cell, LAST]
        if rank < least:
            best, least = cell, rank
    return best


@kernel
def _clear(t: Tables, cell: Any) -> None:
    """Empties a row; what it learned about hours stays in the table of seasons."""
    keep_hour(t, cell)
    drop_people(t, cell)
    _remove(t, t.name[cell])
    generation, touched = (t.info[cell, GENERATION] + 1) % _GENERATIONS, t.info[cell, TOUCHED]
    for column in range(CELL_COLUMNS):
        t.info[cell, column] = 0
    t.info[cell, GENERATION] = generation
    t.info[cell, TOUCHED] = touched  # a row is noted once an evaluation, whatever it holds
    t.name[cell] = 0
    t.state[EVICTED] += 1


@kernel
def _remove(t: Tables, name: Any) -> None:
    """Takes a name out and moves those behind it up, so that no search ends too early (Knuth, algorithm 6.4R)."""
    last = len(t.slots) - 1
    slot = _first_slot(t.slots, name)
    while t.slots[slot, 0] != name:
        slot = (slot + 1) & last
    hole = slot
    while True:
        slot = (slot + 1) & last
        other = t.slots[slot, 0]
        if other == 0:
            break
        home = _first_slot(t.slots, other)
        if ((slot - home) & last) >= ((slot - hole) & last):
            t.slots[hole, 0] = other
            t.slots[hole, 1] = t.slots[slot, 1]
            hole = slot
    t.slots[hole, 0] = 0
