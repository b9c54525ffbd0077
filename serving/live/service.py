"""Which events of the log concern a user, as messages.

A connection has no queue of its own: it reads on in the event log from where it is, so that a slow reader costs no
memory, and one that comes back misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from data.events import EventBatch
from data.tweet_text import mentions
from serving.context import Context
from serving.events.log import Entry
from serving.kit.answers import rfc3339
from serving.users.store import UserRow

TABLES = frozenset({"tweets", "engagements", "follows"})
"""Tables whose events may concern a user."""

NOTIFIED = ("like", "retweet", "reply", "quote")
"""What is told to the author of the tweet that it was done to."""

READ = 512
"""Events read at a time."""


def behind(context: Context, after: int) -> int:
    """How many entries the log has after the offset `after`."""
    return max(context.log.end() - after, 0)


def entries(context: Context, after: int) -> tuple[list[Entry], int]:
    """The next entries that may concern a user, and the last offset that was read."""
    end = context.log.end()
    if end <= after:
        return [], after
    found = context.log.read(after, READ, tables=TABLES, until=end)
    last = found[-1].offset if len(found) == READ else max(end, found[-1].offset if found else 0)
    return [one for one in found if isinstance(one, Entry) and one.events.table in TABLES], last


def messages(context: Context, user: UserRow, found: Sequence[Entry], last: int) -> list[dict[str, Any]] | None:
    """What of the entries concerns a user, in order; None while the state has not come to `last`. Owner's thread.

    Raises:
        NotFoundError: there is no such user.
    """
    if context.projections.known.offset < last:
        return None
    reader = _Reader(context, user)
    out = []
    for entry in found:
        for at, (kind, about) in enumerate(reader.concerned(entry.events)):
            out.append({"id": f"{entry.offset}-{at}", "type": kind, "data": about})
    return out


class _Reader:
    """A user as the state has them now."""

    def __init__(self, context: Context, user: UserRow) -> None:
        self._state, self._visibility = context.state, context.projections.visibility
        self._network = context.state.network
        self._requests = context.state.requests(np.array([user.user_id]), np.array([context.now_us()]))
        self._row: I64 = self._requests.columns["user_row"]
        self._id = user.user_id
        self._handle = None if user.username is None else user.username.lower()

    def concerned(self, events: EventBatch) -> Iterator[tuple[str, dict[str, Any]]]:
        """Messages of the rows that concern the user: their type and what they say."""
        if events.table == "tweets":
            yield from self._posted(events.columns)
        elif events.table == "engagements":
            yield from self._done(events.columns)
        else:
            yield from self._followed(events.columns)

    def _posted(self, columns: Mapping[str, Array]) -> Iterator[tuple[str, dict[str, Any]]]:
        shown = self._visible(columns["tweet_id"])
        authors = self._network.users.rows(columns["author_id"])
        near = self._network.graph.follows(np.repeat(self._row, len(authors)), authors)
        for at in np.flatnonzero(shown).tolist():
            text, author = str(columns["text"][at]), int(columns["author_id"][at])
            about = self._about(columns, at, author)
            if near[at] or author == self._id:
                yield "tweet", about | {"text": text, "kind": str(columns["kind"][at])}
            if author != self._id and self._handle in [one.lower() for one in mentions(text)]:
                yield "mention", about

    def _done(self, columns: Mapping[str, Array]) -> Iterator[tuple[str, dict[str, Any]]]:
        mine = (columns["author_id"] == self._id) & np.isin(columns["action"], NOTIFIED)
        for at in np.flatnonzero(mine & self._welcome(columns["user_id"])).tolist():
            yield str(columns["action"][at]), self._about(columns, at, int(columns["user_id"][at]))

    def _followed(self, columns: Mapping[str, Array]) -> Iterator[tuple[str, dict[str, Any]]]:
        mine = (columns["followee_id"] == self._id) & ~columns["ended"].astype(np.bool_)
        for at in np.flatnonzero(mine & self._welcome(columns["follower_id"])).tolist():
            yield (
                "follow",
                {"user_id": str(columns["follower_id"][at]), "created_at": rfc3339(int(columns["time_us"][at]))},
            )

    def _about(self, columns: Mapping[str, Array], at: int, user_id: int) -> dict[str, Any]:
        tweet = {"tweet_id": str(columns["tweet_id"][at]), "user_id": str(user_id)}
        return tweet | {"created_at": rfc3339(int(columns["time_us"][at]))}

    def _welcome(self, users: I64) -> Mask:
        """[N] whether each is another, whom the user neither mutes nor blocks, and who does not block the user."""
        rows, graph = self._network.users.rows(users), self._network.graph
        me = np.repeat(self._row, len(rows))
        hidden: Mask = graph.muted(me, rows) | graph.blocked(me, rows) | graph.blocked(rows, me)
        welcome: Mask = ~hidden & (users != self._id)
        return welcome

    def _visible(self, tweet_ids: I64) -> Mask:
        """[N] whether the user may be shown each tweet."""
        rows = self._network.tweets.rows(tweet_ids)
        out: Mask = rows >= 0
        batch = self._state.base(self._requests, Ragged(np.array([0, out.sum()], np.int64), rows[out]))
        out[out] = self._visibility.visible(batch)
        return out
