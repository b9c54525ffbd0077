"""Where everything about a cell lies: the columns of the arrays that the kernels of trends share.

A cell is one term at one place. Times are steps since the first use. All arrays have a fixed number of rows, so memory
does not depend on how many terms there are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import I64
from data.kernel import inline_kernel

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

VOLUME, FRESH, PREVIOUS, FRESH_PREVIOUS = 0, 1, 2, 3
"""Uses in the window and in the one before it; and those of them that were a person's first in a window's length."""
LAST, FIRST = 4, 5
"""Steps of the last use and of the first that is remembered."""
GENERATION = 6
"""Counts the terms that this row has held, modulo 256: what points at a row says for which of them it was meant."""
SKETCH, HELD = 7, 8
"""Row of its HyperLogLog sketch or -1, and how many people its exact store holds."""
PLACE = 9
"""Row of the place."""
TOUCHED = 10
"""The last evaluation for which it was noted."""
TOTAL = 11
"""Fresh uses ever, less those undone."""
HOUR, HOUR_USES, HOUR_PEAK = 12, 13, 14
"""Hour (since 1970) of its last fresh use, fresh uses in that hour, and the most that a window held in it."""
AGED = 15
"""Step at which its long-run sum was last aged."""
CELL_COLUMNS = 16

LOG_CELLS, LOG_PERSON, LOG_STEP = 0, 3, 4
"""Three cells (world, country, place; -1 where there is none) with their generations, the hash of the person, and the
step times 8 plus flags."""
LOG_COLUMNS = 5
IS_FRESH, IS_UNDONE, IS_ESTABLISHED = 1, 2, 4

HEAD, WINDOW, BEFORE, TAIL = 0, 1, 2, 3
"""Positions in the log of uses: one past the newest, the oldest in the window, in the one before, and kept at all."""
NOW, ORIGIN_HOUR, ORIGIN_STEP = 4, 5, 6
"""The step now; the hour since 1970 in which step 0 lies, and how many steps of that hour came before it."""
CELLS, HAND, EVICTED = 7, 8, 9
"""Rows of cells that were ever taken; where the next eviction looks; evictions."""
SKETCHES, SKETCH_HAND, FREE_SKETCHES, STOLEN = 10, 11, 12, 13
"""Sketches ever taken; where the next theft looks; length of the list of those given back; thefts."""
EVALUATION, NOTED = 14, 15
"""Number of the evaluation that is being prepared, and how many cells are noted for it."""
SHORTENED = 16
"""Uses that left a window early because the log was full."""
SWEPT = 17
"""Step at which sketches were last swept of times that would wrap."""
STATE = 24

STORE = 8
"""People that a cell knows exactly, before it needs a sketch."""
REGISTERS, RANKS = 256, 25
"""Of a sketch: 8 bits of a 32-bit hash pick the register, the other 24 give ranks 1 to 25."""
CELL_BITS = 23
"""A log's pointer to a cell: its row in the low bits, its generation above."""


_STEP_BITS, _A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inline_kernel
def mixed(word: Any) -> Any:
    """A uint64 hash of an integer of 64 bits: the finaliser of SplitMix64."""
    z = np.uint64(word) + _STEP_BITS
    z = (z ^ (z >> _30)) * _A
    z = (z ^ (z >> _27)) * _B
    return z ^ (z >> _31)


class Tables(NamedTuple):
    """Everything that the kernels read and write: C cells, S slots, K sketches, L uses, R people, Z hours, P places."""

    info: I32
    """[C, CELL_COLUMNS]."""
    aged: F32
    """[C] the long-run sum of fresh uses that left both windows, discounted by age."""
    key: I64
    """[C] the term."""
    name: I64
    """[C] the hash of term and place; 0 where the row is empty."""
    slots: I64
    """[S, 2] open addressing: name and cell."""
    store: I32
    """[C, 2 STORE] hashes of people, then the steps of their last uses."""
    sketches: NDArray[np.uint16]
    """[K, RANKS, REGISTERS] the step when each rank was last seen, as `people.stamp` writes it; 0 for never."""
    top: I32
    """[K] the highest rank that was marked in a sketch since it was empty."""
    owner: I32
    """[K] the cell whose sketch it is."""
    free: I32
    """[K] a stack of sketches that were given back."""
    log: I32
    """[L, LOG_COLUMNS] a ring of uses."""
    recent: I32
    """[R, 2] who used what last: a hash of term and person, and the step of the use that was counted, and one."""
    season_key: I64
    """[Z] the hash of a cell's name and an hour of the week; 0 where nothing is kept."""
    season: F32
    """[Z, 3] mean fresh uses in that hour, most in a window, and the week (since 1970) that was added last."""
    place_hours: F32
    """[P, 168, 2] fresh uses of all terms by hour of the week: discounted sum, and discounted number of weeks."""
    place_now: I64
    """[P] fresh uses in the hour that is running."""
    noted: I32
    """[C] cells that wait for the next evaluation."""
    state: I64
    """[STATE] the scalars above."""
