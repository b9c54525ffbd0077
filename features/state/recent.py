"""The newest events of each user, in blocks that are taken as they are needed.

Most people do little and a few do something all day, so no user gets room for `length` events in advance. A user's
events are kept in blocks, each pointing to the one before; a user who has filled enough of them to hold `length` takes
the oldest again instead of a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array
from data.kernel import kernel
from features.state.columns import Columns

BLOCK = 20
"""Events of a block."""

NONE = -1
_CHUNK = 1 << 16


@kernel
def _places(users: Any, count: Any, newest: Any, before: Any, most: Any, size: Any, out: Any) -> Any:
    """Fills `out` with the place of each event, -1 for one of no user; returns how many blocks are taken."""
    for i in range(len(users)):
        user = users[i]
        if user < 0:
            out[i] = NONE
            continue
        place = count[user] % BLOCK
        if place == 0:
            block = size
            if count[user] >= most * BLOCK:
                last = newest[user]
                for _ in range(most - 2):
                    last = before[last]
                block = before[last]
                before[last] = NONE
            else:
                size += 1
            before[block] = newest[user]
            newest[user] = block
        out[i] = np.int64(newest[user]) * BLOCK + place
        count[user] += 1
    return size


@kernel
def _put(places: Any, values: Any, column: Any) -> Any:
    for i in range(len(places)):
        if places[i] >= 0:
            column[places[i] // BLOCK, places[i] % BLOCK] = values[i]


@kernel
def _last(rows: Any, count: Any, newest: Any, before: Any, column: Any, out: Any) -> Any:
    for i in range(len(rows)):
        if rows[i] < 0 or rows[i] >= len(count) or count[rows[i]] == 0:
            continue
        block = newest[rows[i]]
        place = (count[rows[i]] - 1) % BLOCK
        for k in range(min(count[rows[i]], out.shape[1])):
            out[i, k] = column[block, place]
            place -= 1
            if place < 0:
                block = before[block]
                place = BLOCK - 1


class RecentEvents:
    """The last `length` events of each user row, as columns."""

    def __init__(self, length: int, **dtypes: type) -> None:
        """No events; each has the columns `dtypes`."""
        self.length = length
        # As many as hold `length` when the newest block has only one.
        self._most = -(-length // BLOCK) + 1
        self._users = Columns({"count": (np.int64, 0, 0), "newest": (np.int32, NONE, 0)})
        kept = {name: (dtype, NONE, BLOCK) for name, dtype in dtypes.items()}
        self._blocks = Columns({"before": (np.int32, NONE, 0), **kept})
        self._names, self._size = tuple(dtypes), 0

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._users.resize(users)

    def push(self, users: I64, *columns: Array) -> None:
        """Appends events in order, the columns in the order of their names; those of a negative row are dropped."""
        # In pieces, as room is made for the case that every event begins a block.
        for start in range(0, len(users), _CHUNK):
            one = slice(start, start + _CHUNK)
            self._blocks.resize(self._size + len(users[one]))
            kept, places = self._users, np.empty(len(users[one]), np.int64)
            self._size = int(
                _places(users[one], kept.count, kept.newest, self._blocks.before, self._most, self._size, places)
            )
            arrays = self._blocks.arrays()
            for name, column in zip(self._names, columns, strict=True):
                _put(places, column[one], arrays[name])

    def newest(self, user_rows: I64, name: str, out: Array) -> Array:
        """`out` [B, L], L at most `length`, with a column of each user's events, newest first, where there are any."""
        _last(user_rows, self._users.count, self._users.newest, self._blocks.before, self._blocks.arrays()[name], out)
        return out

    def counts(self, user_rows: I64) -> I64:
        """[B] events that each user ever had."""
        counts: I64 = self._users.count[user_rows]
        return counts

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        blocks = self._blocks.arrays().items()
        return {**self._users.arrays(), **{f"block_{name}": array[: self._size] for name, array in blocks}}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._users.restore(arrays)
        self._blocks.restore({n.removeprefix("block_"): a for n, a in arrays.items() if n.startswith("block_")})
        self._size = len(self._blocks)
