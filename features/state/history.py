"""The last engagements of each user: tweet, author, action and time, in blocks that are taken as they are needed.

Most people act rarely and a few all day, so no user gets room for `LENGTH` engagements in advance. A user's
engagements are kept in blocks of `BLOCK`, each pointing to the one before; a user who has filled enough of them to
hold `LENGTH` takes the oldest again instead of a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from data.kernel import kernel
from features.state.columns import Columns
from features.state.network import UNKNOWN_US

LENGTH = 200
"""How many engagements a history holds."""

BLOCK = 20
_MOST = LENGTH // BLOCK + 1
"""Blocks that hold `LENGTH` engagements when the newest block has only one."""

_NONE = -1
_CHUNK = 1 << 16


@kernel
def _push(
    users: Any, tweets: Any, authors: Any, actions: Any, times: Any, count: Any, newest: Any, before: Any,
    tweet: Any, author: Any, action: Any, time: Any, size: Any,
) -> Any:  # fmt: skip
    """Appends engagements in order; returns how many blocks are taken."""
    for i in range(len(users)):
        user = users[i]
        if user < 0:
            continue
        place = count[user] % BLOCK
        if place == 0:
            block = size
            if count[user] >= _MOST * BLOCK:
                last = newest[user]
                for _ in range(_MOST - 2):
                    last = before[last]
                block = before[last]
                before[last] = _NONE
            else:
                size += 1
            before[block] = newest[user]
            newest[user] = block
        block = newest[user]
        tweet[block, place] = tweets[i]
        author[block, place] = authors[i]
        action[block, place] = actions[i]
        time[block, place] = times[i]
        count[user] += 1
    return size


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


class History:
    """The last `LENGTH` positive actions a user, the same tweet as often as it was engaged."""

    def __init__(self) -> None:
        """No history."""
        self._users = Columns({"count": (np.int64, 0, 0), "newest": (np.int32, _NONE, 0)})
        self._blocks = Columns({
            "before": (np.int32, _NONE, 0), "tweet": (np.int32, _NONE, BLOCK), "author": (np.int32, _NONE, BLOCK),
            "action": (np.int8, _NONE, BLOCK), "time": (np.int64, 0, BLOCK),
        })  # fmt: skip
        self._size = 0

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._users.resize(users)

    def update(self, events: EventBatch) -> None:
        """Takes engagements with `user_row`, `tweet_row`, `author_row` and `action_code`, positive actions only."""
        # In pieces, as room is made for the case that every event begins a block.
        for start in range(0, len(events), _CHUNK):
            one = slice(start, start + _CHUNK)
            users, tweets, authors, actions, times = (
                events.columns[name][one] for name in ("user_row", "tweet_row", "author_row", "action_code", "time_us")
            )
            self._blocks.resize(self._size + len(users))
            kept, block = self._users, self._blocks
            self._size = int(_push(
                users, tweets, authors, actions, times, kept.count, kept.newest, block.before, block.tweet,
                block.author, block.action, block.time, self._size,
            ))  # fmt: skip

    def tweets(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] tweet rows that each user engaged, newest first, -1 where there are no more."""
        return self._newest(user_rows, self._blocks.tweet, np.full((len(user_rows), limit), _NONE, np.int64))

    def authors(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] author rows of the same engagements; -1 also where the author is not known."""
        return self._newest(user_rows, self._blocks.author, np.full((len(user_rows), limit), _NONE, np.int64))

    def actions(self, user_rows: I64, limit: int = LENGTH) -> Array:
        """[B, limit] int8 codes of the actions, places in `ACTIONS`; -1 where there are no more."""
        return self._newest(user_rows, self._blocks.action, np.full((len(user_rows), limit), _NONE, np.int8))

    def times(self, user_rows: I64, limit: int = LENGTH) -> I64:
        """[B, limit] times of the engagements, microseconds; `UNKNOWN_US` where there are no more."""
        return self._newest(user_rows, self._blocks.time, np.full((len(user_rows), limit), UNKNOWN_US, np.int64))

    def counts(self, user_rows: I64) -> I64:
        """[B] positive actions each user ever took."""
        counts: I64 = self._users.count[user_rows]
        return counts

    def _newest(self, user_rows: I64, column: Array, out: Array) -> Array:
        _last(user_rows, self._users.count, self._users.newest, self._blocks.before, column, out)
        return out

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        blocks = self._blocks.arrays().items()
        return {**self._users.arrays(), **{f"block_{name}": array[: self._size] for name, array in blocks}}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._users.restore(arrays)
        self._blocks.restore({n.removeprefix("block_"): a for n, a in arrays.items() if n.startswith("block_")})
        self._size = len(self._blocks)
