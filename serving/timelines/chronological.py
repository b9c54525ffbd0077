"""The home timeline in reverse chronological order: what a reader and those they follow posted, newest first.

It is pulled from all that was ever posted, so it reaches beyond what fan-out keeps. Newest first means by time, and
by row (the order in which tweets arrived) where times are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from data.errors import NotFoundError
from data.kernel import kernel
from data.schema import KIND_CODE
from serving.context import Context
from serving.kit.parameters import EVERYTHING, Window
from serving.kit.problems import ProblemError

_OLDER, _NEWER = 0, 1
_LEAST = 100
"""Posts that are taken at a time, at least, before it is judged which may be shown."""


@dataclass(frozen=True)
class ChronologicalPage:
    """One page, newest first."""

    tweet_ids: list[int]
    tokens: dict[str, str]
    """`next_token` for the page of older posts, `previous_token` for that of newer ones, where there are any."""


async def chronological(
    context: Context,
    user_id: int,
    limit: int,
    token: str | None = None,
    *,
    window: Window = EVERYTHING,
    left_out: Sequence[str] = (),
) -> ChronologicalPage:
    """The newest `limit` posts of `window`, or the page older or newer than that of `token`.

    Replies, quotes and retweets are among the posts, but for kinds in `left_out`. What was deleted is not, nor what the
    reader's mutes and blocks hide (`candidates.visibility`).

    Raises:
        NotFoundError: there is no such user.
        ProblemError: 400 for a token of another list, 503 while the state is built anew.
    """
    way, tweet_id = context.paging.keys(_scope(user_id), token, 2) if token is not None else (_OLDER, -1)
    return await context.ask(_page, context, user_id, limit, way, tweet_id, window, left_out)


def _scope(user_id: int) -> str:
    return f"reverse_chronological {user_id}"


def _page(
    context: Context, user_id: int, limit: int, way: int, tweet_id: int, window: Window, left_out: Sequence[str]
) -> ChronologicalPage:
    walk = _Walk(context, user_id, window, left_out)
    begin = walk.length if tweet_id < 0 else walk.place(tweet_id)
    places = walk.places(begin, limit, way)
    ids = walk.ids(places)
    scope, tokens = _scope(user_id), dict[str, str]()
    if places:
        if walk.places(places[-1], 1, _OLDER):
            tokens["next_token"] = context.paging.cursor(scope, _OLDER, ids[-1])
        if walk.places(places[0], 1, _NEWER):
            tokens["previous_token"] = context.paging.cursor(scope, _NEWER, ids[0])
    elif tweet_id >= 0:
        # Nothing lies beyond the page that the token was given with; it leads back to that page's end.
        name = "previous_token" if way == _OLDER else "next_token"
        tokens[name] = context.paging.cursor(scope, 1 - way, tweet_id)
    return ChronologicalPage(ids, tokens)


class _Walk:
    """All posts in order of time, and which of them one reader's timeline has."""

    def __init__(self, context: Context, user_id: int, window: Window, left_out: Sequence[str]) -> None:
        state = context.state
        network, graph = state.network, state.network.graph
        row = int(network.users.rows(np.array([user_id], np.int64))[0])
        if row < 0:
            raise NotFoundError(f"unknown user {user_id}", remedy="choose a user of this network")
        self._window, self._kinds = window, [KIND_CODE[kind] for kind in left_out]
        self._state, self._visible = state, context.projections.visibility.visible
        self._requests = state.requests(user_id, context.now_us())
        # Empty where rows are in order of time, as they are unless an imported log breaks it.
        self._order = np.empty(0, np.int64) if network.ascending else np.argsort(network.tweet.time_us, kind="stable")
        self.length = len(network.tweet)
        self._posts: Mask = np.zeros(len(network.users), np.bool_)
        self._posts[graph.followees(np.array([row], np.int64)).values] = True
        self._posts[row] = True

    def place(self, tweet_id: int) -> int:
        """Where a tweet stands among all."""
        row = int(self._state.network.tweets.rows(np.array([tweet_id], np.int64))[0])
        if row < 0:
            raise ProblemError(400, "bad-cursor", "pagination_token names a tweet that is not here; ask without it")
        return row if not len(self._order) else int(np.flatnonzero(self._order == row)[0])

    def places(self, begin: int, limit: int, way: int) -> list[int]:
        """The nearest `limit` places on one side of `begin`, newest first."""
        tweet, found, at = self._state.network.tweet, list[int](), begin
        out = np.empty(max(2 * limit, _LEAST), np.int64)
        while len(found) < limit:
            count = int(_walk(self._order, at, way, tweet.author_row, tweet.deleted, tweet.kind, self._posts, out))
            taken = out[:count].copy()
            found += taken[self._shown(taken)].tolist()
            if count < len(out) or self._beyond(int(taken[-1]), way):
                break
            at = int(taken[-1])
        found = found[:limit]
        return found if way == _OLDER else found[::-1]

    def ids(self, places: list[int]) -> list[int]:
        """The ids of the tweets at `places`."""
        ids: list[int] = self._state.network.tweets.ids[self._rows(np.array(places, np.int64))].tolist()
        return ids

    def _rows(self, places: I64) -> I64:
        return self._order[places] if len(self._order) else places

    def _shown(self, places: I64) -> Mask:
        rows, tweet, window = self._rows(places), self._state.network.tweet, self._window
        ids, times = self._state.network.tweets.ids[rows], tweet.time_us[rows]
        asked = ~np.isin(tweet.kind[rows], self._kinds)
        if window.since_id is not None:
            asked &= ids > window.since_id
        if window.until_id is not None:
            asked &= ids < window.until_id
        if window.start_us is not None:
            asked &= times >= window.start_us
        if window.end_us is not None:
            asked &= times < window.end_us
        out: Mask = np.zeros(len(places), np.bool_)
        wanted = Ragged(np.array([0, int(asked.sum())], np.int64), rows[asked])
        out[asked] = self._visible(self._state.base(self._requests, wanted))
        return out

    def _beyond(self, place: int, way: int) -> bool:
        """Whether all places farther on are outside of the window's times."""
        time_us = int(self._state.network.tweet.time_us[self._rows(np.array([place], np.int64))[0]])
        if way == _OLDER:
            return self._window.start_us is not None and time_us < self._window.start_us
        return self._window.end_us is not None and time_us >= self._window.end_us


@kernel
def _walk(order: I64, begin: Any, way: Any, author: I64, deleted: Array, kind: Array, posts: Array, out: I64) -> Any:
    """Fills `out` with the places beside `begin`, nearest first, whose tweets stand and are by authors in `posts`;
    returns how many there are. `order` is the row at each place, empty where that is the place itself."""
    found = 0
    step = 1 if way == 1 else -1
    at = begin + step
    while 0 <= at < len(author) and found < len(out):
        row = order[at] if len(order) else at
        if author[row] >= 0 and kind[row] >= 0 and posts[author[row]] and not deleted[row]:
            out[found] = at
            found += 1
        at += step
    return found
