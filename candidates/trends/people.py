"""How many people used a term in a window that slides: exact for a few, HyperLogLog for more.

A cell keeps up to `STORE` people with the step of their last use, which counts them exactly. The next person turns
the store into a sketch of 256 registers that remembers for every register and every rank when that rank was last
seen. The register of a window is the highest rank seen in it, so that a sketch slides as exactly as if a HyperLogLog
were built from the window's uses alone (after Chabchoub & Hebrail, "Sliding HyperLogLog", 2010, who keep the times of
possible maxima). Its standard error is 1.04 / sqrt(256) = 6.5%. The estimate is the improved one of Ertl, "New
cardinality estimation algorithms for HyperLogLog sketches", 2017, which needs no correction at either end.

Sketches are few. When none is left, a cell with more uses takes that of a cell with fewer, whose count is then a
lower bound.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from candidates.trends.layout import (
    FREE_SKETCHES,
    HELD,
    I32,
    NOW,
    RANKS,
    REGISTERS,
    SKETCH,
    SKETCH_HAND,
    SKETCHES,
    STOLEN,
    STORE,
    VOLUME,
    Tables,
)
from data.kernel import inline_kernel, kernel

_BITS = np.uint32(24)
_REST = np.uint32(0xFFFFFF)
_TOP = np.uint32(1 << 23)
_ONE = np.uint32(1)
_ALPHA = 0.5 / math.log(2.0)
_PROBES = 4
TURN = 1 << 15
"""Steps after which a time in a sketch would look like a later one; `sweep` comes at least twice as often."""


@inline_kernel
def stamp(step: Any) -> Any:
    """A step as a sketch keeps it: 1 to TURN."""
    return step % TURN + 1


@kernel
def rank_of(person: Any) -> Any:
    """The rank (1 to 25) that a 32-bit hash gives its register: leading zeros of its lower 24 bits, and one."""
    rest = np.uint32(person) & _REST
    bit = _TOP
    rank = 1
    while rank < RANKS and rest & bit == 0:
        rank += 1
        bit >>= _ONE
    return rank


@kernel
def see(t: Tables, row: Any, person: Any, step: Any) -> None:
    """Marks a use by `person` at a step in a sketch."""
    rank = rank_of(person)
    t.sketches[row, rank - 1, np.int64(np.uint32(person) >> _BITS)] = stamp(step)
    t.top[row] = max(t.top[row], rank)


@kernel
def _empty(t: Tables, row: Any) -> None:
    t.sketches[row, : t.top[row]] = 0
    t.top[row] = 0


@kernel
def store_person(info: I32, store: I32, cell: Any, person: Any, now: Any, span: Any) -> Any:
    """Notes a use in the exact store of a cell; False when it is full of others, who all used the term in the window.

    People whose last use has left the window give up their places.
    """
    held = np.int64(info[cell, HELD])
    at = 0
    while at < held:
        if store[cell, at] == person:
            store[cell, STORE + at] = now
            info[cell, HELD] = held
            return True
        if store[cell, STORE + at] <= now - span:
            held -= 1
            store[cell, at] = store[cell, held]
            store[cell, STORE + at] = store[cell, STORE + held]
        else:
            at += 1
    if held == STORE:
        return False
    store[cell, held] = person
    store[cell, STORE + held] = now
    info[cell, HELD] = held + 1
    return True


@kernel
def start_sketch(t: Tables, cell: Any, person: Any) -> None:
    """Turns the full store of a cell into a sketch with one person more; without one, its oldest person makes room."""
    now = t.state[NOW]
    row = _find_sketch(t, cell)
    if row < 0:
        oldest = np.argmin(t.store[cell, STORE:])
        t.store[cell, oldest] = person
        t.store[cell, STORE + oldest] = now
        return
    t.info[cell, SKETCH] = row
    t.owner[row] = cell
    for at in range(STORE):
        see(t, row, t.store[cell, at], np.int64(t.store[cell, STORE + at]))
    see(t, row, person, now)


@kernel
def _find_sketch(t: Tables, cell: Any) -> Any:
    """An empty sketch: given back, never used, or taken from a cell with fewer uses; -1 when there is none."""
    if t.state[FREE_SKETCHES] > 0:
        t.state[FREE_SKETCHES] -= 1
        return np.int64(t.free[t.state[FREE_SKETCHES]])
    if t.state[SKETCHES] < len(t.owner):
        t.state[SKETCHES] += 1
        return t.state[SKETCHES] - 1
    if len(t.owner) == 0:
        return np.int64(-1)
    best = np.int64(-1)
    for _ in range(_PROBES):
        row = t.state[SKETCH_HAND]
        t.state[SKETCH_HAND] = (row + 1) % len(t.owner)
        if best < 0 or t.info[t.owner[row], VOLUME] < t.info[t.owner[best], VOLUME]:
            best = row
    if t.info[t.owner[best], VOLUME] >= t.info[cell, VOLUME]:
        return np.int64(-1)
    t.state[STOLEN] += 1
    t.info[t.owner[best], SKETCH] = -1
    _empty(t, best)
    return best


@kernel
def drop_people(t: Tables, cell: Any) -> None:
    """Frees what a cell holds of people."""
    row = t.info[cell, SKETCH]
    t.info[cell, SKETCH] = -1
    t.info[cell, HELD] = 0
    if row >= 0:
        _empty(t, row)
        t.free[t.state[FREE_SKETCHES]] = row
        t.state[FREE_SKETCHES] += 1


@kernel
def take_back(t: Tables, cell: Any, person: Any, step: Any) -> None:
    """A use of `step` was undone: the exact store forgets a person whose last use it was. A sketch cannot."""
    held = t.info[cell, HELD]
    if t.info[cell, SKETCH] >= 0:
        return
    for at in range(held):
        if t.store[cell, at] == person and t.store[cell, STORE + at] == step:
            t.store[cell, at] = t.store[cell, held - 1]
            t.store[cell, STORE + at] = t.store[cell, STORE + held - 1]
            t.info[cell, HELD] = held - 1
            return


@kernel
def sweep(t: Tables, span: Any) -> None:
    """Clears the times in sketches that are older than the window."""
    now = t.state[NOW]
    for row in range(t.state[SKETCHES]):
        for rank in range(t.top[row]):
            for register in range(REGISTERS):
                seen = t.sketches[row, rank, register]
                if seen > 0 and (stamp(now) - seen) % TURN >= span:
                    t.sketches[row, rank, register] = 0


@kernel
def count_people(t: Tables, cell: Any, span: Any) -> Any:
    """People who used the term of `cell` in the last `span` steps, the one now among them."""
    now = t.state[NOW]
    row = t.info[cell, SKETCH]
    if row < 0:
        count = 0
        for at in range(t.info[cell, HELD]):
            count += t.store[cell, STORE + at] > now - span
        return float(count)
    # Rank by rank over all registers, which the processor does many at a time. Few people reach few ranks.
    highest = np.zeros(REGISTERS, np.int32)
    current = np.int32(stamp(now))
    for rank in range(t.top[row]):
        for register in range(REGISTERS):
            seen = np.int32(t.sketches[row, rank, register])
            alive = (seen > 0) & (((current - seen) & np.int32(TURN - 1)) < np.int32(span))
            highest[register] = np.int32(rank + 1) if alive else highest[register]
    histogram = np.zeros(RANKS + 1, np.int64)
    for register in range(REGISTERS):
        histogram[highest[register]] += 1
    return estimate(histogram)


@kernel
def estimate(histogram: Any) -> Any:
    """Ertl's improved estimate from how many registers have each rank (0 to RANKS)."""
    m = float(REGISTERS)
    z = m * _tau(1.0 - histogram[RANKS] / m)
    for rank in range(RANKS - 1, 0, -1):
        z = 0.5 * (z + histogram[rank])
    z += m * _sigma(histogram[0] / m)
    return _ALPHA * m * m / z


@kernel
def _sigma(x: Any) -> Any:
    if x >= 1.0:
        return math.inf
    y, z = 1.0, x
    while True:
        x = x * x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


@kernel
def _tau(x: Any) -> Any:
    if x <= 0.0 or x >= 1.0:
        return 0.0
    y, z = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1.0 - x) ** 2 * y
        if z == before:
            return z / 3.0
