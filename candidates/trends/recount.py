"""Windows counted anew from single uses, of any length, and what is read of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from candidates.trends.cells import cell_at
from candidates.trends.layout import (
    CELL_BITS,
    FIRST,
    FRESH,
    FRESH_PREVIOUS,
    GENERATION,
    HEAD,
    IS_ESTABLISHED,
    IS_UNDONE,
    LOG_PERSON,
    LOG_STEP,
    PLACE,
    PREVIOUS,
    TAIL,
    TOTAL,
    VOLUME,
    Tables,
)
from candidates.trends.people import count_people
from data.batch import I64
from data.kernel import kernel

_FLAGS = 3


@dataclass(frozen=True)
class Recount:
    """[H] cells of one place that were used in a window of `length` steps."""

    row: I64
    volume: I64
    previous: I64
    """Uses in the window of the same length before it, as far as they are kept."""
    people: I64
    """People of established accounts, counted exactly (up to collisions of 32-bit hashes)."""
    length: int


@kernel
def count_cells(t: Tables, cells: I64, span: Any, out: I64) -> None:
    """Fills [H, 10]: key, place, volume, previous, fresh, fresh previous, people, first step, total, identity."""
    for at in range(len(cells)):
        cell = cells[at]
        out[at, 0] = t.key[cell]
        out[at, 1] = t.info[cell, PLACE]
        out[at, 2] = t.info[cell, VOLUME]
        out[at, 3] = t.info[cell, PREVIOUS]
        out[at, 4] = t.info[cell, FRESH]
        out[at, 5] = t.info[cell, FRESH_PREVIOUS]
        out[at, 6] = min(round(count_people(t, cell, span)), t.info[cell, VOLUME])
        out[at, 7] = t.info[cell, FIRST]
        out[at, 8] = t.info[cell, TOTAL]
        out[at, 9] = cell | (np.int64(t.info[cell, GENERATION]) << CELL_BITS)


@kernel
def _gather(t: Tables, start: Any, middle: Any, end: Any, place: Any, out: I64) -> Any:
    """Fills rows of `out` with cell, person (-1 where not established) and whether it is in the later half."""
    found = 0
    for position in range(t.state[TAIL], t.state[HEAD]):
        row = position & (len(t.log) - 1)
        step = np.int64(t.log[row, LOG_STEP]) >> _FLAGS
        flags = t.log[row, LOG_STEP]
        if step <= start or step > end or flags & IS_UNDONE:
            continue
        for level in range(3):
            cell = cell_at(t.info, t.log[row, level])
            if cell >= 0 and t.info[cell, PLACE] == place:
                out[found, 0] = cell
                out[found, 1] = np.int64(np.uint32(t.log[row, LOG_PERSON])) if flags & IS_ESTABLISHED else -1
                out[found, 2] = step > middle
                found += 1
    return found


def recount(t: Tables, end: int, length: int, place: int) -> Recount:
    """The window of `length` steps that ends with step `end`, and the one before it."""
    out = np.empty((int(t.state[HEAD] - t.state[TAIL]), 3), np.int64)
    uses = out[: _gather(t, end - 2 * length, end - length, end, place, out)]
    late = uses[uses[:, 2] == 1]
    cells, volume = np.unique(late[:, 0], return_counts=True)
    known = late[late[:, 1] >= 0]
    pairs = np.unique((known[:, 0] << 32) | known[:, 1])
    people = np.bincount(np.searchsorted(cells, pairs >> 32), minlength=len(cells))
    earlier, counts = np.unique(uses[uses[:, 2] == 0, 0], return_counts=True)
    previous = np.zeros(len(cells), np.int64)
    if len(cells):
        at = np.minimum(np.searchsorted(cells, earlier), len(cells) - 1)
        same = cells[at] == earlier
        previous[at[same]] = counts[same]
    return Recount(cells, volume, previous, people.astype(np.int64), length)
