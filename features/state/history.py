"""The last engagements of each user: a ring of tweet and author rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from data.schema import POSITIVE_ACTIONS
from features.kernel import kernel
from features.state.columns import Columns

LENGTH = 50
"""How many engagements a history holds."""


@kernel
def _push(users: Any, tweets: Any, authors: Any, count: Any, tweet: Any, author: Any) -> Any:
    length = tweet.shape[1]
    for i in range(len(users)):
        user = users[i]
        if user < 0:
            continue
        tweet[user, count[user] % length] = tweets[i]
        author[user, count[user] % length] = authors[i]
        count[user] += 1


@kernel
def _newest(rows: Any, count: Any, ring: Any, out: Any) -> Any:
    length = ring.shape[1]
    for i in range(len(rows)):
        if rows[i] < 0 or rows[i] >= len(count):
            continue
        n = count[rows[i]]
        for k in range(min(n, length)):
            out[i, k] = ring[rows[i], (n - 1 - k) % length]


class History:
    """The last `LENGTH` positive actions a user, the same tweet as often as it was engaged."""

    def __init__(self) -> None:
        """No history."""
        self._users = Columns(
            {"count": (np.int64, 0, 0), "tweet": (np.int32, -1, LENGTH), "author": (np.int32, -1, LENGTH)}
        )

    def resize(self, users: int) -> None:
        """Makes room for user rows below `users`."""
        self._users.resize(users)

    def update(self, events: EventBatch) -> None:
        """Takes engagements with `user_row`, `tweet_row` and `author_row`, positive actions only."""
        c, users = events.columns, self._users
        _push(c["user_row"], c["tweet_row"], c["author_row"], users.count, users.tweet, users.author)

    def tweets(self, user_rows: I64) -> I64:
        """[B, LENGTH] tweet rows that each user engaged, newest first, -1 where there are no more."""
        return self._last(user_rows, self._users.tweet)

    def authors(self, user_rows: I64) -> I64:
        """[B, LENGTH] author rows of the same engagements; -1 also where the author is not known."""
        return self._last(user_rows, self._users.author)

    def counts(self, user_rows: I64) -> I64:
        """[B] positive actions each user ever took."""
        counts: I64 = self._users.count[user_rows]
        return counts

    def _last(self, user_rows: I64, ring: Array) -> I64:
        out = np.full((len(user_rows), LENGTH), -1, np.int64)
        _newest(user_rows, self._users.count, ring, out)
        return out

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        return self._users.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._users.restore(arrays)


_POSITIVE = frozenset(POSITIVE_ACTIONS)


def positive(events: EventBatch) -> EventBatch:
    """The engagements whose action counts (`POSITIVE_ACTIONS`)."""
    keep = np.fromiter((action in _POSITIVE for action in events.columns["action"].tolist()), np.bool_, len(events))
    return events if keep.all() else events.where(keep)
