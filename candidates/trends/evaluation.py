"""One pass over the cells that may be trends now, for the lists that are brought up to date after every step.

Where few uses come in a step, a list costs what its calls cost, not its cells. So all that is read of a cell to judge
it (counts, people, expectation, whether it was listed) is read in one compiled pass, of cells that can enter or stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from candidates.trends.expected import expect
from candidates.trends.layout import (
    CELL_BITS,
    EVALUATION,
    FIRST,
    FRESH,
    FRESH_PREVIOUS,
    GENERATION,
    NOTED,
    PREVIOUS,
    TOTAL,
    VOLUME,
    Tables,
)
from candidates.trends.people import count_people
from data.batch import F64, I64, Array, Mask
from data.kernel import kernel

COLUMNS = ("volume", "previous", "fresh", "fresh_previous", "unique_users", "first_seen_us", "total", "key")
"""What is read of a cell as a whole number, named as in `scorer.Windows`; `key` is the cell's identity."""
_ROW, _WAS, _MAY = 8, 9, 10


@dataclass(frozen=True, slots=True)
class Judged:
    """[H] cells that are on a list or may enter one."""

    row: I64
    columns: dict[str, Array]
    """[H] each, those of `scorer.Windows`."""
    was: Mask
    """[H] whether it is on a list."""
    may: Mask
    """[H] whether enough people use it, and no rule holds it back."""

    def __len__(self) -> int:
        return len(self.row)


def judge(
    t: Tables, listed: I64, identity: I64, held: I64, least: int, rhythm: F64, numbers: F64, times: I64
) -> Judged:  # fmt: skip
    """Reads the cells that were used since the last call and those that are listed, each once, by row.

    Args:
        t: the tables.
        listed: [L] rows of listed cells, ascending.
        identity: [L] whose they were when they were listed.
        held: terms that never trend, ascending.
        least: people that a trend needs.
        rhythm: as of `expect`.
        numbers: as of `expect`.
        times: [2] the step since 1970 that is step 0, and the microseconds of a step.
    """
    out = np.empty((_MAY + 1, int(t.state[NOTED]) + len(listed)), np.int64)
    expected = np.empty((2, out.shape[1]))
    size = _judge(t, listed, identity, held, least, rhythm, numbers, times, out, expected)
    columns: dict[str, Array] = {name: out[at, :size] for at, name in enumerate(COLUMNS)}
    columns["recent"], columns["seasonal"] = expected[0, :size], expected[1, :size]
    return Judged(out[_ROW, :size], columns, out[_WAS, :size] == 1, out[_MAY, :size] == 1)


@kernel
def _judge(
    t: Tables, listed: I64, identity: I64, held: I64, least: Any, rhythm: F64, numbers: F64, times: I64, out: I64,
    expected: F64,
) -> Any:  # fmt: skip
    noted = np.sort(t.noted[: t.state[NOTED]])
    t.state[NOTED] = 0
    t.state[EVALUATION] += 1
    size, a, b, span = 0, 0, 0, np.int64(numbers[0])
    while a < len(noted) or b < len(listed):
        cell = np.int64(noted[a]) if a < len(noted) else listed[b]
        if b < len(listed):
            cell = min(cell, listed[b])
        if a < len(noted) and noted[a] == cell:
            a += 1
        known = np.int64(-1)
        if b < len(listed) and listed[b] == cell:
            known = identity[b]
            b += 1
        size += _read(t, cell, known, held, least, span, times, out, size)
    expect(t, out[_ROW, :size], rhythm, numbers, expected[0, :size], expected[1, :size])
    return size


@kernel
def _read(t: Tables, cell: Any, known: Any, held: I64, least: Any, span: Any, times: I64, out: I64, at: Any) -> Any:
    """Fills column `at` of `out`; 0 where the cell neither is on a list nor may enter one, else 1."""
    info = t.info
    key = cell | (np.int64(info[cell, GENERATION]) << CELL_BITS)
    was = key == known
    if not was and info[cell, FRESH] < least:
        return 0
    people = min(round(count_people(t, cell, span)), np.int64(info[cell, VOLUME]))
    place = np.searchsorted(held, t.key[cell])
    may = people >= least and not (place < len(held) and held[place] == t.key[cell])
    if not was and not may:
        return 0
    out[0, at] = info[cell, VOLUME]
    out[1, at] = info[cell, PREVIOUS]
    out[2, at] = info[cell, FRESH]
    out[3, at] = info[cell, FRESH_PREVIOUS]
    out[4, at] = people
    out[5, at] = (info[cell, FIRST] + times[0]) * times[1]
    out[6, at] = info[cell, TOTAL]
    out[7, at] = key
    out[_ROW, at] = cell
    out[_WAS, at] = was
    out[_MAY, at] = may
    return 1
